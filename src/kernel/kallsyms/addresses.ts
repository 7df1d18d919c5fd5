// Finds the symbols' addresses in a kernel's image, in each of the forms that kallsyms has had: pointers (before 4.6,
// and without CONFIG_KALLSYMS_BASE_RELATIVE); words relative to kallsyms_relative_base. Both are before num_syms, and
// since 6.4 after the tokens. In kernels of 2026 each word counts from its own place, so the addresses are known only
// once the image's address is.

import { type Image, pair } from "../image.ts";
import type { Names } from "./names.ts";
import { MOST_PADDING } from "./tokens.ts";

/** The size of kseg0: no symbol is farther from the kernel's start. */
const LARGEST_OFFSET = 0x2000_0000;
/** The start of kseg0: 32-bit kernels are at or above this address. */
const LOWEST_ADDRESS = 0x8000_0000;
/** The most words of padding after the tokens: since 4.20, tables begin at multiples of a pointer's size. */
const MOST_WORDS_BETWEEN = 1;

export interface Addresses {
  readonly low: Uint32Array;
  /** The high word of all addresses; null on 32 bits and where it isn't known. */
  readonly high: number | null;
  /** Whether the addresses count from the image's first byte, whose address isn't known. */
  readonly ofImage: boolean;
}

/**
 * Finds the addresses of all names.
 * @param end index of the first word after the names, the markers and the tokens.
 */
export function findAddresses(image: Image, names: Names, end: number): Addresses | null {
  return before(image, names) ?? behind(image, names.list.length, end);
}

/** The pointer that ends before a word index: [its index, low word, high word or null]. */
function pointerBefore(image: Image, end: number, words: 1 | 2): Pointer | null {
  return end < words ? null : pointerAt(image, end - words, words);
}

interface Pointer {
  readonly at: number;
  readonly low: number;
  readonly high: number | null;
}

/** The pointer at a word index; null for a number that can't point into the kernel. */
function pointerAt(image: Image, at: number, words: 1 | 2): Pointer | null {
  if (words === 1) {
    const low = image.words[at] ?? 0;
    return low >= LOWEST_ADDRESS ? { at, low, high: null } : null;
  }
  const [low, high] = pair(image.words, at, image.endian);
  return isHighWord(high) ? { at, low, high } : null;
}

/** Whether an address with this high word is in CKSEG0 to CKSEG3 or in XKPHYS below 1 TiB, where 64-bit kernels are. */
function isHighWord(high: number): boolean {
  return high === 0xffff_ffff || (high >>> 30 === 2 && (high & 0x07ff_ffff) < 0x100);
}

/** Reads the form before num_syms: offsets and their base, or pointers. */
function before(image: Image, { list, countAt }: Names): Addresses | null {
  const end = withoutZeros(image.words, countAt);
  for (const words of [2, 1] as const) {
    const base = pointerBefore(image, end, words);
    if (base === null) continue;
    const last = withoutZeros(image.words, base.at);
    const found =
      relative(image.words, last - list.length, list.length, base) ??
      absolute(image, end - words * list.length, list.length, words);
    if (found !== null) return found;
  }
  return null;
}

/** The index after the last nonzero word before `end`; at most MOST_PADDING bytes of zeros are skipped. */
function withoutZeros(words: Uint32Array, end: number): number {
  let at = end;
  while (at > 0 && end - at < MOST_PADDING / 4 && words[at - 1] === 0) at -= 1;
  return at;
}

/** Reads the form after the tokens: offsets and their base, or offsets from each word's own place. */
function behind(image: Image, count: number, end: number): Addresses | null {
  for (let start = end; start <= end + MOST_WORDS_BETWEEN; start++) {
    const baseAt = start + count;
    const base =
      pointerAt(image, baseAt, 2) ?? pointerAt(image, baseAt + 1, 2) ?? pointerAt(image, baseAt, 1);
    const found = base === null ? null : relative(image.words, start, count, base);
    if (found !== null) return found;
  }
  for (let start = end; start <= end + MOST_WORDS_BETWEEN; start++) {
    const found = placeRelative(image.words, start, count);
    if (found !== null) return found;
  }
  return null;
}

function relative(
  words: Uint32Array,
  start: number,
  count: number,
  base: Pointer,
): Addresses | null {
  const offsets = ascending(words, start, count);
  if (offsets === null || offsets[0] !== 0) return null;
  if ((offsets.at(-1) as number) > LARGEST_OFFSET) return null;
  return { low: offsets.map((offset) => offset + base.low), high: base.high, ofImage: false };
}

function absolute(image: Image, start: number, count: number, words: 1 | 2): Addresses | null {
  if (start < 0 || count === 0) return null;
  if (words === 1) {
    const low = ascending(image.words, start, count);
    return low && { low, high: null, ofImage: false };
  }
  const low = new Uint32Array(count);
  const [, high] = pair(image.words, start, image.endian);
  for (let index = 0; index < count; index++) {
    const [own, ownHigh] = pair(image.words, start + 2 * index, image.endian);
    if (ownHigh !== high || (index > 0 && own < (low[index - 1] as number))) return null;
    low[index] = own;
  }
  return { low, high, ofImage: false };
}

/** Reads words that are `.long _text - . + n`: the image's address cancels out. */
function placeRelative(words: Uint32Array, start: number, count: number): Addresses | null {
  if (start + count > words.length) return null;
  const places = new Uint32Array(count);
  let previous = 0;
  for (let index = 0; index < count; index++) {
    const place = 4 * (start + index) + ((words[start + index] as number) | 0);
    if (place < previous || place > LARGEST_OFFSET) return null;
    places[index] = place;
    previous = place;
  }
  return { low: places, high: null, ofImage: true };
}

/** The words from an index on; null when they don't ascend. */
function ascending(words: Uint32Array, from: number, count: number): Uint32Array | null {
  if (from < 0 || from + count > words.length) return null;
  for (let at = from + 1; at < from + count; at++) {
    if ((words[at] as number) < (words[at - 1] as number)) return null;
  }
  return words.subarray(from, from + count);
}
