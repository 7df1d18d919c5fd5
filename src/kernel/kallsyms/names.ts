// Finds kallsyms_num_syms, kallsyms_names and kallsyms_markers in a kernel's image. The markers are found by their
// shape: an array that begins with 0 and ascends by the length of 256 names. The names end before the markers, and the
// number of symbols is before the names. Every name is then read and every marker compared, which excludes
// coincidences.
//
// num_syms and the markers are words, or pointers in kernels before 4.20. Zeros may precede each table: up to the next
// multiple of a pointer's size, or of 16 or 256 bytes in kernels before 4.20.

import { printableName } from "../../bytes/printable.ts";
import { KALLSYMS_CHARACTERS, KALLSYMS_MARKER_ARRAYS, KERNEL_SYMBOLS } from "../../limits.ts";
import { type Image, pair } from "../image.ts";
import { LONGEST_NAME, MOST_PADDING } from "./tokens.ts";

const SYMBOLS_PER_MARKER = 256;
/** A name has at least a length byte and one token, and at most two length bytes and LONGEST_NAME tokens. */
const LEAST_STEP = SYMBOLS_PER_MARKER * 2;
const GREATEST_STEP = SYMBOLS_PER_MARKER * (LONGEST_NAME + 2);
/** Fewer markers are taken for a coincidence, not for a kernel. */
const LEAST_MARKERS = 4;

export interface Names {
  /** Each begins with the symbol's type. */
  readonly list: readonly string[];
  /** Word index of num_syms. */
  readonly countAt: number;
  /** Word index of the first word after the markers. */
  readonly end: number;
}

/** The text of each token number; null in a kernel with CONFIG_KALLSYMS_UNCOMPRESSED, where names are plain text. */
export type Tokens = readonly string[] | null;

/** The size of a marker and of num_syms in words. */
type Unit = 1 | 2;

/**
 * Finds the names whose markers end before a word index.
 * @returns null when there are none.
 */
export function findNames(image: Image, tokens: Tokens, limit: number): Names | null {
  return findWith(image, tokens, limit, 1) ?? findWith(image, tokens, limit, 2);
}

/** The value of a marker or of num_syms; -1 when it isn't a 32-bit number. */
function numberAt({ words, endian }: Image, at: number, unit: Unit): number {
  if (unit === 1) return words[at] ?? -1;
  const [low, high] = pair(words, at, endian);
  return high === 0 ? low : -1;
}

function findWith(image: Image, tokens: Tokens, limit: number, unit: Unit): Names | null {
  const { words } = image;
  const isStep = (at: number): boolean => {
    const distance = numberAt(image, at, unit) - numberAt(image, at - unit, unit);
    return at + unit <= limit && distance >= LEAST_STEP && distance <= GREATEST_STEP;
  };
  let arrays = 0;
  for (let first = limit - LEAST_MARKERS * unit; first > 0; first--) {
    if (words[first] !== 0 || numberAt(image, first, unit) !== 0) continue;
    if (![1, 2, 3].every((index) => isStep(first + index * unit))) continue;
    if (++arrays > KALLSYMS_MARKER_ARRAYS) return null;
    let end = first + unit;
    while (isStep(end)) end += unit;
    const most = (end - first) / unit;
    // The word after the markers may happen to look like another marker.
    for (let count = most; count >= Math.max(LEAST_MARKERS, most - 1); count--) {
      const names = namesBefore(image, { at: first, count, unit }, tokens);
      if (names !== null) return names;
    }
  }
  return null;
}

interface Markers {
  /** Word index of the first marker. */
  readonly at: number;
  readonly count: number;
  readonly unit: Unit;
}

/** The names that belong to the markers. */
function namesBefore(image: Image, markers: Markers, tokens: Tokens): Names | null {
  const { at, count, unit } = markers;
  const last = numberAt(image, at + (count - 1) * unit, unit);
  const latest = at - Math.ceil(last / 4);
  const earliest = Math.max(unit, latest - ((GREATEST_STEP + MOST_PADDING) >>> 2));
  for (let start = latest; start >= earliest; start--) {
    // No name is empty, so no length is 0.
    if (image.bytes[4 * start] === 0) continue;
    const symbols = symbolsBefore(image, start, unit);
    if (symbols === null || Math.ceil(symbols.count / SYMBOLS_PER_MARKER) !== count) continue;
    const list = readNames(image, start, symbols.count, markers, tokens);
    if (list !== null) return { list, countAt: symbols.at, end: at + count * unit };
  }
  return null;
}

/** num_syms: the last number before the names, apart from padding. */
function symbolsBefore(
  image: Image,
  names: number,
  unit: Unit,
): { count: number; at: number } | null {
  const earliest = Math.max(0, names - MOST_PADDING / 4 - unit);
  let at = names - 1;
  while (at > earliest && image.words[at] === 0) at -= 1;
  if (unit === 2 && image.endian === "big") at -= 1;
  const count = numberAt(image, at, unit);
  return count > 0 && count <= KERNEL_SYMBOLS ? { count, at } : null;
}

/** Reads `total` names from a word index up to the markers, which must match; null when they don't. */
function readNames(
  image: Image,
  from: number,
  total: number,
  markers: Markers,
  tokens: Tokens,
): string[] | null {
  const { bytes } = image;
  const { unit } = markers;
  const start = from * 4;
  const end = markers.at * 4;
  /** Where each name's tokens begin and end. */
  const bounds = new Uint32Array(total * 2);
  let at = start;
  for (let index = 0; index < total; index++) {
    const marker = markers.at + (index / SYMBOLS_PER_MARKER) * unit;
    if (index % SYMBOLS_PER_MARKER === 0 && numberAt(image, marker, unit) !== at - start)
      return null;
    let length = bytes[at++] as number;
    if ((length & 0x80) !== 0) length = (length & 0x7f) | ((bytes[at++] as number) << 7);
    bounds[index * 2] = at;
    at += length;
    bounds[index * 2 + 1] = at;
    if (length === 0 || at > end) return null;
  }
  if (end - at >= MOST_PADDING || bytes.subarray(at, end).some((byte) => byte !== 0)) return null;
  return expand(bytes, bounds, tokens);
}

/** The names as text; null when a name is too long or, without tokens, isn't plain text. */
function expand(bytes: Uint8Array, bounds: Uint32Array, tokens: Tokens): string[] | null {
  const list: string[] = [];
  let characters = 0;
  for (let index = 0; index < bounds.length; index += 2) {
    let name = "";
    for (let at = bounds[index] as number; at < (bounds[index + 1] as number); at++) {
      const code = bytes[at] as number;
      if (tokens === null && (code <= 0x20 || code >= 0x7f)) return null;
      name += tokens === null ? String.fromCharCode(code) : tokens[code];
      if (name.length > LONGEST_NAME + 1) return null;
    }
    characters += name.length;
    if (characters > KALLSYMS_CHARACTERS) return null;
    list.push(printableName(name));
  }
  return list;
}
