// Bytes of a binary format's small parts, gathered in a byte order: numbers, texts, and texts with their
// size in front. What is large, a trace's pages, doesn't come through here.

import type { Endian } from "./endian.ts";

export class Packer {
  readonly #parts: Uint8Array[] = [];
  readonly #little: boolean;
  #length = 0;

  constructor(endian: Endian) {
    this.#little = endian === "little";
  }

  get length(): number {
    return this.#length;
  }

  raw(bytes: Uint8Array): this {
    this.#parts.push(bytes);
    this.#length += bytes.length;
    return this;
  }

  u8(value: number): this {
    return this.raw(new Uint8Array([value]));
  }

  u16(value: number): this {
    return this.#number(2, (view) => view.setUint16(0, value, this.#little));
  }

  u32(value: number): this {
    return this.#number(4, (view) => view.setUint32(0, value, this.#little));
  }

  u64(value: number): this {
    return this.#number(8, (view) => view.setBigUint64(0, BigInt(value), this.#little));
  }

  /** UTF-8, without anything behind it. */
  text(text: string): this {
    return this.raw(Buffer.from(text));
  }

  /** A text that ends in NUL. */
  string(text: string): this {
    return this.text(`${text}\0`);
  }

  /** A text with its size in bytes before it. */
  sized(text: string, size: 4 | 8): this {
    const bytes = Buffer.from(text);
    return (size === 4 ? this.u32(bytes.length) : this.u64(bytes.length)).raw(bytes);
  }

  bytes(): Uint8Array {
    return Buffer.concat(this.#parts);
  }

  #number(size: number, set: (view: DataView) => void): this {
    const bytes = new Uint8Array(size);
    set(new DataView(bytes.buffer));
    return this.raw(bytes);
  }
}
