// Reads one record's bytes for a print fmt: numbers of 1 to 8 bytes at an offset, strings, and the arrays that
// __data_loc and __rel_loc fields point to. Nothing is read outside the record: missing bytes are 0 or empty.

import { printable } from "../../bytes/printable.ts";
import { utf8 } from "../../bytes/text.ts";
import type { EventField } from "./event-format.ts";

/** A record within its page. */
export interface RecordBytes {
  readonly view: DataView;
  readonly at: number;
  readonly size: number;
}

export interface Span {
  readonly offset: number;
  readonly length: number;
}

export class RecordView {
  readonly little: boolean;
  readonly longSize: number;
  #bytes: RecordBytes = { view: new DataView(new ArrayBuffer(0)), at: 0, size: 0 };

  constructor(little: boolean, longSize: number) {
    this.little = little;
    this.longSize = longSize;
  }

  /** Selects the record to read. */
  look(bytes: RecordBytes): this {
    this.#bytes = bytes;
    return this;
  }

  get size(): number {
    return this.#bytes.size;
  }

  /** An unsigned number of 1, 2, 4 or 8 bytes. */
  number(offset: number, size: number): bigint {
    const { view, at, size: all } = this.#bytes;
    if (offset < 0 || offset + size > all) return 0n;
    switch (size) {
      case 1:
        return BigInt(view.getUint8(at + offset));
      case 2:
        return BigInt(view.getUint16(at + offset, this.little));
      case 4:
        return BigInt(view.getUint32(at + offset, this.little));
      case 8:
        return view.getBigUint64(at + offset, this.little);
      default:
        return 0n;
    }
  }

  /** At most `length` bytes, cut at the record's end. */
  bytes(offset: number, length: number): Uint8Array {
    const { view, at, size } = this.#bytes;
    const from = Math.min(Math.max(0, offset), size);
    const to = Math.min(size, from + Math.max(0, length));
    return new Uint8Array(view.buffer, view.byteOffset + at + from, to - from);
  }

  /** The UTF-8 text up to a NUL, at most `length` bytes, without the line end that a marker has. */
  text(offset: number, length: number): string {
    const bytes = this.bytes(offset, length);
    const end = bytes.indexOf(0);
    const text = utf8(end < 0 ? bytes : bytes.subarray(0, end));
    return printable(text.endsWith("\n") ? text.slice(0, -1) : text);
  }

  /** Where a field's array is: for __data_loc counted from the record's start, for __rel_loc from the field's end. */
  array({ type, offset, size }: EventField): Span {
    const word = Number(this.number(offset, 4));
    const [from, length] = [word & 0xffff, word >>> 16];
    if (type.startsWith("__rel_loc")) return { offset: from + offset + 4, length };
    if (type.startsWith("__data_loc")) return { offset: from, length };
    // A flexible array at the record's end has no stated size.
    return { offset, length: size === 0 ? this.size - offset : size };
  }
}
