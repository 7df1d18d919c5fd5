// Debugging information that no compiler writes: entries that refer to themselves, nest without end or lead backwards,
// lists and programs without an end, sizes that can't be. Each ends in an answer or in one Misuse, at once.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { suite, test } from "node:test";
import { type DebugInfo, openDebugInfo } from "../../src/dwarf/debug-info.ts";
import { Limits } from "../../src/dwarf/limits.ts";
import { DebugTypes, sizeOfType, typeText } from "../../src/dwarf/types.ts";
import { readElf } from "../../src/elf/reader.ts";
import { imageOf, NULL_SECTION, writeElf } from "../../src/elf/writer.ts";
import { Misuse } from "../../src/errors.ts";
import { repositoryFile } from "../support/repository.ts";

const SHT_PROGBITS = 1;
const SHT_STRTAB = 3;
const ET_EXEC = 2;

const word = (value: number): number[] => [
  value & 255,
  (value >> 8) & 255,
  (value >> 16) & 255,
  value >>> 24,
];

/** A unit of DWARF 4 in .debug_info, and its abbreviations; the code is at 0x1000. */
function file(
  abbreviations: readonly number[],
  entries: readonly number[],
  more: Record<string, number[]> = {},
): DebugInfo {
  const unit = [4, 0, ...word(0), 4, ...entries];
  const sections = {
    ".debug_abbrev": [...abbreviations],
    ".debug_info": [...word(unit.length), ...unit],
    ...more,
  };
  const section = (name: string, bytes: readonly number[], flags = 0, type = SHT_PROGBITS) => ({
    ...NULL_SECTION,
    name,
    type,
    flags,
    address: flags === 0 ? 0 : 0x1000,
    bytes: Uint8Array.from(bytes),
    alignment: 1,
  });
  const bytes = writeElf({
    endian: "little",
    class: 32,
    type: ET_EXEC,
    machine: 8,
    flags: 0x1000,
    sections: [
      NULL_SECTION,
      section(".text", new Array(64).fill(0), 6),
      ...Object.entries(sections).map(([name, one]) => section(name, one)),
      section(".shstrtab", [0], 0, SHT_STRTAB),
    ],
    names: 2 + Object.keys(sections).length,
  });
  const info = openDebugInfo(readElf(bytes));
  assert.ok(info !== null);
  return info;
}

// Abbreviations: 1 a unit with low_pc and high_pc; 2 a function of the same with an origin and children; 3 a lexical
// block with children; 4 an entry with a sibling.
const ABBREVIATIONS = [
  ...[1, 0x11, 1, 0x11, 1, 0x12, 6, 0, 0],
  ...[2, 0x2e, 1, 0x11, 1, 0x12, 6, 0x31, 0x13, 0, 0],
  ...[3, 0x0b, 1, 0, 0],
  ...[4, 0x13, 1, 0x01, 0x13, 0, 0],
  0,
];
/** The unit's own entry; those in it begin at offset 20. */
const UNIT = [1, ...word(0x1000), ...word(0x40)];
const FIRST = 20;
const framesOf = (info: DebugInfo) => info.framesAtAddress(0x1004);

