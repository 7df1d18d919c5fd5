// Reads the parts of a binary file with every step checked: a size that doesn't fit, a number that is too large, or a
// text without an end is one error with the file's name and the offset.

import { Misuse } from "../errors.ts";
import { FILE_PART_BYTES, FILE_STRING } from "../limits.ts";
import type { Endian } from "./endian.ts";
import type { ByteSource } from "./source.ts";
import { latin1 } from "./text.ts";

/** The error for a damaged file. */
export function damaged(name: string, offset: number, why: string): Misuse {
  return new Misuse(`${name} is damaged at offset ${offset}: ${why}`);
}

export class Cursor {
  at: number;
  readonly end: number;
  readonly name: string;
  readonly #source: ByteSource;
  readonly #little: boolean;

  /** @param name the file's name in errors. */
  constructor(source: ByteSource, name: string, endian: Endian, at = 0, end = source.size) {
    this.#source = source;
    this.name = name;
    this.#little = endian === "little";
    this.at = at;
    this.end = Math.min(end, source.size);
  }

  get endian(): Endian {
    return this.#little ? "little" : "big";
  }

  /** The number of bytes that are left. */
  get left(): number {
    return this.end - this.at;
  }

  /** Reads `size` bytes; they stay valid. @throws Misuse when fewer are left. */
  bytes(size: number, what: string): Uint8Array {
    if (size > this.left) {
      throw damaged(this.name, this.at, `${what} of ${size} bytes, and ${this.left} are left`);
    }
    if (size > FILE_PART_BYTES) {
      throw damaged(this.name, this.at, `${what} of ${size} bytes is more than any trace has`);
    }
    const bytes = this.#source.read(this.at, size);
    if (bytes.length < size) throw damaged(this.name, this.at, `${what} ends early`);
    this.at += size;
    return bytes;
  }

  u8(what: string): number {
    return this.#view(1, what).getUint8(0);
  }

  u16(what: string): number {
    return this.#view(2, what).getUint16(0, this.#little);
  }

  u32(what: string): number {
    return this.#view(4, what).getUint32(0, this.#little);
  }

  /** Reads a size or an offset. @throws Misuse for a value that no file can have. */
  u64(what: string): number {
    const value = this.#view(8, what).getBigUint64(0, this.#little);
    if (value > BigInt(Number.MAX_SAFE_INTEGER)) {
      throw damaged(this.name, this.at - 8, `${what} can't be ${value}`);
    }
    return Number(value);
  }

  /** Reads a text up to its NUL. */
  string(what: string): string {
    const bytes = this.#source.read(this.at, Math.min(this.left, FILE_STRING));
    const end = bytes.indexOf(0);
    if (end < 0) throw damaged(this.name, this.at, `${what} doesn't end`);
    this.at += end + 1;
    return latin1(bytes.subarray(0, end));
  }

  /** Reads a text after its size. */
  sized(size: 4 | 8, what: string): string {
    return latin1(this.bytes(size === 4 ? this.u32(what) : this.u64(what), what));
  }

  /** Reads a text that must be exactly `text`. */
  expect(text: string): void {
    const at = this.at;
    if (this.string(`'${text}'`) !== text) throw damaged(this.name, at, `'${text}' isn't there`);
  }

  #view(size: number, what: string): DataView {
    const bytes = this.bytes(size, what);
    return new DataView(bytes.buffer, bytes.byteOffset, size);
  }
}
