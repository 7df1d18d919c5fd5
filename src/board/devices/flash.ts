// Memory without a program: Malta's flash, erased, and the boot ROM, which holds the board's revision. The host loads
// the kernel into RAM, so no code is fetched from here. Writes are ignored.

import type { Device } from "../device.ts";

const ERASED = 0xff;

export class Flash implements Device {
  readonly #words: ReadonlyMap<number, number>;

  /** @param words the 32-bit words that are not erased, by offset. */
  constructor(words: ReadonlyMap<number, number> = new Map()) {
    this.#words = words;
  }

  read(offset: number, size: number): number {
    const word = size === 4 ? this.#words.get(offset) : undefined;
    return word ?? Number.parseInt(ERASED.toString(16).repeat(size), 16);
  }

  write(): void {
    // Real flash needs commands before data; this one ignores commands.
  }
}
