// Compares a block of a module's memory in a live kernel with the same block made by farjal: each word is equal,
// different for a reason that is checked for that word, or unexplained. A pure function from bytes to a value. A
// section's name alone is no reason if more can be checked: a table that the kernel sorts must have the same entries,
// and a static key's site must hold one of its words.

import { PAGE_SIZE } from "../../assembly/shared/memory-map.ts";
import { type Address, distance, lowWord, plus, type Width } from "../address.ts";
import type { Endian } from "../bytes/endian.ts";
import { Words } from "../bytes/words.ts";
import { THIS_MODULE } from "../module/layout/sections.ts";
import type { Moment } from "./records.ts";

export interface ComparedSection<A extends Address = number> {
  readonly name: string;
  readonly address: A;
  readonly size: number;
  /** Guest code may write to it once the module runs. */
  readonly writable: boolean;
}

export interface ComparedBlock<A extends Address = number> {
  readonly moment: Moment;
  readonly base: A;
  readonly endian: Endian;
  /** That of addresses, which symbols and tables have. */
  readonly width: Width<A>;
  readonly ours: Uint8Array;
  /** The live kernel's bytes: as many, or more, since memory is allocated in pages. */
  readonly live: Uint8Array;
  readonly sections: readonly ComparedSection<A>[];
  /** The sites of static keys: address → the words that the file or the kernel has there. */
  readonly keySites: ReadonlyMap<A, readonly number[]>;
  /**
   * Values in the symbol table whose symbols are in sections that are read and dropped: the value's address → the symbol's
   * place in the file. Linux's values for these are addresses in its copy of the file.
   */
  readonly dropped: ReadonlyMap<A, number>;
}

export interface WordDifference {
  readonly address: Address;
  /** The section that contains it; null after and between sections. */
  readonly section: string | null;
  readonly ours: number;
  readonly live: number;
}

export interface Comparison {
  readonly moment: Moment;
  readonly words: number;
  readonly equal: number;
  /** The number of words that differ for a known reason, by the reason. */
  readonly explained: Readonly<Record<string, number>>;
  readonly unexplained: number;
  /** The first of the unexplained differences. */
  readonly differences: readonly WordDifference[];
}

/** The most unexplained words to show: the first ones are enough to find the cause. */
const MOST_SHOWN = 100;

/** The known reasons for which a word may differ. */
export const REASONS = {
  state: "struct module, which the kernel fills in",
  sortedSites: "__mcount_loc, which ftrace sorts afterwards: the same addresses",
  sortedKeys: "__jump_table, which the kernel sorts and marks: the same entries",
  key: "a static key's site, switched at run time",
  dropped: "a symbol of a dropped section, counted from the kernel's copy of the file",
  data: "data that code has written to since",
} as const;

/** Compares all words of a block. @param block both sides begin at `base`, in the byte order of the guest. */
export function compareBlock<A extends Address>(block: ComparedBlock<A>): Comparison {
  const { moment, base, endian } = block;
  const count = Math.ceil(block.ours.length / 4);
  const ours = paddedTo(count, block.ours, endian);
  // After a block's last byte, a kernel before 6.4 has what was there before.
  const live = paddedTo(count, block.live.subarray(0, block.ours.length), endian);
  const sections = block.sections.map((section) => ({
    ...section,
    sorted: sameTable(section, block, ours, live),
  }));
  const copied = copiedWords(block, live);
  const explained: Record<string, number> = {};
  const differences: WordDifference[] = [];
  let equal = 0;
  let unexplained = 0;
  for (let at = 0; at < 4 * count; at += 4) {
    const difference = { ours: ours.u32(at), live: live.u32(at), address: plus(base, at) };
    if (difference.ours === difference.live) {
      equal++;
      continue;
    }
    const { address } = difference;
    const section = sections.find((one) => {
      const into = distance(one.address, address);
      return into < one.size && into + 4 > 0;
    });
    const reason =
      copied.get(address) === difference.live
        ? REASONS.dropped
        : section && (section.sorted ?? reasonFor(section, block, difference));
    if (reason !== undefined) {
      explained[reason] = (explained[reason] ?? 0) + 1;
      continue;
    }
    unexplained++;
    if (differences.length < MOST_SHOWN) {
      differences.push({ ...difference, section: section?.name ?? null });
    }
  }
  return { moment, words: count, equal, explained, unexplained, differences };
}

