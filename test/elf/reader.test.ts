// Tests the ELF reader on files written for it: it returns their contents, and it refuses what Linux refuses, in the
// kernel's order and words.

import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { R_MIPS_64 } from "../../assembly/shared/relocation-types.ts";
import type { Endian } from "../../src/bytes/endian.ts";
import { contents, relocationTable, relocationTables } from "../../src/elf/contents.ts";
import { abiName, isaName } from "../../src/elf/names.ts";
import {
  ET_EXEC,
  SHF_ALLOC,
  SHF_EXECINSTR,
  SHT_NOBITS,
  SHT_RELA,
  STT_FUNC,
} from "../../src/elf/numbers.ts";
import type { Section } from "../../src/elf/object.ts";
import { readElf } from "../../src/elf/reader.ts";
import { type ElfSpec, writeElf } from "../support/elf-writer.ts";
import { refusal, refusedAs } from "../support/refusal.ts";

const SPEC: ElfSpec = {
  sections: [
    {
      name: ".text",
      flags: SHF_ALLOC | SHF_EXECINSTR,
      words: [0x3c030000, 0x24630000],
      relocations: [
        { offset: 0, type: 5, symbol: "far" },
        { offset: 4, type: 6, symbol: "far" },
      ],
    },
    { name: ".bss", flags: SHF_ALLOC, type: SHT_NOBITS, size: 0x4000_0000 },
  ],
  symbols: [
    { name: "near", section: ".text", value: 4, size: 8, type: STT_FUNC },
    { name: "far", section: 0 },
  ],
};

/** A file with some of its bytes changed: offset → little-endian words or halves. */
function patched(
  spec: ElfSpec,
  change: (view: DataView, shdr: (index: number) => number) => void,
): Uint8Array {
  const bytes = writeElf(spec);
  const view = new DataView(bytes.buffer);
  const shoff = view.getUint32(32, true);
  change(view, (index) => shoff + 40 * index);
  return bytes;
}

for (const endian of ["little", "big"] as const satisfies readonly Endian[]) {
  test(`an entry of an ELF64 table has 32 bits for its symbol, ${endian}-endian`, () => {
    const bytes = new Uint8Array(24);
    const view = new DataView(bytes.buffer);
    view.setBigUint64(0, 0x1_2345_6788n, endian === "little");
    view.setUint32(8, 0x89ab_cdef, endian === "little");
    view.setUint8(15, R_MIPS_64);
    view.setBigInt64(16, -0x1_2345_6789n, endian === "little");
    const elf = readElf(writeElf({ endian, bits: 64, sections: [{ name: ".rela", bytes }] }));
    const section = elf.sections[1] as Section;
    const table = relocationTable(elf, section, section);
    assert.deepEqual(
      [table.count, table.offset(0), table.symbol(0), table.type(0), table.addend(0)],
      [1, 0x1_2345_6788, 0x89ab_cdef, R_MIPS_64, -0x1_2345_6789],
    );
  });

  suite(`an ELF32 file, ${endian}-endian`, () => {
    const elf = readElf(writeElf({ ...SPEC, endian }));

    test("its header, sections and symbols are returned unchanged", () => {
      assert.deepEqual(
        [elf.endian, elf.class, elf.type, elf.machine, elf.flags, elf.notes],
        [endian, 32, 1, 8, 0x70001001, []],
      );
      assert.deepEqual([abiName(elf), isaName(elf.flags)], ["o32", "mips32r2"]);
      assert.deepEqual(
        elf.sections.map(({ name }) => name),
        ["", ".text", ".bss", ".rel.text", ".symtab", ".strtab", ".shstrtab"],
      );
      assert.deepEqual(
        elf.symbols.map(({ name }) => name),
        ["", "", "", "near", "far"],
      );
      assert.deepEqual(elf.symbols[3], {
        index: 3,
        name: "near",
        value: 4,
        address: 4,
        size: 8,
        binding: 1,
        type: STT_FUNC,
        section: 1,
      });
    });

    test("relocations are read in the file's order and byte order", () => {
      const [table] = relocationTables(elf);
      assert.ok(table);
      assert.equal(table.target.name, ".text");
      const rows = [0, 1].map((i) => [table.offset(i), table.symbol(i), table.type(i)]);
      assert.deepEqual([table.count, ...rows], [2, [0, 4, 5], [4, 4, 6]]);
    });

    test("a section without bytes in the file has a size and no contents", () => {
      const bss = elf.sections[2];
      assert.ok(bss);
      assert.deepEqual([bss.size, contents(elf, bss).size], [0x4000_0000, 0]);
    });

    test("every file cut short is refused, and none is read past its end", () => {
      const whole = writeElf({ ...SPEC, endian });
      for (let size = 0; size < whole.length; size++) {
        assert.equal(refusal(() => readElf(whole.slice(0, size))).errno, "ENOEXEC");
      }
    });
  });
}

