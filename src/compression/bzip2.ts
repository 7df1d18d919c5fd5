// bzip2, for kernels in CONFIG_KERNEL_BZIP2's form. Own code because the decoders on npm don't bound what they make. A
// file is blocks of up to 900 KB, each: Huffman codes, move-to-front, runs of zeros, the Burrows-Wheeler transform, and
// runs of four and more. The format is that of Julian Seward's bzip2; each block's CRC is compared.

import { Misuse } from "../errors.ts";
import type { Output } from "./output.ts";

const BLOCK_MAGIC = 0x3141_5926_5359;
const END_MAGIC = 0x1772_4538_5090;
/** Symbols that a table of codes is used for before the next one is chosen. */
const GROUP = 50;
const LONGEST_CODE = 20;
const RUN_A = 0;
const RUN_B = 1;

function damaged(): Misuse {
  return new Misuse("the compressed data is damaged");
}

/** Bits, the highest of a byte first. */
class Bits {
  readonly #bytes: Uint8Array;
  #at: number;
  #held = 0;
  #count = 0;

  constructor(bytes: Uint8Array, at: number) {
    this.#bytes = bytes;
    this.#at = at;
  }

  /** At most 24 bits. */
  read(count: number): number {
    while (this.#count < count) {
      const byte = this.#bytes[this.#at++];
      if (byte === undefined) throw new Misuse("the compressed data is cut off");
      this.#held = ((this.#held << 8) | byte) & 0xffff_ffff;
      this.#count += 8;
    }
    this.#count -= count;
    const value = (this.#held >>> this.#count) & (2 ** count - 1);
    this.#held &= 2 ** this.#count - 1;
    return value;
  }

  read48(): number {
    return this.read(24) * 2 ** 24 + this.read(24);
  }

  read32(): number {
    return (this.read(16) * 65536 + this.read(16)) >>> 0;
  }
}

/** Canonical Huffman codes by their lengths. */
class Codes {
  readonly #first: number[] = [];
  readonly #count: number[] = [];
  readonly #offset: number[] = [];
  readonly #symbols: number[] = [];

  constructor(lengths: readonly number[]) {
    let code = 0;
    for (let length = 1; length <= LONGEST_CODE; length++) {
      const own = lengths.flatMap((one, symbol) => (one === length ? [symbol] : []));
      this.#first[length] = code;
      this.#count[length] = own.length;
      this.#offset[length] = this.#symbols.length;
      for (const symbol of own) this.#symbols.push(symbol);
      code = (code + own.length) * 2;
    }
  }

