// A string table (SHT_STRTAB), read once as text, so that thousands of names are slices of one string.
// The length of each name and of all names together is limited: a hostile table in which a million names overlap must
// cost no more than a normal one.

import { printableName } from "../bytes/printable.ts";
import { latin1 } from "../bytes/text.ts";

/** Longer than any name from a compiler, and than KSYM_NAME_LEN (512). */
const LONGEST_NAME = 4096;
const LARGEST_TABLE = 0x10000000;
/** The most characters in all names that are read; those of a kernel with 200,000 symbols have 5 million. */
const MOST_CHARACTERS = 1 << 25;

export class StringTable {
  readonly #bytes: Uint8Array;
  readonly #text: string;
  #left = MOST_CHARACTERS;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes.length > LARGEST_TABLE ? bytes.subarray(0, LARGEST_TABLE) : bytes;
    this.#text = latin1(this.#bytes);
  }

  /** The name at an offset, made printable; undefined if it is outside the table, too long, or past the limit. */
  at(offset: number): string | undefined {
    if (offset < 0 || offset >= this.#bytes.length) return undefined;
    const last = Math.min(this.#bytes.length, offset + LONGEST_NAME);
    let end = offset;
    while (end < last && this.#bytes[end] !== 0) end += 1;
    this.#left -= end - offset;
    return end === last || this.#left < 0
      ? undefined
      : printableName(this.#text.slice(offset, end));
  }
}
