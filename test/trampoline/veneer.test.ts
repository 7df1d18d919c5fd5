// Tests a veneer's four words: they reach every word-aligned target, through a register that is dead at a call.

import assert from "node:assert/strict";
import { suite, test } from "node:test";
import fc from "fast-check";
import { veneerFault, veneerWords } from "../../src/trampoline/veneer.ts";

const TARGET = 0x801156a0;

suite("veneers", () => {
  test("malta's _mcount", () => {
    assert.deepEqual(veneerWords(TARGET), [0x3c198011, 0x273956a0, 0x03200008, 0x00000000]);
  });

  test("the high half is one larger when bit 15 is set, and wraps", () => {
    assert.deepEqual(veneerWords(0x8011d6a0).slice(0, 2), [0x3c198012, 0x2739d6a0]);
    assert.deepEqual(veneerWords(0xffff8000).slice(0, 2), [0x3c190000, 0x27398000]);
  });

  test("each word-aligned target is reached through each dead register, which alone changes", () => {
    const dead = fc.constantFrom(3, 8, 9, 10, 11, 13, 14, 15, 24, 25);
    const target = fc.nat({ max: 0x3fffffff }).map((word) => word * 4);
    fc.assert(
      fc.property(target, dead, (target, register) => {
        const words = veneerWords(target, register);
        assert.equal(veneerFault(words, target), null);
        assert.match(veneerFault(words, target ^ 4) ?? "", /^it jumps to /);
      }),
    );
  });

  test("registers that are live at a call are refused by name", () => {
    const names = new Map([
      [0, "zero"],
      [1, "at"],
      [2, "v0"],
      [4, "a0"],
      [7, "a3"],
      [12, "t4"],
      [16, "s0"],
      [23, "s7"],
      [26, "k0"],
      [28, "gp"],
      [29, "sp"],
      [30, "s8"],
      [31, "ra"],
    ]);
    for (const [register, name] of names) {
      assert.ok(veneerFault(veneerWords(TARGET, register), TARGET)?.startsWith(`${name} `), name);
    }
  });

  test("jalr, which would overwrite ra, and other sequences are no veneers", () => {
    const [lui, addiu, jr] = veneerWords(TARGET) as [number, number, number];
    const cases: [number[], RegExp][] = [
      [[lui, addiu, 0x0320f809, 0], /leave ra and memory alone/],
      [[lui, addiu, 0x8f390000, jr, 0], /leave ra and memory alone/],
      [[lui, addiu, jr, 0x27bdfff8], /delay slot/],
      [[lui, addiu, jr], /delay slot/],
      [[lui, addiu, jr, 0, 0], /words follow/],
      [[lui, addiu], /doesn't end in a jump/],
      [[], /doesn't end in a jump/],
      [[lui, jr, 0], /it jumps to 0x80110000/],
      [[jr, 0], /\$25, which it hasn't set/],
      [[addiu, jr, 0], /\$25, which it hasn't set/],
    ];
    for (const [words, fault] of cases) assert.match(veneerFault(words, TARGET) ?? "", fault);
  });
});
