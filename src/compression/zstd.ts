// Unpacks Zstandard (RFC 8878), for kernels, modules and traces: a frame of blocks, each with literals and with
// sequences that say how literals and repetitions alternate. Own code because the decoder on npm doesn't limit a
// block's output (26 bytes keep it busy for seconds, some more for hours), reads before the start of its data, and
// copies its window for each block. Here no block produces more than the format allows.

import { Misuse } from "../errors.ts";
import { UNPACKED_BYTES } from "../limits.ts";
import type { Output } from "./output.ts";
import {
  BackwardBits,
  damaged,
  type FseTable,
  fseTable,
  type HuffmanTable,
  nextState,
  readFseTable,
  readHuffmanStream,
  readHuffmanTable,
  singleSymbol,
} from "./zstd-entropy.ts";

const MAGIC_SIZE = 4;
/** Bits of the frame header's descriptor. */
const SINGLE_SEGMENT = 0x20;
const RESERVED_BIT = 0x08;
const CHECKSUM = 0x04;
const DICTIONARY_ID = 0x03;
/** The most bytes that a block produces. */
const LARGEST_BLOCK = 1 << 17;
/** Block types. */
const RAW = 0;
const RLE = 1;
const COMPRESSED = 2;
/** Types of literals besides RAW and RLE: with a table of their own, and with the previous table. */
const OWN_TABLE = 2;

/** How one of a sequence's three numbers is coded. */
interface Coding {
  readonly accuracy: number;
  readonly symbol: number;
  readonly usual: FseTable;
}

const run = (count: number, value: number): number[] => new Array<number>(count).fill(value);

/** 3.1.1.3.2.2: the largest accuracies and symbols, and the predefined tables. */
const LITERAL_LENGTHS: Coding = {
  accuracy: 9,
  symbol: 35,
  usual: fseTable(6, [
    4,
    3,
    ...run(11, 2),
    1,
    1,
    1,
    ...run(9, 2),
    3,
    2,
    ...run(5, 1),
    ...run(4, -1),
  ]),
};
const OFFSETS: Coding = {
  accuracy: 8,
  symbol: 31,
  usual: fseTable(5, [...run(6, 1), 2, 2, 2, ...run(15, 1), ...run(5, -1)]),
};
const MATCH_LENGTHS: Coding = {
  accuracy: 9,
  symbol: 52,
  usual: fseTable(6, [1, 4, 3, ...run(6, 2), ...run(37, 1), ...run(7, -1)]),
};

/** For each code, the number of extra bits that follow it, and the base to which they are added. */
interface Codes {
  readonly bits: readonly number[];
  readonly bases: readonly number[];
}

function codes(start: number, bits: readonly number[]): Codes {
  let base = start;
  const bases = bits.map((count) => {
    const own = base;
    base += 1 << count;
    return own;
  });
  return { bits, bases };
}

const LITERAL_CODES = codes(0, [
  ...run(16, 0),
  ...[1, 1, 1, 1, 2, 2, 3, 3, 4, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16],
]);
const MATCH_CODES = codes(3, [
  ...run(32, 0),
  ...[1, 1, 1, 1, 2, 2, 3, 3, 4, 4, 5, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16],
]);

/**
 * Unpacks one Zstandard frame; bytes after it are ignored.
 * @throws Misuse when it is damaged, cut off or too large, or needs a dictionary.
 */
export function unpackZstd(bytes: Uint8Array, output: Output): void {
  new Frame(bytes, output).unpack();
}

/** The magic numbers of a frame, and of skippable frames, whose low 4 bits may vary. */
const FRAME_MAGIC = 0xfd2f_b528;
const SKIPPABLE_MAGIC = 0x184d_2a50;

/** Whether a skippable frame begins here; a file may begin with one. */
export function isSkippableFrame(bytes: Uint8Array): boolean {
  return bytes.length >= 8 && (wordAt(bytes, 0) & 0xffff_fff0) >>> 0 === SKIPPABLE_MAGIC;
}

function wordAt(bytes: Uint8Array, at: number): number {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length).getUint32(at, true);
}

/**
 * Unpacks a whole file: one frame after the other, without the skippable ones.
 * @throws Misuse as unpackZstd() does, and for other data after a frame.
 */
export function unpackZstdFrames(bytes: Uint8Array, output: Output): void {
  for (let at = 0; at < bytes.length; ) {
    const rest = bytes.subarray(at);
    if (isSkippableFrame(rest)) {
      at += 8 + wordAt(rest, 4);
      if (at > bytes.length) throw new Misuse("the compressed data is cut off");
    } else {
      if (rest.length < 8 || wordAt(rest, 0) !== FRAME_MAGIC) damaged();
      at += new Frame(rest, output).unpack();
    }
  }
}

