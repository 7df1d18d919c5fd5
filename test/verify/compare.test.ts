// Tests the comparison of memory: an explanation for one word doesn't excuse another, and an unexplained word is
// found and named, in every kind of section.

import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { WIDTH_32, WIDTH_64 } from "../../src/address.ts";
import type { Endian } from "../../src/bytes/endian.ts";
import { Words } from "../../src/bytes/words.ts";
import { type ComparedBlock, compareBlock, REASONS } from "../../src/verify/compare.ts";

const BASE = 0xc0000000;
const JUMP = 0x08000010;
const BRANCH = 0x10000003;
/** Eight words each. */
const SECTIONS = [
  { name: ".text", writable: false },
  { name: "__mcount_loc", writable: false },
  { name: "__jump_table", writable: true },
  { name: ".data", writable: true },
  { name: ".gnu.linkonce.this_module", writable: true },
  { name: ".symtab", writable: false },
];
const SIZE = 32;

function at(name: string, word = 0): number {
  return BASE + SECTIONS.findIndex((section) => section.name === name) * SIZE + 4 * word;
}

/** A block with the words 1, 2, 3…, struct module's last four 0, with some of Linux's words changed. */
function block(
  moment: ComparedBlock["moment"],
  changes: Readonly<Record<number, number>>,
  endian: Endian = "little",
): ComparedBlock {
  const ours = new Uint32Array((SECTIONS.length * SIZE) / 4).map((_, index) => index + 1);
  ours.fill(0, (at(".gnu.linkonce.this_module", 4) - BASE) / 4, (at(".symtab") - BASE) / 4);
  ours[(at(".text", 3) - BASE) / 4] = JUMP;
  const live = Uint32Array.from(ours);
  for (const [address, word] of Object.entries(changes)) live[(Number(address) - BASE) / 4] = word;
  return {
    moment,
    base: BASE,
    endian,
    width: WIDTH_32,
    ours: bytesOf(ours, endian),
    live: bytesOf(live, endian),
    sections: SECTIONS.map((section) => ({ ...section, address: at(section.name), size: SIZE })),
    keySites: new Map([[at(".text", 3), [0, JUMP, BRANCH]]]),
    dropped: new Map([[at(".symtab", 1), 0x24]]),
  };
}

function bytesOf(values: Uint32Array, endian: Endian): Uint8Array {
  const words = new Words(new Uint8Array(4 * values.length), endian);
  values.forEach((value, index) => {
    words.setU32(4 * index, value);
  });
  return words.bytes;
}

function outcome(moment: ComparedBlock["moment"], changes: Readonly<Record<number, number>>) {
  const { explained, unexplained, differences } = compareBlock(block(moment, changes));
  const words = Object.values(explained).reduce((sum, count) => sum + count, 0);
  return { explained: words, unexplained, first: differences[0] ?? null };
}

