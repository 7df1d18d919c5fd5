// Tests the placement of sections. nfc.ko's offsets come from a live kernel; the other tests check one rule of
// layout_sections() each.

import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { SHT_NOBITS } from "../../src/elf/numbers.ts";
import { readModule } from "../../src/module/file/file.ts";
import { layOut } from "../../src/module/layout/layout.ts";
import type { SectionSpec } from "../support/elf-writer.ts";
import {
  CODE,
  DATA,
  functionSymbol,
  type ModuleSpec,
  READ_ONLY,
  writeModule,
} from "../support/module-writer.ts";
import { refusal } from "../support/refusal.ts";

function bytes(name: string, flags: number, size: number, alignment: number): SectionSpec {
  return { name, flags, alignment, bytes: new Uint8Array(size) };
}

/** Name → [block, offset] in the layout. */
function offsets(sections: readonly SectionSpec[], more: ModuleSpec = {}) {
  const layout = layOut(readModule(writeModule({ ...more, sections })));
  const placed = [...layout.sections.values()];
  return {
    layout,
    of: Object.fromEntries(
      placed.map(({ section, block, offset }) => [section.name, `${block} ${offset.toString(16)}`]),
    ),
  };
}

suite("layout", () => {
  test("nfc.ko of Debian's kernel: every offset as in the live kernel", () => {
    // Sizes and alignments in the file's order; offsets from /sys/module/nfc/sections.
    const nfc: readonly (readonly [string, number, number, number, string])[] = [
      [".note.gnu.build-id", READ_ONLY, 0x24, 4, "core 11e1c"],
      [".note.Linux", READ_ONLY, 0x40, 4, "core 11e40"],
      [".text", CODE, 0x11d10, 16, "core 0"],
      [".init.text", CODE, 0x248, 4, "init 0"],
      [".exit.text", CODE, 0x74, 4, "core 11d10"],
      [".text.unlikely", CODE, 0x6c, 4, "core 11d84"],
      [".fixup", CODE, 0x2c, 1, "core 11df0"],
      ["__ksymtab", READ_ONLY, 0x144, 4, "core 11e80"],
      ["__kcrctab", READ_ONLY, 0x6c, 4, "core 11fc4"],
      [".MIPS.abiflags", READ_ONLY, 0x18, 8, "core 12030"],
      [".reginfo", READ_ONLY, 0x18, 4, "core 12048"],
      [".rodata", READ_ONLY, 0xe10, 16, "core 12060"],
      ["__ksymtab_strings", READ_ONLY, 0x22c, 1, "core 12e70"],
      [".rodata.str1.4", READ_ONLY, 0x1cb0, 4, "core 1309c"],
      ["__mcount_loc", READ_ONLY, 0x2d8, 4, "core 14d4c"],
      ["__ex_table", READ_ONLY, 0x28, 4, "core 15024"],
      ["__versions", READ_ONLY, 0x1fc0, 4, "nowhere"],
      ["__jump_table", DATA, 0x63c, 8, "core 15050"],
      [".data", DATA, 0x2a0, 16, "core 156e0"],
      [".exit.data", DATA, 0x4, 4, "core 15980"],
      [".init.data", DATA, 0x4, 4, "init 248"],
      ["__dyndbg", DATA, 0x10a0, 8, "core 15988"],
      [".data..ro_after_init", DATA, 0x48, 4, "core 1568c"],
      [".data.once", DATA, 0x6, 1, "core 16a28"],
      [".gnu.linkonce.this_module", DATA, 0x240, 64, "core 16a40"],
      [".sbss", DATA, 0, 4, "core 16c80"],
      [".bss", DATA, 0x40, 16, "core 16c80"],
    ];
    const { layout, of } = offsets(
      nfc.map(([name, flags, size, alignment]) => bytes(name, flags, size, alignment)),
      { noThisModule: true },
    );
    for (const [name, , , , offset] of nfc) assert.equal(of[name] ?? "nowhere", offset, name);
    assert.equal(layout.blocks.core?.textSize, 0x11e1c);
    assert.equal(layout.blocks.core?.alignment, 64);
    assert.equal(layout.kallsyms.init.symtab, 0x24c);
  });

  test("rounds: code, read-only, read-only after init, data; header order within one", () => {
    const { of } = offsets([
      bytes(".data", DATA, 4, 4),
      bytes(".rodata", READ_ONLY, 4, 4),
      bytes("__jump_table", DATA, 4, 4),
      bytes(".text.b", CODE, 4, 4),
      bytes(".text.a", CODE, 4, 4),
      bytes(".data..ro_after_init", DATA, 4, 4),
    ]);
    assert.deepEqual(
      [".text.b", ".text.a", ".rodata", "__jump_table", ".data..ro_after_init", ".data"].map(
        (n) => of[n],
      ),
      ["core 0", "core 4", "core 8", "core c", "core 10", "core 14"],
    );
  });

  test("empty sections get an address; sections that Linux drops get none", () => {
    const { of, layout } = offsets([
      bytes(".text", CODE, 6, 4),
      { name: ".bss", flags: DATA, type: SHT_NOBITS, alignment: 16, size: 0 },
      bytes(".data..percpu", DATA, 8, 4),
      bytes("__versions", READ_ONLY, 64, 4),
      bytes(".comment", 0, 8, 1),
      bytes(".exit.text", CODE, 4, 1),
      bytes(".initrd", DATA, 4, 4),
    ]);
    assert.equal(of[".exit.text"], "core 6");
    assert.equal(of[".bss"], "core 10");
    assert.equal(of[".initrd"], "init 0");
    for (const name of [".data..percpu", "__versions", ".modinfo", ".comment"]) {
      assert.equal(of[name], undefined, name);
    }
    assert.equal(layout.perCpu?.name, ".data..percpu");
  });

  test("the core's size counts the symbols that outlive init, and may be odd", () => {
    const sections = [
      bytes(".text", CODE, 16, 4),
      bytes(".init.text", CODE, 8, 4),
      bytes(".data", DATA, 4, 4),
    ];
    const symbols = [
      functionSymbol("kept"), // 5 bytes of name
      functionSymbol("gone", 0, ".init.text"),
      { name: "variable", section: ".data" },
      { name: "imported", section: 0 },
      { name: "absolute", section: 0xfff1 },
    ];
    const layout = layOut(readModule(writeModule({ sections, symbols })));
    const end = 0x40 + 0x240; // struct module, at a multiple of 64, is the last section
    // The null symbol and `kept`: 16 bytes, the name and its NUL, and a letter each.
    assert.equal(layout.blocks.core?.size, end + 2 * 16 + (1 + 5) + 2);
    assert.deepEqual(
      layout.kallsyms.kept.map(({ name }) => name),
      ["", "kept"],
    );
    // Init: code, the whole symtab, the strtab, struct mod_kallsyms and a letter for each symbol.
    const all = 1 + 5 + 5; // null, the symbols of five sections, five named ones
    const names = "\0kept\0gone\0variable\0imported\0absolute\0".length;
    const strtab = 8 + all * 16;
    assert.equal(layout.kallsyms.init.strtab, strtab);
    assert.equal(layout.kallsyms.init.header, Math.ceil((strtab + names) / 4) * 4);
    assert.equal(layout.blocks.init?.size, layout.kallsyms.init.header + 16 + all);
  });

  test("impossible sizes and alignments are refused, nothing is allocated for them", () => {
    const huge = { name: ".bss", flags: DATA, type: SHT_NOBITS, size: 0x7fffffff };
    assert.match(refusal(() => offsets([huge])).explanation, /bytes of memory/);
    assert.match(refusal(() => offsets([bytes(".data", DATA, 4, 12)])).explanation, /power of two/);
    const far = bytes(".data", DATA, 4, 0x80000000);
    assert.equal(refusal(() => offsets([bytes(".text", CODE, 4, 4), far])).errno, "ENOMEM");
  });
});
