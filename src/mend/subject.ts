// The module as mending needs it: every relocation with its symbol, by the section that it patches; which sections are
// code; which block a section is loaded into; and where the functions are. Files whose code can't be moved at all are
// refused.

import type { Words } from "../bytes/words.ts";
import { contents, relocationKind, relocationTables } from "../elf/contents.ts";
import { isaName } from "../elf/names.ts";
import {
  EF_MIPS_ARCH_ASE_M16,
  EF_MIPS_MICROMIPS,
  SHF_ALLOC,
  SHF_EXECINSTR,
  SHN_ABS,
  SHN_LORESERVE,
  SHN_UNDEF,
  SHT_NOBITS,
  SHT_REL,
  SHT_RELA,
  STT_FUNC,
} from "../elf/numbers.ts";
import type { ElfObject, ElfSymbol, RelocationTable, Section } from "../elf/object.ts";
import { Refusal } from "../errors.ts";
import { MCOUNT } from "../module/file/call-sites.ts";
import { symbolName } from "../module/relocation/jumps.ts";
import { lastAtOrBelowBy } from "../ordered-list.ts";
import type { MendRefusal } from "./report.ts";

/** One relocation. */
export interface Entry {
  readonly table: RelocationTable;
  readonly index: number;
  /** The section that is patched. */
  readonly section: Section;
  /** r_offset. */
  readonly offset: number;
  readonly type: number;
  readonly symbol: ElfSymbol;
}

/** A function's code: offsets in its section, in bytes. */
export interface FunctionRange {
  readonly start: number;
  readonly end: number;
}

/** Where a symbol's target is loaded: core, init, or elsewhere (the kernel, another module, a fixed address). */
export type SymbolPlace = "core" | "init" | "outside";

const CODE = SHF_ALLOC | SHF_EXECINSTR;
const MCOUNT_LOC = "__mcount_loc";
const JUMP_TABLE = "__jump_table";
/** struct jump_entry of a 32-bit kernel: code, target, key. */
const JUMP_ENTRY_SIZE = 12;
const NONE: readonly Entry[] = [];

export class Subject {
  readonly elf: ElfObject;
  readonly tables: readonly RelocationTable[];
  /** Every relocation, in the order of the tables. */
  readonly entries: ReadonlyMap<RelocationTable, readonly Entry[]>;
  readonly mcountLoc: Section | undefined;
  readonly refusals: MendRefusal[] = [];
  readonly #words = new Map<number, Words>();
  readonly #functions = new Map<number, FunctionRange[]>();
  readonly #starts = new Set<string>();
  #keySites: Set<string> | undefined;
  readonly #bySection = new Map<number, Entry[]>();
  readonly #patches = new Map<number, Map<number, Entry[]>>();

  /** @throws Refusal when a relocation's symbol doesn't exist. */
  constructor(elf: ElfObject) {
    this.elf = elf;
    this.tables = relocationTables(elf);
    this.mcountLoc = elf.sections.find(({ name }) => name === MCOUNT_LOC);
    const entries = new Map<RelocationTable, Entry[]>();
    for (const table of this.tables) {
      const list = this.#read(table);
      entries.set(table, list);
      const known = this.#bySection.get(table.target.index);
      if (known === undefined) this.#bySection.set(table.target.index, [...list]);
      else for (const entry of list) known.push(entry);
    }
    this.entries = entries;
    for (const symbol of elf.symbols) {
      if (symbol.type !== STT_FUNC) continue;
      const list = this.#functions.get(symbol.section) ?? [];
      list.push({ start: symbol.value, end: symbol.value + symbol.size });
      this.#functions.set(symbol.section, list);
      this.#starts.add(`${symbol.section}+${symbol.value}`);
    }
    for (const list of this.#functions.values()) list.sort((a, b) => a.start - b.start);
  }

  #read(table: RelocationTable): Entry[] {
    return Array.from({ length: table.count }, (_, index) => {
      const symbol = this.elf.symbols[table.symbol(index)];
      if (symbol === undefined) {
        throw new Refusal({
          errno: "ENOEXEC",
          dmesg: [],
          explanation:
            `the file is damaged: relocation ${index} of ${table.section.name} has symbol ` +
            `${table.symbol(index)}, and there are ${this.elf.symbols.length}`,
        });
      }
      return {
        table,
        index,
        section: table.target,
        offset: table.offset(index),
        type: table.type(index),
        symbol,
      };
    });
  }

  /** The loaded sections that hold code. */
  get code(): readonly Section[] {
    return this.elf.sections.filter(
      ({ flags, type }) => (flags & CODE) === CODE && type !== SHT_NOBITS,
    );
  }

