// Adjusts addends that refer to moved code. A REL relocation holds its addend in the word that it patches. If S + A is
// in a section that is laid out again, A becomes map(S + A) - map(S), in every section of the file: switch tables,
// exception tables, jump labels, .fixup, parameters, debugging information.
//
// HI16 and LO16 are paired as the kernel pairs them: in the table's order, every pending HI16 gets the next LO16. A
// LO16 without a HI16 before it (gcc loads the upper half once for several) has only half an addend; its other half is
// that of a pair with the same symbol and the same lower half.

import {
  R_MIPS_26,
  R_MIPS_32,
  R_MIPS_HI16,
  R_MIPS_JALR,
  R_MIPS_LO16,
  R_MIPS_NONE,
} from "../../assembly/shared/relocation-types.ts";
import { Words } from "../bytes/words.ts";
import { relocationName } from "../elf/names.ts";
import { SHF_ALLOC } from "../elf/numbers.ts";
import type { ElfSymbol, RelocationTable, Section } from "../elf/object.ts";
import { hex } from "../hex.ts";
import { jumpAddend } from "./jump-edits.ts";
import type { OffsetMap } from "./offset-map.ts";
import type { Entry, Subject } from "./subject.ts";
import { withHalf } from "./words.ts";

export type Maps = ReadonlyMap<number, OffsetMap>;

/** A symbol's addend when its section has moved; null when S + A was removed by the mend. */
export function movedAddend(maps: Maps, symbol: ElfSymbol, addend: number): number | null {
  const map = maps.get(symbol.section);
  if (map === undefined) return addend;
  const target = (symbol.value + addend) | 0;
  if (target < 0 || target > map.size) return null;
  const to = map.at(target);
  const from = map.at(symbol.value);
  return to === null || from === null ? null : to - from;
}

/** The sections' bytes with adjusted addends. */
export class MovedAddends {
  /** The number of words whose addend has changed. */
  count = 0;
  readonly #subject: Subject;
  readonly #maps: Maps;
  readonly #gone: ReadonlySet<Entry>;
  readonly #copies = new Map<number, Words>();

  /** @param gone relocations that the mend removes. @param skip the section whose words are generated. */
  constructor(subject: Subject, maps: Maps, gone: ReadonlySet<Entry>, skip: Section | undefined) {
    this.#subject = subject;
    this.#maps = maps;
    this.#gone = gone;
    for (const table of subject.tables) {
      if (table.target.index !== skip?.index) this.#move(table);
    }
  }

