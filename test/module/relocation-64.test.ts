// Tests the core's relocator for Elf64_Rela: every type, what it refuses, and MIPS's own form of an entry, which may
// hold three types. The sums were computed by hand; still-machine.test.ts has the linker's.

import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { RELOC_ENTRIES_SIZE } from "../../assembly/shared/memory-map.ts";
import {
  RELOC_COMPOSITE,
  RELOC_DANGEROUS,
  RELOC_NO_SYMBOL,
  RELOC_OK,
  RELOC_OUT_OF_SECTION,
  RELOC_OVERFLOW,
  RELOC_UNKNOWN_SYMBOL,
  RELOC_UNKNOWN_TYPE,
} from "../../assembly/shared/relocation.ts";
import {
  R_MIPS_26,
  R_MIPS_32,
  R_MIPS_64,
  R_MIPS_GPREL16,
  R_MIPS_HI16,
  R_MIPS_HIGHER,
  R_MIPS_HIGHEST,
  R_MIPS_LO16,
  R_MIPS_NONE,
  R_MIPS_PC16,
  R_MIPS_PC21_S2,
  R_MIPS_PC26_S2,
  R_MIPS_SUB,
} from "../../assembly/shared/relocation-types.ts";
import type { Endian } from "../../src/bytes/endian.ts";
import { Words } from "../../src/bytes/words.ts";
import { RELA64_SIZE } from "../../src/elf/numbers.ts";
import { labProcessor } from "../../src/lab/lab-processor.ts";
import { relocateSection64 } from "../../src/module/relocation/relocation.ts";

const PHYSICAL = 0x10000;
const BASE = 0xffffffff_c0000000n;
const FAR = 0xffffffff_80100000n;

interface Entry {
  readonly offset?: number;
  readonly type: number;
  readonly symbol?: number;
  readonly addend?: bigint;
  /** r_ssym, r_type3, r_type2. */
  readonly more?: readonly [number, number, number];
}

