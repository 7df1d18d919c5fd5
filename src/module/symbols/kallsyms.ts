// The symbol tables of a loaded module that Linux keeps for kallsyms: at the end of a block of init memory (init, since
// 6.4 init_data) the file's whole .symtab and .strtab with final values; at the end of a block that stays (core, since
// 6.4 data) a reduced pair, which with CONFIG_KALLSYMS_ALL=n contains only the functions that stay. layout_symtab(),
// is_core_symbol(), elf_type() and add_kallsyms() of kernel/module/kallsyms.c.

import { type Address, plus, type Width } from "../../address.ts";
import { latin1Bytes } from "../../bytes/text.ts";
import { Words } from "../../bytes/words.ts";
import { contents } from "../../elf/contents.ts";
import {
  SHF_ALLOC,
  SHF_EXECINSTR,
  SHF_WRITE,
  SHN_ABS,
  SHN_LORESERVE,
  SHN_UNDEF,
  SHT_NOBITS,
  STB_WEAK,
  STT_OBJECT,
  SYM_SIZE,
  SYM64_SIZE,
} from "../../elf/numbers.ts";
import type { ElfSymbol } from "../../elf/object.ts";
import { type Block, isInitBlock, type PerBlock } from "../../trampoline/facts.ts";
import type { ModuleFile } from "../file/file.ts";
import type { BlockSpace, PlacedSection } from "../layout/block-space.ts";
import { notKept, PERCPU } from "../layout/sections.ts";

/** Pointers' sizes in struct mod_kallsyms: {symtab, unsigned int num_symtab, strtab, typetab}. */
const MOD_KALLSYMS_WORDS = 4;
/** Elf32_Sym and Elf64_Sym: the size and st_value's offset; st_name comes first in both. */
export const SYMBOL_FORMAT = {
  32: { size: SYM_SIZE, value: 4 },
  64: { size: SYM64_SIZE, value: 8 },
} as const;

/** The blocks at whose ends the tables are: the reduced ones, and the whole ones. */
export interface KallsymsBlocks {
  readonly core: Block;
  readonly init: Block;
}

/** Offsets of the tables in their blocks. */
export interface Kallsyms {
  readonly blocks: KallsymsBlocks;
  readonly init: {
    readonly symtab: number;
    readonly strtab: number;
    readonly header: number;
    readonly types: number;
  };
  readonly core: { readonly symtab: number; readonly strtab: number; readonly types: number };
  /** The symbols that stay in the core's table, the null symbol first. */
  readonly kept: readonly ElfSymbol[];
}

/** Appends the tables to the two blocks; layout.ts calls this after all sections are placed. */
export function placeKallsyms(
  file: ModuleFile,
  placed: ReadonlyMap<number, PlacedSection>,
  blocks: KallsymsBlocks,
  spaces: { readonly core: BlockSpace; readonly init: BlockSpace },
): Kallsyms {
  const { symbols } = file.elf;
  const kept = symbols.filter((symbol) => symbol.index === 0 || isCoreFunction(symbol, placed));
  const symtabSize = file.sections.symtab?.size ?? 0;
  const alignment = file.sections.symtab?.alignment ?? 0;
  const strtab = file.sections.strtab;
  const { size: symbolSize } = SYMBOL_FORMAT[file.elf.class];
  const word = file.elf.class / 8;
  const initSymtab = spaces.init.append(symtabSize, alignment);
  const coreSymtab = spaces.core.append(kept.length * symbolSize, alignment);
  const coreStrtab = spaces.core.append(
    kept.reduce((sum, symbol) => sum + symbol.name.length + 1, 0),
    1,
  );
  const coreTypes = spaces.core.append(kept.length, 1);
  const initStrtab = spaces.init.append(strtab?.size ?? 0, strtab?.alignment ?? 0);
  const header = spaces.init.append(MOD_KALLSYMS_WORDS * word, word);
  const initTypes = spaces.init.append(symbols.length, 1);
  return {
    blocks,
    init: { symtab: initSymtab, strtab: initStrtab, header, types: initTypes },
    core: { symtab: coreSymtab, strtab: coreStrtab, types: coreTypes },
    kept,
  };
}

