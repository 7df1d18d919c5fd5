// First-fit allocation of 64-bit guest addresses in the whole address space; ranges.ts does the same for addresses that
// are numbers. The free ranges are a sorted list, with no two that touch: a module with a hundred thousand missing
// imports makes as many allocations, which mostly follow one another, so that the list has few elements.

import { lastAtOrBelowBy } from "../ordered-list.ts";

interface AddressRange {
  readonly start: bigint;
  readonly end: bigint;
}

export class AddressRanges {
  readonly #free: AddressRange[] = [{ start: 0n, end: 2n ** 64n }];
  /** The end of each allocated range, by its start. */
  readonly #used = new Map<bigint, bigint>();

  /** Allocates exactly this range; false when part of it is in use or beyond the address space. */
  reserve(start: bigint, size: number): boolean {
    const index = this.#lastAtOrBelow(start);
    const free = this.#free[index];
    const end = start + BigInt(size);
    if (size <= 0 || free === undefined || end > free.end) return false;
    this.#free.splice(index, 1);
    if (end < free.end) this.#free.splice(index, 0, { start: end, end: free.end });
    if (free.start < start) this.#free.splice(index, 0, { start: free.start, end: start });
    this.#used.set(start, end);
    return true;
  }

  /**
   * Allocates the lowest free range between `from` and `end` at a multiple of `alignment`; undefined when there is
   * none.
   */
  allocate(size: number, alignment: number, from: bigint, end: bigint): bigint | undefined {
    const step = BigInt(alignment);
    for (let index = Math.max(this.#lastAtOrBelow(from), 0); index < this.#free.length; index++) {
      const free = this.#free[index] as AddressRange;
      const lowest = free.start > from ? free.start : from;
      const start = ((lowest + step - 1n) / step) * step;
      if (start + BigInt(size) > end) return undefined;
      if (this.reserve(start, size)) return start;
    }
    return undefined;
  }

  /** Frees the range that starts here. */
  free(start: bigint): void {
    const end = this.#used.get(start);
    if (end === undefined) return;
    this.#used.delete(start);
    const index = this.#lastAtOrBelow(start);
    const before = this.#free[index];
    const after = this.#free[index + 1];
    const joinsBefore = before?.end === start;
    const joinsAfter = after?.start === end;
    this.#free.splice(joinsBefore ? index : index + 1, Number(joinsBefore) + Number(joinsAfter), {
      start: joinsBefore ? before.start : start,
      end: joinsAfter ? after.end : end,
    });
  }

  #lastAtOrBelow(address: bigint): number {
    return lastAtOrBelowBy(this.#free, ({ start }) => start, address);
  }
}
