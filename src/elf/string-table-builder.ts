// A string table (SHT_STRTAB) that grows: a name that is already there is reused, also as the end of a longer name, as
// linkers do; others are appended. It begins with a NUL, the empty name.

import { latin1, latin1Bytes } from "../bytes/text.ts";

export class StringTableBuilder {
  #text: string;

  /** @param bytes the initial table (default: an empty one). */
  constructor(bytes: Uint8Array = new Uint8Array(1)) {
    const text = latin1(bytes);
    this.#text = text.endsWith("\0") ? text : `${text}\0`;
  }

  /** The offset of a name in Latin-1; the name is appended if it is missing. */
  add(name: string): number {
    if (name === "" && this.#text.startsWith("\0")) return 0;
    const found = this.#text.indexOf(`${name}\0`);
    if (found >= 0) return found;
    const offset = this.#text.length;
    this.#text += `${name}\0`;
    return offset;
  }

  /** The table's bytes. */
  bytes(): Uint8Array {
    return latin1Bytes(this.#text);
  }
}
