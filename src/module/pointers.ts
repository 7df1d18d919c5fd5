// Pointers in a module's data before it is loaded. In the file a pointer is an R_MIPS_32 relocation: the
// word holds the addend, the relocation names the symbol. Tables of pointers (exports, parameters, call
// sites, struct module) are read through these, never from the raw words and never at fixed offsets.

import { R_MIPS_32 } from "../../assembly/relocation-types.ts";
import { contents } from "../elf/contents.ts";
import { SHN_LORESERVE, SHN_UNDEF } from "../elf/numbers.ts";
import type { ElfObject, ElfSymbol, Section } from "../elf/object.ts";
import type { Words } from "../elf/words.ts";
import type { ModuleSections } from "./sections.ts";

export interface Pointer {
  readonly symbol: ElfSymbol;
  /** The section it points into; undefined for an undefined or absolute symbol. */
  readonly section: Section | undefined;
  /** S + A: an offset in that section. */
  readonly offset: number;
}

/** A section whose words may be pointers. */
export interface PointerTable {
  readonly section: Section;
  readonly words: Words;
  /** The pointer at an offset; undefined where no R_MIPS_32 stands. */
  pointer(offset: number): Pointer | undefined;
  /** Every pointer, in the relocations' order. */
  readonly pointers: ReadonlyMap<number, Pointer>;
}

/** Reads a section's words and the R_MIPS_32 relocations that patch them. */
export function readPointers(sections: ModuleSections, section: Section): PointerTable {
  const { elf } = sections;
  const words = contents(elf, section);
  const pointers = new Map<number, Pointer>();
  for (const table of sections.relocationsOf(section)) {
    for (let index = 0; index < table.count; index++) {
      const offset = table.offset(index);
      const symbol = elf.symbols[table.symbol(index)];
      if (table.type(index) !== R_MIPS_32 || symbol === undefined || offset + 4 > words.size)
        continue;
      pointers.set(offset, follow(elf, symbol, words.u32(offset)));
    }
  }
  return { section, words, pointers, pointer: (offset) => pointers.get(offset) };
}

function follow(elf: ElfObject, symbol: ElfSymbol, addend: number): Pointer {
  const defined = symbol.section !== SHN_UNDEF && symbol.section < SHN_LORESERVE;
  return {
    symbol,
    section: defined ? elf.sections[symbol.section] : undefined,
    offset: (symbol.value + addend) >>> 0,
  };
}

/** The NUL-terminated string that a pointer names; undefined when it leads nowhere in the file. */
export function stringAt(
  sections: ModuleSections,
  pointer: Pointer | undefined,
): string | undefined {
  return pointer?.section && sections.stringsOf(pointer.section).at(pointer.offset);
}
