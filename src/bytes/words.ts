// Reads and writes numbers in bytes, in a given byte order. Reading past the end throws a Refusal. Readers of tables
// check sizes first and have more precise errors; this check catches what they miss.

import { Refusal } from "../errors.ts";
import type { Endian } from "./endian.ts";
import { latin1 } from "./text.ts";

export class Words {
  readonly bytes: Uint8Array;
  readonly #view: DataView;
  readonly #little: boolean;

  constructor(bytes: Uint8Array, endian: Endian) {
    this.bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#little = endian === "little";
  }

  /** Whether the byte order is little-endian. */
  get little(): boolean {
    return this.#little;
  }

  /** The size in bytes. */
  get size(): number {
    return this.bytes.length;
  }

  u8(offset: number): number {
    this.#check(offset, 1);
    return this.#view.getUint8(offset);
  }

  u16(offset: number): number {
    this.#check(offset, 2);
    return this.#view.getUint16(offset, this.#little);
  }

  u32(offset: number): number {
    this.#check(offset, 4);
    return this.#view.getUint32(offset, this.#little);
  }

  u64(offset: number): bigint {
    this.#check(offset, 8);
    return this.#view.getBigUint64(offset, this.#little);
  }

  /** 64 bits as a number: exact below 2⁵³; larger values stay at least 2⁵³. */
  size64(offset: number): number {
    this.#check(offset, 8);
    const [high, low] = this.#little ? [offset + 4, offset] : [offset, offset + 4];
    return this.u32(high) * 2 ** 32 + this.u32(low);
  }

  setU64(offset: number, value: bigint): void {
    this.#check(offset, 8);
    this.#view.setBigUint64(offset, value, this.#little);
  }

  setU16(offset: number, value: number): void {
    this.#check(offset, 2);
    this.#view.setUint16(offset, value, this.#little);
  }

  setU32(offset: number, value: number): void {
    this.#check(offset, 4);
    this.#view.setUint32(offset, value, this.#little);
  }

  /** The bytes up to the next NUL, or to `limit` bytes or the end, as Latin-1. */
  string(offset: number, limit = this.size): string {
    this.#check(offset, 0);
    const end = Math.min(this.size, offset + limit);
    const nul = this.bytes.subarray(offset, end).indexOf(0);
    return latin1(this.bytes.subarray(offset, nul < 0 ? end : offset + nul));
  }

  #check(offset: number, size: number): void {
    if (offset >= 0 && offset + size <= this.size) return;
    throw new Refusal({
      errno: "ENOEXEC",
      dmesg: [],
      explanation: `the file is damaged: ${size} bytes at offset ${offset} of a part that has ${this.size}`,
    });
  }
}
