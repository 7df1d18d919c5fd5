// Tests damaged files: for any change of a byte of a good module, reading, describing and loading it must end in a
// value or in one Refusal, quickly, and return all memory.

import assert from "node:assert/strict";
import { test } from "node:test";
import {
  R_MIPS_26,
  R_MIPS_32,
  R_MIPS_HI16,
  R_MIPS_LO16,
} from "../../assembly/shared/relocation-types.ts";
import { Refusal } from "../../src/errors.ts";
import { readModule } from "../../src/module/file/file.ts";
import { describeModule } from "../../src/module/file/info.ts";
import { loadModule } from "../../src/module/load.ts";
import { unloadModule } from "../../src/module/loaded.ts";
import { TestHost } from "../support/module-host.ts";
import {
  code,
  data,
  functionSymbol,
  READ_ONLY,
  undefinedSymbol,
  writeModule,
} from "../support/module-writer.ts";
import { Random } from "../support/random.ts";
import { thorough } from "../support/thorough.ts";

const ROUNDS = thorough ? 1000 : 400;

function goodModule(endian: "little" | "big"): Uint8Array {
  const words = (name: string, count: number) => ({
    name,
    flags: READ_ONLY,
    words: new Array<number>(count).fill(0),
    relocations: Array.from({ length: count }, (_, index) => ({
      offset: 4 * index,
      type: R_MIPS_32,
      symbol: ".text",
    })),
  });
  return writeModule({
    endian,
    sections: [
      code(
        [0x3c030000, 0x24630000, 0x0c000000, 0, 0x10000001, 0],
        [
          { offset: 0, type: R_MIPS_HI16, symbol: "_mcount" },
          { offset: 4, type: R_MIPS_LO16, symbol: "_mcount" },
          { offset: 8, type: R_MIPS_26, symbol: "_mcount" },
        ],
      ),
      code([0, 0], [], ".init.text"),
      data([1, 2, 3]),
      data([1], [], ".data..percpu"),
      words("__mcount_loc", 2),
      words("__ex_table", 4),
      words("__jump_table", 6),
      words("__param", 5),
    ],
    symbols: [undefinedSymbol("_mcount"), functionSymbol("run"), functionSymbol("init_module")],
    functions: ["init_module"],
    exports: [
      { name: "run", crc: 1 },
      { name: "run", gpl: true, namespace: "N" },
    ],
    versions: { _mcount: 1 },
  });
}

for (const endian of ["little", "big"] as const) {
  test(`a damaged module is one clear error or none, ${endian}-endian`, () => {
    const good = goodModule(endian);
    const random = new Random(endian === "little" ? 1 : 2);
    const host = new TestHost({ endian, exports: [{ name: "_mcount", address: 0x801156a0 }] });
    const ends = { refused: 0, loaded: 0 };
    for (let round = 0; round < ROUNDS; round++) {
      const bytes = good.slice();
      for (let change = random.between(1, 4); change > 0; change--) {
        bytes[random.below(bytes.length)] = random.pick([
          0,
          1,
          0x7f,
          0x80,
          0xff,
          random.below(256),
        ]);
      }
      try {
        const file = readModule(bytes, { object: random.oneIn(2) });
        describeModule(file);
        const farJumps = random.pick(["refuse", "trampoline"] as const);
        unloadModule(loadModule(file, host, { farJumps }), host, false);
        ends.loaded++;
      } catch (error) {
        assert.ok(error instanceof Refusal, `round ${round}: ${(error as Error).stack}`);
        ends.refused++;
      }
      assert.equal(host.allocations, 0, `round ${round}`);
    }
    // Both results occur; otherwise the changes would test nothing.
    assert.ok(ends.loaded > ROUNDS / 10 && ends.refused > ROUNDS / 10, JSON.stringify(ends));
  });
}
