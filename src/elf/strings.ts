// A string table (SHT_STRTAB), read once as text, so that thousands of names are slices of one string.
// Names are bounded: a hostile table in which a million names overlap must cost no more than its size.

import { latin1 } from "./words.ts";

/** Longer than any name a compiler makes, KSYM_NAME_LEN (512) included. */
const LONGEST_NAME = 4096;
const LARGEST_TABLE = 0x10000000;

export class StringTable {
  readonly #bytes: Uint8Array;
  readonly #text: string;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes.length > LARGEST_TABLE ? bytes.subarray(0, LARGEST_TABLE) : bytes;
    this.#text = latin1(this.#bytes);
  }

  /** The name at an offset, or undefined when it starts outside the table or has no end in reach. */
  at(offset: number): string | undefined {
    if (offset >= this.#bytes.length) return undefined;
    const end = this.#bytes.subarray(offset, offset + LONGEST_NAME).indexOf(0);
    return end < 0 ? undefined : this.#text.slice(offset, offset + end);
  }
}
