// Many short lines of text on their way to a file. Put together as strings they are garbage by the gigabyte: V8 keeps a
// small tree of each line's pieces until somebody reads it. Here pieces that come again and again are bytes, made
// once, and copied to their place; text is made of them some thousand lines at a time.

/** Characters after which it is time to take them. */
const CHUNK = 1 << 16;
const SMALLEST = 1 << 8;
const ZERO = 0x30;

export class LineBuffer {
  #bytes = new Uint8Array(SMALLEST);
  #length = 0;

  /** Whether there is enough for take(). */
  get full(): boolean {
    return this.#length >= CHUNK;
  }

  /** Appends a piece; bytesOf() makes it. */
  add(piece: Uint8Array): void {
    const { length } = piece;
    if (this.#length + length > this.#bytes.length) this.#grow(length);
    this.#bytes.set(piece, this.#length);
    this.#length += length;
  }

  /** Appends a number below 10^`count`, with zeros in front. */
  addDigits(value: number, count: number): void {
    if (this.#length + count > this.#bytes.length) this.#grow(count);
    this.#length += count;
    let rest = value | 0;
    for (let i = 1; i <= count; i += 1) {
      const tens = (rest / 10) | 0;
      this.#bytes[this.#length - i] = ZERO + rest - 10 * tens;
      rest = tens;
    }
  }

  /** What was appended since the last time, as text. */
  take(): string {
    const { buffer } = this.#bytes;
    const text = Buffer.from(buffer, 0, this.#length).toString();
    this.#length = 0;
    return text;
  }

  #grow(length: number): void {
    const grown = new Uint8Array(2 * (this.#bytes.length + length));
    grown.set(this.#bytes);
    this.#bytes = grown;
  }
}

/** A piece of text for LineBuffer. */
export function bytesOf(text: string): Uint8Array {
  return Buffer.from(text);
}
