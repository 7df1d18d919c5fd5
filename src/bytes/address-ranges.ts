// First-fit allocation of 64-bit guest addresses in the whole address space; ranges.ts does the same for addresses that
// are numbers. The list is linear, since there are dozens of ranges, not thousands.

import { ascending, plus } from "../address.ts";

interface AddressRange {
  readonly start: bigint;
  readonly end: bigint;
}

export class AddressRanges {
  #used: AddressRange[] = [];

  /** Allocates exactly this range; false when part of it is in use or beyond the address space. */
  reserve(start: bigint, size: number): boolean {
    const end = start + BigInt(size);
    if (end > 2n ** 64n || this.#used.some((used) => used.start < end && start < used.end)) {
      return false;
    }
    this.#used.push({ start, end });
    return true;
  }

  /**
   * Allocates the lowest free range between `from` and `end` at a multiple of `alignment`; undefined when there is
   * none.
   */
  allocate(size: number, alignment: number, from: bigint, end: bigint): bigint | undefined {
    const step = BigInt(alignment);
    const starts = [from, ...this.#used.map((used) => used.end)]
      .map((start) => ((start + step - 1n) / step) * step)
      .filter((start) => start >= from && start + BigInt(size) <= end)
      .sort(ascending);
    return starts.find((start) => this.reserve(start, size));
  }

  /** Frees the range that starts here. */
  free(start: bigint): void {
    this.#used = this.#used.filter((used) => used.start !== plus(start, 0));
  }
}