for (const endian of ["little", "big"] as const satisfies readonly Endian[]) {
  suite(`relocations with addends, ${endian}-endian`, () => {
    const core = labProcessor(endian, 0x400000);

    /** Symbol 0 is the null symbol; `values` start at symbol 1. */
    function run(
      before: readonly number[],
      values: readonly bigint[],
      entries: readonly Entry[],
      address = BASE,
    ) {
      const section = new Words(new Uint8Array(before.length * 4), endian);
      for (const [index, word] of before.entries()) section.setU32(4 * index, word);
      core.writeBytes(PHYSICAL, section.bytes);
      const staged = new DataView(new ArrayBuffer(entries.length * RELA64_SIZE));
      for (const [
        index,
        { offset = 0, type, symbol = 1, addend = 0n, more },
      ] of entries.entries()) {
        const at = index * RELA64_SIZE;
        staged.setBigUint64(at, BigInt(offset), true);
        staged.setUint32(at + 8, symbol, true);
        for (const [place, byte] of [...(more ?? [0, 0, 0]), type].entries()) {
          staged.setUint8(at + 12 + place, byte);
        }
        staged.setBigInt64(at + 16, addend, true);
      }
      const outcome = relocateSection64(core.relocator, PHYSICAL, {
        address,
        size: section.bytes.length,
        symbols: BigUint64Array.from([0n, ...values]),
        entries: new Uint8Array(staged.buffer),
      });
      const after = new Words(core.readBytes(PHYSICAL, section.bytes.length), endian);
      return { ...outcome, words: before.map((_, index) => after.u32(4 * index)) };
    }

    function one(type: number, word: number, value: bigint, entry: Partial<Entry> = {}) {
      const { code, words } = run([word], [value], [{ type, ...entry }]);
      return [code, ...words];
    }

    test("the field's old contents don't count, only S + A does", () => {
      assert.deepEqual(one(R_MIPS_32, 0xffffffff, FAR, { addend: 4n }), [RELOC_OK, 0x80100004]);
      assert.deepEqual(one(R_MIPS_LO16, 0x6463ffff, FAR, { addend: -4n }), [RELOC_OK, 0x6463fffc]);
      assert.deepEqual(one(R_MIPS_26, 0x0fffffff, BASE), [RELOC_OK, 0x0c000000]);
      assert.deepEqual(one(R_MIPS_NONE, 0x12345678, FAR), [RELOC_OK, 0x12345678]);
    });

    test("each part of an address compensates for the sign of those below", () => {
      for (const [value, highest, higher, high, low] of [
        [0x0123_4567_89ab_cdefn, 0x0123, 0x4568, 0x89ac, 0xcdef],
        [0x0000_7fff_ffff_8000n, 0x0001, 0x8000, 0x0000, 0x8000],
        [0x7fff_7fff_7fff_8000n, 0x8000, 0x8000, 0x8000, 0x8000],
        [0x9800_7fff_7fff_8000n, 0x9801, 0x8000, 0x8000, 0x8000],
        [0x9800_7fff_8000_0000n, 0x9801, 0x8000, 0x8000, 0x0000],
        [0xffff_ffff_8000_7fffn, 0x0000, 0x0000, 0x8000, 0x7fff],
      ] as const) {
        const { code, words } = run(
          [0x3c030000, 0x64630000, 0x3c010000, 0x64210000],
          [value],
          [R_MIPS_HIGHEST, R_MIPS_HIGHER, R_MIPS_HI16, R_MIPS_LO16].map((type, index) => ({
            offset: 4 * index,
            type,
          })),
        );
        assert.equal(code, RELOC_OK);
        assert.deepEqual(
          words.map((word) => word & 0xffff),
          [highest, higher, high, low],
          value.toString(16),
        );
        const signed = (half: number) => BigInt.asIntN(16, BigInt(half));
        const sum =
          (signed(highest) << 48n) + (signed(higher) << 32n) + (signed(high) << 16n) + signed(low);
        assert.equal(BigInt.asUintN(64, sum), value, "the four add up to it");
      }
    });

    test("R_MIPS_64 fills eight bytes, wherever they are", () => {
      const value = 0x0123_4567_89ab_cdefn;
      const [high, low] = [0x01234567, 0x89abcdf0];
      const pair = endian === "big" ? [high, low] : [low, high];
      const { code, words } = run([0, 0], [value], [{ type: R_MIPS_64, addend: 1n }]);
      assert.deepEqual([code, words], [RELOC_OK, pair]);
      const odd = run([0, 0, 0], [value], [{ type: R_MIPS_64, addend: 1n, offset: 3 }]);
      const bytes = new Words(new Uint8Array(12), endian);
      for (const [index, word] of odd.words.entries()) bytes.setU32(4 * index, word);
      assert.equal(new Words(bytes.bytes.slice(3, 11), endian).u64(0), value + 1n);
      assert.equal(
        run([0, 0], [value], [{ type: R_MIPS_64, offset: 4 }]).code,
        RELOC_OUT_OF_SECTION,
      );
    });

    test("R_MIPS_26 uses only bits 31 to 28 of S + A and of the delay slot, as Linux does", () => {
      assert.equal(one(R_MIPS_26, 0x0c000000, FAR)[0], RELOC_OVERFLOW);
      assert.equal(one(R_MIPS_26, 0x0c000000, BASE + 2n)[0], RELOC_DANGEROUS);
      assert.deepEqual(one(R_MIPS_26, 0x0c000000, FAR, { addend: 0x4000_0000n - 0x100000n }), [
        RELOC_OK,
        0x0c000000,
      ]);
      assert.deepEqual(one(R_MIPS_26, 0x0c000000, 0x1234_5678_cabc_def0n), [RELOC_OK, 0x0eaf37bc]);
      const last = run(
        [0x0c000000],
        [0xffffffff_d0000000n],
        [{ type: R_MIPS_26 }],
        BASE + 0xffffffcn,
      );
      assert.deepEqual([last.code, last.words], [RELOC_OK, [0x0c000000]]);
    });

    test("branches reach as far as their signed field allows", () => {
      for (const [type, bits] of [
        [R_MIPS_PC16, 16n],
        [R_MIPS_PC21_S2, 21n],
        [R_MIPS_PC26_S2, 26n],
      ] as const) {
        const most = 4n * (2n ** (bits - 1n) - 1n);
        const least = -4n * 2n ** (bits - 1n);
        const mask = Number(2n ** bits - 1n);
        const field = (to: bigint) => {
          const [code, word = 0] = one(type, 0, BASE, { addend: to });
          return code === RELOC_OK ? word & mask : code;
        };
        assert.equal(field(most), Number(most / 4n));
        assert.equal(field(least), Number(BigInt.asUintN(Number(bits), least / 4n)));
        assert.equal(one(type, 0, BASE, { addend: most + 4n })[0], RELOC_OVERFLOW);
        assert.equal(one(type, 0, BASE, { addend: least - 4n })[0], RELOC_OVERFLOW);
        assert.equal(one(type, 0, BASE, { addend: 2n })[0], RELOC_DANGEROUS);
        assert.equal(one(type, 0, 0x1234_5678_c000_0000n)[0], RELOC_OVERFLOW);
      }
    });

    test("an entry with a second type, a third or a special symbol is refused, and nothing is written", () => {
      for (const more of [
        [0, 0, R_MIPS_SUB],
        [0, R_MIPS_HI16, R_MIPS_SUB],
        [0, R_MIPS_LO16, 0],
        [1, 0, 0],
      ] as const) {
        for (const type of [R_MIPS_64, R_MIPS_GPREL16]) {
          const { code, entry, words } = run(
            [1, 2],
            [FAR],
            [{ type: R_MIPS_NONE }, { type, more }],
          );
          assert.deepEqual([code, entry, words], [RELOC_COMPOSITE, 1, [1, 2]]);
        }
      }
    });

    test("missing sections and symbols, and types that no kernel has", () => {
      assert.equal(one(R_MIPS_32, 0, FAR, { symbol: 2 })[0], RELOC_NO_SYMBOL);
      assert.equal(one(R_MIPS_32, 0, FAR, { offset: 1 })[0], RELOC_OUT_OF_SECTION);
      assert.equal(one(R_MIPS_32, 0, FAR, { offset: 0xfffffffd })[0], RELOC_OUT_OF_SECTION);
      assert.equal(one(R_MIPS_32, 0, 0xffffffff_fffff001n)[0], RELOC_UNKNOWN_SYMBOL);
      assert.deepEqual(one(R_MIPS_32, 0, 0xffffffff_fffff000n), [RELOC_OK, 0xfffff000]);
      for (const type of [R_MIPS_GPREL16, R_MIPS_SUB, 255]) {
        assert.deepEqual(one(type, 7, FAR), [RELOC_UNKNOWN_TYPE, 7]);
      }
    });

    test("more entries than the staging area holds are processed in parts, and the bad one is named", () => {
      const count = Math.floor(RELOC_ENTRIES_SIZE / RELA64_SIZE) + 3;
      const entries: Entry[] = Array.from({ length: count }, () => ({ type: R_MIPS_32 }));
      assert.equal(run([0], [FAR], entries).code, RELOC_OK);
      const { code, entry } = run([0], [FAR], [...entries, { type: 255 }]);
      assert.deepEqual([code, entry], [RELOC_UNKNOWN_TYPE, count]);
    });
  });
}
