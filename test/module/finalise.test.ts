// Tests the loader's steps after relocation: exception table, static keys, the list of call sites.

import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { R_MIPS_26, R_MIPS_32 } from "../../assembly/shared/relocation-types.ts";
import type { Endian } from "../../src/bytes/endian.ts";
import { SHN_ABS } from "../../src/elf/numbers.ts";
import { BASE, load } from "../support/load-module.ts";
import { TestHost } from "../support/module-host.ts";
import {
  code,
  data,
  type ModuleSpec,
  READ_ONLY,
  undefinedSymbol,
} from "../support/module-writer.ts";

const ORDERS: readonly Endian[] = ["little", "big"];

suite("after relocation", () => {
  for (const endian of ORDERS) {
    test(`the exception table is sorted by address, ${endian}-endian`, () => {
      const host = new TestHost({ endian });
      const pairs = [8, 0x100, 0, 0x200, 4, 0x300];
      const module = load(
        {
          endian,
          sections: [
            code([0, 0, 0]),
            {
              name: "__ex_table",
              flags: READ_ONLY,
              words: pairs,
              relocations: pairs.map((_, index) => ({
                offset: 4 * index,
                type: R_MIPS_32,
                symbol: ".text",
              })),
            },
          ],
        },
        {},
        host,
      );
      const table = module.sections.find(({ name }) => name === "__ex_table")?.address ?? 0;
      assert.deepEqual(
        host.words(table, 6).map((word) => word - BASE),
        [0, 0x200, 4, 0x300, 8, 0x100],
      );
    });

    test(`static keys' sites that start as no jump become nops, ${endian}-endian`, () => {
      const BRANCH = 0x10000001; // b to the next instruction but one, as arch_static_branch() emits it
      const JUMP = 0x08000008;
      const jumpsTo = (JUMP & 0xfc000000) | (((BASE >>> 2) & 0x03ffffff) + 8);
      // A key's offset in .data, with the branch in bit 0; undefined for a key in the kernel.
      const FALSE = 0;
      const TRUE = 8;
      const cases: readonly (readonly [site: number, key: number | undefined, becomes: number])[] =
        [
          [BRANCH, FALSE, 0],
          [JUMP, FALSE + 1, jumpsTo],
          [BRANCH, TRUE + 1, 0],
          [JUMP, TRUE, jumpsTo],
          [JUMP, FALSE, 0], // the key decides, not the site
          [BRANCH, FALSE + 1, BRANCH],
          [BRANCH, undefined, 0],
          [JUMP, undefined, jumpsTo],
        ];
      const host = new TestHost({ endian, exports: [{ name: "kernel_key", address: 0xdeadb000 }] });
      const jumps = cases.flatMap(([site], index) =>
        site === JUMP ? [{ offset: 8 * index, type: R_MIPS_26, symbol: ".text" }] : [],
      );
      const spec: ModuleSpec = {
        endian,
        sections: [
          code(
            cases.flatMap(([site]) => [site, 0]),
            jumps,
          ),
          data([0, 0, 1, 1]),
          data(
            cases.flatMap(([, key], index) => [8 * index, 0, key ?? 0]),
            cases.flatMap(([, key], index) => [
              { offset: 12 * index, type: R_MIPS_32, symbol: ".text" },
              { offset: 12 * index + 4, type: R_MIPS_32, symbol: ".text" },
              {
                offset: 12 * index + 8,
                type: R_MIPS_32,
                symbol: key === undefined ? "kernel_key" : ".data",
              },
            ]),
            "__jump_table",
          ),
        ],
        symbols: [undefinedSymbol("kernel_key")],
      };
      load(spec, {}, host);
      const words = host.words(BASE, 2 * cases.length).filter((_, index) => index % 2 === 0);
      assert.deepEqual(
        words,
        cases.map(([, , becomes]) => becomes),
      );
    });

    test(`call sites are read after relocation: sorted, without zeros, ${endian}-endian`, () => {
      const module = load(
        {
          endian,
          sections: [
            code(new Array<number>(16).fill(0), [
              { offset: 40, type: R_MIPS_26, symbol: "_mcount" },
            ]),
            code([0, 0], [], ".init.text"),
            data(
              [32, 0, 4, 8],
              [0, 8, 12].map((offset) => ({
                offset,
                type: R_MIPS_32,
                symbol: offset === 12 ? ".text" : offset === 8 ? ".init.text" : ".text",
              })),
              "__mcount_loc",
            ),
          ],
          symbols: [{ name: "_mcount", section: SHN_ABS, value: 0xc0000000 }],
        },
        { endian, initBase: 0xc0031000 },
      );
      assert.deepEqual(module.sites, [
        { address: BASE + 8, block: "core", recorded: true },
        { address: BASE + 32, block: "core", recorded: true },
        { address: BASE + 40, block: "core", recorded: false },
        { address: 0xc0031004, block: "init", recorded: true },
      ]);
    });
  }
});
