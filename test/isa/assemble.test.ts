// Tests the assembler against binutils: what objdump prints for a word must assemble to that word. golden.txt holds
// objdump's output for every row of the table.

import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { assemble, high, jumpTo, loadAddress, low, NOP } from "../../src/isa/assemble.ts";
import { disassemble } from "../../src/isa/disassemble.ts";
import { R } from "../../src/isa/registers.ts";
import { INSTRUCTIONS } from "../../src/isa/table.ts";
import { readGolden } from "./golden.ts";

/** Rows whose operands objdump prints in another form than their fields: names, and sizes of bit fields. */
const PRINTED_OTHERWISE = new Set(["ext", "ins", "mfc0", "mtc0", "rdhwr", "clz", "clo"]);

/** The numbers of a printed operand list, those of a branch in words. */
function operands(text: string, form: string, address: number): number[] {
  const numbers = (text.match(/[^,()]+/g) ?? []).map((operand) =>
    operand in R ? R[operand as keyof typeof R] : Number(operand),
  );
  const last = numbers.at(-1) as number;
  if (form.endsWith("offset")) numbers.splice(-1, 1, (last - address - 4) >> 2);
  if (form === "target") numbers.splice(-1, 1, (last & 0x0fff_ffff) >>> 2);
  return numbers;
}

suite("assemble", () => {
  test("makes the word for what objdump prints", () => {
    const seen = new Set<string>();
    for (const { word, plain, address } of readGolden()) {
      const [, name = "", text = ""] = plain.match(/^(\S+)(?: (.*))?$/) ?? [];
      const row = INSTRUCTIONS.find((one) => one.name === name);
      if (row === undefined || PRINTED_OTHERWISE.has(name)) continue;
      const numbers = operands(text, row.form, address);
      // objdump omits operands that are 0 (sync, jalr's ra): these have a spelling of their own.
      if (numbers.length !== (row.form.match(/[a-z0-9]+/g) ?? []).length) continue;
      assert.equal(assemble(name, ...numbers), word, plain);
      seen.add(name);
    }
    assert.ok(seen.size > 100, `${seen.size} of ${INSTRUCTIONS.length} rows`);
  });

  test("writes one register into both fields of clz and clo", () => {
    assert.equal(assemble("clz", R.v0, R.a0), 0x70821020);
  });

  test("has MIPS64's words and farjal's own", () => {
    assert.equal(assemble("daddiu", R.v1, R.v1, -1), 0x6463ffff);
    assert.equal(assemble("dsll", R.t9, R.t9, 16), 0x0019cc38);
    assert.equal(assemble("farjal.hypercall", 3), 0x700000d1);
    for (const [name, ...numbers] of [
      ["daddu", R.v1, R.v1, R.at],
      ["dsll32", R.v1, R.v1, 0],
      ["ld", R.ra, -8, R.sp],
    ] as const) {
      const text = disassemble(assemble(name, ...numbers), 0xffffffff80001000n);
      assert.equal(text.split("\t")[0], name);
    }
  });

  test("refuses operands that no word can hold", () => {
    assert.throws(() => assemble("addiu", R.sp, R.sp, 0x8000), /addiu: simm takes -32768 to 32767/);
    assert.throws(() => assemble("ori", R.v0, R.v0, -1), /ori: uimm takes 0 to 65535, not -1/);
    assert.throws(() => assemble("addu", 32, 0, 0), /addu: rd takes 0 to 31, not 32/);
    assert.throws(() => assemble("beq", 0, 0, 0.5), /beq: offset takes/);
    assert.throws(() => assemble("jr"), /jr takes rs/);
    assert.throws(() => assemble("nop", 1), /no instruction nop/);
  });

  test("loads an address whose low half is negative", () => {
    assert.deepEqual([high(0x8011_8000), low(0x8011_8000)], [0x8012, -0x8000]);
    assert.deepEqual(loadAddress(R.v1, 0x801156a0), [0x3c038011, 0x246356a0]);
    assert.deepEqual(loadAddress(R.v1, 0xffffffff8011d6a0n), [0x3c038012, 0x2463d6a0]);
  });

  test("aims a jump inside its region", () => {
    assert.equal(jumpTo("jal", 0x801156a0), 0x0c0455a8);
    assert.equal(jumpTo("j", 0xffffffff801156a0n), 0x080455a8);
    assert.equal(assemble("sll", 0, 0, 0), NOP);
  });
});