class Frame {
  readonly #bytes: Uint8Array;
  readonly #output: Output;
  #at = MAGIC_SIZE;
  /** Tables and distances that later blocks may reuse. */
  #huffman: HuffmanTable | undefined;
  #literalLengths: FseTable | undefined;
  #offsets: FseTable | undefined;
  #matchLengths: FseTable | undefined;
  readonly #recent: [number, number, number] = [1, 4, 8];

  constructor(bytes: Uint8Array, output: Output) {
    this.#bytes = bytes;
    this.#output = output;
  }

  /** @returns the size of the frame in bytes. */
  unpack(): number {
    const descriptor = this.#number(1);
    const start = this.#output.length;
    const stated = this.#header(descriptor);
    for (let last = false; !last; ) {
      const header = this.#number(3);
      last = (header & 1) === 1;
      this.#block((header >>> 1) & 3, header >>> 3);
    }
    if ((descriptor & CHECKSUM) !== 0) this.#take(4);
    if (stated !== null && this.#output.length - start !== stated) damaged();
    return this.#at;
  }

  /** @returns the size of the content, if the frame states it. */
  #header(descriptor: number): number | null {
    if ((descriptor & RESERVED_BIT) !== 0) damaged();
    const single = (descriptor & SINGLE_SEGMENT) !== 0;
    const log = single ? 0 : this.#number(1);
    if ((descriptor & DICTIONARY_ID) !== 0) {
      const size = [0, 1, 2, 4][descriptor & DICTIONARY_ID] as number;
      if (this.#number(size) !== 0) throw new Misuse("the compressed data wants a dictionary");
    }
    const sizeBytes = [single ? 1 : 0, 2, 4, 8][descriptor >>> 6] as number;
    const content = sizeBytes === 0 ? null : this.#number(sizeBytes) + (sizeBytes === 2 ? 256 : 0);
    const window = single ? (content ?? 0) : 2 ** (10 + (log >>> 3)) * (1 + (log & 7) / 8);
    if (window > UNPACKED_BYTES)
      throw new Misuse("the compressed kernel needs more memory than any kernel has");
    return content;
  }

  #block(type: number, size: number): void {
    if (size > LARGEST_BLOCK) damaged();
    if (type === RAW) this.#output.write(this.#take(size));
    else if (type === RLE) {
      const value = this.#number(1);
      if (size === 0) return;
      this.#output.byte(value);
      this.#output.repeat(1, size - 1);
    } else if (type === COMPRESSED) this.#compressed(this.#take(size));
    else damaged();
  }

