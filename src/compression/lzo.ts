// LZO in lzop's container, for kernels in CONFIG_KERNEL_LZO's form (`lzop -9`): a header, then blocks that are
// compressed each by itself, with their sizes and checksums. Own code because no library on npm reads the container.
// The bytes of LZO1X are those that Linux's Documentation/staging/lzo.rst describes.

import { Misuse } from "../errors.ts";
import { crc32 } from "./crc.ts";
import type { Output } from "./output.ts";

const MAGIC_SIZE = 9;
/** The oldest version of lzop whose files have this header; older ones have no level. */
const OLDEST_VERSION = 0x0940;
/** LZO1X-1, LZO1X-1(15) and LZO1X-999 differ in how they compress only. */
const METHODS = [1, 2, 3];

const F_ADLER32_D = 0x1;
const F_ADLER32_C = 0x2;
const F_H_EXTRA_FIELD = 0x40;
const F_CRC32_D = 0x100;
const F_CRC32_C = 0x200;
const F_MULTIPART = 0x400;
const F_H_FILTER = 0x800;
const F_H_CRC32 = 0x1000;

/** No literals have gone before, or a run of at least four, which an instruction of its own copied. */
const NO_LITERALS = 0;
const LONG_RUN = 4;
/** The distance that ends a block. */
const END = 0x4000;

function damaged(): Misuse {
  return new Misuse("the compressed data is damaged");
}

function adler32(bytes: Uint8Array): number {
  let [a, b] = [1, 0];
  for (const byte of bytes) {
    a = (a + byte) % 65521;
    b = (b + a) % 65521;
  }
  return b * 65536 + a;
}

/** Bytes in their order; numbers are big-endian but for the distances of matches. */
class Reader {
  readonly #bytes: Uint8Array;
  at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  take(count: number): Uint8Array {
    if (count > this.#bytes.length - this.at) throw new Misuse("the compressed data is cut off");
    this.at += count;
    return this.#bytes.subarray(this.at - count, this.at);
  }

  u8(): number {
    const byte = this.#bytes[this.at++];
    if (byte === undefined) throw new Misuse("the compressed data is cut off");
    return byte;
  }

  u16(): number {
    return this.u8() * 256 + this.u8();
  }

  u32(): number {
    return this.u16() * 65536 + this.u16();
  }

  little16(): number {
    return this.u8() + this.u8() * 256;
  }

  /** A length of 0 goes on in the bytes that follow, up to the first that isn't 0. */
  length(field: number, most: number): number {
    if (field !== 0) return field;
    for (let length = most; ; length += 255) {
      const byte = this.u8();
      if (byte !== 0) return length + byte;
    }
  }
}

/**
 * Unpacks one file of lzop, up to the block of size 0 that ends it.
 * @throws Misuse when it is damaged, cut off or too large.
 */
export function unpackLzo(bytes: Uint8Array, output: Output): void {
  const reader = new Reader(bytes);
  const flags = readHeader(reader, bytes);
  for (;;) {
    const size = reader.u32();
    if (size === 0) return;
    const packedSize = reader.u32();
    if (packedSize > size) throw damaged();
    const checks = readChecks(reader, flags & F_ADLER32_D, flags & F_CRC32_D);
    // A block that doesn't become smaller is stored as it is, with no checksum of the packed bytes.
    const stored = packedSize === size;
    const packedChecks = stored ? [] : readChecks(reader, flags & F_ADLER32_C, flags & F_CRC32_C);
    const packed = reader.take(packedSize);
    compare(packed, packedChecks);
    const before = output.length;
    if (stored) output.write(packed);
    else unpackBlock(packed, size, output);
    compare(output.bytes().subarray(before), checks);
  }
}

interface Check {
  readonly sum: (bytes: Uint8Array) => number;
  readonly expected: number;
}

function readChecks(reader: Reader, adler: number, crc: number): Check[] {
  const sums = [...(adler ? [adler32] : []), ...(crc ? [crc32] : [])];
  return sums.map((sum) => ({ sum, expected: reader.u32() }));
}

function compare(bytes: Uint8Array, checks: readonly Check[]): void {
  if (checks.some(({ sum, expected }) => sum(bytes) !== expected)) throw damaged();
}

/** @returns the header's flags. */
function readHeader(reader: Reader, bytes: Uint8Array): number {
  reader.take(MAGIC_SIZE);
  const version = reader.u16();
  reader.take(2); // the library's version
  reader.take(2); // the oldest version that reads the file
  const method = reader.u8();
  reader.take(1); // the level
  const flags = reader.u32();
  if (version < OLDEST_VERSION || !METHODS.includes(method)) throw damaged();
  if ((flags & (F_H_FILTER | F_H_EXTRA_FIELD | F_MULTIPART)) !== 0)
    throw new Misuse(
      "the file has a filter, parts or extra fields of lzop, which Linux doesn't read",
    );
  reader.take(12); // the file's mode, then its time in two words
  reader.take(reader.u8()); // its name
  const header = bytes.subarray(MAGIC_SIZE, reader.at);
  const sum = (flags & F_H_CRC32) !== 0 ? crc32 : adler32;
  if (reader.u32() !== sum(header)) throw damaged();
  return flags;
}

/** A block: instructions, each a match in what came before or a long run of literals, up to the one that ends it. */
function unpackBlock(block: Uint8Array, size: number, output: Output): void {
  const reader = new Reader(block);
  const start = output.length;
  const room = (count: number): void => {
    if (count > size - (output.length - start)) throw damaged();
  };
  const literals = (count: number): void => {
    room(count);
    output.write(reader.take(count));
  };
  const match = (distance: number, length: number): void => {
    room(length);
    // A block's matches reach no other block.
    if (distance > output.length - start) throw damaged();
    output.repeat(distance, length);
  };

  /** How many literals the last instruction copied behind its match, up to 3. */
  let state = NO_LITERALS;
  // The first byte of a block that begins with literals gives their number.
  if ((block[0] ?? 0) > 17) {
    const count = reader.u8() - 17;
    literals(count);
    state = Math.min(count, LONG_RUN);
  }
  for (;;) {
    const word = reader.u8();
    let trailing = word & 3;
    if (word >= 0x40) {
      const length = word >= 0x80 ? 5 + ((word >> 5) & 3) : 3 + ((word >> 5) & 1);
      match(reader.u8() * 8 + ((word >> 2) & 7) + 1, length);
    } else if (word >= 0x20) {
      const length = 2 + reader.length(word & 31, 31);
      const field = reader.little16();
      match((field >> 2) + 1, length);
      trailing = field & 3;
    } else if (word >= 0x10) {
      const length = 2 + reader.length(word & 7, 7);
      const field = reader.little16();
      const distance = END + ((word & 8) << 11) + (field >> 2);
      if (distance === END) break;
      match(distance, length);
      trailing = field & 3;
    } else if (state === NO_LITERALS) {
      literals(3 + reader.length(word, 15));
      state = LONG_RUN;
      continue;
    } else {
      const distance = reader.u8() * 4 + (word >> 2) + 1;
      if (state === LONG_RUN) match(distance + 2048, 3);
      else match(distance, 2);
    }
    literals(trailing);
    state = trailing;
  }
  if (reader.at !== block.length || output.length - start !== size) throw damaged();
}
