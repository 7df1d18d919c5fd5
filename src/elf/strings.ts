// A string table (SHT_STRTAB), read once as text, so that thousands of names are slices of one string.
// The length of each name and of all names together is limited: a hostile table in which a million names overlap must
// cost no more than a normal one.

import { printableName } from "../bytes/printable.ts";
import { latin1 } from "../bytes/text.ts";
import { ELF_NAME, ELF_NAMES_CHARACTERS, ELF_STRINGS_BYTES } from "../limits.ts";

export class StringTable {
  readonly #bytes: Uint8Array;
  readonly #text: string;
  #left = ELF_NAMES_CHARACTERS;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes.length > ELF_STRINGS_BYTES ? bytes.subarray(0, ELF_STRINGS_BYTES) : bytes;
    this.#text = latin1(this.#bytes);
  }

  /** The name at an offset, made printable; undefined if it is outside the table, too long, or past the limit. */
  at(offset: number): string | undefined {
    if (offset < 0 || offset >= this.#bytes.length) return undefined;
    const last = Math.min(this.#bytes.length, offset + ELF_NAME);
    let end = offset;
    while (end < last && this.#bytes[end] !== 0) end += 1;
    this.#left -= end - offset;
    return end === last || this.#left < 0
      ? undefined
      : printableName(this.#text.slice(offset, end));
  }
}
