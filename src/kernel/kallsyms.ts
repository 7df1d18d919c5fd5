// Finds the kallsyms tables in a kernel's image: the names and addresses of its functions (and of its data
// with CONFIG_KALLSYMS_ALL). Nothing says where they are, but each has a shape that nothing else has, and
// they lie close together, each at a multiple of a pointer's size (scripts/kallsyms.c, ALGN):
//
//   offsets         a word for each symbol, ascending, 0 first (or addresses, without a relative base)
//   relative_base   a pointer
//   num_syms        a word
//   names           for each symbol a length (ULEB128), then that many token numbers
//   markers         a word for each 256 symbols: where their names begin
//   seqs_of_names   three bytes a symbol, since 6.2 and in stable kernels before it; farjal has no use for it
//   token_table     256 texts, NUL-terminated
//   token_index     256 halfwords: where each text begins
//
// Since 6.4 offsets and relative_base come last. A name's first character is the symbol's type.

import type { Endian } from "../bytes/endian.ts";
import { latin1 } from "../bytes/words.ts";
import { Image, pair } from "./image.ts";
import type { KernelSymbol } from "./kernel.ts";

const TOKENS = 256;
const SYMBOLS_PER_MARKER = 256;
/** A name takes a length byte and a token at least, and KSYM_NAME_LEN (512) tokens at most. */
const LEAST_STEP = SYMBOLS_PER_MARKER * 2;
const GREATEST_STEP = SYMBOLS_PER_MARKER * 514;
/** Fewer are chance, not a kernel. */
const LEAST_MARKERS = 4;
/** Places tried at most, so that a hostile file costs seconds; real kernels have one of each. */
const MOST_TOKEN_TABLES = 4;
const MOST_MARKER_ARRAYS = 64;
/** kseg0's size: no offset from the relative base is greater. */
const LARGEST_OFFSET = 0x2000_0000;

export interface Kallsyms {
  readonly image: Image;
  /** Ascending by address; on 64 bits, the low words of the addresses. */
  readonly symbols: readonly KernelSymbol[];
}

interface TokenTable {
  readonly endian: Endian;
  readonly tokens: readonly string[];
  /** Offsets of the first token and of the first byte after the index. */
  readonly start: number;
  readonly end: number;
}

/** Finds the tables and reads them; null when the image has none. */
export function findKallsyms(bytes: Uint8Array): Kallsyms | null {
  let tables = 0;
  for (const table of tokenTables(bytes)) {
    if (tables++ === MOST_TOKEN_TABLES) break;
    const image = new Image(bytes, table.endian);
    const names = findNames(image, table, 1) ?? findNames(image, table, 2);
    if (names === null) continue;
    const addresses = findAddresses(image, names, table);
    if (addresses === null) continue;
    const { high, low } = addresses;
    return {
      image: high === null ? image : new Image(bytes, table.endian, high),
      symbols: names.list.map((name, index) => symbol(name, low[index] as number)),
    };
  }
  return null;
}

function symbol(name: string, address: number): KernelSymbol {
  return { name: name.slice(1), address, type: name.charAt(0) };
}

/** Every token table with its index. The index tells the byte order too: 0, then a small number. */
function* tokenTables(bytes: Uint8Array): Generator<TokenTable> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const last = bytes.length - 2 * TOKENS;
  for (let at = 0; at <= last; at += 4) {
    if (bytes[at] !== 0 || bytes[at + 1] !== 0) continue;
    const [first, second] = [bytes[at + 2], bytes[at + 3]];
    if ((first === 0) === (second === 0)) continue;
    const little = second === 0;
    const index = Array.from({ length: TOKENS }, (_, i) =>
      i > 1 ? 0 : view.getUint16(at + 2 * i, little),
    );
    let token = 1;
    for (; token < TOKENS; token++) {
      const offset = view.getUint16(at + 2 * token, little);
      if (offset < (index[token - 1] as number) + 2) break;
      index[token] = offset;
    }
    if (token < TOKENS) continue;
    const table = readTokens(bytes, at, index);
    if (table !== null) yield { ...table, endian: little ? "little" : "big", end: at + 2 * TOKENS };
  }
}

/** The tokens whose index begins at `indexAt`: they end right before it, but for padding. */
function readTokens(
  bytes: Uint8Array,
  indexAt: number,
  index: readonly number[],
): { tokens: string[]; start: number } | null {
  let end = indexAt;
  while (end > indexAt - 8 && bytes[end - 1] === 0) end -= 1;
  const lastStart = bytes.subarray(0, end).lastIndexOf(0) + 1;
  const start = lastStart - (index[TOKENS - 1] as number);
  if (start < 0 || end === indexAt || lastStart >= end) return null;
  const tokens: string[] = [];
  for (let token = 0; token < TOKENS; token++) {
    const from = start + (index[token] as number);
    const nul = token + 1 < TOKENS ? start + (index[token + 1] as number) - 1 : end;
    if (bytes.subarray(from, nul + 1).indexOf(0) !== nul - from) return null;
    tokens.push(latin1(bytes.subarray(from, nul)));
  }
  return { tokens, start };
}

