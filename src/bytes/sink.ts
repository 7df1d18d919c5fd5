// Where a format's bytes go: in order, and where a size or an offset is known only at the end, over bytes
// that are written already. A file is one (the command line's), memory another (this one).

/** What a format writes into. */
export interface Sink {
  /** Appends. The bytes may be used again afterwards. */
  write(bytes: Uint8Array): void;
  /** Replaces bytes that have been written. */
  patch(offset: number, bytes: Uint8Array): void;
}

export class MemorySink implements Sink {
  #bytes = new Uint8Array(1 << 16);
  #length = 0;

  write(bytes: Uint8Array): void {
    const needed = this.#length + bytes.length;
    if (needed > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(needed, this.#bytes.length * 2));
      grown.set(this.bytes());
      this.#bytes = grown;
    }
    this.#bytes.set(bytes, this.#length);
    this.#length = needed;
  }

  patch(offset: number, bytes: Uint8Array): void {
    this.#bytes.set(bytes, offset);
  }

  /** What has been written, without copying it. */
  bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }
}