suite("what Linux's elf_validity_check() refuses, in its order and words", () => {
  test("a file shorter than a header", () => {
    refusedAs(() => readElf(new Uint8Array(51)), "ENOEXEC", "Invalid ELF header len 51");
  });

  test("another magic", () => {
    const bytes = patched(SPEC, (view) => view.setUint8(0, 0x7e));
    refusedAs(() => readElf(bytes), "ENOEXEC", "Invalid ELF header magic: != \x7fELF");
  });

  test("a type other than ET_REL, before the architecture and for modules only", () => {
    const bytes = writeElf({ ...SPEC, type: ET_EXEC, machine: 3 });
    refusedAs(
      () => readElf(bytes, { relocatable: true }),
      "ENOEXEC",
      "Invalid ELF header type: 2 != 1",
    );
    assert.equal(readElf(writeElf({ ...SPEC, type: ET_EXEC })).type, ET_EXEC);
  });

  test("another machine, class or ABI", () => {
    const machine3 = writeElf({ ...SPEC, machine: 3 });
    refusedAs(() => readElf(machine3), "ENOEXEC", "Invalid architecture in ELF header: 3");
    for (const other of [
      { elfClass: 7 },
      { flags: 0x70001021 }, // n32
      { flags: 0x70002001 }, // o64
    ]) {
      const bytes = writeElf({ ...SPEC, ...other });
      refusedAs(() => readElf(bytes), "ENOEXEC", "Invalid architecture in ELF header: 8");
    }
  });

  test("section headers of another size, past the end, or without names", () => {
    refusedAs(
      () => readElf(patched(SPEC, (view) => view.setUint16(46, 64, true))),
      "ENOEXEC",
      "Invalid ELF section header size",
    );
    for (const change of [
      (view: DataView) => view.setUint32(32, 0xfffffff0, true),
      (view: DataView) => view.setUint16(48, 0xffff, true),
      (view: DataView) => view.setUint32(32, view.byteLength, true),
    ]) {
      refusedAs(
        () => readElf(patched(SPEC, change)),
        "ENOEXEC",
        "Invalid ELF section header overflow",
      );
    }
    for (const index of [0, 7, 0xffff]) {
      refusedAs(
        () => readElf(patched(SPEC, (view) => view.setUint16(50, index, true))),
        "ENOEXEC",
        `Invalid ELF section name index: ${index} || e_shstrndx (${index}) >= e_shnum (7)`,
      );
    }
  });

  test("a section name table that is outside, empty or has no end", () => {
    const field = (at: number, value: number) =>
      patched(SPEC, (view, shdr) => view.setUint32(shdr(6) + at, value, true));
    refusedAs(() => readElf(field(16, 0xffffff00)), "ENOEXEC", "Invalid ELF section hdr(type 3)");
    refusedAs(() => readElf(field(20, 0)), "ENOEXEC", "empty section name table");
    refusedAs(
      () => readElf(field(20, 3)),
      "ENOEXEC",
      "ELF Spec violation: section name table isn't null terminated",
    );
  });

  test("a section 0 that isn't empty", () => {
    refusedAs(
      () => readElf(patched(SPEC, (view, shdr) => view.setUint32(shdr(0) + 4, 1, true))),
      "ENOEXEC",
      "ELF Spec violation: section 0 type(1)!=SH_NULL or non-zero len or addr",
    );
  });

  test("a section outside the file, or an allocated one whose name is", () => {
    const field = (at: number, value: number) =>
      patched(SPEC, (view, shdr) => view.setUint32(shdr(1) + at, value, true));
    for (const size of [0xffffffff, 0x10000]) {
      refusedAs(
        () => readElf(field(20, size)),
        "ENOEXEC",
        "Invalid ELF section in module (section 1 type 1)",
      );
    }
    refusedAs(
      () => readElf(field(0, 0x1000)),
      "ENOEXEC",
      "Invalid ELF section name in module (section 1 type 1)",
    );
  });

  test("a symbol table without its string table", () => {
    refusedAs(
      () => readElf(patched(SPEC, (view, shdr) => view.setUint32(shdr(4) + 24, 9, true))),
      "ENOEXEC",
      "Invalid ELF sh_link!=SHN_UNDEF(9) or (sh_link(9) >= hdr->e_shnum(7)",
    );
  });
});

