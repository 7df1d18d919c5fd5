// A running kernel's memory at its own addresses, for readers of its structures. Reading changes nothing in the guest.
// The content is the guest's, so every reader gives a bound and accepts that there is nothing. Pages that were found are
// kept: an object is valid only until the guest runs again.

import { KSEG0, KSEG2, PAGE_SIZE } from "../../assembly/shared/memory-map.ts";
import { joined, latin1 } from "../bytes/text.ts";
import { Words } from "../bytes/words.ts";
import type { Processor } from "../processor/processor.ts";
import { physicalByRefill } from "../processor/refill.ts";

export class GuestMemory {
  readonly #processor: Processor;
  /** Physical addresses of mapped pages; undefined for a page that isn't mapped. */
  readonly #pages = new Map<number, number | undefined>();

  constructor(processor: Processor) {
    this.#processor = processor;
  }

  /** A copy of `size` bytes in the guest's byte order; undefined when some of them aren't mapped to RAM. */
  bytes(address: number, size: number): Uint8Array | undefined {
    const parts: Uint8Array[] = [];
    for (let at = address, left = size; left > 0; ) {
      const part = Math.min(left, PAGE_SIZE - (at % PAGE_SIZE));
      const physical = this.#physical(at);
      if (physical === undefined || physical + part > this.#processor.ramSize) return undefined;
      parts.push(this.#processor.readBytes(physical, part));
      at += part;
      left -= part;
    }
    return joined(parts);
  }

  words(address: number, size: number): Words | undefined {
    const bytes = this.bytes(address, size);
    return bytes === undefined ? undefined : new Words(bytes, this.#processor.endian);
  }

  word(address: number): number | undefined {
    return address % 4 === 0 ? this.words(address, 4)?.u32(0) : undefined;
  }

  /** The text up to a NUL, which must come within `most` bytes. */
  text(address: number, most: number): string | undefined {
    let text = "";
    for (let at = address; at < address + most; ) {
      const part = Math.min(PAGE_SIZE - (at % PAGE_SIZE), address + most - at);
      const bytes = this.bytes(at, part);
      if (bytes === undefined) return undefined;
      const end = bytes.indexOf(0);
      text += latin1(end < 0 ? bytes : bytes.subarray(0, end));
      if (end >= 0) return text;
      at += part;
    }
    return undefined;
  }

  #physical(address: number): number | undefined {
    if (address >= KSEG0 && address < KSEG2) return this.#processor.physicalOf(address, false);
    const offset = address % PAGE_SIZE;
    const page = address - offset;
    if (!this.#pages.has(page)) this.#pages.set(page, this.#find(page));
    const found = this.#pages.get(page);
    return found === undefined ? undefined : found + offset;
  }

  #find(page: number): number | undefined {
    return this.#processor.physicalOf(page, false) ?? physicalByRefill(this.#processor, page);
  }
}
