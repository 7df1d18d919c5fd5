// A module's sections by name, and what belongs to each: its relocations and its strings. Looked up once
// and kept, so that a file with tens of thousands of sections costs no more than its size.
//
// Names as Linux means them: find_sec() takes the first section of a name that is allocated, and one without
// SHF_ALLOC is treated as absent. The symbol table is the first SHT_SYMTAB, by any name.

import { contents, relocationTables } from "../../elf/contents.ts";
import { SHF_ALLOC, SHT_SYMTAB } from "../../elf/numbers.ts";
import type { ElfObject, RelocationTable, Section } from "../../elf/object.ts";
import { StringTable } from "../../elf/strings.ts";

export const THIS_MODULE = ".gnu.linkonce.this_module";
export const PERCPU = ".data..percpu";
/** Read while loading, and dropped: Linux takes SHF_ALLOC from them. */
export const NOT_KEPT = [".modinfo", "__versions", PERCPU] as const;

export class ModuleSections {
  readonly elf: ElfObject;
  readonly #relocations = new Map<Section, RelocationTable[]>();
  readonly #strings = new Map<Section, StringTable>();
  readonly #byName = new Map<string, Section>();
  /** The symbol table and its string table; undefined in a stripped file. */
  readonly symtab: Section | undefined;
  readonly strtab: Section | undefined;

  constructor(elf: ElfObject) {
    this.elf = elf;
    for (const table of relocationTables(elf)) {
      const tables = this.#relocations.get(table.target);
      if (tables === undefined) this.#relocations.set(table.target, [table]);
      else tables.push(table);
    }
    for (const section of elf.sections.slice(1)) {
      if ((section.flags & SHF_ALLOC) !== 0 && !this.#byName.has(section.name)) {
        this.#byName.set(section.name, section);
      }
    }
    this.symtab = elf.sections.find((section) => section.type === SHT_SYMTAB);
    this.strtab = this.symtab && elf.sections[this.symtab.link];
  }

  /** find_sec(). */
  find(name: string): Section | undefined {
    return this.#byName.get(name);
  }

  /** The REL sections that patch a section, in index order. */
  relocationsOf(section: Section): readonly RelocationTable[] {
    return this.#relocations.get(section) ?? [];
  }

  /** The strings in a section. */
  stringsOf(section: Section): StringTable {
    const known = this.#strings.get(section);
    if (known !== undefined) return known;
    const strings = new StringTable(contents(this.elf, section).bytes);
    this.#strings.set(section, strings);
    return strings;
  }
}
