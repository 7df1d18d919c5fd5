// Writes numbers and names in WebAssembly's binary format (LEB128), and reads numbers back.

import { ByteBuffer } from "../../bytes/byte-buffer.ts";
import { utf8Bytes } from "../../bytes/text.ts";

export class Bytes extends ByteBuffer {
  /** An unsigned number below 2^32. */
  unsigned(value: number): void {
    let rest = value;
    while (rest >= 0x80) {
      this.byte((rest & 0x7f) | 0x80);
      rest = Math.floor(rest / 0x80);
    }
    this.byte(rest);
  }

  /** A 32-bit number, taken as signed. */
  signed(value: number): void {
    let rest = value | 0;
    while (rest < -0x40 || rest >= 0x40) {
      this.byte((rest & 0x7f) | 0x80);
      rest >>= 7;
    }
    this.byte(rest & 0x7f);
  }

  /** The part, preceded by its length. */
  sized(part: Bytes): void {
    this.unsigned(part.length);
    this.write(part.bytes());
  }

  /** A string, preceded by its length. */
  name(text: string): void {
    const bytes = utf8Bytes(text);
    this.unsigned(bytes.length);
    this.write(bytes);
  }
}

/** Reads numbers from code, never beyond its end. */
export class ByteReader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get done(): boolean {
    return this.#at >= this.#bytes.length;
  }

  byte(): number {
    const byte = this.#bytes[this.#at++];
    if (byte === undefined) throw new Error("invalid code: it ends in an instruction");
    return byte;
  }

  unsigned(): number {
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.byte();
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
    throw new Error("invalid code: a number has too many bytes");
  }

  signed(): number {
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.byte();
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return shift < 25 && byte & 0x40 ? value | (-1 << (shift + 7)) : value;
    }
    throw new Error("invalid code: a number has too many bytes");
  }
}
