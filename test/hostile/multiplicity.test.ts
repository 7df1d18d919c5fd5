// Tests small files that describe large data: names that overlap, strings and zeros by the hundred thousand, tables
// with as many rows. A reader's memory is bounded, not only the file's size.

import assert from "node:assert/strict";
import { test } from "node:test";
import { R_MIPS_26, R_MIPS_32, R_MIPS_HI16 } from "../../assembly/shared/relocation-types.ts";
import { AddressRanges } from "../../src/bytes/address-ranges.ts";
import { RangeAllocator } from "../../src/bytes/ranges.ts";
import { SHF_ALLOC } from "../../src/elf/numbers.ts";
import { StringTable } from "../../src/elf/strings.ts";
import { Refusal } from "../../src/errors.ts";
import { jumpsOfFile, Machine, readModule } from "../../src/index.ts";
import { assemble } from "../../src/isa/assemble.ts";
import { MODULE_CALL_SITES, MODULE_JUMPS } from "../../src/limits.ts";
import { mendModule } from "../../src/mend/mend.ts";
import { Modinfo } from "../../src/module/file/modinfo.ts";
import { columns } from "../../src/report/table.ts";
import type { SectionSpec } from "../support/elf-writer.ts";
import { code, writeModule } from "../support/module-writer.ts";

const [T9, RA] = [25, 31] as const;

test("the total size of overlapping names is bounded, not only each name", () => {
  const bytes = new Uint8Array(4096).fill(0x61);
  bytes[0] = 0;
  bytes[4095] = 0;
  const table = new StringTable(bytes);
  let characters = 0;
  let name = table.at(1);
  for (let count = 0; name !== undefined && count < 200_000; count++) {
    characters += name.length;
    name = table.at(1 + (count % 64));
  }
  assert.equal(name, undefined);
  assert.ok(characters <= 1 << 25, `${characters}`);
});

test("a .modinfo of zeros costs no more than its size, and one of too many strings is refused", () => {
  assert.deepEqual(new Modinfo(new Uint8Array(1 << 26)).entries, []);
  const many = new Uint8Array(1 << 20);
  for (let at = 0; at < many.length; at += 4) many.set([0x61, 0x3d, 0x62], at);
  assert.throws(() => new Modinfo(many), Refusal);
});

test("a table may have more rows than a call can have arguments, and a cell is one line", () => {
  const rows = Array.from({ length: 300_000 }, (_, index) => [`${index}`, "x"]);
  assert.equal(columns(rows).length, rows.length);
  assert.deepEqual(columns([["a\nfake", "b"]]), ["  a\\x0afake  b"]);
});

test("the cost of a string passed to a host function depends on its length", async () => {
  const machine = await Machine.create();
  const text = machine.memory.alloc((1 << 20) + 1);
  machine.memory.write(text, new Uint8Array(1 << 20).fill(0x61));
  let calls = 0;
  machine.provide("take", (call) => {
    calls++;
    return call.string(0).length;
  });
  assert.equal(machine.call("take", [text]).v0, 1 << 20);
  const take = machine.addressOf("take") ?? 0;
  const loop = machine.memory.alloc(64);
  const words = [
    assemble("lui", T9, take >>> 16),
    assemble("ori", T9, T9, take & 0xffff),
    assemble("jalr", RA, T9),
    0,
    assemble("beq", 0, 0, -5),
    0,
  ];
  for (const [index, word] of words.entries()) machine.memory.setU32(loop + 4 * index, word);
  calls = 0;
  assert.equal(
    machine.call(loop, [text], { budget: 100_000, throws: false }).exception?.name,
    "budget",
  );
  assert.ok(calls > 1 && calls < 10, `${calls}`);
});

test("a range is allocated and freed without a search through all others", () => {
  const [count, size] = [1 << 19, 16];
  const ranges = new RangeAllocator(0x1000, 0x1000 + count * size);
  for (let index = 0; index < count; index++) {
    assert.equal(ranges.allocate(size, size), 0x1000 + index * size);
  }
  assert.equal(ranges.allocate(size, size), undefined);
  const used = ranges.used.toReversed();
  assert.ok(ranges.replace(used));
  assert.equal(ranges.free(0x2000), true);
  assert.equal(ranges.allocate(size, size), 0x2000);
  assert.equal(ranges.replace([...used, { start: 0x1008, size }]), false);
  assert.equal(ranges.used.length, count);
});