  #compressed(block: Uint8Array): void {
    const { literals, size } = this.#literals(block);
    const rest = block.subarray(size);
    const [first = damaged()] = rest;
    const at = (index: number): number => rest[index] ?? damaged();
    if (first === 0) {
      if (rest.length > 1) damaged();
      this.#output.write(literals);
    } else if (first < 128) this.#sequences(rest.subarray(1), first, literals);
    else if (first < 255) {
      this.#sequences(rest.subarray(2), ((first - 128) << 8) | at(1), literals);
    } else {
      this.#sequences(rest.subarray(3), (at(1) | (at(2) << 8)) + 0x7f00, literals);
    }
  }

  /** Decodes the literals section (3.1.1.3.1). @returns the literals, and the size of the section. */
  #literals(block: Uint8Array): { literals: Uint8Array; size: number } {
    const at = (index: number): number => block[index] ?? damaged();
    const first = at(0);
    const type = first & 3;
    const format = (first >>> 2) & 3;
    if (type < OWN_TABLE) {
      const long = format & 1;
      const header = long === 0 ? 1 : 2 + (format >>> 1);
      let made = long === 0 ? first >>> 3 : (first >>> 4) | (at(1) << 4);
      if (header === 3) made |= at(2) << 12;
      if (made > LARGEST_BLOCK) damaged();
      const size = header + (type === RAW ? made : 1);
      if (size > block.length) damaged();
      if (type === RAW) return { literals: block.subarray(header, size), size };
      return { literals: new Uint8Array(made).fill(at(header)), size };
    }
    // Two sizes of `width` bits each follow the first four bits.
    const width = [10, 10, 14, 18][format] as number;
    const header = (4 + 2 * width) >>> 3;
    let bits = 0;
    for (let index = header - 1; index >= 0; index--) bits = bits * 256 + at(index);
    bits = Math.floor(bits / 16);
    const made = bits % 2 ** width;
    const size = header + Math.floor(bits / 2 ** width);
    if (made > LARGEST_BLOCK || size > block.length) damaged();
    const literals = new Uint8Array(made);
    this.#huffmanLiterals(block.subarray(header, size), type === OWN_TABLE, format > 0, literals);
    return { literals, size };
  }

  #huffmanLiterals(bytes: Uint8Array, own: boolean, four: boolean, into: Uint8Array): void {
    let streams = bytes;
    if (own) {
      const { table, size } = readHuffmanTable(bytes);
      this.#huffman = table;
      streams = bytes.subarray(size);
    }
    const table = this.#huffman ?? damaged();
    if (!four) {
      readHuffmanStream(streams, table, into);
      return;
    }
    // The sizes of all streams except the last: three numbers.
    const part = (into.length + 3) >>> 2;
    if (streams.length < 6 || 3 * part > into.length) damaged();
    let at = 6;
    for (let index = 0; index < 4; index++) {
      const size = (streams[2 * index] as number) | ((streams[2 * index + 1] as number) << 8);
      const end = index === 3 ? streams.length : at + size;
      if (end > streams.length) damaged();
      const room = into.subarray(index * part, index === 3 ? into.length : (index + 1) * part);
      readHuffmanStream(streams.subarray(at, end), table, room);
      at = end;
    }
  }

  /** Decodes the sequences section after its count (3.1.1.3.2), and executes the sequences (3.1.1.4). */
  #sequences(bytes: Uint8Array, count: number, literals: Uint8Array): void {
    const modes = bytes[0] ?? damaged();
    if ((modes & 3) !== 0) damaged();
    let at = 1;
    const tableOf = (mode: number, coding: Coding, last: FseTable | undefined): FseTable => {
      if (mode === 0) return coding.usual;
      if (mode === 3) return last ?? damaged();
      if (mode === 1) {
        const symbol = bytes[at++] ?? damaged();
        return symbol > coding.symbol ? damaged() : singleSymbol(symbol);
      }
      const { table, size } = readFseTable(bytes.subarray(at), coding);
      at += size;
      return table;
    };
    const lengths = tableOf(modes >>> 6, LITERAL_LENGTHS, this.#literalLengths);
    const offsets = tableOf((modes >>> 4) & 3, OFFSETS, this.#offsets);
    const matches = tableOf((modes >>> 2) & 3, MATCH_LENGTHS, this.#matchLengths);
    [this.#literalLengths, this.#offsets, this.#matchLengths] = [lengths, offsets, matches];

    const bits = new BackwardBits(bytes.subarray(at));
    let lengthState = bits.read(lengths.accuracy);
    let offsetState = bits.read(offsets.accuracy);
    let matchState = bits.read(matches.accuracy);
    let used = 0;
    let made = 0;
    for (let left = count; left > 0; left--) {
      const offset = offsetValue(bits, offsets.symbols[offsetState] as number);
      const match = value(bits, MATCH_CODES, matches.symbols[matchState] as number);
      const length = value(bits, LITERAL_CODES, lengths.symbols[lengthState] as number);
      if (left > 1) {
        lengthState = nextState(lengths, lengthState, bits);
        matchState = nextState(matches, matchState, bits);
        offsetState = nextState(offsets, offsetState, bits);
      }
      made += length + match;
      if (bits.left < 0 || used + length > literals.length || made > LARGEST_BLOCK) damaged();
      this.#output.write(literals, used, used + length);
      used += length;
      this.#output.repeat(this.#distance(offset, length === 0), match);
    }
    if (bits.left !== 0 || made + literals.length - used > LARGEST_BLOCK) damaged();
    this.#output.write(literals, used);
  }

  /** The distance for an offset's value; updates the three most recent distances (3.1.1.5). */
  #distance(offset: number, withoutLiterals: boolean): number {
    const recent = this.#recent;
    const [first, second, third] = recent;
    const which = offset > 3 ? offset : offset - (withoutLiterals ? 0 : 1);
    if (which === 0) return first;
    recent[0] = offset > 3 ? offset - 3 : which === 1 ? second : which === 2 ? third : first - 1;
    recent[1] = first;
    if (which > 1) recent[2] = second;
    return recent[0];
  }

  #take(size: number): Uint8Array {
    if (size > this.#bytes.length - this.#at) throw new Misuse("the compressed data is cut off");
    this.#at += size;
    return this.#bytes.subarray(this.#at - size, this.#at);
  }

  /** Reads a number of `size` bytes, the lowest first. */
  #number(size: number): number {
    return this.#take(size).reduceRight((number, byte) => number * 256 + byte, 0);
  }
}

/** A code's base plus the extra bits that follow. */
function value(bits: BackwardBits, { bits: counts, bases }: Codes, code: number): number {
  const count = counts[code] ?? damaged();
  return (bases[code] as number) + (count === 0 ? 0 : bits.read(count));
}

/** An offset's code is the number of bits below its highest one. More than 16 need two reads. */
function offsetValue(bits: BackwardBits, code: number): number {
  const least = (1 << code) >>> 0;
  if (code <= 16) return least + bits.read(code);
  const high = bits.read(code - 16);
  return least + high * 0x10000 + bits.read(16);
}
