// Tests the core's relocator with vectors from a real kernel: instruction, symbol value and location in, instruction
// out. Both byte orders. Locations are only addresses, so they need not be mapped.

import assert from "node:assert/strict";
import { suite, test } from "node:test";
import {
  RELOC_DANGEROUS,
  RELOC_NO_SYMBOL,
  RELOC_NOT_ON_32_BIT,
  RELOC_OK,
  RELOC_OUT_OF_SECTION,
  RELOC_OVERFLOW,
  RELOC_TOO_MANY_PENDING,
  RELOC_UNKNOWN_SYMBOL,
  RELOC_UNKNOWN_TYPE,
  RELOC_UNPAIRED_HI16,
} from "../../assembly/shared/relocation.ts";
import type { Endian } from "../../src/bytes/endian.ts";
import { Words } from "../../src/bytes/words.ts";
import { labProcessor } from "../../src/lab/lab-processor.ts";
import { relocateSection } from "../../src/module/relocation/relocation.ts";

const NONE = 0;
const R32 = 2;
const R26 = 4;
const HI16 = 5;
const LO16 = 6;
const PC16 = 10;
const PHYSICAL = 0x10000;

type Entry = readonly [offset: number, type: number, symbol: number];

interface Run {
  readonly code: number;
  readonly entry: number;
  readonly words: readonly number[];
}

