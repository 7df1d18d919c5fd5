// The one growable buffer: bytes are appended singly, in pieces, as decimal digits, or as repetitions of earlier ones.
// The classes that extend it give the bytes a meaning (text lines, WebAssembly's numbers, a trace file, unpacked data).
// A buffer can have a limit, which is checked before memory is allocated: a few bytes of a hostile file can request
// gigabytes.

import { Misuse } from "../errors.ts";
import type { Sink } from "./sink.ts";

const SMALLEST = 256;
/** For lengths up to this one, a loop copies faster than a call of set(). */
const SHORT = 64;
const ZERO = 0x30;

export class ByteBuffer implements Sink {
  #bytes: Uint8Array<ArrayBuffer>;
  #length = 0;
  readonly #most: number;

  /**
   * @param first bytes of memory to begin with. Default: 256.
   * @param most bytes that may be written. Default: no limit.
   */
  constructor(first = SMALLEST, most = Number.POSITIVE_INFINITY) {
    this.#bytes = new Uint8Array(Math.min(first, most));
    this.#most = most;
  }

  get length(): number {
    return this.#length;
  }

  /** The bytes written so far, without a copy; later writes may change the result or not. */
  bytes(): Uint8Array<ArrayBuffer> {
    return this.#bytes.subarray(0, this.#length);
  }

  byte(value: number): void {
    if (this.#length === this.#bytes.length) this.#grow(1);
    this.#bytes[this.#length++] = value;
  }

  /** Appends bytes from index `from` up to, not including, `to`. Default: all of them. */
  write(chunk: Uint8Array, from = 0, to = chunk.length): void {
    const length = to - from;
    if (this.#length + length > this.#bytes.length) this.#grow(length);
    const bytes = this.#bytes;
    const at = this.#length;
    this.#length += length;
    if (length > SHORT) bytes.set(length === chunk.length ? chunk : chunk.subarray(from, to), at);
    else
      for (let index = 0; index < length; index++)
        bytes[at + index] = chunk[from + index] as number;
  }

  /** Appends `count` decimal digits of a number below 10^`count`, with leading zeros. */
  digits(value: number, count: number): void {
    if (this.#length + count > this.#bytes.length) this.#grow(count);
    this.#length += count;
    let rest = value | 0;
    for (let i = 1; i <= count; i += 1) {
      const tens = (rest / 10) | 0;
      this.#bytes[this.#length - i] = ZERO + rest - 10 * tens;
      rest = tens;
    }
  }

  /** The byte that was written `distance` bytes ago; 0 before the first. */
  ago(distance: number): number {
    return this.#bytes[this.#length - distance] ?? 0;
  }

  /**
   * Appends `length` bytes that begin `distance` bytes ago; they may overlap what they make, as in LZ77.
   * @throws Misuse when `distance` is 0 or reaches before the first byte.
   */
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

  /** Replaces bytes that were written earlier. */
  patch(offset: number, bytes: Uint8Array): void {
    this.#bytes.set(bytes, offset);
  }

  /** Empties the buffer and keeps its memory. */
  clear(): void {
    this.#length = 0;
  }

  /** The error for writing more than `most` bytes. */
  protected tooLarge(most: number): Error {
    return new Misuse(`more than ${most} bytes are written`);
  }

  #grow(by: number): void {
    const needed = this.#length + by;
    if (needed > this.#most) throw this.tooLarge(this.#most);
    const grown = new Uint8Array(Math.min(this.#most, Math.max(needed, this.#bytes.length * 2)));
    grown.set(this.bytes());
    this.#bytes = grown;
  }
}
