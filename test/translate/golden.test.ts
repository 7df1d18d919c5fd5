// Shows the translation of MIPS code for people to read: short functions, each beside its WebAssembly (golden/*.wat,
// with the guest's names for locals and for registers in memory). After an intended change, FARJAL_GOLDEN=write npm
// test -- translate/golden writes the files again.

import assert from "node:assert/strict";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { OP_SPECIAL2, SPECIAL2_TRACE_ENTER } from "../../assembly/shared/opcodes.ts";
import { GRAPH_LEAF } from "../../assembly/shared/trace-ring.ts";
import { TRACE_SITE } from "../../src/ftrace/sites/site.ts";
import { disassemble } from "../../src/isa/disassemble.ts";
import { asm, CODE, Guest, R } from "../cpu/guest.ts";
import { repositoryFile } from "../support/repository.ts";
import { assertValid, modulesMade, readable } from "./captured.ts";

const NOP = 0;
const ENTER_LEAF = ((OP_SPECIAL2 << 26) | (GRAPH_LEAF << 6) | SPECIAL2_TRACE_ENTER) >>> 0;
/** Far enough from the code to have a window for writing. */
const STACK = 0x80080000;
const RETURN = [asm("jr", R.ra), NOP];

const FUNCTIONS: Readonly<Record<string, readonly number[]>> = {
  "straight-line": [
    asm("addu", R.v0, R.a0, R.a1),
    asm("rotr", R.v0, R.v0, 7),
    asm("sltu", R.v1, R.v0, R.a1),
    ...RETURN,
  ],
  loop: [
    asm("addu", R.v0, R.v0, R.a0),
    asm("addiu", R.a0, R.a0, -1),
    asm("bgtz", R.a0, -3),
    NOP,
    ...RETURN,
  ],
  // The turns that its plan allows have neither a guard nor a look at FUEL, and sp is less by its window's start. The last
  // of them comes after the others' loop: v1, which the next turn doesn't read, is kept from there alone.
  "loop-planned": [
    asm("lw", R.v1, 0, R.sp),
    asm("addu", R.v0, R.v0, R.v1),
    asm("addiu", R.sp, R.sp, 4),
    asm("bne", R.sp, R.a0, -4),
    NOP,
    ...RETURN,
  ],
  "branch-likely": [
    asm("beql", R.a0, R.a1, 2),
    asm("addiu", R.v0, R.zero, 1),
    asm("addiu", R.v0, R.zero, 2),
    ...RETURN,
  ],
  // Accesses relative to sp share a guard: one for the stores, one for the loads.
  call: [
    asm("addiu", R.sp, R.sp, -24),
    asm("sw", R.ra, 20, R.sp),
    asm("sw", R.s0, 16, R.sp),
    asm("addu", R.s0, R.a0, R.zero),
    asm("jal", ((CODE + 0x1000) & 0x0fffffff) >>> 2),
    asm("addiu", R.a0, R.a0, 1),
    asm("addu", R.v0, R.v0, R.s0),
    asm("lw", R.ra, 20, R.sp),
    asm("lw", R.s0, 16, R.sp),
    asm("jr", R.ra),
    asm("addiu", R.sp, R.sp, 24),
  ],
  // The called function's blocks are here; its return goes on after the call if that is where ra leads.
  "call-inlined": [
    asm("jal", ((CODE + 0x14) & 0x0fffffff) >>> 2),
    asm("addu", R.s0, R.ra, R.zero),
    asm("addu", R.v0, R.v0, R.a0),
    asm("jr", R.s0),
    NOP,
    asm("sll", R.v0, R.a0, 1),
    ...RETURN,
  ],
  "multiply-and-add": [
    asm("mult", R.a0, R.a1),
    asm("madd", R.a2, R.a3),
    asm("mfhi", R.v1),
    asm("mflo", R.v0),
    ...RETURN,
  ],
  "exact-exit": [asm("addiu", R.v0, R.a0, 1), asm("mfc0", R.v1, 12, 0), ...RETURN],
  // Two ways into the loop: from above and by the branch. The block between them is copied in front of it.
  irreducible: [
    asm("bgtz", R.a1, 2),
    NOP,
    asm("addiu", R.v0, R.v0, 1),
    asm("addiu", R.v0, R.v0, 2),
    asm("addiu", R.a0, R.a0, -1),
    asm("bgtz", R.a0, -4),
    NOP,
    asm("bgtz", R.v0, -5),
    NOP,
    ...RETURN,
  ],
  // A call site of today's form, switched off: a branch over it, which produces no code.
  "site-off": [asm("beq", R.zero, R.zero, 1), NOP, asm("addu", R.v0, R.a0, R.a0), ...RETURN],
  // The same switched on: the trace word is in the branch's delay slot.
  "site-function": [
    asm("beq", R.zero, R.zero, 1),
    TRACE_SITE,
    asm("addu", R.v0, R.a0, R.a0),
    ...RETURN,
  ],
  "site-graph": [
    asm("beq", R.zero, R.zero, 1),
    ENTER_LEAF,
    asm("addu", R.v0, R.a0, R.a0),
    ...RETURN,
  ],
};

for (const [name, words] of Object.entries(FUNCTIONS)) {
  test(name, () => {
    const guest = new Guest("little");
    guest.put(CODE, ...words);
    guest.core.setGpr(R.sp, STACK);
    guest.core.pc = CODE;
    guest.core.engine = "translator";
    const modules = modulesMade(() => assert.ok(guest.core.translateCode()));
    assertValid(modules);
    const listing = words.map((word, index) => {
      const pc = CODE + 4 * index;
      return `;; ${pc.toString(16)}  ${disassemble(word, pc)}`;
    });
    const text = `${[...listing, ...modules.map(readable)].join("\n")}\n`;
    const file = repositoryFile(`test/translate/golden/${name}.wat`);
    if (process.env["FARJAL_GOLDEN"] === "write") {
      mkdirSync(repositoryFile("test/translate/golden"), { recursive: true });
      writeFileSync(file, text);
    }
    assert.equal(text, readFileSync(file, "utf8"));
  });
}
