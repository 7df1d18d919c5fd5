// A section's bytes, and the sections that carry relocations. Views of the file, nothing is copied.

import { REL_SIZE, SHT_NOBITS, SHT_NULL, SHT_REL } from "./numbers.ts";
import type { ElfObject, RelocationTable, Section } from "./object.ts";
import { Words } from "./words.ts";

/** The section's bytes in the file; none for SHT_NOBITS, whose bytes are zeros that the file leaves out. */
export function contents(elf: ElfObject, section: Section): Words {
  const absent = section.type === SHT_NOBITS || section.type === SHT_NULL;
  const bytes = absent
    ? elf.bytes.subarray(0, 0)
    : elf.bytes.subarray(section.offset, section.offset + section.size);
  return new Words(bytes, elf.endian);
}

/** One SHT_REL section as a table. A piece of an entry at the end, which Linux leaves out too, doesn't count. */
export function relocationTable(
  elf: ElfObject,
  section: Section,
  target: Section,
): RelocationTable {
  const words = contents(elf, section);
  const count = Math.floor(words.size / REL_SIZE);
  return {
    section,
    target,
    count,
    bytes: words.bytes.subarray(0, count * REL_SIZE),
    offset: (index) => words.u32(index * REL_SIZE),
    symbol: (index) => words.u32(index * REL_SIZE + 4) >>> 8,
    type: (index) => words.u32(index * REL_SIZE + 4) & 0xff,
  };
}

/**
 * Every SHT_REL section whose sh_info names a section, in index order. Linux skips the others without a
 * word.
 */
export function relocationTables(elf: ElfObject): RelocationTable[] {
  const tables: RelocationTable[] = [];
  for (const section of elf.sections) {
    const target = elf.sections[section.info];
    if (section.type === SHT_REL && target !== undefined) {
      tables.push(relocationTable(elf, section, target));
    }
  }
  return tables;
}