interface Names {
  readonly list: readonly string[];
  /** Words of a pointer, to which all parts are aligned. */
  readonly align: 1 | 2;
  /** Word index of num_syms, which stands before the names. */
  readonly countAt: number;
}

/** Finds the markers, the only ascending words of such steps before the tokens, and by them the names. */
function findNames(image: Image, { tokens, start }: TokenTable, align: 1 | 2): Names | null {
  const { words } = image;
  const limit = start >>> 2;
  const step = (at: number): boolean => {
    const distance = (words[at] as number) - (words[at - 1] as number);
    return at < limit && distance >= LEAST_STEP && distance <= GREATEST_STEP;
  };
  let arrays = 0;
  for (let first = limit - LEAST_MARKERS; first > 0 && arrays < MOST_MARKER_ARRAYS; first--) {
    if (words[first] !== 0 || !step(first + 1) || !step(first + 2) || !step(first + 3)) continue;
    arrays += 1;
    let end = first + 1;
    while (step(end)) end += 1;
    // What follows the markers may by chance look like one more.
    for (let count = end - first; count >= Math.max(LEAST_MARKERS, end - first - 1); count--) {
      const names = namesBefore(image, first, count, tokens, align);
      if (names !== null) return names;
    }
  }
  return null;
}

/** The names that `count` markers at a word index belong to. */
function namesBefore(
  image: Image,
  markers: number,
  count: number,
  tokens: readonly string[],
  align: 1 | 2,
): Names | null {
  const { words } = image;
  const latest = markers - ((words[markers + count - 1] as number) >>> 2);
  const earliest = Math.max(align, latest - (GREATEST_STEP >>> 2));
  for (let at = latest - (latest % align); at >= earliest; at -= align) {
    const total = words[at - align] as number;
    if (Math.ceil(total / SYMBOLS_PER_MARKER) !== count) continue;
    const list = readNames(image, at, total, markers, tokens, align);
    if (list !== null) return { list, align, countAt: at - align };
  }
  return null;
}

/** `total` names from a word index up to the markers, which must agree; null when they don't. */
function readNames(
  { bytes, words }: Image,
  from: number,
  total: number,
  markers: number,
  tokens: readonly string[],
  align: 1 | 2,
): string[] | null {
  const start = from * 4;
  const end = markers * 4;
  /** Where each name's tokens begin and end. */
  const bounds = new Uint32Array(total * 2);
  let at = start;
  for (let index = 0; index < total; index++) {
    if (
      index % SYMBOLS_PER_MARKER === 0 &&
      words[markers + index / SYMBOLS_PER_MARKER] !== at - start
    )
      return null;
    let length = bytes[at++] as number;
    if ((length & 0x80) !== 0) length = (length & 0x7f) | ((bytes[at++] as number) << 7);
    bounds[index * 2] = at;
    at += length;
    bounds[index * 2 + 1] = at;
    if (length === 0 || at > end) return null;
  }
  if (end - at >= 4 * align) return null;
  return Array.from({ length: total }, (_, index) => {
    let name = "";
    for (let i = bounds[index * 2] as number; i < (bounds[index * 2 + 1] as number); i++) {
      name += tokens[bytes[i] as number];
    }
    return name;
  });
}

interface Addresses {
  readonly low: Uint32Array;
  /** Their common high word; null on 32 bits. */
  readonly high: number | null;
}

/** The symbols' addresses, from whichever of the three layouts is there. */
function findAddresses(
  image: Image,
  { list, align, countAt }: Names,
  { end }: TokenTable,
): Addresses | null {
  const { words, endian } = image;
  const aligned = (at: number): number => Math.ceil(at / align) * align;
  const relative = (from: number): Addresses | null => {
    const offsets = ascending(words, from, list.length);
    const baseAt = aligned(from + list.length);
    const base = words[baseAt];
    if (offsets === null || base === undefined || base === 0) return null;
    if (offsets[0] !== 0 || (offsets.at(-1) as number) > LARGEST_OFFSET) return null;
    const [low, high] = align === 1 ? [base, null] : pair(words, baseAt, endian);
    return { low: offsets.map((offset) => offset + low), high };
  };
  const absolute = (from: number): Addresses | null => {
    const low = align === 1 ? ascending(words, from, list.length) : null;
    return low && { low, high: null };
  };
  return (
    relative(countAt - align - aligned(list.length)) ??
    absolute(countAt - list.length) ??
    relative(aligned(Math.ceil(end / 4)))
  );
}

/** The words from an index on, or null when they don't ascend. */
function ascending(words: Uint32Array, from: number, count: number): Uint32Array | null {
  if (from < 0 || from + count > words.length) return null;
  for (let at = from + 1; at < from + count; at++) {
    if ((words[at] as number) < (words[at - 1] as number)) return null;
  }
  return words.subarray(from, from + count);
}
