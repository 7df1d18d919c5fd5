// A module's sections by name, and the relocations and strings that belong to each. They are looked up once and kept,
// so that the cost for a file with tens of thousands of sections is proportional to its size.
//
// Names have Linux's meaning: find_sec() takes the first section of a name that is allocated, so a section without
// SHF_ALLOC counts as absent. The symbol table is the first SHT_SYMTAB, under any name.

import { contents, relocationTables } from "../../elf/contents.ts";
import { SHF_ALLOC, SHT_SYMTAB } from "../../elf/numbers.ts";
import type { ElfObject, RelocationTable, Section } from "../../elf/object.ts";
import { StringTable } from "../../elf/strings.ts";
import type { Rules } from "../../kernel/rules/table.ts";

export const THIS_MODULE = ".gnu.linkonce.this_module";
export const PERCPU = ".data..percpu";
export const EXTENDED_CRCS = "__version_ext_crcs";
export const EXTENDED_NAMES = "__version_ext_names";
const NOT_KEPT = [".modinfo", "__versions", PERCPU] as const;

/** The sections that are read while loading, then dropped: Linux clears SHF_ALLOC in their headers. */
export function notKept({ V30 }: Rules): readonly string[] {
  return V30 === "count" ? [...NOT_KEPT, EXTENDED_CRCS, EXTENDED_NAMES] : NOT_KEPT;
}

export class ModuleSections {
  readonly elf: ElfObject;
  readonly #relocations = new Map<Section, RelocationTable[]>();
  readonly #strings = new Map<Section, StringTable>();
  readonly #byName = new Map<string, Section>();
  /** The symbol table and its string table; undefined if the file is stripped. */
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

  /** The relocation sections for a section, in index order. */
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
