// Loads every module of Debian's malta kernel. The totals are those of the real kernel and of an independent parser;
// names outside the kernel get made-up addresses.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { readModule } from "../../src/module/file/file.ts";
import { describeModule } from "../../src/module/file/info.ts";
import { loadModule } from "../../src/module/load.ts";
import { unloadModule } from "../../src/module/loaded.ts";
import { debian, debianSkip } from "../support/debian.ts";
import { TestHost } from "../support/module-host.ts";

const VERMAGIC = "6.1.0-50-4kc-malta SMP mod_unload modversions MIPS32_R2 32BIT ";

test("all of Debian's modules load, and everything in them is found", { skip: debianSkip }, () => {
  const totals: Record<string, number> = {};
  const add = (name: string, count: number): void => {
    totals[name] = (totals[name] ?? 0) + count;
  };
  let own = new Set<string>();
  const host = new TestHost({
    vermagic: VERMAGIC,
    everything: (name) => (own.has(name) ? undefined : 0x801156a0),
  });
  for (const path of debian?.modules ?? []) {
    const file = readModule(readFileSync(path));
    own = new Set(file.exports.map(({ name }) => name));
    const module = loadModule(file, host, { farJumps: "refuse" });
    const info = describeModule(file);
    add("modules", 1);
    add("signed", file.signature?.supported === true ? 1 : 0);
    add("recorded", info.recordedCallSites);
    add("unrecorded", info.unrecordedCallSites.length);
    add("sites", module.sites.length);
    add("parameters", file.parameters.length);
    add("exports", module.exports.length);
    add("versions", file.versions?.size ?? 0);
    for (const [type, count] of Object.entries(info.appliedRelocations)) add(type, count);
    unloadModule(module, host, false);
  }
  assert.equal(host.allocations, 0);
  assert.deepEqual(totals, {
    modules: 3042,
    signed: 3042,
    recorded: 148_351,
    unrecorded: 17,
    sites: 148_368,
    parameters: 3561,
    exports: 10_620,
    versions: 136_295,
    R_MIPS_32: 737_685,
    R_MIPS_26: 788,
    R_MIPS_HI16: 1_440_435,
    R_MIPS_LO16: 1_459_216,
  });
});

test("sizes in memory are those of /proc/modules", { skip: debianSkip }, () => {
  for (const [name, size] of [
    ["usbcore", 0x3eeaf],
    ["usb-common", 0x2360],
    ["crc16", 0x5a9],
    ["nfc", 100_146],
  ] as const) {
    const file = readModule(readFileSync(debian?.module(name) ?? ""));
    const own = new Set(file.exports.map((symbol) => symbol.name));
    const host = new TestHost({
      everything: (symbol) => (own.has(symbol) ? undefined : 0x80200000),
    });
    assert.equal(loadModule(file, host, { farJumps: "refuse" }).core.size, size, name);
  }
});

test("sections are where /sys/module/NAME/sections says", { skip: debianSkip }, () => {
  const file = readModule(readFileSync(debian?.module("usbcore") ?? ""));
  const own = new Set(file.exports.map((symbol) => symbol.name));
  const host = new TestHost({ everything: (symbol) => (own.has(symbol) ? undefined : 0x80200000) });
  const options = { base: 0xc0111000, initBase: 0xc0023000, farJumps: "refuse" } as const;
  const module = loadModule(file, host, options);
  const found = Object.fromEntries(module.sections.map(({ name, address }) => [name, address]));
  const expected = {
    ".text": 0xc0111000,
    ".exit.text": 0xc013f400,
    ".text.unlikely": 0xc013f4f0,
    ".fixup": 0xc013ff00,
    ".note.gnu.build-id": 0xc013ffb0,
    ".rodata": 0xc01409e0,
    ".rodata.str1.4": 0xc0143940,
    ".data": 0xc0149270,
    ".exit.data": 0xc0149cc0,
    ".data.once": 0xc014b008,
    ".data..read_mostly": 0xc014b011,
    ".gnu.linkonce.this_module": 0xc014b040,
    ".bss": 0xc014b280,
    ".init.text": 0xc0023000,
    ".init.data": 0xc0023344,
    ".symtab": 0xc0023348,
    ".strtab": 0xc002ce08,
  };
  for (const [name, address] of Object.entries(expected)) assert.equal(found[name], address, name);
});
