// Checks the table for consistency: the properties that its rows need to be an instruction set. The tests with
// objdump and QEMU check that they are MIPS32's.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { formMask } from "../../src/isa/fields.ts";
import { ALIASES, SHORTHANDS } from "../../src/isa/spellings.ts";
import { FARJAL_WORDS, find, INSTRUCTIONS, instruction } from "../../src/isa/table.ts";

const ROWS = [...INSTRUCTIONS, ...FARJAL_WORDS];

function overlap(a: { match: number; mask: number }, b: { match: number; mask: number }): boolean {
  return ((a.match ^ b.match) & a.mask & b.mask) === 0;
}

describe("the table", () => {
  it("fixes no bit that its mask leaves open", () => {
    for (const { name, match, mask } of ROWS) assert.equal((match & ~mask) >>> 0, 0, name);
  });

  it("gives every bit to the encoding or to one operand", () => {
    for (const { name, mask, form } of ROWS) {
      assert.equal((mask ^ formMask(form)) >>> 0, 0xffff_ffff, name);
      assert.equal(mask & formMask(form), 0, name);
    }
  });

  it("has no word that is two instructions", () => {
    ROWS.forEach((row, i) => {
      for (const other of ROWS.slice(i + 1))
        assert.ok(!overlap(row, other), `${row.name} and ${other.name}`);
    });
  });

  it("has one row for each name", () => {
    assert.equal(new Set(ROWS.map(({ name }) => name)).size, ROWS.length);
  });

  it("finds a row by its word and by its name, and none for a reserved word", () => {
    assert.equal(find(INSTRUCTIONS, 0x0085_1021)?.name, "addu");
    assert.equal(instruction("jal").match, 0x0c00_0000);
    assert.equal(find(INSTRUCTIONS, 0x7000_0003), undefined);
    assert.throws(() => instruction("daddu"), /no instruction daddu/);
  });

  it("calls likely exactly the branches whose names say so", () => {
    for (const { name, group, likely } of INSTRUCTIONS) {
      assert.equal(
        likely,
        group === "branch" && name.endsWith("l") && !/^b(lt|ge)zal$/.test(name),
        name,
      );
    }
  });
});

describe("the spellings", () => {
  it("each narrow one row, and print the operands that are left", () => {
    for (const { name, match, mask, form } of [...SHORTHANDS, ...ALIASES]) {
      const row = find(INSTRUCTIONS, match);
      assert.ok(row && (mask & row.mask) === row.mask >> 0, name);
      assert.equal((mask ^ formMask(form.replace("zero,", ""))) >>> 0, 0xffff_ffff, name);
    }
  });
});