/**
 * The words that Linux has for symbols of dropped sections, by their addresses. The address of its copy of the file is
 * computed from the first of them; the others must agree with it.
 */
function copiedWords<A extends Address>(
  { base, dropped, width, endian }: ComparedBlock<A>,
  live: Words,
): ReadonlyMap<A, number> {
  const copied = new Map<A, number>();
  const last = live.size - width.bytes;
  const own = [...dropped].filter(([at]) => distance(base, at) >= 0 && distance(base, at) <= last);
  const [first] = own;
  if (first === undefined) return copied;
  const [at, offset] = first;
  const value = width.read(live, distance(base, at));
  const copy = plus(value, -offset);
  if (distance(width.of(offset), value) <= 0 || lowWord(copy) % PAGE_SIZE !== 0) return copied;
  const pointer = new Words(new Uint8Array(width.bytes), endian);
  for (const [address, place] of own) {
    width.write(pointer, 0, plus(copy, place));
    for (let byte = 0; byte < width.bytes; byte += 4) {
      copied.set(plus(address, byte), pointer.u32(byte));
    }
  }
  return copied;
}

function reasonFor<A extends Address>(
  section: ComparedSection<A>,
  { moment, keySites }: ComparedBlock<A>,
  { address, ours, live }: { readonly address: A; readonly ours: number; readonly live: number },
): string | undefined {
  // `state` is the first member; the kernel also fills in members that are 0 in the file, but no function or name.
  if (section.name === THIS_MODULE) {
    return address === section.address || ours === 0 ? REASONS.state : undefined;
  }
  if (moment === "relocated") return undefined;
  const words = keySites.get(address);
  if (words?.includes(ours) === true && words.includes(live)) return REASONS.key;
  return section.writable && section.name !== "__jump_table" ? REASONS.data : undefined;
}

/** Why a table may be in another order, when it has the same entries on both sides. */
function sameTable<A extends Address>(
  { name, address, size }: ComparedSection<A>,
  { moment, base, width }: ComparedBlock<A>,
  ours: Words,
  live: Words,
): string | undefined {
  const from = distance(base, address);
  const same = (entries: (pointers: readonly A[]) => string[]): boolean => {
    const [a, b] = [ours, live].map((words) => {
      const count = Math.floor(size / width.bytes);
      const pointers = Array.from({ length: count }, (_, index) =>
        width.read(words, from + index * width.bytes),
      );
      return entries(pointers).sort().join();
    });
    return a === b;
  };
  if (name === "__mcount_loc" && moment === "relocated") {
    return same((pointers) => pointers.map(String)) ? REASONS.sortedSites : undefined;
  }
  if (name === "__jump_table" && moment !== "relocated") {
    return same(jumpEntries) ? REASONS.sortedKeys : undefined;
  }
  return undefined;
}

/** struct jump_entry {code, target, key}; bit 1 of the key says that the site was in init memory. */
function jumpEntries<A extends Address>(pointers: readonly A[]): string[] {
  return Array.from({ length: Math.floor(pointers.length / 3) }, (_, index) => {
    const [code, target, key] = pointers.slice(3 * index, 3 * index + 3);
    return `${code} ${target} ${BigInt(key ?? 0) & ~2n}`;
  });
}

/** A block's words, the last one padded with zeros; words that one side lacks are zero too. */
function paddedTo(count: number, bytes: Uint8Array, endian: Endian): Words {
  const whole = new Uint8Array(4 * count);
  whole.set(bytes.subarray(0, Math.min(bytes.length, 4 * count)));
  return new Words(whole, endian);
}
