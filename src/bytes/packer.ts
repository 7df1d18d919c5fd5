// Writes the small parts of a binary format in a byte order: numbers, texts, and texts preceded by their size. Large
// parts, such as a trace's pages, are written to the file directly.

import { ByteBuffer } from "./byte-buffer.ts";
import type { Endian } from "./endian.ts";
import { utf8Bytes } from "./text.ts";

export class Packer {
  readonly #buffer = new ByteBuffer();
  readonly #little: boolean;

  constructor(endian: Endian) {
    this.#little = endian === "little";
  }

  get length(): number {
    return this.#buffer.length;
  }

  raw(bytes: Uint8Array): this {
    this.#buffer.write(bytes);
    return this;
  }

  u8(value: number): this {
    this.#buffer.byte(value);
    return this;
  }

  u16(value: number): this {
    return this.#number(2, (view) => view.setUint16(0, value, this.#little));
  }

  u32(value: number): this {
    return this.#number(4, (view) => view.setUint32(0, value, this.#little));
  }

  u64(value: number | bigint): this {
    return this.#number(8, (view) => view.setBigUint64(0, BigInt(value), this.#little));
  }

  /** Writes a text in UTF-8, without a NUL. */
  text(text: string): this {
    return this.raw(utf8Bytes(text));
  }

  /** Writes a text in UTF-8 and a NUL. */
  string(text: string): this {
    return this.text(`${text}\0`);
  }

  /** Writes a text after its size in bytes. */
  sized(text: string, size: 4 | 8): this {
    const bytes = utf8Bytes(text);
    return (size === 4 ? this.u32(bytes.length) : this.u64(bytes.length)).raw(bytes);
  }

  bytes(): Uint8Array {
    return this.#buffer.bytes();
  }

  #number(size: number, set: (view: DataView) => void): this {
    const bytes = new Uint8Array(size);
    set(new DataView(bytes.buffer));
    return this.raw(bytes);
  }
}
