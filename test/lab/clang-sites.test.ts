// Tests call sites of clang -pg -mlong-calls, in the words that clang 14 emits for MIPS: the call of _mcount pushes
// nothing, and its delay slot has the function's own instruction, which must run whether the function is traced or
// not.

import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { R_MIPS_32, R_MIPS_HI16, R_MIPS_LO16 } from "../../assembly/shared/relocation-types.ts";
import type { Endian } from "../../src/bytes/endian.ts";
import { assemble, NOP } from "../../src/isa/assemble.ts";
import { R } from "../../src/isa/registers.ts";
import { Machine } from "../../src/lab/machine.ts";
import {
  code,
  functionSymbol,
  READ_ONLY,
  undefinedSymbol,
  writeModule,
} from "../support/module-writer.ts";

const PROLOGUE = [
  assemble("addiu", R.sp, R.sp, -32),
  assemble("sw", R.ra, 28, R.sp),
  assemble("sw", R.s0, 24, R.sp),
];
const EPILOGUE = [
  assemble("lw", R.s0, 24, R.sp),
  assemble("lw", R.ra, 28, R.sp),
  assemble("jr", R.ra),
  assemble("addiu", R.sp, R.sp, 32),
];
const CALL = [
  assemble("lui", R.at, 0),
  assemble("addiu", R.t9, R.at, 0),
  assemble("jalr", R.ra, R.t9),
];
/** The instruction in the delay slot of the call of _mcount. */
const KEEP_A0 = assemble("or", R.s0, R.a0, R.zero);

/** clang_leaf(a) = a + 1; clang_top(a) = clang_leaf(a) + a. */
const LEAF = [...PROLOGUE, ...CALL, KEEP_A0, assemble("addiu", R.v0, R.s0, 1), ...EPILOGUE];
const TOP = [
  ...PROLOGUE,
  ...CALL,
  KEEP_A0,
  ...CALL,
  NOP,
  assemble("addu", R.v0, R.v0, R.s0),
  ...EPILOGUE,
];
const TOP_AT = 4 * LEAF.length;
const SITE = 4 * PROLOGUE.length;

function clangModule(endian: Endian): Uint8Array {
  const pair = (offset: number, symbol: string) => [
    { offset, type: R_MIPS_HI16, symbol },
    { offset: offset + 4, type: R_MIPS_LO16, symbol },
  ];
  return writeModule({
    name: "clang",
    endian,
    symbols: [
      undefinedSymbol("_mcount"),
      functionSymbol("clang_leaf", 0, ".text", TOP_AT),
      functionSymbol("clang_top", TOP_AT, ".text", 4 * TOP.length),
    ],
    sections: [
      code(
        [...LEAF, ...TOP],
        [
          ...pair(SITE, "_mcount"),
          ...pair(TOP_AT + SITE, "_mcount"),
          ...pair(TOP_AT + SITE + 16, "clang_leaf"),
        ],
      ),
      {
        name: "__mcount_loc",
        flags: READ_ONLY,
        alignment: 4,
        words: [SITE, TOP_AT + SITE],
        relocations: [0, 4].map((offset) => ({ offset, type: R_MIPS_32, symbol: ".text" })),
      },
    ],
  });
}

for (const endian of ["little", "big"] as const) {
  suite(`a module of clang's, ${endian}-endian`, () => {
    const load = async (): Promise<Machine> => {
      const machine = await Machine.create({ endian });
      await machine.insmod(clangModule(endian));
      return machine;
    };

    test("runs untraced", async () => {
      assert.equal((await load()).call("clang_top", [20]).v0, 41);
    });

    test("is traced natively by both tracers, with the same result", async () => {
      const machine = await load();
      const events = machine.trace({ tracer: "function" });
      const traced = machine.call("clang_top", [20]);
      assert.equal(traced.v0, 41);
      assert.deepEqual(
        [...events.events()].map(({ name, parentName }) => [name, parentName]),
        [
          ["clang_top", "host_call"],
          ["clang_leaf", "clang_top"],
        ],
      );
      events.stop();
      const graph = machine.trace({ tracer: "function_graph" });
      assert.equal(machine.call("clang_top", [20]).v0, 41);
      assert.deepEqual(
        [...graph.events()].map(({ type, name, depth }) => [type, name, depth]),
        [
          ["funcgraph_entry", "clang_top", 0],
          ["funcgraph_entry", "clang_leaf", 1],
          ["funcgraph_exit", "clang_leaf", 1],
          ["funcgraph_exit", "clang_top", 0],
        ],
      );
    });

    test("isn't traced by the guest's own ftrace_caller, whose _mcount would pop what wasn't pushed", async () => {
      const machine = await load();
      const events = machine.trace({ tracer: "function", way: "guest" });
      assert.equal(machine.call("clang_top", [20]).v0, 41);
      assert.equal(events.entries, 0);
    });
  });
}
