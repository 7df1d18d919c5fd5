// Tests how names become addresses: unknown and weak ones, values in the errno range, per-CPU variables.

import assert from "node:assert/strict";
import { suite, test } from "node:test";
import {
  R_MIPS_26,
  R_MIPS_32,
  R_MIPS_HI16,
  R_MIPS_LO16,
} from "../../assembly/shared/relocation-types.ts";
import { SHN_ABS, SHN_COMMON, STB_WEAK } from "../../src/elf/numbers.ts";
import { unloadModule } from "../../src/module/loaded.ts";
import type { SectionSpec } from "../support/elf-writer.ts";
import { BASE, load, refusedWith } from "../support/load-module.ts";
import { TestHost } from "../support/module-host.ts";
import {
  code,
  DATA,
  data,
  type ModuleSpec,
  modinfo,
  undefinedSymbol,
} from "../support/module-writer.ts";

suite("symbols", () => {
  test("every unknown symbol is named, the last error counts", () => {
    const symbols = [
      undefinedSymbol("one"),
      { name: "shared", section: SHN_COMMON, value: 4, size: 4 },
      { name: "__gnu_lto_slim", section: SHN_COMMON },
      { name: "weak", section: 0, binding: STB_WEAK },
      undefinedSymbol("two"),
    ];
    const why = refusedWith(
      { name: "m", symbols, modinfo: [...modinfo("m"), "depends=base"] },
      {},
      "ENOENT",
      "m: Unknown symbol one (err -2)",
      "m: please compile with -fno-common",
      "m: Unknown symbol two (err -2)",
    );
    for (const name of ["one", "shared", "two"]) assert.match(why, new RegExp(`\\b${name}\\b`));
    refusedWith(
      { name: "m", symbols: symbols.slice(0, 2) },
      {},
      "ENOEXEC",
      "m: Unknown symbol one (err -2)",
      "m: please compile with -fno-common",
    );
  });

  test("requirements of position-independent code and of files with very many sections are explained", () => {
    const pic = refusedWith(
      { name: "m", symbols: [undefinedSymbol("_gp_disp")] },
      {},
      "ENOENT",
      "m: Unknown symbol _gp_disp (err -2)",
    );
    assert.match(pic, /-fno-pic -mno-abicalls/);
    const many = refusedWith(
      { name: "m", symbols: [{ name: "far", section: 0xffff }] },
      {},
      "ENOEXEC",
      "m: Symbol far has an invalid section index 65535 (max 6)",
    );
    assert.match(many, /SHN_XINDEX/);
  });

  test("relocations of compressed code are named as binutils names them", () => {
    for (const [type, name, why] of [
      [100, "R_MIPS16_26", /MIPS16 code, which no kernel loads and farjal doesn't run/],
      [113, "R_MIPS16_PC16_S1", /MIPS16 code/],
      [133, "R_MICROMIPS_26_S1", /microMIPS code/],
      [157, "R_MICROMIPS_HI0_LO16", /microMIPS code/],
      [173, "R_MICROMIPS_PC23_S2", /microMIPS code/],
    ] as const) {
      const section = code([0], [{ offset: 0, type, symbol: ".text" }]);
      const line = `m: Unknown relocation type ${type}`;
      const told = refusedWith({ name: "m", sections: [section] }, {}, "EINVAL", line);
      assert.match(told, why);
      assert.ok(told.includes(name), told);
    }
  });

  test("a symbol of a missing section", () => {
    const why = refusedWith(
      { name: "m", symbols: [{ name: "odd", section: 0x300 }] },
      {},
      "ENOEXEC",
      "m: Symbol odd has an invalid section index 768 (max 6)",
    );
    assert.match(why, /odd/);
  });

  test("a weak undefined one is 0 through HI16 and LO16, and overflows through jal", () => {
    const symbols = [{ name: "maybe", section: 0, binding: STB_WEAK }];
    const pair = code(
      [0x3c020000, 0x24420000],
      [
        { offset: 0, type: R_MIPS_HI16, symbol: "maybe" },
        { offset: 4, type: R_MIPS_LO16, symbol: "maybe" },
      ],
    );
    const host = new TestHost();
    load({ symbols, sections: [pair] }, {}, host);
    assert.deepEqual(host.words(BASE, 2), [0x3c020000, 0x24420000]);
    const call = code([0x0c000000], [{ offset: 0, type: R_MIPS_26, symbol: "maybe" }]);
    for (const farJumps of ["refuse", "trampoline"] as const) {
      const why = refusedWith(
        { name: "w", symbols, sections: [call] },
        { farJumps },
        "ENOEXEC",
        "module w: relocation overflow",
      );
      assert.match(why, /weak/);
    }
  });

  test("a value in the errno range: weak ends the section's relocation, strong is unknown", () => {
    const jump = (binding: number): ModuleSpec => ({
      name: "relt",
      symbols: [{ name: "absbad", section: SHN_ABS, value: 0xfffff100, binding }],
      sections: [
        data(
          [5, 6, 7],
          [
            { offset: 8, type: R_MIPS_32, symbol: ".data" },
            { offset: 0, type: R_MIPS_32, symbol: "absbad" },
            { offset: 4, type: R_MIPS_32, symbol: ".data" },
          ],
        ),
      ],
    });
    const why = refusedWith(jump(1), {}, "ENOENT", "relt: Unknown symbol absbad");
    assert.match(why, /0xfffff100/);
    const host = new TestHost();
    const module = load(jump(STB_WEAK), {}, host);
    const address = module.sections.find(({ name }) => name === ".data")?.address ?? 0;
    // __apply_relocate() of 6.1 continues at the same entry without advancing.
    assert.deepEqual(host.words(address, 3), [5, 6, address + 7]);
  });

  test("then a waiting R_MIPS_HI16 never gets its LO16, and a later jump is never mended", () => {
    const symbols = [
      { name: "absbad", section: SHN_ABS, value: 0xfffff100, binding: STB_WEAK },
      { name: "far", section: 0 },
    ];
    const pair = code(
      [0x3c020000, 0x24420000],
      [
        { offset: 0, type: R_MIPS_HI16, symbol: "far" },
        { offset: 4, type: R_MIPS_LO16, symbol: "absbad" },
        { offset: 4, type: R_MIPS_LO16, symbol: "far" },
      ],
    );
    const kernel = { exports: [{ name: "far" }] };
    const why = refusedWith({ name: "w", symbols, sections: [pair] }, kernel, "ENOEXEC");
    assert.match(why, /R_MIPS_HI16 that no R_MIPS_LO16 follows/);
    const jump = code(
      [0x0c000000, 0x0c000000],
      [
        { offset: 0, type: R_MIPS_26, symbol: "absbad" },
        { offset: 4, type: R_MIPS_26, symbol: "far" },
      ],
    );
    const host = new TestHost(kernel);
    const module = load({ symbols, sections: [jump] }, { farJumps: "trampoline" }, host);
    assert.deepEqual(host.words(BASE, 2), [0x0c000000, 0x0c000000]);
    assert.equal(module.plan.trampolines.length, 0);
  });

  test("per-CPU symbols are relative to the module's own area, which holds the file's bytes", () => {
    const host = new TestHost();
    const perCpu: SectionSpec = { name: ".data..percpu", flags: DATA, words: [7, 8] };
    const user = data([0], [{ offset: 0, type: R_MIPS_32, symbol: "counter" }]);
    const module = load(
      {
        sections: [perCpu, user],
        symbols: [{ name: "counter", section: ".data..percpu", value: 4 }],
      },
      {},
      host,
    );
    const area = module.perCpu?.base ?? 0;
    const at = module.sections.find(({ name }) => name === ".data")?.address ?? 0;
    assert.deepEqual(host.words(at, 1), [area + 4]);
    assert.deepEqual(host.words(area, 2), [7, 8]);
    unloadModule(module, host, false);
    assert.equal(host.allocations, 0);
  });
});
