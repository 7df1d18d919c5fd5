// Checks the shared memory's layout. Every address that assembly/shared/ names begins where the previous one ends,
// rounded up to its own alignment: the areas of memory-map.ts, and the words of each protocol within their area. A
// constant that no table here has fails the test. The sizes of words are compared with the accesses in assembly/, and
// the map with asconfig.json, which asc reads.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { suite, test } from "node:test";
import * as cpuState from "../../assembly/shared/cpu-state.ts";
import * as emittedCode from "../../assembly/shared/emitted-code.ts";
import * as executionCounts from "../../assembly/shared/execution-counts.ts";
import * as marks from "../../assembly/shared/marks.ts";
import * as map from "../../assembly/shared/memory-map.ts";
import * as pageTables from "../../assembly/shared/page-tables.ts";
import * as relocation from "../../assembly/shared/relocation.ts";
import * as stops from "../../assembly/shared/stops.ts";
import * as traceRing from "../../assembly/shared/trace-ring.ts";
import * as translatedCode from "../../assembly/shared/translated-code.ts";
import * as watches from "../../assembly/shared/watches.ts";
import { repositoryFile, sourceFiles } from "../support/repository.ts";

const WASM_PAGE = 0x10000;

type Constants = Readonly<Record<string, number>>;
/** Name and size in bytes; a size of 4 or 8 is a word, other sizes are lists. */
type Words = readonly (readonly [name: string, size: number])[];

interface Protocol {
  readonly constants: Constants;
  /** Addresses, by the area that contains them. */
  readonly words: Readonly<Record<string, Words>>;
  /** The beginnings or ends of the names of other constants: numbers that are no addresses. */
  readonly numbers: RegExp;
}

interface AsConfig {
  readonly options: Readonly<Record<string, unknown>>;
  readonly targets: Readonly<Record<string, { readonly outFile: string; readonly use: string[] }>>;
}

const { options, targets } = JSON.parse(
  readFileSync(repositoryFile("asconfig.json"), "utf8"),
) as AsConfig;

/** The areas in order, each with the alignment of its address. */
const AREAS: readonly (readonly [name: string, alignment: number])[] = [
  ["STATICS", map.PAGE_SIZE],
  ["CPU", map.PAGE_SIZE],
  ["CPU_CP0", 64],
  ["CPU_TLB", 64],
  ["TRACE_STATE", 64],
  ["LOOP_WORDS", 64],
  ["RELOC_WORDS", 64],
  ["TRACE_WORDS", 64],
  ["UNIT_WORDS", 64],
  ["COUNT_WORDS", 64],
  ["MARK_WORDS", 64],
  ["EMIT_WORDS", 64],
  ["TLB_PAGE_LIST", 64],
  ["WATCH_LIST", 64],
  ["RELOC_SYMBOLS", map.PAGE_SIZE],
  ["RELOC_ENTRIES", map.PAGE_SIZE],
  ["RELOC_PENDING", map.PAGE_SIZE],
  ["READ_TABLE", map.PAGE_SIZE],
  ["WRITE_TABLE", map.PAGE_SIZE],
  ["RING", map.PAGE_SIZE],
  ["DISPATCH", map.PAGE_SIZE],
  ["CODE_MAP", map.PAGE_SIZE],
  ["OBSERVED", map.PAGE_SIZE],
  ["EXITS", map.PAGE_SIZE],
  ["EXITS_ALLOWED", map.PAGE_SIZE],
  ["EMITTED", map.PAGE_SIZE],
  ["COUNT_TABLE", map.PAGE_SIZE],
  ["COUNT_CELLS", map.PAGE_SIZE],
  ["BLOCK_COUNTS", map.PAGE_SIZE],
  ["MARK_MAP", map.PAGE_SIZE],
  ["UNUSED", map.PAGE_SIZE],
  ["RAM", WASM_PAGE],
];

/** Constants of memory-map.ts that are no areas of the shared memory. */
const GUEST = [
  "RAM_SIZE_MAX",
  "BOARD_LOW_RAM",
  "BOARD_DEVICES_END",
  "BOARD_RAM_ALIAS",
  "DIRECT_SIZE",
  "PAGE_SIZE",
  "KSEG0",
  "KSEG1",
  "KSEG2",
  "NOWHERE",
];

const words = (size: number, ...names: string[]): Words => names.map((name) => [name, size]);

