// Which of a module's sections Linux means by a name. find_sec() takes the first section of that name
// that is allocated: a section without SHF_ALLOC is as good as absent. The symbol table is the first
// SHT_SYMTAB, whatever its name.

import { SHF_ALLOC, SHT_SYMTAB } from "../elf/numbers.ts";
import type { ElfObject, Section } from "../elf/object.ts";

export const THIS_MODULE = ".gnu.linkonce.this_module";
export const PERCPU = ".data..percpu";

export class ModuleSections {
  readonly #byName = new Map<string, Section>();
  /** The symbol table and its string table; undefined in a stripped file. */
  readonly symtab: Section | undefined;
  readonly strtab: Section | undefined;

  constructor(elf: ElfObject) {
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
}