function isCoreFunction(symbol: ElfSymbol, placed: ReadonlyMap<number, PlacedSection>): boolean {
  const place = placed.get(symbol.section);
  if (symbol.name === "" || place === undefined || isInitBlock(place.block)) return false;
  return (place.section.flags & SHF_EXECINSTR) !== 0;
}

/** nm's letter for a symbol, as elf_type() derives it from the file. */
export function symbolLetter(file: ModuleFile, symbol: ElfSymbol): string {
  if (symbol.binding === STB_WEAK) return symbol.type === STT_OBJECT ? "v" : "w";
  if (symbol.section === SHN_UNDEF) return "U";
  const section = file.elf.sections[symbol.section];
  if (symbol.section === SHN_ABS || (section && section === file.sections.find(PERCPU))) return "a";
  if (symbol.section >= SHN_LORESERVE || section === undefined) return "?";
  if ((section.flags & SHF_EXECINSTR) !== 0) return "t";
  const kept = !notKept(file.profile.rules).some((name) => section === file.sections.find(name));
  if (kept && (section.flags & SHF_ALLOC) !== 0 && section.type !== SHT_NOBITS) {
    return (section.flags & SHF_WRITE) === 0 ? "r" : "d";
  }
  if (section.type === SHT_NOBITS) return "b";
  return section.name.startsWith(".debug") ? "n" : "?";
}

export interface KallsymsBytes<A extends Address> {
  readonly address: A;
  readonly bytes: Uint8Array;
}

/**
 * The contents of the tables, after the module's symbols have received their values.
 * @param origin the address of offset 0 of each block's layout.
 * @param values final symbol values, by index.
 */
export function kallsymsBytes<A extends Address>(
  file: ModuleFile,
  { bytes: word, write }: Width<A>,
  tables: Kallsyms,
  origin: PerBlock<A>,
  values: readonly A[],
): KallsymsBytes<A>[] {
  const { elf } = file;
  const bases = {
    core: origin[tables.blocks.core] as A,
    init: origin[tables.blocks.init] as A,
  };
  const format = SYMBOL_FORMAT[elf.class];
  const { symtab: symtabSection, strtab: strtabSection } = file.sections;
  if (symtabSection === undefined || strtabSection === undefined) return [];
  const fresh = (size: number) => new Words(new Uint8Array(size), elf.endian);
  const original = contents(elf, symtabSection);
  const letters = Uint8Array.from(elf.symbols, (symbol) =>
    symbolLetter(file, symbol).charCodeAt(0),
  );

  const symtab = new Words(new Uint8Array(original.bytes), elf.endian);
  for (const symbol of elf.symbols)
    write(symtab, symbol.index * format.size + format.value, values[symbol.index] as A);

  const core = fresh(tables.kept.length * format.size);
  const names = fresh(tables.core.types - tables.core.strtab);
  let nameOffset = 0;
  for (const [index, symbol] of tables.kept.entries()) {
    const at = symbol.index * format.size;
    core.bytes.set(symtab.bytes.subarray(at, at + format.size), index * format.size);
    core.setU32(index * format.size, nameOffset);
    names.bytes.set(latin1Bytes(symbol.name), nameOffset);
    nameOffset += symbol.name.length + 1;
  }

  const header = fresh(MOD_KALLSYMS_WORDS * word);
  write(header, 0, plus(bases.init, tables.init.symtab));
  header.setU32(word, elf.symbols.length);
  write(header, 2 * word, plus(bases.init, tables.init.strtab));
  write(header, 3 * word, plus(bases.init, tables.init.types));

  return [
    { address: plus(bases.init, tables.init.symtab), bytes: symtab.bytes },
    { address: plus(bases.init, tables.init.strtab), bytes: contents(elf, strtabSection).bytes },
    { address: plus(bases.init, tables.init.header), bytes: header.bytes },
    { address: plus(bases.init, tables.init.types), bytes: letters },
    { address: plus(bases.core, tables.core.symtab), bytes: core.bytes },
    { address: plus(bases.core, tables.core.strtab), bytes: names.bytes },
    {
      address: plus(bases.core, tables.core.types),
      bytes: Uint8Array.from(tables.kept, (symbol) => letters[symbol.index] ?? 0),
    },
  ];
}
