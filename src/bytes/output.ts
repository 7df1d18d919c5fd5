// Where decompressors write: one growing buffer with an end. A few bytes of a hostile file can ask for
// gigabytes, so everything unpacked is counted here, and too much is an error before it is memory. The end
// is a kernel's unless told.

import { Misuse } from "../errors.ts";

/** Far more than any 32-bit MIPS kernel takes: Debian's has 16 MiB, and kseg0 512. */
export const LARGEST_IMAGE = 0x800_0000;

/** Up to so many bytes are copied faster one by one. */
const SHORT = 64;

export class Output {
  #bytes: Uint8Array;
  #length = 0;
  readonly #most: number;

  /** @param most bytes that may be written. */
  constructor(most = LARGEST_IMAGE) {
    this.#bytes = new Uint8Array(Math.min(0x10_0000, most));
    this.#most = most;
  }

  get length(): number {
    return this.#length;
  }

  /** What has been written, without copying it. */
  bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  byte(value: number): void {
    if (this.#length === this.#bytes.length) this.#grow(1);
    this.#bytes[this.#length++] = value;
  }

  /** Appends bytes, or a piece of them. */
  append(chunk: Uint8Array, from = 0, to = chunk.length): void {
    const length = to - from;
    if (this.#length + length > this.#bytes.length) this.#grow(length);
    const bytes = this.#bytes;
    const at = this.#length;
    this.#length += length;
    if (length > SHORT) bytes.set(chunk.subarray(from, to), at);
    else
      for (let index = 0; index < length; index++)
        bytes[at + index] = chunk[from + index] as number;
  }

  /** The byte that was written `distance` bytes ago; 0 before the first. */
  ago(distance: number): number {
    return this.#bytes[this.#length - distance] ?? 0;
  }

  /** Repeats `length` bytes from `distance` ago, which may overlap what they make. */
  repeat(distance: number, length: number): void {
    if (distance < 1 || distance > this.#length) throw new Misuse("the compressed data is damaged");
    if (this.#length + length > this.#bytes.length) this.#grow(length);
    const bytes = this.#bytes;
    let at = this.#length;
    this.#length += length;
    if (distance >= length && length > SHORT)
      bytes.copyWithin(at, at - distance, at - distance + length);
    else for (; at < this.#length; at++) bytes[at] = bytes[at - distance] as number;
  }

  #grow(by: number): void {
    const needed = this.#length + by;
    if (needed > this.#most) {
      const most = this.#most < 1 << 20 ? `${this.#most} bytes` : `${this.#most >>> 20} MiB`;
      throw new Misuse(`the compressed data unpacks to more than ${most}`);
    }
    const grown = new Uint8Array(Math.min(this.#most, Math.max(needed, this.#bytes.length * 2)));
    grown.set(this.bytes());
    this.#bytes = grown;
  }
}
