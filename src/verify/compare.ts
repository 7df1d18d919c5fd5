// Compares a block of a module's memory in a live kernel with the same block made by farjal: each word is equal,
// different for a reason that is checked for that word, or unexplained. A pure function from bytes to a value. A
// section's name alone is no reason if more can be checked: a table that the kernel sorts must have the same entries,
// and a static key's site must hold one of its words.

import { PAGE_SIZE } from "../../assembly/shared/memory-map.ts";
import type { Endian } from "../bytes/endian.ts";
import { Words } from "../bytes/words.ts";
import { THIS_MODULE } from "../module/layout/sections.ts";
import type { Moment } from "./records.ts";

export interface ComparedSection {
  readonly name: string;
  readonly address: number;
  readonly size: number;
  /** Guest code may write to it once the module runs. */
  readonly writable: boolean;
}

export interface ComparedBlock {
  readonly moment: Moment;
  readonly base: number;
  readonly endian: Endian;
  readonly ours: Uint8Array;
  /** The live kernel's bytes: as many, or more, since memory is allocated in pages. */
  readonly live: Uint8Array;
  readonly sections: readonly ComparedSection[];
  /** The sites of static keys: address → the words that the file or the kernel has there. */
  readonly keySites: ReadonlyMap<number, readonly number[]>;
  /**
   * Words of the symbol table whose symbols are in sections that are read and dropped: address → the symbol's place in
   * the file. Linux's values for these are addresses in its copy of the file.
   */
  readonly dropped: ReadonlyMap<number, number>;
}

export interface WordDifference {
  readonly address: number;
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
export function compareBlock(block: ComparedBlock): Comparison {
  const { moment, base, endian } = block;
  const count = Math.ceil(block.ours.length / 4);
  const ours = wordsOf(block.ours, endian, count);
  const live = wordsOf(block.live, endian, count);
  const sections = block.sections.map((section) => ({
    ...section,
    sorted: sameTable(section, block, ours, live),
  }));
  const copy = fileCopy(block, live);
  const explained: Record<string, number> = {};
  const differences: WordDifference[] = [];
  let equal = 0;
  let unexplained = 0;
  for (let index = 0; index < count; index++) {
    const difference = {
      ours: ours[index] ?? 0,
      live: live[index] ?? 0,
      address: base + 4 * index,
    };
    if (difference.ours === difference.live) {
      equal++;
      continue;
    }
    const { address } = difference;
    const section = sections.find(
      (one) => address < one.address + one.size && address + 4 > one.address,
    );
    const offset = block.dropped.get(address);
    const reason =
      offset !== undefined && difference.live === (copy ?? -1) + offset
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

/** The address of Linux's copy of the file, computed from the first symbol of a dropped section. */
function fileCopy({ base, dropped }: ComparedBlock, live: Uint32Array): number | undefined {
  for (const [address, offset] of dropped) {
    const copy = (live[(address - base) / 4] ?? 0) - offset;
    return copy > 0 && copy % PAGE_SIZE === 0 ? copy : undefined;
  }
  return undefined;
}

function reasonFor(
  section: ComparedSection,
  { moment, keySites }: ComparedBlock,
  { address, ours, live }: Omit<WordDifference, "section">,
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
function sameTable(
  { name, address, size }: ComparedSection,
  { moment, base }: ComparedBlock,
  ours: Uint32Array,
  live: Uint32Array,
): string | undefined {
  const from = (address - base) / 4;
  const to = from + size / 4;
  const same = (entry: (words: Uint32Array) => string[]): boolean => {
    const [a, b] = [ours, live].map((words) => entry(words.subarray(from, to)).sort().join());
    return a === b;
  };
  if (name === "__mcount_loc" && moment === "relocated") {
    return same((words) => [...words].map(String)) ? REASONS.sortedSites : undefined;
  }
  if (name === "__jump_table" && moment !== "relocated") {
    return same(jumpEntries) ? REASONS.sortedKeys : undefined;
  }
  return undefined;
}

/** struct jump_entry {code, target, key}; bit 1 of the key says that the site was in init memory. */
function jumpEntries(words: Uint32Array): string[] {
  return Array.from({ length: Math.floor(words.length / 3) }, (_, index) => {
    const [code = 0, target = 0, key = 0] = words.subarray(3 * index, 3 * index + 3);
    return `${code} ${target} ${(key & ~2) >>> 0}`;
  });
}

/** A block's words, the last one padded with zeros; words that one side lacks are zero too. */
function wordsOf(bytes: Uint8Array, endian: Endian, count: number): Uint32Array {
  const whole = new Uint8Array(4 * count);
  whole.set(bytes.subarray(0, Math.min(bytes.length, whole.length)));
  const words = new Words(whole, endian);
  return Uint32Array.from({ length: count }, (_, index) => words.u32(4 * index));
}
