// Zstandard, through fzstd. The library unpacks what it is told to, so this looks at the frame first
// (RFC 8878): its window must be affordable, and its end is where the data given to the library ends, since
// a kernel's other bytes follow.

import { Decompress } from "fzstd";
import { Misuse } from "../errors.ts";
import { LARGEST_IMAGE, type Output } from "./output.ts";

/** Block types. */
const RLE = 1;
const RESERVED = 3;

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
    if (type === RESERVED) throw new Misuse("the compressed data is damaged");
    offset += 3 + (type === RLE ? 1 : header >>> 3);
  }
  offset += descriptor & 4; // the checksum's four bytes
  if (offset > bytes.length) throw new Misuse("the compressed data is cut off");
  return offset;
}

/**
 * Unpacks one Zstandard frame.
 * @throws Misuse when it is cut off or too large, the library's error when it is damaged.
 */
export function unpackZstd(bytes: Uint8Array, output: Output): void {
  const frame = bytes.subarray(0, frameSize(bytes));
  new Decompress((chunk) => output.append(chunk)).push(frame, true);
}
