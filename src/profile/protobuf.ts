// The little of protobuf's encoding that pprof's profiles need: messages whose fields are numbers, texts, messages and
// packed lists of numbers (protobuf.dev, "Encoding").

import { ByteBuffer } from "../bytes/byte-buffer.ts";
import { utf8Bytes } from "../bytes/text.ts";

const VARINT = 0;
const LENGTH_DELIMITED = 2;

export class Message {
  readonly #bytes = new ByteBuffer();

  /** A number from 0 to 2^53 - 1; 0, which is the default, is left out. */
  number(field: number, value: number): this {
    if (value === 0) return this;
    this.#varint(field * 8 + VARINT);
    this.#varint(value);
    return this;
  }

  text(field: number, value: string): this {
    return this.#delimited(field, utf8Bytes(value));
  }

  message(field: number, value: Message): this {
    return this.#delimited(field, value.bytes());
  }

  numbers(field: number, values: readonly number[]): this {
    const packed = new Message();
    for (const value of values) packed.#varint(value);
    return this.#delimited(field, packed.bytes());
  }

  bytes(): Uint8Array {
    return this.#bytes.bytes();
  }

  #delimited(field: number, bytes: Uint8Array): this {
    this.#varint(field * 8 + LENGTH_DELIMITED);
    this.#varint(bytes.length);
    this.#bytes.write(bytes);
    return this;
  }

  #varint(value: number): void {
    const bytes: number[] = [];
    let left = value;
    for (; left > 0x7f; left = Math.floor(left / 0x80)) bytes.push((left % 0x80) + 0x80);
    bytes.push(left);
    this.#bytes.write(Uint8Array.from(bytes));
  }
}
