// Tests the loader's messages when a relocation fails, word for word; relocation.test.ts tests the arithmetic.

import assert from "node:assert/strict";
import { suite, test } from "node:test";
import {
  R_MIPS_26,
  R_MIPS_32,
  R_MIPS_HI16,
  R_MIPS_LO16,
  R_MIPS_PC16,
} from "../../assembly/shared/relocation-types.ts";
import { SHN_ABS, SHT_RELA } from "../../src/elf/numbers.ts";
import type { RelocationSpec, SectionSpec } from "../support/elf-writer.ts";
import { load, refusedWith } from "../support/load-module.ts";
import { code, DATA, type ModuleSpec, READ_ONLY } from "../support/module-writer.ts";

suite("relocation errors, in the kernel's words", () => {
  const bad = (
    words: readonly number[],
    relocations: readonly RelocationSpec[],
    more: Partial<ModuleSpec> = {},
  ): ModuleSpec => ({
    name: "relt",
    sections: [code(words, relocations)],
    symbols: [
      { name: "odd", section: SHN_ABS, value: 0x801156a2 },
      { name: "far", section: SHN_ABS, value: 0x801156a0 },
    ],
    ...more,
  });

  test("R_MIPS_26 to another region names the site, the symbol, both regions and what mends it", () => {
    const why = refusedWith(
      bad([0, 0x0c000000], [{ offset: 4, type: R_MIPS_26, symbol: "far" }]),
      {},
      "ENOEXEC",
      "module relt: relocation overflow",
    );
    for (const part of [
      ".text+0x00000004",
      "0xc0017004",
      "far",
      "0x801156a0",
      "0xc0000000",
      "0x80000000",
      "trampolines would mend it: 1 for 1 far jump of relt",
    ]) {
      assert.ok(why.includes(part), `${part} in: ${why}`);
    }
  });

  test("a misaligned far symbol is dangerous, not far", () => {
    for (const farJumps of ["refuse", "trampoline"] as const) {
      refusedWith(
        bad([0x0c000000], [{ offset: 0, type: R_MIPS_26, symbol: "odd" }]),
        { farJumps },
        "ENOEXEC",
        "module relt: dangerous R_MIPS_26 relocation",
      );
    }
  });

  test("branches", () => {
    for (const [type, bits] of [
      [R_MIPS_PC16, 16],
      [60, 21],
      [61, 26],
    ] as const) {
      refusedWith(
        bad([0x10000000], [{ offset: 0, type, symbol: "odd" }]),
        {},
        "ENOEXEC",
        `module relt: dangerous R_MIPS_PC${bits} relocation`,
      );
      refusedWith(
        bad([0x10000000], [{ offset: 0, type, symbol: "far" }]),
        {},
        "ENOEXEC",
        "module relt: relocation overflow",
      );
    }
  });

  test("LO16 of another address, HI16 alone (silent), also across sections", () => {
    refusedWith(
      bad(
        [0x3c020000, 0x24420000],
        [
          { offset: 0, type: R_MIPS_HI16, symbol: "far" },
          { offset: 4, type: R_MIPS_LO16, symbol: "odd" },
        ],
      ),
      {},
      "ENOEXEC",
      "module relt: dangerous R_MIPS_LO16 relocation",
    );
    const high: RelocationSpec = { offset: 0, type: R_MIPS_HI16, symbol: "far" };
    const low: RelocationSpec = { offset: 0, type: R_MIPS_LO16, symbol: "far" };
    const why = refusedWith(bad([0x3c020000], [high]), {}, "ENOEXEC");
    assert.match(why, /R_MIPS_HI16/);
    const split = [code([0x3c020000], [high]), code([0x24420000], [low], ".text.b")];
    refusedWith(bad([], [], { sections: split }), {}, "ENOEXEC");
    assert.ok(load(bad([0x24420000], [low])));
  });

  test("types that the kernel doesn't have, and 64-bit ones", () => {
    for (const type of [7, 37, 248, 255]) {
      refusedWith(
        bad([0], [{ offset: 0, type, symbol: "far" }]),
        {},
        "EINVAL",
        `relt: Unknown relocation type ${type}`,
      );
    }
    for (const type of [18, 28, 29]) {
      refusedWith(bad([0], [{ offset: 0, type, symbol: "far" }]), {}, "EINVAL");
    }
  });

  test("relocations with addends", () => {
    const rela = {
      ...code([0], [{ offset: 0, type: R_MIPS_32, symbol: "far" }]),
      relocationType: SHT_RELA,
    };
    refusedWith(
      bad([], [], { sections: [rela] }),
      {},
      "ENOEXEC",
      "module relt: REL relocation unsupported",
    );
    const dropped = { ...rela, name: ".pdr", flags: 0 };
    assert.ok(
      load(bad([], [], { sections: [dropped] })),
      "of a section that isn't loaded don't matter",
    );
  });

  test("damage that Linux wouldn't detect", () => {
    for (const offset of [1, 4, 0xfffffffc]) {
      const why = refusedWith(
        bad([0], [{ offset, type: R_MIPS_32, symbol: "far" }]),
        {},
        "ENOEXEC",
      );
      assert.match(why, /outside the section/);
    }
    const why = refusedWith(
      bad([0], [{ offset: 0, type: R_MIPS_32, symbol: 9999 }]),
      {},
      "ENOEXEC",
    );
    assert.match(why, /symbol 9999/);
  });

  test("relocations of dropped sections are not applied", () => {
    const unknown: RelocationSpec[] = [{ offset: 0, type: 255, symbol: "far" }];
    const dropped: SectionSpec[] = [
      { name: ".pdr", words: [0], relocations: unknown },
      { name: "__versions", flags: READ_ONLY, bytes: new Uint8Array(64), relocations: unknown },
      { name: ".data..percpu", flags: DATA, words: [0], relocations: unknown },
    ];
    assert.ok(load(bad([0], [], { sections: dropped })));
  });
});