  read(bits: Bits): number {
    let code = 0;
    for (let length = 1; length <= LONGEST_CODE; length++) {
      code = code * 2 + bits.read(1);
      const index = code - (this.#first[length] as number);
      if (index >= 0 && index < (this.#count[length] as number))
        return this.#symbols[(this.#offset[length] as number) + index] as number;
    }
    throw damaged();
  }
}

const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte << 24;
  for (let bit = 0; bit < 8; bit++) crc = crc < 0 ? (crc << 1) ^ 0x04c1_1db7 : crc << 1;
  return crc >>> 0;
});

/**
 * Unpacks one bzip2 stream.
 * @throws Misuse when it is damaged, cut off or too large.
 */
export function unpackBzip2(bytes: Uint8Array, output: Output): void {
  const level = (bytes[3] ?? 0) - 0x30;
  if (level < 1 || level > 9) throw damaged();
  const bits = new Bits(bytes, 4);
  for (;;) {
    const magic = bits.read48();
    if (magic === END_MAGIC) return;
    if (magic !== BLOCK_MAGIC) throw damaged();
    const crc = bits.read32();
    // Randomised blocks are older than bzip2 0.9.5; nothing makes them.
    if (bits.read(1) !== 0) throw damaged();
    const before = output.length;
    readBlock(bits, level * 100_000, output);
    if (crcOf(output.bytes().subarray(before)) !== crc) throw damaged();
  }
}

function crcOf(bytes: Uint8Array): number {
  let crc = 0xffff_ffff;
  for (const byte of bytes) crc = ((crc << 8) ^ (CRC_TABLE[(crc >>> 24) ^ byte] as number)) >>> 0;
  return ~crc >>> 0;
}

function readBlock(bits: Bits, most: number, output: Output): void {
  const origin = bits.read(24);
  const alphabet = readAlphabet(bits);
  const symbols = alphabet.length + 2;
  const tableCount = bits.read(3);
  const selectorCount = bits.read(15);
  if (tableCount < 2 || tableCount > 6 || selectorCount === 0) throw damaged();
  const order = Array.from({ length: tableCount }, (_, index) => index);
  const selectors = Array.from({ length: selectorCount }, () => {
    let index = 0;
    while (bits.read(1) === 1) if (++index >= tableCount) throw damaged();
    const [table] = order.splice(index, 1);
    order.unshift(table as number);
    return table as number;
  });
  const tables = Array.from({ length: tableCount }, () => readCodes(bits, symbols));

  const block = new Uint32Array(most);
  const counts = new Uint32Array(256);
  const list = [...alphabet];
  let length = 0;
  let run = 0;
  let weight = 1;
  const flush = (): void => {
    if (run > most - length) throw damaged();
    const byte = list[0] as number;
    counts[byte] = (counts[byte] as number) + run;
    block.fill(byte, length, length + run);
    length += run;
    [run, weight] = [0, 1];
  };
  for (let read = 0; ; read++) {
    const table = tables[selectors[Math.floor(read / GROUP)] ?? -1];
    if (table === undefined) throw damaged();
    const symbol = table.read(bits);
    if (symbol === RUN_A || symbol === RUN_B) {
      if (run > most) throw damaged();
      run += weight * (symbol === RUN_A ? 1 : 2);
      weight *= 2;
      continue;
    }
    if (run > 0) flush();
    if (symbol === symbols - 1) break;
    const [byte] = list.splice(symbol - 1, 1);
    if (byte === undefined || length === most) throw damaged();
    list.unshift(byte);
    counts[byte] = (counts[byte] as number) + 1;
    block[length++] = byte;
  }
  if (origin >= length) throw damaged();
  undoTransform(block.subarray(0, length), counts, origin, output);
}

/** The bytes that are in the block, of 16 groups of 16. */
function readAlphabet(bits: Bits): number[] {
  const groups = bits.read(16);
  const alphabet: number[] = [];
  for (let group = 0; group < 16; group++) {
    if ((groups & (0x8000 >>> group)) === 0) continue;
    const used = bits.read(16);
    for (let byte = 0; byte < 16; byte++) {
      if ((used & (0x8000 >>> byte)) !== 0) alphabet.push(16 * group + byte);
    }
  }
  if (alphabet.length === 0) throw damaged();
  return alphabet;
}

/** The lengths of codes, each stored as the difference from the one before. */
function readCodes(bits: Bits, symbols: number): Codes {
  let length = bits.read(5);
  return new Codes(
    Array.from({ length: symbols }, () => {
      for (;;) {
        if (length < 1 || length > LONGEST_CODE) throw damaged();
        if (bits.read(1) === 0) return length;
        length += bits.read(1) === 0 ? 1 : -1;
      }
    }),
  );
}

/** The Burrows-Wheeler transform undone, and the runs: four equal bytes, then how many more. */
function undoTransform(
  block: Uint32Array,
  counts: Uint32Array,
  origin: number,
  output: Output,
): void {
  const starts = new Uint32Array(256);
  for (let byte = 1; byte < 256; byte++) {
    starts[byte] = (starts[byte - 1] as number) + (counts[byte - 1] as number);
  }
  // Each word holds its byte and, above it, where the byte that follows is.
  for (let at = 0; at < block.length; at++) {
    const byte = (block[at] as number) & 0xff;
    const place = starts[byte] as number;
    starts[byte] = place + 1;
    block[place] = (block[place] as number) + at * 256;
  }
  let next = (block[origin] as number) >>> 8;
  let equal = 0;
  let previous = -1;
  for (const _ of block) {
    const word = block[next] as number;
    const byte = word & 0xff;
    next = word >>> 8;
    if (equal === 4) {
      for (let more = 0; more < byte; more++) output.byte(previous);
      [equal, previous] = [0, -1];
      continue;
    }
    equal = byte === previous ? equal + 1 : 1;
    previous = byte;
    output.byte(byte);
  }
}
