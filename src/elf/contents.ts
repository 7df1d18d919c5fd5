// A section's bytes, and the sections that hold relocations. The results are views of the file; nothing is copied.

import { Words } from "../bytes/words.ts";
import { REL_SIZE, RELA64_SIZE, SHT_NOBITS, SHT_NULL, SHT_REL, SHT_RELA } from "./numbers.ts";
import type { ElfObject, RelocationTable, Section } from "./object.ts";

/** The section's bytes in the file; none for SHT_NOBITS, whose bytes are zeros that the file does not hold. */
export function contents(elf: ElfObject, section: Section): Words {
  const absent = section.type === SHT_NOBITS || section.type === SHT_NULL;
  const bytes = absent
    ? elf.bytes.subarray(0, 0)
    : elf.bytes.subarray(section.offset, section.offset + section.size);
  return new Words(bytes, elf.endian);
}

/**
 * One relocation section, SHT_REL in ELF32 and SHT_RELA in ELF64, as a table. An incomplete entry at the end is
 * ignored, as Linux does.
 */
export function relocationTable(
  elf: ElfObject,
  section: Section,
  target: Section,
): RelocationTable {
  const words = contents(elf, section);
  return elf.class === 64 ? relaTable(words, section, target) : relTable(words, section, target);
}

/** Elf32_Rel: {r_offset, r_info}. */
function relTable(words: Words, section: Section, target: Section): RelocationTable {
  const count = Math.floor(words.size / REL_SIZE);
  return {
    section,
    target,
    count,
    bytes: words.bytes.subarray(0, count * REL_SIZE),
    hasAddends: false,
    offset: (index) => words.u32(index * REL_SIZE),
    symbol: (index) => words.u32(index * REL_SIZE + 4) >>> 8,
    type: (index) => words.u32(index * REL_SIZE + 4) & 0xff,
    addend: () => 0,
  };
}

/**
 * MIPS's own Elf64_Rela: {r_offset, r_sym, r_ssym, r_type3, r_type2, r_type, r_addend}, whose fields r_ssym to r_type
 * are bytes. So in a little-endian file r_info differs from that of other machines.
 */
function relaTable(words: Words, section: Section, target: Section): RelocationTable {
  const count = Math.floor(words.size / RELA64_SIZE);
  return {
    section,
    target,
    count,
    bytes: words.bytes.subarray(0, count * RELA64_SIZE),
    hasAddends: true,
    offset: (index) => words.size64(index * RELA64_SIZE),
    symbol: (index) => words.u32(index * RELA64_SIZE + 8),
    type: (index) => words.u8(index * RELA64_SIZE + 15),
    addend: (index) => Number(BigInt.asIntN(64, words.u64(index * RELA64_SIZE + 16))),
  };
}

/** The type of relocation section that the kernel accepts in modules of this file's class. */
export function relocationKind(elf: Pick<ElfObject, "class">): number {
  return elf.class === 64 ? SHT_RELA : SHT_REL;
}

/**
 * Every relocation section of that type whose sh_info names a section, in index order. Linux skips the others without
 * a message.
 */
export function relocationTables(elf: ElfObject): RelocationTable[] {
  const tables: RelocationTable[] = [];
  for (const section of elf.sections) {
    const target = elf.sections[section.info];
    if (section.type === relocationKind(elf) && target !== undefined) {
      tables.push(relocationTable(elf, section, target));
    }
  }
  return tables;
}