const PROTOCOLS: Readonly<Record<string, Protocol>> = {
  "cpu-state": {
    constants: cpuState,
    words: {
      CPU: [
        ["CPU_GPR", 32 * 4],
        ...words(4, "CPU_HI", "CPU_LO", "CPU_PC", "CPU_NEXT_PC", "CPU_IN_DELAY_SLOT"),
        ["CPU_RAM_SIZE", 4],
        ...words(8, "CPU_COUNT", "CPU_LIMIT"),
        ...words(4, "CPU_MODE", "CPU_STOP_VALUE", "CPU_RETURN_TO", "CPU_LL_ADDRESS", "CPU_LL_BIT"),
        ...words(4, "CPU_BRANCH_TARGET", "CPU_FORBIDDEN", "CPU_STOP"),
        ...words(8, "CPU_TIMER_DUE", "CPU_IDLE"),
        ...words(4, "CPU_COUNT_OFFSET", "CPU_INTERRUPTS", "CPU_RECORD_IP", "CPU_RECORD_PARENT"),
        ["CPU_EVENT_DUE", 8],
        ["CPU_DEVICE_FAULT", 4],
      ],
      LOOP_WORDS: words(4, "STRETCH_END", "OUTCOME", "DEVICE_PAGE"),
    },
    numbers: /^MODE_/,
  },
  "execution-counts": {
    constants: executionCounts,
    words: { COUNT_WORDS: words(4, "COUNTING", "COUNT_CELLS_USED", "COUNT_LOST") },
    numbers: /^CELL_|^BLOCK_COUNT_|_CAPACITY$/,
  },
  marks: {
    constants: marks,
    words: { MARK_WORDS: words(4, "MARKING") },
    numbers: /^MARK_BITS$/,
  },
  "page-tables": {
    constants: pageTables,
    words: {
      TLB_PAGE_LIST: [
        ["TLB_PAGES_LENGTH", 4],
        ["TLB_PAGES", 4 * pageTables.TLB_PAGES_CAPACITY],
      ],
    },
    numbers: /_CAPACITY$/,
  },
  watches: {
    constants: watches,
    words: {
      WATCH_LIST: [
        ...words(4, "WATCH_LENGTH", "WATCH_REPORTED"),
        ["WATCH_REPORTED_COUNT", 8],
        ["WATCH_REPORTED_PC", 4],
        ["WATCHES", watches.WATCH_SIZE * watches.WATCHES_CAPACITY],
      ],
    },
    numbers: /_SIZE$|_CAPACITY$|^WATCH_(EXECUTE|READ|WRITE)$/,
  },
  relocation: {
    constants: relocation,
    words: { RELOC_WORDS: words(4, "RELOC_FAILED_AT", "RELOC_PENDING_COUNT", "RELOC_DONE") },
    numbers:
      /^RELOC_(OK|OVERFLOW|DANGEROUS|UNKNOWN_.*|UNPAIRED_.*|OUT_OF_.*|TOO_.*|NOT_ON.*|NO_.*|COMPOSITE)$/,
  },
  "trace-ring": {
    constants: traceRing,
    words: {
      TRACE_STATE: [
        ["RING_WRITTEN", 8],
        ["RING_CAPACITY", 4],
        ["RING_PUBLISHED", 8],
        ["RING_SLOTS", 4],
        ["(room in the header)", traceRing.RING_HEADER_SIZE - 28],
        ...words(4, "GRAPH_DEPTH", "GRAPH_OVERRUN", "GRAPH_MOST", "GRAPH_INSIDE", "GRAPH_SILENT"),
        ...words(4, "GRAPH_RECORDING", "GRAPH_LIMIT", "GRAPH_STACK"),
        ["GRAPH_FRAMES", traceRing.GRAPH_FRAMES_MOST * traceRing.GRAPH_FRAME_SIZE],
        ["CPU_END", 0],
      ],
      TRACE_WORDS: [...words(4, "TRACE_EPOCH", "TRACE_SESSION"), ["TRACE_START", 8]],
    },
    numbers:
      /_SIZE$|^RING_BATCH$|^RETURN_HOOK$|^GRAPH_(OPENS|SILENCES|WITHIN|FRAME_BITS|FRAMES_MOST|LEAF|RETURN)$/,
  },
  "translated-code": {
    constants: translatedCode,
    words: {
      UNIT_WORDS: [
        ...words(4, "ENGINE", "FUEL"),
        ["FUEL_END", 8],
        ...words(4, "EXITED", "HOT_AFTER", "OBSERVING", "OBSERVED_LENGTH"),
        ...words(8, "STAYED", "LEFT_BY_GUARD", "LEFT_BY_RETURN"),
        ...words(8, "LEFT_FOR_UNTRANSLATED", "LEFT_FOR_TRANSLATED"),
        ["STOP_ABOUT", 4],
      ],
    },
    numbers: /^DISPATCH_|^SLOTS$|^CODE_GRAIN$/,
  },
  "emitted-code": {
    constants: emittedCode,
    words: {
      EMIT_WORDS: [
        ...words(4, "EMIT_LENGTH", "EMIT_READS", "EMIT_WRITES", "EMIT_TARGET", "EMIT_LINK"),
        ...words(4, "EMIT_GUARDS", "EMIT_EXIT", "EMIT_LABEL", "EMIT_ACCESS", "EMIT_WINDOW_START"),
        ...words(4, "EMIT_WINDOW_SIZE", "EMIT_WINDOW_OFFSET", "EMIT_REFUND", "EMIT_SITE"),
      ],
    },
    numbers: /^ACCESS_|^LOCAL_|^EMIT_(NEXT|BRANCH|LIKELY|JUMP|JUMP_REGISTER|EXACT)$/,
  },
  stops: { constants: stops, words: {}, numbers: /^STOP_|^RUNNING$/ },
};