suite("checks that only farjal makes", () => {
  test("a symbol's name outside the string table, or without an end, is one clear error", () => {
    const symbol = (view: DataView, shdr: (index: number) => number) =>
      view.getUint32(shdr(4) + 16, true) + 3 * 16;
    for (const offset of [0xffffffff, 0x100]) {
      const bytes = patched(SPEC, (view, shdr) => view.setUint32(symbol(view, shdr), offset, true));
      assert.match(
        refusedAs(() => readElf(bytes), "ENOEXEC"),
        /symbol 3 has no readable name/,
      );
    }
    const long = writeElf({ symbols: [{ name: "x".repeat(5000), section: 0 }] });
    assert.match(
      refusedAs(() => readElf(long), "ENOEXEC"),
      /symbol 1 has no readable name/,
    );
  });

  test("a wrong EI_DATA is noted, and the file is read in the other byte order", () => {
    for (const [endian, statedEndian] of [
      ["little", "big"],
      ["big", "little"],
    ] as const) {
      const elf = readElf(writeElf({ ...SPEC, endian, statedEndian }));
      assert.equal(elf.endian, endian);
      assert.equal(elf.symbols[3]?.name, "near");
      assert.match(elf.notes.join(), /Linux never looks at EI_DATA/);
    }
  });

  test("a relocation section for no section is skipped, and RELA isn't REL", () => {
    const elf = readElf(patched(SPEC, (view, shdr) => view.setUint32(shdr(3) + 28, 0x8000, true)));
    assert.deepEqual(relocationTables(elf), []);
    const [text] = SPEC.sections ?? [];
    assert.ok(text);
    const rela = readElf(writeElf({ ...SPEC, sections: [{ ...text, relocationType: SHT_RELA }] }));
    assert.deepEqual(relocationTables(rela), []);
  });

  test("sections that overlap many times are refused", () => {
    const bytes = new Uint8Array(4096);
    const sections = Array.from({ length: 8 }, (_, index) => ({ name: `.s${index}`, bytes }));
    const same = patched({ sections }, (view, shdr) => {
      for (let index = 1; index <= 8; index++) {
        view.setUint32(shdr(index) + 16, 0, true);
        view.setUint32(shdr(index) + 20, view.byteLength, true);
      }
    });
    assert.match(
      refusedAs(() => readElf(same), "ENOEXEC"),
      /damaged/,
    );
  });

  test("symbols whose overlapping names are too long together are refused, and cost little", () => {
    const file = writeElf({ symbols: [{ name: "y".repeat(4000), section: 0 }] });
    const view = new DataView(file.buffer);
    const shoff = view.getUint32(32, true);
    const count = 200_000;
    const bytes = new Uint8Array(file.length + count * 16);
    bytes.set(file);
    for (let i = 1; i < count; i++) {
      bytes[file.length + i * 16] = 1 + (i & 63);
    }
    const symtab = shoff + 40;
    const grown = new DataView(bytes.buffer);
    grown.setUint32(symtab + 16, file.length, true);
    grown.setUint32(symtab + 20, count * 16, true);
    const before = process.memoryUsage().heapUsed;
    assert.throws(() => readElf(bytes), /symbol \d+ has no readable name/);
    assert.ok(process.memoryUsage().heapUsed - before < 200e6);
  });
});
