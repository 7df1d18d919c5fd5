// A kernel's bytes as they are in memory, read before their address is known: the tables inside are found by their
// structure, and the address follows from them. Words are read often, so they are converted to host order once.
//
// A kernel fits into 4 GiB of addresses, so all its pointers to itself have the same high word. Once that word is
// known, an address is represented here by its low word, for both ELF classes, and pointers with another high word are
// rejected.

import type { Endian } from "../bytes/endian.ts";
import { latin1, swapWords } from "../bytes/text.ts";

export class Image {
  readonly bytes: Uint8Array;
  readonly endian: Endian;
  /** The image's whole words, by index, in the host's order. */
  readonly words: Uint32Array;
  /** The size of a pointer in words. */
  readonly pointerWords: 1 | 2;
  /** The high word of a 64-bit kernel's addresses; 0 in a 32-bit one. */
  readonly high: number;

  /** @param high null for a 32-bit kernel. */
  constructor(bytes: Uint8Array, endian: Endian, high: number | null = null) {
    this.bytes = bytes;
    this.endian = endian;
    const copy = Uint8Array.from(bytes.subarray(0, bytes.length & ~3)); // a Buffer's slice() is no copy
    if (endian === "big") swapWords(copy);
    this.words = new Uint32Array(copy.buffer);
    this.pointerWords = high === null ? 1 : 2;
    this.high = high ?? 0;
  }

  /** The number of whole pointers in the image. */
  get pointers(): number {
    return Math.floor(this.words.length / this.pointerWords);
  }

  /** The index-th pointer's low word; 0 for NULL, and -1 for a pointer outside the kernel's 4 GiB. */
  pointer(index: number): number {
    if (this.pointerWords === 1) return this.words[index] ?? -1;
    const [low, high] = pair(this.words, index * 2, this.endian);
    return high === this.high || (high === 0 && low === 0) ? low : -1;
  }

  /** The text from an offset up to its NUL; null when the offset is outside or no NUL follows within `limit` bytes. */
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
