// Zstandard's two entropy coders (RFC 8878, 4): the tables of finite state entropy and Huffman codes that a frame
// describes, and the streams that are decoded backwards by them. Every table has a bounded size, and reading before a
// stream's start is an error, so decoding always ends. zstd.ts interprets the symbols.

import { Misuse } from "../errors.ts";

export function damaged(): never {
  throw new Misuse("the compressed data is damaged");
}

/** Reads bits from the last byte backwards, starting below the end mark, the highest set bit (4.1). */
export class BackwardBits {
  readonly #bytes: Uint8Array;
  /** The number of bits that are left; a negative number counts bits that were read before the start. */
  left: number;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    const last = bytes.at(-1) ?? 0;
    if (last === 0) damaged();
    this.left = 8 * (bytes.length - 1) + (31 - Math.clz32(last));
  }

  /** The next bits, at most 16, without consuming them; bits before the start are 0. */
  peek(count: number): number {
    const from = this.left - count;
    const mask = (1 << count) - 1;
    return from < 0 ? (this.#at(0) << -from) & mask : (this.#at(from >>> 3) >>> (from & 7)) & mask;
  }

  /** Reads the next bits. */
  read(count: number): number {
    const value = this.peek(count);
    this.left -= count;
    return value;
  }

  /** 24 bits from a byte on; bits after the end are 0. */
  #at(byte: number): number {
    const bytes = this.#bytes;
    if (byte + 2 < bytes.length) {
      const [low, high] = [bytes[byte] as number, bytes[byte + 2] as number];
      return low | ((bytes[byte + 1] as number) << 8) | (high << 16);
    }
    return (bytes[byte] ?? 0) | ((bytes[byte + 1] ?? 0) << 8);
  }
}

/** A decoding table of finite state entropy: for each state its symbol, and how to compute the next state. */
export interface FseTable {
  /** The number of bits of a state. */
  readonly accuracy: number;
  readonly symbols: Uint8Array;
  readonly bits: Uint8Array;
  readonly bases: Uint16Array;
}

/** The next state. */
export function nextState(table: FseTable, state: number, bits: BackwardBits): number {
  return (table.bases[state] as number) + bits.read(table.bits[state] as number);
}

/** The table whose only state leads to itself. */
export function singleSymbol(symbol: number): FseTable {
  return {
    accuracy: 0,
    symbols: Uint8Array.of(symbol),
    bits: new Uint8Array(1),
    bases: new Uint16Array(1),
  };
}

/** Builds a table from the symbols' probabilities; -1 means less than one (4.1.1). */
export function fseTable(accuracy: number, probabilities: readonly number[]): FseTable {
  const size = 1 << accuracy;
  const symbols = new Uint8Array(size);
  const next = new Uint16Array(probabilities.length);
  let high = size;
  for (const [symbol, probability] of probabilities.entries()) {
    next[symbol] = Math.abs(probability);
    if (probability === -1) symbols[--high] = symbol;
  }
  const step = (size >>> 1) + (size >>> 3) + 3;
  let at = 0;
  for (const [symbol, probability] of probabilities.entries()) {
    for (let count = 0; count < probability; count++) {
      symbols[at] = symbol;
      do at = (at + step) & (size - 1);
      while (at >= high);
    }
  }
  const bits = new Uint8Array(size);
  const bases = new Uint16Array(size);
  for (let state = 0; state < size; state++) {
    const symbol = symbols[state] as number;
    const turn = next[symbol] as number;
    next[symbol] = turn + 1;
    const taken = accuracy - (31 - Math.clz32(turn));
    bits[state] = taken;
    bases[state] = (turn << taken) - size;
  }
  return { accuracy, symbols, bits, bases };
}

/**
 * Reads a table's description, whose bits are read forwards.
 * @param most the largest permitted accuracy and symbol.
 * @returns the table, and the size of the description in bytes.
 */
