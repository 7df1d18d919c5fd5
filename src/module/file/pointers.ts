// Pointers in a module's data before it is loaded. In the file a pointer is a relocation that names the symbol:
// R_MIPS_32, whose addend is in the word, or R_MIPS_64 in a 64-bit module, which holds its addend. Tables of pointers
// (exports, parameters, call sites, struct module) are read through these, never from the raw words, and never at fixed
// offsets.

import { R_MIPS_32, R_MIPS_64 } from "../../../assembly/shared/relocation-types.ts";
import type { Words } from "../../bytes/words.ts";
import { contents } from "../../elf/contents.ts";
import { SHN_LORESERVE, SHN_UNDEF } from "../../elf/numbers.ts";
import type { ElfObject, ElfSymbol, Section } from "../../elf/object.ts";
import type { ModuleSections } from "../layout/sections.ts";

export interface Pointer {
  readonly symbol: ElfSymbol;
  /** The section it points into; undefined for an undefined or absolute symbol. */
  readonly section: Section | undefined;
  /** S + A: an offset in that section. */
  readonly offset: number;
}

/** A section whose words may be pointers. */
export interface PointerTable {
  /** Bytes of a pointer. */
  readonly pointerSize: 4 | 8;
  readonly section: Section;
  readonly words: Words;
  /** The pointer at an offset; undefined if no relocation makes one. */
  pointer(offset: number): Pointer | undefined;
  /** Every pointer, in the relocations' order. */
  readonly pointers: ReadonlyMap<number, Pointer>;
}

/** Reads a section's words and the relocations that make pointers of them. */
export function readPointers(sections: ModuleSections, section: Section): PointerTable {
  const { elf } = sections;
  const words = contents(elf, section);
  const [type, pointerSize] =
    elf.class === 64 ? ([R_MIPS_64, 8] as const) : ([R_MIPS_32, 4] as const);
  const pointers = new Map<number, Pointer>();
  for (const table of sections.relocationsOf(section)) {
    for (let index = 0; index < table.count; index++) {
      const offset = table.offset(index);
      const symbol = elf.symbols[table.symbol(index)];
      if (table.type(index) !== type || symbol === undefined || offset + pointerSize > words.size)
        continue;
      const addend = table.hasAddends ? table.addend(index) : words.u32(offset);
      pointers.set(offset, follow(elf, symbol, addend));
    }
  }
  return { pointerSize, section, words, pointers, pointer: (offset) => pointers.get(offset) };
}

function follow(elf: ElfObject, symbol: ElfSymbol, addend: number): Pointer {
  const defined = symbol.section !== SHN_UNDEF && symbol.section < SHN_LORESERVE;
  return {
    symbol,
    section: defined ? elf.sections[symbol.section] : undefined,
    offset: elf.class === 64 ? symbol.value + addend : (symbol.value + addend) >>> 0,
  };
}

/** The NUL-terminated string at a pointer's target; undefined if the target is not in the file. */
export function stringAt(
  sections: ModuleSections,
  pointer: Pointer | undefined,
): string | undefined {
  return pointer?.section && sections.stringsOf(pointer.section).at(pointer.offset);
}
