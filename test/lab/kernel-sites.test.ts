// Tests a kernel's call sites on an image made here: which calls of _mcount count, and which functions can be traced,
// in both byte orders. test/debian compares them with a booted kernel's available_filter_functions.

import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { Words } from "../../src/bytes/words.ts";
import { MOVE_AT_RA, PUSH } from "../../src/ftrace/sites/site.ts";
import { jumpTo } from "../../src/isa/assemble.ts";
import { Kernel } from "../../src/kernel/kernel.ts";
import { KernelSites } from "../../src/lab/kernel-sites.ts";

const BASE = 0x80100000;
const MCOUNT = BASE + 0x10;
const JR_RA = 0x03e00008;
/** A function of eight words; its call of _mcount is at the second. */
const FUNCTION = [MOVE_AT_RA, jumpTo("jal", MCOUNT), PUSH, 0, 0, 0, JR_RA, 0];
const FUNCTIONS = ["first", "second", "lost", "starts"];
const at = (index: number): number => BASE + 0x40 + 32 * index;
const site = (index: number): number => at(index) + 4;

function kernel(endian: "little" | "big", table: readonly number[]): Kernel {
  const words = new Words(new Uint8Array(0x200), endian);
  FUNCTIONS.forEach((_, index) => {
    FUNCTION.forEach((word, place) => {
      words.setU32(at(index) - BASE + 4 * place, word);
    });
  });
  table.forEach((address, index) => {
    words.setU32(0x180 + 4 * index, address);
  });
  const symbols = [
    { name: "_mcount", address: MCOUNT },
    ...FUNCTIONS.map((name, index) => ({ name, address: at(index) })),
    { name: "_sinittext", address: at(3) },
    { name: "_einittext", address: at(4) },
  ].map((symbol) => ({ ...symbol, type: "T" }));
  return new Kernel({
    source: "vmlinux",
    bits: 32,
    endian,
    symbols,
    exports: new Map(),
    exportsKnown: true,
    moduleExports: new Map(),
    hasData: true,
    image: { address: BASE, bytes: words.bytes },
    release: null,
    vermagic: null,
  });
}

for (const endian of ["little", "big"] as const) {
  suite(`a kernel's call sites, ${endian}-endian`, () => {
    test("are those of __mcount_loc; init code can't be traced", () => {
      const sites = KernelSites.of(kernel(endian, [site(3), site(0), site(1)]), endian);
      assert.deepEqual(sites?.listed, [site(0), site(1), site(3)]);
      assert.deepEqual(
        sites?.traceable.map(({ name, begin, site: { address } }) => [name, begin, address]),
        [
          ["first", at(0), site(0)],
          ["second", at(1), site(1)],
        ],
      );
    });

    test("are all calls if there is no table", () => {
      const sites = KernelSites.of(kernel(endian, []), endian);
      assert.deepEqual(sites?.listed, [site(0), site(1), site(2), site(3)]);
    });
  });
}
