// The memory map is stated in assembly/shared/memory-map.ts and, where asc must know it, in asconfig.json: the same
// numbers. And the map holds together: its regions follow one another and fit below the guest's memory.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { suite, test } from "node:test";
import * as layout from "../../assembly/shared/memory-map.ts";
import { repositoryFile } from "../support/repository.ts";

const WASM_PAGE = 0x10000;

interface AsConfig {
  readonly options: Readonly<Record<string, unknown>>;
  readonly targets: Readonly<Record<string, { readonly outFile: string; readonly use: string[] }>>;
}

const { options, targets } = JSON.parse(
  readFileSync(repositoryFile("asconfig.json"), "utf8"),
) as AsConfig;

/** Each region's first byte and the one after its last, in the map's order. */
const REGIONS: readonly (readonly [name: string, start: number, end: number])[] = [
  ["statics", layout.STATICS, layout.STATICS + layout.STATICS_SIZE],
  ["CPU", layout.CPU, layout.CPU_END],
  ["private", layout.PRIVATE, layout.PRIVATE + layout.PRIVATE_SIZE],
  ["symbols", layout.RELOC_SYMBOLS, layout.RELOC_SYMBOLS + layout.RELOC_SYMBOLS_SIZE],
  ["entries", layout.RELOC_ENTRIES, layout.RELOC_ENTRIES + layout.RELOC_ENTRIES_SIZE],
  ["pending", layout.RELOC_PENDING, layout.RELOC_PENDING + layout.RELOC_PENDING_SIZE],
  ["read table", layout.READ_TABLE, layout.READ_TABLE + layout.READ_TABLE_SIZE],
  ["write table", layout.WRITE_TABLE, layout.WRITE_TABLE + layout.WRITE_TABLE_SIZE],
  ["ring", layout.RING, layout.RING + layout.RING_SIZE],
  ["RAM", layout.RAM, layout.RAM + layout.RAM_SIZE_MAX],
];

suite("the memory map", () => {
  test("is asconfig.json's", () => {
    assert.equal(options["memoryBase"], layout.STATICS);
    assert.equal(options["initialMemory"], layout.RAM / WASM_PAGE);
    const most = options["maximumMemory"];
    assert.ok(typeof most === "number" && most <= 0x10000);
    assert.ok(most * WASM_PAGE >= layout.RAM + layout.RAM_SIZE_MAX);
  });

  test("shares one imported memory, in both byte orders", () => {
    const { importMemory, noExportMemory, sharedMemory, runtime } = options;
    assert.deepEqual(
      { importMemory, noExportMemory, sharedMemory, runtime },
      {
        importMemory: true,
        noExportMemory: true,
        sharedMemory: true,
        runtime: "stub",
      },
    );
    assert.deepEqual(
      Object.entries(targets).map(([name, { outFile, use }]) => [name, outFile, use]),
      [
        ["little", "build/core/little.wasm", ["BIG_ENDIAN=0"]],
        ["big", "build/core/big.wasm", ["BIG_ENDIAN=1"]],
      ],
    );
  });

  test("has regions that follow one another, each aligned", () => {
    for (const [index, [name, start, end]] of REGIONS.entries()) {
      assert.ok(end > start, name);
      assert.equal(start % layout.PAGE_SIZE, 0, name);
      const next = REGIONS[index + 1];
      if (next !== undefined) assert.ok(next[1] >= end, `${next[0]} begins inside ${name}`);
    }
  });

  test("has a word in the tables for every page of the guest's 4 GiB", () => {
    const pages = 2 ** 32 / layout.PAGE_SIZE;
    assert.equal(layout.READ_TABLE_SIZE, 4 * pages);
    assert.equal(layout.WRITE_TABLE_SIZE, 4 * pages);
  });

  test("keeps the CPU's words apart", () => {
    const { CPU_END: end } = layout;
    const words = Object.entries(layout).filter(
      ([name, at]) => name.startsWith("CPU_") && !/_SIZE$|_END$/.test(name) && at < end,
    );
    const places = words.map(([, at]) => at);
    assert.equal(new Set(places).size, places.length);
    const counters = ["CPU_COUNT", "CPU_LIMIT", "CPU_TIMER_DUE", "CPU_IDLE"];
    for (const [name, at] of words) {
      assert.equal(at % (counters.includes(name) ? 8 : 4), 0, name);
      if (counters.includes(name)) assert.ok(!places.includes(at + 4), `${name} has two words`);
    }
  });
});
