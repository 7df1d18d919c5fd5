// Memory that holds no program: Malta's flash, erased, and the boot ROM, which shows the board's revision. A
// kernel is put into RAM by the host, so nothing is fetched from here, and writes are lost.

import type { Device } from "../device.ts";

const ERASED = 0xff;

export class Flash implements Device {
  readonly #words: ReadonlyMap<number, number>;

  /** @param words 32-bit words that are not erased, by offset. */
  constructor(words: ReadonlyMap<number, number> = new Map()) {
    this.#words = words;
  }

  read(offset: number, size: number): number {
    const word = size === 4 ? this.#words.get(offset) : undefined;
    return word ?? Number.parseInt(ERASED.toString(16).repeat(size), 16);
  }

  write(): void {
    // A flash takes commands before it takes data; this one takes none.
  }
}
