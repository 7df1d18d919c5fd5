// A kernel as it lies in memory, read before it is known where that is: the tables inside are found by
// their structure, and they tell the address. Words are read often, so they are put in host order once.

import type { Endian } from "../elf/object.ts";
import { latin1 } from "../elf/words.ts";

export class Image {
  readonly bytes: Uint8Array;
  readonly endian: Endian;
  /** The image's whole words, by index, in the host's order. */
  readonly words: Uint32Array;

  constructor(bytes: Uint8Array, endian: Endian) {
    this.bytes = bytes;
    this.endian = endian;
    const copy = Uint8Array.from(bytes.subarray(0, bytes.length & ~3)); // a Buffer's slice() is no copy
    if (endian === "big") Buffer.from(copy.buffer).swap32();
    this.words = new Uint32Array(copy.buffer);
  }

  /** The text at an offset up to its NUL, or null when it starts outside or has none within `limit` bytes. */
  text(offset: number, limit: number): string | null {
    if (offset < 0 || offset >= this.bytes.length) return null;
    const end = this.bytes.subarray(offset, offset + limit).indexOf(0);
    return end < 0 ? null : latin1(this.bytes.subarray(offset, offset + end));
  }
}