test("a range of 64-bit addresses is allocated and freed without a search through all others", () => {
  const [count, size] = [1 << 17, 0x1000];
  const first = 0xffff_ffff_c000_0000n;
  const end = first + BigInt(count * size);
  const at = (index: number) => first + BigInt(index * size);
  const ranges = new AddressRanges();
  for (let index = 0; index < count; index++) {
    assert.equal(ranges.allocate(size, size, first, end), at(index));
  }
  assert.equal(ranges.allocate(size, size, first, end), undefined);
  assert.equal(ranges.reserve(at(2), size), false);
  for (const index of [4, 6, 5]) ranges.free(at(index));
  assert.equal(ranges.allocate(4 * size, size, first, end), undefined);
  assert.equal(ranges.allocate(2 * size, 2 * size, first, end), at(4));
  assert.equal(ranges.reserve(at(6), 2 * size), false);
  assert.equal(ranges.allocate(size, size, first, end), at(6));
  for (let index = count - 1; index >= 0; index--) ranges.free(at(index));
  assert.ok(ranges.reserve(0n, 4096));
  assert.equal(ranges.allocate(count * size, size, first, end), first);
});

test("sections and their tables of relocations are searched once, not for each other", () => {
  const JAL = 0x0c000000;
  const one = code([JAL, 0], [{ offset: 0, type: R_MIPS_26, symbol: "work" }]);
  const many = Array.from({ length: 25_000 }, () => one);
  const bytes = writeModule({ sections: many, symbols: [{ name: "work" }] });
  const jumps = jumpsOfFile(bytes, 0xc0000000);
  assert.equal(jumps.length, many.length);
  // All tables name the first section.
  assert.deepEqual(
    jumps.filter(({ symbol }) => symbol === "work").map(({ offset }) => offset),
    [0],
  );
  const { report } = mendModule(bytes);
  const changed = [...report.changes, ...report.refusals].map(({ section, offset }) => [
    section,
    offset,
  ]);
  assert.deepEqual(changed[0], [".text", 0]);
});

test("a module with more relocations of jumps than any has is refused", async () => {
  const words = Array.from({ length: MODULE_JUMPS + 1 }, () => 0x0c000000);
  const relocations = words.map((_, at) => ({
    offset: 4 * at,
    type: R_MIPS_26,
    symbol: "_printk",
  }));
  const module = (count: number) =>
    readModule(
      writeModule({
        sections: [code(words, relocations.slice(0, count))],
        symbols: [{ name: "_printk" }],
      }),
    );
  const machine = await Machine.create();
  assert.equal(machine.plan(module(MODULE_JUMPS)).plan.trampolines.length, 1);
  assert.throws(
    () => machine.plan(module(MODULE_JUMPS + 1)),
    /more than 49152 relocations of j and jal/,
  );
});

test("a file with more calls of _mcount than any module has is refused as it is read", () => {
  const JAL = 0x0c000000;
  const LUI_V1 = 0x3c030000;
  const excess = /more than 65536 calls of _mcount/;
  const at = (type: number, place: (index: number) => number, symbol: string, count: number) =>
    Array.from({ length: count }, (_, index) => ({ offset: place(index), type, symbol }));
  const file = (sections: SectionSpec[]) =>
    writeModule({ sections, symbols: [{ name: "_mcount" }, { name: "f", section: ".text" }] });
  const samePlace = (type: number, word: number, count: number) =>
    file([
      code(
        [word, 0],
        at(type, () => 0, "_mcount", count),
      ),
    ]);
  for (const [type, word] of [
    [R_MIPS_26, JAL],
    [R_MIPS_HI16, LUI_V1],
  ] as const) {
    const most = readModule(samePlace(type, word, MODULE_CALL_SITES));
    assert.equal(most.callSites.unrecorded.length, MODULE_CALL_SITES);
    const more = samePlace(type, word, MODULE_CALL_SITES + 1);
    assert.throws(() => readModule(more), excess);
    assert.throws(() => readModule(more, { object: true }), excess);
  }
  const recorded = (count: number) =>
    file([
      code([0, 0], []),
      {
        name: "__mcount_loc",
        flags: SHF_ALLOC,
        words: Array.from({ length: count }, () => 0),
        relocations: at(R_MIPS_32, (index) => 4 * index, "f", count),
      },
    ]);
  assert.equal(
    readModule(recorded(MODULE_CALL_SITES)).callSites.recorded.length,
    MODULE_CALL_SITES,
  );
  assert.throws(() => readModule(recorded(MODULE_CALL_SITES + 1)), excess);
});
