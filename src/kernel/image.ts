// A kernel as it lies in memory, read before it is known where that is: the tables inside are found by
// their structure, and they tell the address. Words are read often, so they are put in host order once.
//
// A kernel lies in 4 GiB of addresses, so all its pointers to itself have one high word. Once that is known,
// addresses are the low words here, whatever the class, and pointers to elsewhere are told apart.

import type { Endian } from "../bytes/endian.ts";
import { latin1, swapWords } from "../bytes/text.ts";

export class Image {
  readonly bytes: Uint8Array;
  readonly endian: Endian;
  /** The image's whole words, by index, in the host's order. */
  readonly words: Uint32Array;
  /** Words of a pointer. */
  readonly pointerWords: 1 | 2;
  /** The high word of a 64-bit kernel's addresses; 0 in a 32-bit one. */
  readonly high: number;

  /** @param high null: the kernel has 32 bits. */
  constructor(bytes: Uint8Array, endian: Endian, high: number | null = null) {
    this.bytes = bytes;
    this.endian = endian;
    const copy = Uint8Array.from(bytes.subarray(0, bytes.length & ~3)); // a Buffer's slice() is no copy
    if (endian === "big") swapWords(copy);
    this.words = new Uint32Array(copy.buffer);
    this.pointerWords = high === null ? 1 : 2;
    this.high = high ?? 0;
  }

  /** How many pointers fit into it. */
  get pointers(): number {
    return Math.floor(this.words.length / this.pointerWords);
  }

  /** The index-th pointer's low word; 0 for NULL, and -1 for what points out of the kernel's 4 GiB. */
  pointer(index: number): number {
    if (this.pointerWords === 1) return this.words[index] ?? -1;
    const [low, high] = pair(this.words, index * 2, this.endian);
    return high === this.high || (high === 0 && low === 0) ? low : -1;
  }

  /** The text at an offset up to its NUL, or null when it starts outside or has none within `limit` bytes. */
  text(offset: number, limit: number): string | null {
    if (offset < 0 || offset >= this.bytes.length) return null;
    const end = this.bytes.subarray(offset, offset + limit).indexOf(0);
    return end < 0 ? null : latin1(this.bytes.subarray(offset, offset + end));
  }
}

/** The 64 bits at a word index; -1 beyond the image. */
export function pair(
  words: Uint32Array,
  index: number,
  endian: Endian,
): readonly [low: number, high: number] {
  const [first, second] = [words[index] ?? -1, words[index + 1] ?? -1];
  return endian === "little" ? [first, second] : [second, first];
}