  isCode(section: Section): boolean {
    return (section.flags & CODE) === CODE && section.type !== SHT_NOBITS;
  }

  words(section: Section): Words {
    let words = this.#words.get(section.index);
    if (words === undefined) {
      words = contents(this.elf, section);
      this.#words.set(section.index, words);
    }
    return words;
  }

  /** The word at an offset, or undefined when it is outside the section. */
  wordAt(section: Section, offset: number): number | undefined {
    const words = this.words(section);
    return offset >= 0 && offset + 4 <= words.size ? words.u32(offset) : undefined;
  }

  /** The relocations of a section, in the order of its tables. */
  of(section: Section): readonly Entry[] {
    return this.#bySection.get(section.index) ?? [];
  }

  /** The relocations that patch the word at an offset. */
  entriesAt(section: Section, offset: number): readonly Entry[] {
    let known = this.#patches.get(section.index);
    if (known === undefined) {
      known = new Map();
      for (const entry of this.of(section)) {
        const others = known.get(entry.offset);
        if (others === undefined) known.set(entry.offset, [entry]);
        else others.push(entry);
      }
      this.#patches.set(section.index, known);
    }
    return known.get(offset) ?? NONE;
  }

  /** The function that contains an offset: the innermost, if functions are nested. */
  functionAt(section: number, offset: number): FunctionRange | undefined {
    const list = this.#functions.get(section) ?? [];
    const last = lastAtOrBelowBy(list, ({ start }) => start, offset);
    for (let index = last; index >= Math.max(0, last + 1 - MOST_ALIASES); index -= 1) {
      const range = list[index] as FunctionRange;
      if (offset < range.end) return range;
    }
    return undefined;
  }

  isFunctionStart(section: number, offset: number): boolean {
    return this.#starts.has(`${section}+${offset}`);
  }

  /** Whether a place is a static key's site, at which the kernel writes a nop or a j, one word, at run time. */
  isKeySite(section: number, offset: number): boolean {
    if (this.#keySites === undefined) {
      const table = this.elf.sections.find(({ name }) => name === JUMP_TABLE);
      const codes = table === undefined ? [] : this.of(table);
      this.#keySites = new Set(
        codes
          .filter((entry) => entry.offset % JUMP_ENTRY_SIZE === 0)
          .map(({ section: own, offset: at, symbol }) => {
            const code = symbol.value + (this.wordAt(own, at) ?? 0);
            return `${symbol.section}+${code >>> 0}`;
          }),
      );
    }
    return this.#keySites.has(`${section}+${offset}`);
  }

  isMcount(symbol: ElfSymbol): boolean {
    return symbol.section === SHN_UNDEF && symbol.name === MCOUNT;
  }

  nameOf(symbol: ElfSymbol): string {
    return symbolName(this.elf, symbol);
  }

  /** The block into which a section is loaded. Sections named .init* are freed after the init function. */
  blockOf(section: Section): "core" | "init" {
    return section.name.startsWith(".init") ? "init" : "core";
  }

  /** Where a symbol's address is; null for a kind of symbol that modules don't have. */
  placeOf(symbol: ElfSymbol): SymbolPlace | null {
    const { section } = symbol;
    if (section === SHN_UNDEF || section === SHN_ABS) return "outside";
    if (section >= SHN_LORESERVE) return null;
    const home = this.elf.sections[section];
    return home === undefined ? null : this.blockOf(home);
  }

  refuse(section: Section, offset: number, symbol: string, reason: string): void {
    this.refusals.push({ section: section.name, offset, symbol, reason });
  }

  /** Why no code of this file can be moved; null when it can be moved. */
  unmovable(): string | null {
    const { flags } = this.elf;
    if ((flags & EF_MIPS_MICROMIPS) !== 0) return "the file has microMIPS code";
    if ((flags & EF_MIPS_ARCH_ASE_M16) !== 0) return "the file has MIPS16 code";
    const isa = isaName(flags);
    if (isa.includes("r6")) return `the file is built for ${isa}, whose branches are others`;
    const foreign = this.elf.sections.find(
      ({ type, info }) =>
        (type === SHT_REL || type === SHT_RELA) &&
        type !== relocationKind(this.elf) &&
        ((this.elf.sections[info]?.flags ?? 0) & SHF_ALLOC) !== 0,
    );
    if (foreign !== undefined) {
      return `${foreign.name} is SHT_RELA, which a 32-bit module has none of`;
    }
    return null;
  }
}

/** The most functions with the same start, or nested ones, that are examined. */
const MOST_ALIASES = 64;