suite("hostile debugging information", () => {
  test("a function that is its own origin has no name", () => {
    const info = file(ABBREVIATIONS, [
      ...UNIT,
      2,
      ...word(0x1000),
      ...word(0x40),
      ...word(FIRST),
      0,
      0,
    ]);
    assert.deepEqual(
      framesOf(info).map((frame) => frame.function),
      [null],
    );
  });

  test("an origin outside the file is one error", () => {
    const info = file(ABBREVIATIONS, [
      ...UNIT,
      2,
      ...word(0x1000),
      ...word(0x40),
      ...word(0x7fffffff),
      0,
      0,
    ]);
    assert.throws(
      () => framesOf(info),
      (error) => error instanceof Misuse && /a reference/.test(error.message),
    );
  });

  test("entries that nest without end are one error", () => {
    const info = file(ABBREVIATIONS, [...UNIT, ...new Array<number>(100_000).fill(3)]);
    assert.throws(() => framesOf(info), /nest more than 2048 levels deep/);
  });

  test("a sibling that lies behind leads nowhere back", () => {
    const info = file(ABBREVIATIONS, [...UNIT, 4, ...word(FIRST), 0, 0]);
    assert.deepEqual(framesOf(info), []);
    assert.equal(new DebugTypes(info).struct("x"), null);
  });

  test("an abbreviation that isn't there is one error", () => {
    const info = file(ABBREVIATIONS, [...UNIT, 99]);
    assert.throws(
      () => framesOf(info),
      /damaged at \.debug_info\+0x00000014: abbreviation 99 isn't there/,
    );
  });

  test("abbreviations and ranges without an end are one error each", () => {
    assert.throws(() => framesOf(file([1, 0x11, 1, 0x11], UNIT)), /damaged at \.debug_abbrev/);
    const ranged = [1, 0x11, 0, 0x55, 0x17, 0, 0, 0];
    const endless = { ".debug_ranges": [...word(1), ...word(2)] };
    assert.throws(
      () => framesOf(file(ranged, [1, ...word(0)], endless)),
      /damaged at \.debug_ranges/,
    );
  });

  test("a line table whose line_range is 0 is one error", () => {
    const lined = [1, 0x11, 0, 0x11, 1, 0x12, 6, 0x10, 0x17, 0, 0, 0];
    const header = [4, 1, 1, 0, 0, 13, 0, 1, 1, 1, 1, 0, 0, 0, 1, 0, 0, 1, 0, 0];
    const body = [4, 0, ...word(header.length), ...header, 200];
    const info = file(lined, [...UNIT, ...word(0)], {
      ".debug_line": [...word(body.length), ...body],
    });
    assert.throws(() => framesOf(info), /line_range is 0/);
  });

  test("a type that is a typedef of itself has no size, and its text ends", () => {
    const abbreviations = [
      ...[1, 0x11, 1, 0x11, 1, 0x12, 6, 0, 0],
      ...[2, 0x16, 0, 0x03, 0x08, 0x49, 0x13, 0, 0],
      ...[3, 0x01, 0, 0x49, 0x13, 0, 0],
      0,
    ];
    const info = file(abbreviations, [
      ...UNIT,
      2,
      0x74,
      0,
      ...word(FIRST),
      3,
      ...word(FIRST + 7),
      0,
    ]);
    const type = new DebugTypes(info).typedef("t");
    assert.ok(type !== null);
    assert.equal(sizeOfType(type), null);
    assert.equal(typeText(type), "t");
  });

  test("the text of a function whose parameters are of its own type ends", () => {
    const abbreviations = [
      ...[1, 0x11, 1, 0x11, 1, 0x12, 6, 0, 0],
      ...[2, 0x2e, 1, 0x03, 0x08, 0, 0],
      ...[3, 0x05, 0, 0x49, 0x13, 0, 0],
      ...[4, 0x15, 1, 0, 0],
      0,
    ];
    const parameter = [3, ...word(FIRST)];
    const own = [4, ...parameter, ...parameter, 0];
    const info = file(abbreviations, [...UNIT, ...own, 2, 0x66, 0, ...parameter, 0, 0]);
    const prototype = new DebugTypes(info).function("f");
    assert.ok(prototype !== null);
    assert.ok(typeText(prototype).length < 10_000);
  });

  test("a compressed section that states an impossible size is one error", () => {
    const image = imageOf(readElf(readFileSync(repositoryFile("test/dwarf/built/gcc4-big.o"))));
    for (const size of [0xffffffff, 0x1000_0000, 1]) {
      const sections = image.sections.map((section) => {
        if (section.name !== ".debug_info") return section;
        const bytes = Buffer.from(section.bytes);
        bytes.writeUInt32BE(size, 4);
        return { ...section, bytes };
      });
      const info = openDebugInfo(readElf(writeElf({ ...image, sections })));
      assert.throws(
        () => info?.units,
        (error) => {
          return (
            error instanceof Misuse &&
            /\.debug_info.*(can't become|can't be unpacked)/.test(error.message)
          );
        },
      );
    }
  });

  test("what a file leads to is limited", () => {
    const limits = new Limits();
    limits.count("ranges", 50_000_000);
    assert.throws(() => limits.count("ranges"), /more than 50000000 ranges/);
  });
});