/** An address of a protocol or an area of the map. */
function place(constants: Constants, name: string): number {
  const at = constants[name];
  assert.ok(at !== undefined, `there is no ${name}`);
  return at;
}

function alignUp(address: number, alignment: number): number {
  return Math.ceil(address / alignment) * alignment;
}

suite("the memory map", () => {
  test("matches asconfig.json", () => {
    assert.equal(options["memoryBase"], map.STATICS);
    assert.equal(options["initialMemory"], map.RAM / WASM_PAGE);
    const most = options["maximumMemory"];
    assert.ok(typeof most === "number" && most <= 0x10000);
    assert.ok(most * WASM_PAGE >= map.RAM + map.RAM_SIZE_MAX);
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

  test("has consecutive areas without gaps, each aligned", () => {
    let end = map.STATICS;
    for (const [name, alignment] of AREAS) {
      const start = place(map, name);
      assert.equal(start, end, `${name} begins where the area before it ends`);
      assert.equal(start % alignment, 0, `${name} is aligned`);
      const size = name === "RAM" ? map.RAM_SIZE_MAX : place(map, `${name}_SIZE`);
      assert.ok(size > 0, name);
      end = start + size;
    }
    assert.ok(end <= 2 ** 32);
  });

  test("has no other constant", () => {
    const known = new Set(AREAS.flatMap(([name]) => [name, `${name}_SIZE`]));
    const others = Object.keys(map).filter((name) => !known.has(name));
    assert.deepEqual(others.sort(), [...GUEST].sort());
  });

  for (const [file, { constants, words, numbers }] of Object.entries(PROTOCOLS)) {
    test(`${file}.ts has consecutive words in their area`, () => {
      for (const [area, list] of Object.entries(words)) {
        const areaEnd = place(map, area) + place(map, `${area}_SIZE`);
        let end = place(map, area);
        for (const [name, size] of list) {
          const start = alignUp(end, size === 8 ? 8 : 4);
          if (!name.startsWith("(")) {
            const at = place(constants, name);
            // Frames contain a u64.
            assert.equal(at, name === "GRAPH_FRAMES" ? alignUp(start, 8) : start, name);
          }
          end = (name.startsWith("(") ? start : place(constants, name)) + size;
        }
        assert.ok(list.length > 0);
        assert.ok(end <= areaEnd, `${area} has room for its words`);
      }
    });

    test(`${file}.ts has no constant that is neither such a word nor a number`, () => {
      const known = new Set(Object.values(words).flatMap((list) => list.map(([name]) => name)));
      const others = Object.keys(constants).filter((name) => !known.has(name));
      assert.deepEqual(
        others.filter((name) => !numbers.test(name)),
        [],
      );
      assert.deepEqual(
        [...known].filter((name) => numbers.test(name)),
        [],
      );
    });
  }

  test("has words of the size that assembly/ loads and stores there", () => {
    const sizes = new Map<string, number>(
      Object.values(PROTOCOLS).flatMap((one) => Object.values(one.words).flat()),
    );
    const access = /\b(?:load|store)<[ui](8|16|32|64)>\(([A-Z][A-Z0-9_]+)\s*[,)]/g;
    const found = sourceFiles("assembly").flatMap((file) => [
      ...readFileSync(repositoryFile(file), "utf8").matchAll(access),
    ]);
    assert.ok(found.length > 20);
    for (const [text, bits, name = ""] of found) {
      const size = sizes.get(name);
      // The low half of a counter may be read alone.
      if (size !== undefined) assert.ok(Number(bits) / 8 <= size, text);
    }
  });

  test("has tables of the size that their keys need", () => {
    const pages = 2 ** 32 / map.PAGE_SIZE;
    assert.equal(map.READ_TABLE_SIZE, 4 * pages);
    assert.equal(map.WRITE_TABLE_SIZE, 4 * pages);
    assert.equal(map.CODE_MAP_SIZE, map.RAM_SIZE_MAX / translatedCode.CODE_GRAIN / 8);
    assert.equal(map.EXITS_ALLOWED_SIZE, map.EXITS_SIZE);
    assert.equal(map.CPU_CP0_SIZE, 4 * 32 * 8);
    assert.equal(map.CPU_TLB_SIZE, 64 * 16);
    const bits = 32 - translatedCode.DISPATCH_HIGH;
    assert.ok(translatedCode.DISPATCH_ENTRIES >= 2 ** bits);
    for (const entries of [
      translatedCode.DISPATCH_ENTRIES,
      map.RING_SIZE / traceRing.RING_SLOT_SIZE,
    ]) {
      assert.equal(Math.log2(entries) % 1, 0, "a power of two");
    }
  });
});
