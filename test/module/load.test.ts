// Tests a module that loads: its addresses, the data that it gives about itself, and that it returns its memory.

import assert from "node:assert/strict";
import { suite, test } from "node:test";
import {
  R_MIPS_26,
  R_MIPS_32,
  R_MIPS_HI16,
  R_MIPS_LO16,
} from "../../assembly/shared/relocation-types.ts";
import type { Endian } from "../../src/bytes/endian.ts";
import { SHN_ABS, SHT_NOBITS } from "../../src/elf/numbers.ts";
import { readModule } from "../../src/module/file/file.ts";
import { loadModule } from "../../src/module/load.ts";
import { freeInit, unloadModule } from "../../src/module/loaded.ts";
import { BASE, load } from "../support/load-module.ts";
import { TestHost } from "../support/module-host.ts";
import {
  code,
  DATA,
  data,
  functionSymbol,
  type ModuleSpec,
  undefinedSymbol,
  writeModule,
} from "../support/module-writer.ts";

const ORDERS: readonly Endian[] = ["little", "big"];

for (const endian of ORDERS) {
  suite(`a good module, ${endian}-endian`, () => {
    const spec: ModuleSpec = {
      endian,
      name: "good",
      sections: [
        code(
          [0x3c020000, 0x8c420000, 0x0c000000, 0x00000000],
          [
            { offset: 0, type: R_MIPS_HI16, symbol: ".data" },
            { offset: 4, type: R_MIPS_LO16, symbol: ".data" },
            { offset: 8, type: R_MIPS_26, symbol: ".text" },
          ],
        ),
        code([0x03e00008, 0], [], ".init.text"),
        data([0x11, 4], [{ offset: 4, type: R_MIPS_32, symbol: "outside" }]),
        { name: ".bss", flags: DATA, type: SHT_NOBITS, size: 32 },
      ],
      symbols: [
        functionSymbol("run"),
        functionSymbol("init_module", 0, ".init.text"),
        undefinedSymbol("outside"),
        { name: "fixed", section: SHN_ABS, value: 0x1234 },
      ],
      functions: ["init_module"],
      exports: [{ name: "run", gpl: true, crc: 99, namespace: "N" }],
    };
    const host = new TestHost({ endian });
    host.provide({ name: "outside", address: 0x80200000 });
    const module = load(spec, { initBase: 0xc0031000 }, host);
    const address = (name: string) => module.sections.find((s) => s.name === name)?.address ?? 0;

    test("is at the requested addresses, relocated", () => {
      assert.deepEqual([module.core.base, module.init.base], [BASE, 0xc0031000]);
      assert.equal(address(".text"), BASE);
      const at = address(".data");
      assert.deepEqual(host.words(BASE, 4), [
        (0x3c020000 | ((at + 0x8000) >>> 16)) >>> 0,
        (0x8c420000 | (at & 0xffff)) >>> 0,
        (0x0c000000 | ((BASE >>> 2) & 0x03ffffff)) >>> 0,
        0,
      ]);
      assert.deepEqual(host.words(at, 2), [0x11, 0x80200004]);
      assert.deepEqual(host.words(address(".bss"), 8), new Array(8).fill(0));
    });

    test("lists its symbols, functions, imports and exports", () => {
      const run = module.symbols.find(({ name }) => name === "run");
      assert.deepEqual([run?.address, run?.size, run?.section.name], [BASE, 8, ".text"]);
      assert.equal(
        module.symbols.some(({ name }) => name === "fixed" || name === "outside"),
        false,
      );
      assert.deepEqual([module.initFunction, module.exitFunction], [0xc0031000, null]);
      assert.deepEqual([...module.imports.keys()], ["outside"]);
      assert.deepEqual(module.exports, [
        {
          name: "run",
          address: BASE,
          crc: 99,
          gpl: true,
          namespace: "N",
          owner: { name: "good", proprietary: false },
        },
      ]);
      assert.deepEqual(module.dmesg, []);
    });

    test("has its symbol tables in memory, as kallsyms reads them", () => {
      const core = host.read(module.core.base, module.core.size) ?? new Uint8Array(0);
      const tail = Buffer.from(core.subarray(core.length - 7)).toString("latin1");
      assert.equal(tail, "\0run\0Ut");
      const index = module.file.elf.symbols.findIndex(({ name }) => name === "outside");
      const symtab = module.init.base + 8;
      assert.equal(host.words(symtab + 16 * index + 4, 1)[0], 0x80200000);
    });

    test("returns its memory: init first, then the rest", () => {
      freeInit(module, host);
      assert.equal(host.read(0xc0031000, 4), undefined);
      assert.ok(host.read(BASE, 4));
      unloadModule(module, host, true);
      assert.equal(host.allocations, 0);
    });
  });
}

test("by default uses the first free pages, init after core and a guard page", () => {
  const host = new TestHost();
  const sections = [code([0, 0]), code([0], [], ".init.text")];
  const first = loadModule(readModule(writeModule({ name: "a", sections })), host, {
    farJumps: "refuse",
  });
  const second = loadModule(readModule(writeModule({ name: "b", sections })), host, {
    farJumps: "refuse",
  });
  assert.deepEqual(
    [first, second].flatMap(({ core, init }) => [core.base, init.base]),
    [0xc0000000, 0xc0002000, 0xc0004000, 0xc0006000],
  );
});