export function readFseTable(
  bytes: Uint8Array,
  most: { readonly accuracy: number; readonly symbol: number },
): { table: FseTable; size: number } {
  let at = 0;
  const read = (count: number): number => {
    const byte = at >>> 3;
    const word =
      (bytes[byte] ?? 0) | ((bytes[byte + 1] ?? 0) << 8) | ((bytes[byte + 2] ?? 0) << 16);
    const value = (word >>> (at & 7)) & ((1 << count) - 1);
    at += count;
    return value;
  };
  const accuracy = 5 + read(4);
  if (accuracy > most.accuracy) damaged();
  const probabilities: number[] = [];
  let left = 1 << accuracy;
  while (left > 0) {
    if (probabilities.length > most.symbol) damaged();
    // The lowest values are coded with one bit less, since not all codes are needed.
    const count = 32 - Math.clz32(left + 1);
    const low = (1 << (count - 1)) - 1;
    const short = (1 << count) - 2 - left;
    let value = read(count);
    if ((value & low) < short) {
      value &= low;
      at -= 1;
    } else if (value > low) {
      value -= short;
    }
    const probability = value - 1;
    left -= Math.abs(probability);
    probabilities.push(probability);
    if (probability !== 0) continue;
    for (let zeros = 3; zeros === 3; ) {
      zeros = read(2);
      for (let count = 0; count < zeros; count++) probabilities.push(0);
      if (probabilities.length > most.symbol + 1) damaged();
    }
  }
  const size = Math.ceil(at / 8);
  if (left < 0 || probabilities.length > most.symbol + 1 || size > bytes.length) damaged();
  return { table: fseTable(accuracy, probabilities), size };
}

/**
 * A decoding table of Huffman codes, indexed by the next bits: the symbol, and the number of bits that its code has.
 */
export interface HuffmanTable {
  readonly bits: number;
  readonly symbols: Uint8Array;
  readonly lengths: Uint8Array;
}

const LONGEST_CODE = 11;
const MOST_WEIGHTS = 255;
/** From this value on, a description's first byte says how many weights of 4 bits follow. */
const DIRECT = 128;
const WEIGHTS = { accuracy: 6, symbol: LONGEST_CODE };

/** Reads a table's description (4.2.1). @returns the table, and the size of the description in bytes. */
export function readHuffmanTable(bytes: Uint8Array): { table: HuffmanTable; size: number } {
  const [first = 0] = bytes;
  if (first < DIRECT) {
    const size = 1 + first;
    if (size > bytes.length) damaged();
    return { table: huffmanTable(packedWeights(bytes.subarray(1, size))), size };
  }
  const count = first - DIRECT + 1;
  const size = 1 + Math.ceil(count / 2);
  if (size > bytes.length) damaged();
  const weights = Array.from({ length: count }, (_, index) => {
    const byte = bytes[1 + (index >>> 1)] as number;
    return index % 2 === 0 ? byte >>> 4 : byte & 15;
  });
  return { table: huffmanTable(weights), size };
}

/** Decodes weights by two states in turn, until a state would need bits before the start. */
function packedWeights(bytes: Uint8Array): number[] {
  const { table, size } = readFseTable(bytes, WEIGHTS);
  const bits = new BackwardBits(bytes.subarray(size));
  let state = bits.read(table.accuracy);
  let other = bits.read(table.accuracy);
  if (bits.left < 0) damaged();
  const weights: number[] = [];
  for (;;) {
    weights.push(table.symbols[state] as number);
    const next = nextState(table, state, bits);
    [state, other] = [other, next];
    if (bits.left < 0) break;
    if (weights.length >= MOST_WEIGHTS) damaged();
  }
  weights.push(table.symbols[state] as number);
  if (weights.length > MOST_WEIGHTS) damaged();
  return weights;
}

/** The last symbol's weight isn't stored: it makes the sum a power of two. */
function huffmanTable(stored: readonly number[]): HuffmanTable {
  const share = (weight: number): number => (weight === 0 ? 0 : 1 << (weight - 1));
  const sum = stored.reduce((all, weight) => all + share(weight), 0);
  if (sum === 0) damaged();
  const bits = 32 - Math.clz32(sum);
  const rest = (1 << bits) - sum;
  if (bits > LONGEST_CODE || (rest & (rest - 1)) !== 0) damaged();
  const weights = [...stored, 32 - Math.clz32(rest)];
  const symbols = new Uint8Array(1 << bits);
  const lengths = new Uint8Array(1 << bits);
  let at = 0;
  for (let weight = 1; weight <= bits; weight++) {
    for (const [symbol, own] of weights.entries()) {
      if (own !== weight) continue;
      symbols.fill(symbol, at, at + share(weight));
      lengths.fill(bits + 1 - weight, at, at + share(weight));
      at += share(weight);
    }
  }
  return { bits, symbols, lengths };
}

/** Decodes one stream, which must hold exactly as many symbols as `into` has room for. */
export function readHuffmanStream(
  bytes: Uint8Array,
  { bits: width, symbols, lengths }: HuffmanTable,
  into: Uint8Array,
): void {
  const bits = new BackwardBits(bytes);
  for (let index = 0; index < into.length; index++) {
    const code = bits.peek(width);
    into[index] = symbols[code] as number;
    bits.left -= lengths[code] as number;
    if (bits.left < 0) damaged();
  }
  if (bits.left !== 0) damaged();
}
