// Zstandard, through fzstd. The library unpacks what it is told to, so this looks at the frame first
// (RFC 8878): its window must be affordable, its end is where the data given to the library ends, since a
// kernel's other bytes follow, and no block may have Huffman weights whose decoding takes no bits, which the
// library would go on with for ever.

import { Decompress } from "fzstd";
import { Misuse } from "../errors.ts";
import { LARGEST_IMAGE, type Output } from "./output.ts";

/** Block types. */
const RLE = 1;
const COMPRESSED = 2;
const RESERVED = 3;
/** Of a compressed block's literals section: its type with a Huffman table of its own, by size format. */
const OWN_TABLE = 2;
const LITERALS_HEADER = [3, 3, 4, 5] as const;
/** Smaller values of the weights' first byte are the size of their FSE form. */
const DIRECT_WEIGHTS = 128;
const LARGEST_ACCURACY = 6;

/** The number of bytes of the frame that begins here. */
function frameSize(bytes: Uint8Array): number {
  const at = (offset: number): number => {
    const byte = bytes[offset];
    if (byte === undefined) throw new Misuse("the compressed data is cut off");
    return byte;
  };
  const descriptor = at(4);
  const singleSegment = (descriptor >>> 5) & 1;
  const contentSize = [singleSegment, 2, 4, 8][descriptor >>> 6] as number;
  const dictionary = [0, 1, 2, 4][descriptor & 3] as number;
  let offset = 5 + (singleSegment === 1 ? 0 : 1) + dictionary;
  const little = (size: number): number => {
    let value = 0;
    for (let i = size - 1; i >= 0; i--) value = value * 256 + at(offset + i);
    return value;
  };
  const window =
    singleSegment === 1 ? little(contentSize) : 2 ** (10 + (at(5) >>> 3)) * (1 + (at(5) & 7) / 8);
  if (window > LARGEST_IMAGE)
    throw new Misuse("the compressed kernel needs more memory than any kernel has");
  offset += contentSize;
  for (let last = 0; last === 0; ) {
    const header = little(3);
    last = header & 1;
    const type = (header >>> 1) & 3;
    const damaged = type === RESERVED || (type === COMPRESSED && hasEndlessWeights(at, offset + 3));
    if (damaged) throw new Misuse("the compressed data is damaged");
    offset += 3 + (type === RLE ? 1 : header >>> 3);
  }
  offset += descriptor & 4; // the checksum's four bytes
  if (offset > bytes.length) throw new Misuse("the compressed data is cut off");
  return offset;
}

/**
 * Whether a block's Huffman weights are FSE-coded by a table of a single symbol (4.1.1, 4.2.1.2): each state
 * leads to itself and takes no bits. Before that symbol, others may have a probability of 0.
 */
function hasEndlessWeights(at: (offset: number) => number, block: number): boolean {
  if ((at(block) & 3) !== OWN_TABLE) return false;
  const weights = block + (LITERALS_HEADER[(at(block) >>> 2) & 3] as number);
  if (at(weights) >= DIRECT_WEIGHTS) return false;
  const accuracy = (at(weights + 1) & 15) + 5;
  if (accuracy > LARGEST_ACCURACY) return false;
  const states = 1 << accuracy;
  let bit = 8 * (weights + 1) + 4;
  const bits = (count: number): number => {
    const pair = at(bit >>> 3) | (at((bit >>> 3) + 1) << 8);
    return (pair >>> (bit & 7)) & ((1 << count) - 1);
  };
  for (;;) {
    // The value of the whole probability is all ones; that of probability 0, being small, has a bit less.
    if (bits(accuracy + 1) === 2 * states - 1) return true;
    if (bits(accuracy) !== 1) return false;
    bit += accuracy;
    let zeros = 3;
    for (; zeros === 3; bit += 2) zeros = bits(2);
  }
}

/**
 * Unpacks one Zstandard frame.
 * @throws Misuse when it is cut off or too large, the library's error when it is damaged.
 */
export function unpackZstd(bytes: Uint8Array, output: Output): void {
  const frame = bytes.subarray(0, frameSize(bytes));
  new Decompress((chunk) => output.append(chunk)).push(frame, true);
}