for (const endian of ["little", "big"] as const satisfies readonly Endian[]) {
  suite(`relocations, ${endian}-endian`, () => {
    const core = labProcessor(endian, 0x400000);

    /** Symbol 0 is the null symbol; `values` start at symbol 1. */
    function run(
      address: number,
      before: readonly number[],
      values: readonly number[],
      entries: readonly Entry[],
      size = before.length * 4,
    ): Run {
      const section = new Words(new Uint8Array(before.length * 4), endian);
      for (const [index, word] of before.entries()) section.setU32(4 * index, word);
      core.writeBytes(PHYSICAL, section.bytes);
      const outcome = relocateSection(core.relocator, PHYSICAL, {
        address,
        size,
        symbols: Uint32Array.from([0, ...values]),
        entries: new Uint8Array(
          Uint32Array.from(entries.flatMap(([at, type, symbol]) => [at, (symbol << 8) | type]))
            .buffer,
        ),
      });
      const after = new Words(core.readBytes(PHYSICAL, before.length * 4), endian);
      return { ...outcome, words: before.map((_, index) => after.u32(4 * index)) };
    }

    function one(type: number, word: number, value: number, address: number): Run {
      return run(address, [word], [value], [[0, type, 1]]);
    }

    test("R_MIPS_26: the region is the delay slot's", () => {
      const good = [
        [0x0c000000, 0x801156a0, 0x80100004, 0x0c0455a8],
        [0x0c000000, 0x90000000, 0x8ffffffc, 0x0c000000],
        [0x080004fd, 0xc0017000, 0xc0028df4, 0x080060fd],
      ] as const;
      for (const [word, value, location, result] of good) {
        const { code, words } = one(R26, word, value, location);
        assert.deepEqual([code, words], [RELOC_OK, [result]]);
      }
      for (const [value, location] of [
        [0x801156a0, 0xc00a2004],
        [0x8ffffff8, 0x8ffffffc],
      ] as const) {
        const { code, words } = one(R26, 0x0c000000, value, location);
        assert.deepEqual([code, words], [RELOC_OVERFLOW, [0x0c000000]]);
      }
    });

    test("R_MIPS_26: alignment is checked before the region", () => {
      assert.equal(one(R26, 0x0c000000, 0x801156a2, 0xc00a2004).code, RELOC_DANGEROUS);
      assert.equal(one(R26, 0x0c000000, 0x801156a2, 0x80100004).code, RELOC_DANGEROUS);
    });

    test("R_MIPS_26: an addend that leaves the region goes unnoticed and wraps", () => {
      const { code, words } = one(R26, 0x0c000004, 0x8ffffff8, 0x80001000);
      assert.deepEqual([code, words], [RELOC_OK, [0x0c000002]]);
    });

    test("R_MIPS_32 wraps, at an odd address too", () => {
      assert.deepEqual(one(R32, 0xfffffff0, 0x80000020, 0xc0000000).words, [0x80000010]);
      const { code, words } = run(
        0xc0000000,
        [0x11223344, 0x55667788],
        [0x01010101],
        [[1, R32, 1]],
      );
      assert.equal(code, RELOC_OK);
      const expected = endian === "little" ? [0x12233444, 0x55667789] : [0x11233445, 0x56667788];
      assert.deepEqual(words, expected);
    });

    test("HI16 and LO16: a carry goes into the high half", () => {
      for (const [hi, lo, value, hiAfter, loAfter] of [
        [0x3c030000, 0x24630000, 0x801156a0, 0x3c038011, 0x246356a0],
        [0x3c030000, 0x24630000, 0x8011d6a0, 0x3c038012, 0x2463d6a0],
        [0x3c021235, 0x24428000, 0x80000000, 0x3c029235, 0x24428000],
        [0x3c020001, 0x8c62ffff, 0xc0009000, 0x3c02c002, 0x8c628fff],
        [0x3c02ffff, 0x24428000, 0x00018000, 0x3c020000, 0x24420000],
      ] as const) {
        const { code, words } = run(
          0xc0000000,
          [hi, lo],
          [value],
          [
            [0, HI16, 1],
            [4, LO16, 1],
          ],
        );
        assert.deepEqual([code, words], [RELOC_OK, [hiAfter, loAfter]]);
      }
    });

    test("273 HI16 wait for one LO16, which may be at a lower address", () => {
      const before = [0x24630010, ...new Array<number>(273).fill(0x3c030000)];
      const entries: Entry[] = before.slice(1).map((_, index) => [4 * (index + 1), HI16, 1]);
      const { code, words } = run(0xc0000000, before, [0x8011fff8], [...entries, [0, LO16, 1]]);
      assert.equal(code, RELOC_OK);
      assert.deepEqual(words, [0x24630008, ...new Array<number>(273).fill(0x3c038012)]);
    });

    test("HI16s with different real addends all get the first LO16's", () => {
      const { words } = run(
        0xc0000000,
        [0x3c020000, 0x3c030000, 0x8c420000, 0x8c630004],
        [0x80007ffe],
        [
          [0, HI16, 1],
          [4, HI16, 1],
          [8, LO16, 1],
          [12, LO16, 1],
        ],
      );
      // With its own LO16 the second lui would need 8001: S + 4 is past 0x80008000.
      assert.deepEqual(words, [0x3c028000, 0x3c038000, 0x8c427ffe, 0x8c638002]);
    });

    test("a LO16 alone is valid, a HI16 alone is not, and lists end with their section", () => {
      assert.equal(one(LO16, 0x24420000, 0x80001234, 0xc0000000).code, RELOC_OK);
      assert.equal(one(HI16, 0x3c020000, 0x80001234, 0xc0000000).code, RELOC_UNPAIRED_HI16);
      const next = one(LO16, 0x24420000, 0x80005678, 0xc0000000);
      assert.deepEqual([next.code, next.words], [RELOC_OK, [0x24425678]]);
    });

    test("two symbols pair when they are at one address, and only then", () => {
      const pair = (values: readonly [number, number]): Run =>
        run(0xc0000000, [0x3c020000, 0x24420000], values, [
          [0, HI16, 1],
          [4, LO16, 2],
        ]);
      assert.deepEqual(pair([0x80011234, 0x80011234]).words, [0x3c028001, 0x24421234]);
      const { code, entry } = pair([0x80011234, 0x80011238]);
      assert.deepEqual([code, entry], [RELOC_DANGEROUS, 1]);
    });

    test("a mismatch is detected newest first: HI16s before it stay patched", () => {
      const { code, words } = run(
        0xc0000000,
        [0x3c020000, 0x3c030000, 0x24420000],
        [0x80011234, 0x80021234],
        [
          [0, HI16, 1],
          [4, HI16, 2],
          [8, LO16, 2],
        ],
      );
      assert.equal(code, RELOC_DANGEROUS);
      assert.deepEqual(words, [0x3c020000, 0x3c038002, 0x24420000]);
    });

    test("PC16, PC21 and PC26 count words from the branch, without a bias of their own", () => {
      // b .+4 with field 0, relocated to eight bytes before it, branches one word short.
      assert.deepEqual(one(PC16, 0x10000000, 0xc0000ff8, 0xc0001000).words, [0x1000fffe]);
      assert.deepEqual(one(PC16, 0x1000ffff, 0xc0001008, 0xc0001000).words, [0x10000001]);
      assert.equal(one(PC16, 0x10000000, 0xc0000ff9, 0xc0001000).code, RELOC_DANGEROUS);
      assert.equal(one(PC16, 0x10000000, 0x80001000, 0xc0001000).code, RELOC_OVERFLOW);
      assert.equal(one(PC16, 0x10000000, 0xc0020ffc, 0xc0001000).code, RELOC_OK);
      assert.equal(one(PC16, 0x10000000, 0xc0021000, 0xc0001000).code, RELOC_OVERFLOW);
      assert.equal(one(PC16, 0x10000000, 0xbffe1000, 0xc0001000).code, RELOC_OK);
      assert.deepEqual(one(60, 0xd8000000, 0xc0021000, 0xc0001000).words, [0xd8008000]);
      assert.deepEqual(one(61, 0xc8000000, 0xbfff1000, 0xc0001000).words, [0xcbffc000]);
      assert.equal(one(61, 0xc8000000, 0x80001000, 0xc0001000).code, RELOC_OVERFLOW);
    });

    test("types that a 32-bit kernel doesn't have or accept", () => {
      for (const type of [1, 7, 37, 248, 255]) {
        assert.equal(one(type, 0, 0x80001000, 0xc0000000).code, RELOC_UNKNOWN_TYPE);
      }
      for (const type of [18, 28, 29]) {
        assert.equal(one(type, 0, 0x80001000, 0xc0000000).code, RELOC_NOT_ON_32_BIT);
      }
      const none = run(0xc0000000, [0x12345678], [0x80001000], [[0x7fffffff, NONE, 1]]);
      assert.deepEqual([none.code, none.words], [RELOC_OK, [0x12345678]]);
    });

    test("a value in the last 4095 addresses is an error number, for every type", () => {
      assert.equal(one(R32, 0, 0xfffff000, 0xc0000000).code, RELOC_OK);
      for (const value of [0xfffff001, 0xfffff100, 0xffffffff]) {
        assert.equal(one(R32, 0, value, 0xc0000000).code, RELOC_UNKNOWN_SYMBOL);
        assert.equal(one(NONE, 0, value, 0xc0000000).code, RELOC_UNKNOWN_SYMBOL);
      }
    });

    test("nothing outside the section or the symbol table is changed", () => {
      for (const offset of [1, 2, 3, 4, 0x7fffffff, 0xfffffffc, 0xffffffff]) {
        const { code, words } = run(0xc0000000, [0, 0], [1], [[offset, R32, 1]], 4);
        assert.deepEqual([code, words], [RELOC_OUT_OF_SECTION, [0, 0]]);
      }
      assert.equal(run(0xc0000000, [0], [1], [[0, R32, 2]]).code, RELOC_NO_SYMBOL);
      assert.equal(run(0xc0000000, [0], [1], [[0, R32, 0xffffff]]).code, RELOC_NO_SYMBOL);
    });

    test("more waiting HI16 than there is space for are an error, and none is lost", () => {
      const count = 0x80001;
      const entries: Entry[] = Array.from({ length: count }, () => [0, HI16, 1]);
      const { code, entry } = run(0xc0000000, [0x3c020000], [0x80001234], entries);
      assert.deepEqual([code, entry], [RELOC_TOO_MANY_PENDING, count - 1]);
    });

    test("a section with more entries than one call processes is continued", () => {
      const count = 600_000;
      const entries: Entry[] = Array.from({ length: count }, () => [4, NONE, 0]);
      entries[0] = [0, HI16, 1];
      entries[count - 2] = [4, LO16, 1];
      const good = run(0xc0000000, [0x3c020000, 0x24420000], [0x8001abcd], entries);
      assert.deepEqual([good.code, good.words], [RELOC_OK, [0x3c028002, 0x2442abcd]]);
      entries[count - 1] = [8, R32, 1];
      const bad = run(0xc0000000, [0x3c020000, 0x24420000], [0x8001abcd], entries);
      assert.deepEqual([bad.code, bad.entry], [RELOC_OUT_OF_SECTION, count - 1]);
    });
  });
}
