// A block of a module's memory as a live kernel has it, beside the same block as farjal made it: each word is
// equal, different for a reason that is looked into word by word, or unexplained. Pure: bytes in, a value out.
// A reason is never a whole section's name alone where more can be asked: a table that the kernel sorts must
// have the same entries, a static key's site must hold one of its two words.

import { PAGE_SIZE } from "../../assembly/shared/memory-map.ts";
import { Words } from "../bytes/words.ts";
import { NOP } from "../isa/assemble.ts";
import { THIS_MODULE } from "../module/layout/sections.ts";
import type { Moment } from "./records.ts";

export interface ComparedSection {
  readonly name: string;
  readonly address: number;
  readonly size: number;
  /** Guest code may write there once the module runs. */
  readonly writable: boolean;
}

export interface ComparedBlock {
  readonly moment: Moment;
  readonly base: number;
  readonly ours: Uint8Array;
  /** As long, or longer: memory comes in pages. */
  readonly live: Uint8Array;
  readonly sections: readonly ComparedSection[];
  /** Where static keys have their sites: address → the jump that stands there while its branch is taken. */
  readonly jumps: ReadonlyMap<number, number>;
  /**
   * Words of the symbol table whose symbols are of sections that are read and dropped: address → where in the
   * file the symbol is. Linux counts these from its copy of the file.
   */
  readonly dropped: ReadonlyMap<number, number>;
}

export interface WordDifference {
  readonly address: number;
  /** The section that holds it; null behind and between sections. */
  readonly section: string | null;
  readonly ours: number;
  readonly live: number;
}

export interface Comparison {
  readonly moment: Moment;
  readonly words: number;
  readonly equal: number;
  /** Words that differ for a reason that is known, by the reason. */
  readonly explained: Readonly<Record<string, number>>;
  readonly unexplained: number;
  /** The first of those. */
  readonly differences: readonly WordDifference[];
}

/** Unexplained words that are shown: the first ones tell what is wrong. */
const MOST_SHOWN = 100;

const REASONS = {
  state: "struct module, which the kernel fills in",
  sortedSites: "__mcount_loc, which ftrace sorts afterwards: the same addresses",
  sortedKeys: "__jump_table, which the kernel sorts and marks: the same entries",
  key: "a static key's site, switched at run time",
  dropped: "a symbol of a dropped section, counted from the kernel's copy of the file",
  data: "data that code has written to since",
} as const;

/** Compares all words of a block. @param block both sides begin at `base`, in the byte order of the guest. */
export function compareBlock(block: ComparedBlock): Comparison {
  const { moment, base } = block;
  const count = Math.ceil(block.ours.length / 4);
  const ours = wordsOf(block.ours, count);
  const live = wordsOf(block.live, count);
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

/** Where Linux had its copy of the file: the page that the first symbol of a dropped section counts from. */
function fileCopy({ base, dropped }: ComparedBlock, live: Uint32Array): number | undefined {
  for (const [address, offset] of dropped) {
    const copy = (live[(address - base) / 4] ?? 0) - offset;
    return copy > 0 && copy % PAGE_SIZE === 0 ? copy : undefined;
  }
  return undefined;
}

function reasonFor(
  section: ComparedSection,
  { moment, jumps }: ComparedBlock,
  { address, ours, live }: Omit<WordDifference, "section">,
): string | undefined {
  // The state comes first; what else the file left empty is the kernel's. Functions and the name are not.
  if (section.name === THIS_MODULE) {
    return address === section.address || ours === 0 ? REASONS.state : undefined;
  }
  if (moment === "relocated") return undefined;
  const jump = jumps.get(address);
  if (jump !== undefined && [ours, live].every((word) => word === NOP || word === jump)) {
    return REASONS.key;
  }
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

/** Little-endian words, the last one filled up with zeros; what one side lacks is zero too. */
function wordsOf(bytes: Uint8Array, count: number): Uint32Array {
  const whole = new Uint8Array(4 * count);
  whole.set(bytes.subarray(0, Math.min(bytes.length, whole.length)));
  const words = new Words(whole, "little");
  return Uint32Array.from({ length: count }, (_, index) => words.u32(4 * index));
}
