// The HI16/LO16 pairs of a module, and those that a reader would not expect: Linux pairs them only by their order in
// the relocation table, keeps every HI16 waiting until a LO16 comes, and gives all of them that LO16's addend
// (apply_r_mips_lo16() of arch/mips/kernel/module.c). This file repeats that on the module's file and changes nothing.
// Relocations with explicit addends (RELA) don't pair.

import { R_MIPS_HI16, R_MIPS_LO16 } from "../../assembly/shared/relocation-types.ts";
import { type Address, lowWord, plus } from "../address.ts";
import type { Words } from "../bytes/words.ts";
import { contents, relocationTables } from "../elf/contents.ts";
import { SHF_ALLOC, SHT_REL } from "../elf/numbers.ts";
import type { RelocationTable } from "../elf/object.ts";
import { symbolName } from "../module/relocation/jumps.ts";
import type { ExplainedPlace, Places } from "./places.ts";

/**
 * - `shared`: several HI16 wait for one LO16.
 * - `above`: a HI16 is at a higher address than its LO16.
 * - `negative`: the LO16's addend is negative, so the HI16's part is one less than the symbol's own.
 * - `alone`: no HI16 waits for the LO16; an earlier LO16 determined the HI16 that belongs to it.
 * - `line`: such a LO16 has another addend than the one that determined the HI16, and the sum is on the other side of
 *   a 32 KiB boundary: code that adds the two gets an address 64 KiB away.
 * - `mismatch`: the LO16's symbol has another address than a waiting HI16; Linux calls it dangerous.
 * - `unpaired`: no LO16 follows the HI16 in its table; Linux refuses without a message.
 */
export type PairKind = "shared" | "above" | "negative" | "alone" | "line" | "mismatch" | "unpaired";

export interface PairExample<A extends Address = Address> {
  /** The LO16; null for an unpaired HI16. */
  readonly lo: ExplainedPlace<A> | null;
  /** The HI16s, in the table's order. */
  readonly hi: readonly ExplainedPlace<A>[];
  readonly symbol: string;
  /** S, the symbol's value, if it is known, and the LO16's in-place addend. */
  readonly value: A | null;
  readonly addend: number;
}

export interface PairFinding<A extends Address = Address> {
  readonly kind: PairKind;
  /** The number of such pairs; `examples` has the first of them. */
  readonly count: number;
  readonly examples: readonly PairExample<A>[];
}

export interface ExplainedPairs<A extends Address = Address> {
  readonly hi16: number;
  readonly lo16: number;
  /** The most HI16 that wait for one LO16. */
  readonly mostWaiting: number;
  /** The kinds that occur. */
  readonly findings: readonly PairFinding<A>[];
}

const KINDS: readonly PairKind[] = [
  "line",
  "mismatch",
  "unpaired",
  "shared",
  "above",
  "negative",
  "alone",
];
const MOST_EXAMPLES = 20;

/** Processes every relocation table of a section that is in memory. */
export function explainPairs<A extends Address>(places: Places<A>): ExplainedPairs<A> {
  const pairs = new Pairs(places);
  for (const table of relocationTables(places.file.elf)) {
    if (table.section.type === SHT_REL && (table.target.flags & SHF_ALLOC) !== 0)
      pairs.trace(table);
  }
  return pairs.explanation();
}

/** A HI16 with its in-place half. */
interface High<A extends Address> {
  readonly offset: number;
  readonly half: number;
  readonly symbol: number;
  readonly value: A | null;
}

class Pairs<A extends Address> {
  readonly #places: Places<A>;
  readonly #examples = new Map<PairKind, { count: number; examples: PairExample<A>[] }>();
  #hi16 = 0;
  #lo16 = 0;
  #mostWaiting = 0;

  constructor(places: Places<A>) {
    this.#places = places;
  }

  explanation(): ExplainedPairs<A> {
    const findings = KINDS.flatMap((kind) => {
      const found = this.#examples.get(kind);
      return found === undefined ? [] : [{ kind, ...found }];
    });
    return { hi16: this.#hi16, lo16: this.#lo16, mostWaiting: this.#mostWaiting, findings };
  }

  trace(table: RelocationTable): void {
    const { elf } = this.#places.file;
    const words = contents(elf, table.target);
    let waiting: High<A>[] = [];
    /** By symbol: the HI16s that were last given an addend, and that addend. */
    const settled = new Map<
      number,
      { readonly highs: readonly High<A>[]; readonly addend: number }
    >();
    const values = new Map<number, A | null>();
    const resolved = (index: number): A | null => {
      const symbol = elf.symbols[index];
      if (!values.has(index)) {
        values.set(index, symbol === undefined ? null : this.#places.value(symbol));
      }
      return values.get(index) ?? null;
    };
    for (let index = 0; index < table.count; index++) {
      const type = table.type(index);
      if (type !== R_MIPS_HI16 && type !== R_MIPS_LO16) continue;
      const offset = table.offset(index);
      const symbol = table.symbol(index);
      const half = halfAt(words, offset);
      if (half === null) continue;
      const value = resolved(symbol);
      if (type === R_MIPS_HI16) {
        this.#hi16 += 1;
        waiting.push({ offset, half, symbol, value });
        continue;
      }
      this.#lo16 += 1;
      const addend = (half << 16) >> 16;
      const note = (kind: PairKind, highs: readonly High<A>[]): void =>
        this.#note(kind, table, offset, highs, { symbol, value, addend });
      if (addend < 0) note("negative", waiting);
      if (waiting.length === 0) {
        note("alone", []);
        const before = settled.get(symbol);
        const astray = before?.highs.filter(
          (high) => highHalf(high, before.addend) !== highHalf(high, addend),
        );
        if (astray !== undefined && astray.length > 0) note("line", astray);
        continue;
      }
      this.#mostWaiting = Math.max(this.#mostWaiting, waiting.length);
      if (waiting.length > 1) note("shared", waiting);
      if (waiting.some((high) => high.offset > offset)) note("above", waiting);
      if (waiting.some((high) => high.value !== value)) note("mismatch", waiting);
      settled.set(symbol, { highs: waiting, addend });
      waiting = [];
    }
    for (const high of waiting) {
      this.#note("unpaired", table, null, [high], { ...high, addend: 0 });
    }
  }

  #note(
    kind: PairKind,
    { target }: RelocationTable,
    offset: number | null,
    highs: readonly High<A>[],
    { symbol, value, addend }: { symbol: number; value: A | null; addend: number },
  ): void {
    const found = this.#examples.get(kind) ?? { count: 0, examples: [] };
    this.#examples.set(kind, found);
    found.count += 1;
    if (found.examples.length >= MOST_EXAMPLES) return;
    const { elf } = this.#places.file;
    const named = elf.symbols[symbol];
    found.examples.push({
      lo: offset === null ? null : this.#places.at(target, offset),
      hi: highs.slice(0, MOST_EXAMPLES).map((high) => this.#places.at(target, high.offset)),
      symbol: named === undefined ? `symbol ${symbol}` : symbolName(elf, named),
      value,
      addend,
    });
  }
}

/** The low half of the word at an offset, where Linux reads an addend; null outside the section. */
function halfAt(words: Words, offset: number): number | null {
  return offset + 4 > words.size ? null : words.u32(offset) & 0xffff;
}

/** The HI16's new value with a LO16's addend; 0 while its symbol's value isn't known. */
function highHalf<A extends Address>({ half, value }: High<A>, addend: number): number {
  if (value === null) return 0;
  return (lowWord(plus(value, (half << 16) + addend + 0x8000)) >>> 16) & 0xffff;
}