  /** A section's bytes with adjusted addends, still in the old layout. */
  bytesOf(section: Section): Uint8Array {
    return (this.#copies.get(section.index) ?? this.#subject.words(section)).bytes;
  }

  #move(table: RelocationTable): void {
    const entries = (this.#subject.entries.get(table) ?? []).filter((one) => !this.#gone.has(one));
    if (!entries.some(({ symbol }) => this.#maps.has(symbol.section))) return;
    const pairs = this.#pairsOf(entries);
    let waiting: Entry[] = [];
    for (const entry of entries) {
      if (entry.type === R_MIPS_HI16) {
        waiting.push(entry);
        continue;
      }
      if (entry.type === R_MIPS_LO16) {
        this.#movePair(waiting, entry, pairs);
        waiting = [];
      } else if (this.#maps.has(entry.symbol.section)) {
        this.#moveOne(entry);
      }
    }
    for (const high of waiting) {
      if (this.#maps.has(high.symbol.section))
        this.#refuse(high, "no R_MIPS_LO16 follows this R_MIPS_HI16");
    }
  }

  #moveOne(entry: Entry): void {
    const { section, offset, type, symbol } = entry;
    if (type === R_MIPS_NONE || type === R_MIPS_JALR) return;
    const loaded = (section.flags & SHF_ALLOC) !== 0;
    const word = this.#word(entry);
    if (type === R_MIPS_32 && word !== undefined) {
      const moved = loaded
        ? movedAddend(this.#maps, symbol, word)
        : this.#nearestAddend(symbol, word);
      if (moved === null) this.#refuse(entry, this.#lost(symbol, word));
      else this.#write(section, offset, word, moved >>> 0);
    } else if (type === R_MIPS_26 && word !== undefined) {
      const moved = movedAddend(this.#maps, symbol, jumpAddend(word));
      if (moved === null || moved % 4 !== 0)
        this.#refuse(entry, this.#lost(symbol, jumpAddend(word)));
      else
        this.#write(
          section,
          offset,
          word,
          ((word & 0xfc000000) | ((moved >>> 2) & 0x3ffffff)) >>> 0,
        );
    } else if (loaded) {
      const what = word === undefined ? "is outside its section" : "isn't moved by farjal";
      this.#refuse(entry, `this ${relocationName(type)} to moved code ${what}`);
    }
  }

  #movePair(waiting: readonly Entry[], low: Entry, pairs: Pairs): void {
    const here = [...waiting, low].filter(({ symbol }) => this.#maps.has(symbol.section));
    if (here.length === 0) return;
    const fault =
      waiting.length === 0 ? this.#moveOrphan(low, pairs) : this.#moveHalves(waiting, low);
    if (fault !== null) this.#refuse(low, fault);
  }

  /** @returns why the halves can't be adjusted; null when they were. */
  #moveHalves(waiting: readonly Entry[], low: Entry): string | null {
    const lowWord = this.#word(low);
    if (lowWord === undefined) return OUTSIDE;
    if (waiting.some(({ symbol }) => symbol !== low.symbol)) {
      return "the R_MIPS_HI16 before this R_MIPS_LO16 has another symbol";
    }
    let lower: number | null = null;
    for (const high of waiting) {
      const word = this.#word(high);
      if (word === undefined) return OUTSIDE;
      const addend = pairAddend(word, lowWord);
      const moved = movedAddend(this.#maps, low.symbol, addend);
      if (moved === null) return this.#lost(low.symbol, addend);
      this.#write(high.section, high.offset, word, withHalf(word, R_MIPS_HI16, moved));
      const half = withHalf(lowWord, R_MIPS_LO16, moved);
      if (lower !== null && lower !== half) {
        return "two R_MIPS_HI16 before this R_MIPS_LO16 would need different ones";
      }
      lower = half;
    }
    if (lower !== null) this.#write(low.section, low.offset, lowWord, lower);
    return null;
  }

  #moveOrphan(low: Entry, pairs: Pairs): string | null {
    const word = this.#word(low);
    if (word === undefined) return OUTSIDE;
    const halves = new Set<number | null>();
    for (const addend of pairs.get(pairKey(low.symbol, word)) ?? []) {
      const moved = movedAddend(this.#maps, low.symbol, addend);
      halves.add(moved === null ? null : moved & 0xffff);
    }
    const [half = null] = halves;
    if (halves.size !== 1 || half === null) {
      return "this R_MIPS_LO16 has no R_MIPS_HI16 before it, and which address it means is not clear";
    }
    this.#write(low.section, low.offset, word, withHalf(word, R_MIPS_LO16, half));
    return null;
  }

  /** The whole addends of the table's pairs, by symbol and lower half. */
  #pairsOf(entries: readonly Entry[]): Pairs {
    const pairs = new Map<string, Set<number>>();
    let waiting: Entry[] = [];
    for (const entry of entries) {
      if (entry.type === R_MIPS_HI16) waiting.push(entry);
      if (entry.type !== R_MIPS_LO16) continue;
      const lowWord = this.#word(entry);
      for (const high of waiting) {
        const word = this.#word(high);
        if (word === undefined || lowWord === undefined || !this.#maps.has(high.symbol.section))
          continue;
        const key = pairKey(high.symbol, lowWord);
        const known = pairs.get(key) ?? new Set<number>();
        pairs.set(key, known.add(pairAddend(word, lowWord)));
      }
      waiting = [];
    }
    return pairs;
  }

  #nearestAddend(symbol: ElfSymbol, addend: number): number {
    const map = this.#maps.get(symbol.section) as OffsetMap;
    return map.nearest((symbol.value + addend) | 0) - map.nearest(symbol.value);
  }

  #word({ section, offset }: Entry): number | undefined {
    return this.#subject.wordAt(section, offset);
  }

  #copy(section: Section): Words {
    let copy = this.#copies.get(section.index);
    if (copy === undefined) {
      const { bytes } = this.#subject.words(section);
      copy = new Words(Uint8Array.from(bytes), this.#subject.elf.endian);
      this.#copies.set(section.index, copy);
    }
    return copy;
  }

  #write(section: Section, offset: number, before: number, after: number): void {
    if (before === after && !this.#copies.has(section.index)) return;
    if (before !== after) this.count += 1;
    this.#copy(section).setU32(offset, after);
  }

  #lost(symbol: ElfSymbol, addend: number): string {
    const name = this.#subject.nameOf(symbol);
    return `it points to ${name}+${hex(addend)}, in the middle of what is replaced or outside of the code`;
  }

  #refuse(entry: Entry, reason: string): void {
    this.#subject.refuse(entry.section, entry.offset, this.#subject.nameOf(entry.symbol), reason);
  }
}

const OUTSIDE = "this relocation is outside its section";

type Pairs = ReadonlyMap<string, ReadonlySet<number>>;

function pairKey(symbol: ElfSymbol, word: number): string {
  return `${symbol.index} ${word & 0xffff}`;
}

function pairAddend(high: number, low: number): number {
  return (((high & 0xffff) << 16) + ((low << 16) >> 16)) | 0;
}