suite("memory compared", () => {
  test("equal words are equal", () => {
    const { words, equal, unexplained } = compareBlock(block("relocated", {}));
    assert.deepEqual([words, equal, unexplained], [48, 48, 0]);
  });

  for (const { name } of SECTIONS) {
    test(`a flipped bit in ${name} is found before anything has run`, () => {
      const address = at(name, 2);
      const ours = (address - BASE) / 4 + 1;
      const live = (ours ^ 0x80000000) >>> 0;
      assert.deepEqual(outcome("relocated", { [address]: live }), {
        explained: 0,
        unexplained: 1,
        first: { address, section: name, ours, live },
      });
    });
  }

  test("code that changes later is found too, and only data may change", () => {
    const changes = { [at(".text", 1)]: 9, [at(".data", 1)]: 9 };
    const { explained, unexplained, first } = outcome("off", changes);
    assert.deepEqual([explained, unexplained, first?.section], [1, 1, ".text"]);
  });

  test("a static key's site holds its jump, a branch or a nop, and nothing else", () => {
    assert.equal(outcome("traced", { [at(".text", 3)]: 0 }).explained, 1);
    assert.equal(outcome("traced", { [at(".text", 3)]: BRANCH }).explained, 1);
    assert.equal(outcome("traced", { [at(".text", 3)]: JUMP + 1 }).unexplained, 1);
    assert.equal(outcome("relocated", { [at(".text", 3)]: 0 }).unexplained, 1);
  });

  test("a sorted table has the same entries, otherwise it is a different table", () => {
    const [one, two] = [at("__mcount_loc"), at("__mcount_loc", 1)];
    const swapped = { [one]: 10, [two]: 9 };
    assert.equal(outcome("relocated", swapped).explained, 2);
    assert.equal(outcome("off", swapped).unexplained, 2);
    assert.equal(outcome("relocated", { [one]: 10 }).unexplained, 1);
    const keys = [0, 1, 2].map((word) => at("__jump_table", word));
    const [code = 0, target = 0, key = 0] = keys;
    const entries = { [code]: 20, [target]: 21, [key]: 22, [at("__jump_table", 3)]: 17 };
    const rest = { [at("__jump_table", 4)]: 18, [at("__jump_table", 5)]: 19 ^ 2 };
    assert.equal(outcome("off", { ...entries, ...rest }).explained, 6);
    assert.equal(outcome("off", entries).unexplained, 4);
  });

  test("struct module has the kernel's words where the file left them empty", () => {
    const name = ".gnu.linkonce.this_module";
    assert.equal(outcome("relocated", { [at(name)]: 3, [at(name, 5)]: 9 }).explained, 2);
    assert.equal(outcome("off", { [at(name, 1)]: 9 }).unexplained, 1);
  });

  test("of a big-endian guest is read as its words", () => {
    const [keys, jump] = [at("__jump_table"), at(".text", 3)];
    const swapped = { [at("__mcount_loc")]: 10, [at("__mcount_loc", 1)]: 9 };
    assert.deepEqual(compareBlock(block("relocated", swapped, "big")).unexplained, 0);
    assert.deepEqual(compareBlock(block("traced", { [jump]: 0 }, "big")).unexplained, 0);
    const { differences } = compareBlock(block("relocated", { [keys]: 0x01020304 }, "big"));
    assert.deepEqual(
      differences.map(({ ours, live }) => [ours, live]),
      [[17, 0x01020304]],
    );
  });

  test("a dropped section's symbol is relative to a page", () => {
    assert.equal(outcome("relocated", { [at(".symtab", 1)]: 0xc0100024 }).explained, 1);
    assert.equal(outcome("relocated", { [at(".symtab", 1)]: 0xc0100028 }).unexplained, 1);
  });

  for (const endian of ["little", "big"] as const) {
    test(`of a 64-bit ${endian}-endian kernel has tables and symbols of 64 bits`, () => {
      const base = 0xffffffff_c0000000n;
      const names = [".text", "__mcount_loc", "__jump_table", ".symtab"];
      const sections = names.map((name, index) => {
        return { name, address: base + BigInt(64 * index), size: 64, writable: false };
      });
      const compared = (
        moment: ComparedBlock["moment"],
        changes: Readonly<Record<number, bigint>>,
      ) => {
        const pointers = Array.from({ length: 32 }, (_, index) => base + BigInt(index));
        const bytes = (values: readonly bigint[]): Uint8Array => {
          const words = new Words(new Uint8Array(8 * values.length), endian);
          values.forEach((value, index) => {
            words.setU64(8 * index, value);
          });
          return words.bytes;
        };
        const live = pointers.map((value, index) => changes[index] ?? value);
        const { explained, unexplained, differences } = compareBlock<bigint>({
          ...{ moment, base, endian, width: WIDTH_64, sections, keySites: new Map() },
          ...{ ours: bytes(pointers), live: bytes(live) },
          dropped: new Map([
            [base + 200n, 0x24],
            [base + 208n, 0x34],
          ]),
        });
        return [Object.keys(explained), unexplained, differences[0]?.address];
      };
      const pointer = (index: number): bigint => base + BigInt(index);
      const swapped = { 8: pointer(9), 9: pointer(8) };
      assert.deepEqual(compared("relocated", swapped), [[REASONS.sortedSites], 0, undefined]);
      assert.deepEqual(compared("off", swapped), [
        [],
        2,
        endian === "little" ? base + 64n : base + 68n,
      ]);
      const entries = [19, 20, 21, 16, 17, 18 ^ 2].map((index, at) => [16 + at, pointer(index)]);
      assert.deepEqual(compared("off", Object.fromEntries(entries)), [
        [REASONS.sortedKeys],
        0,
        undefined,
      ]);
      // Linux's copy of the file is in another part of the address space: both words of a value differ.
      const copy = 0xc0000000_00100000n;
      const copied = { 25: copy + 0x24n, 26: copy + 0x34n };
      assert.deepEqual(compared("relocated", copied), [[REASONS.dropped], 0, undefined]);
      assert.equal(compared("relocated", { ...copied, 26: copy + 0x38n })[1], 1);
    });
  }

  test("a byte after the block's end is not compared, and the last one is", () => {
    const { ours, live, ...rest } = block("off", {});
    const cut = { ...rest, ours: ours.subarray(0, ours.length - 1) };
    const changed = (at: number) => live.map((byte, index) => (index === at ? ~byte : byte));
    assert.equal(compareBlock({ ...cut, live: changed(live.length - 1) }).unexplained, 0);
    assert.equal(compareBlock({ ...cut, live: changed(live.length - 2) }).unexplained, 1);
  });

  test("a word that one side lacks is a difference", () => {
    const whole = block("off", {});
    const { unexplained } = compareBlock({ ...whole, live: whole.live.subarray(0, 28) });
    assert.ok(unexplained > 0);
  });
});
