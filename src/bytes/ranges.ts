// First-fit allocation of address ranges, for physical memory, kseg2's module space and the host's own guest buffers.
// It works on numbers only; the caller maps or clears the bytes of a range. The used ranges are a sorted list. Mostly
// there are dozens, but a module with as many missing imports makes a hundred thousand: so ranges are found by halving,
// and the search for a free one begins behind those that have no gap between them.

import { lastAtOrBelowBy } from "../ordered-list.ts";

export interface Range {
  readonly start: number;
  readonly size: number;
}

export class RangeAllocator {
  readonly #start: number;
  readonly #end: number;
  #used: Range[] = [];
  /** Everything from the start up to here is in use. */
  #packed: number;

  /** Allocates from `start` (inclusive) to `end` (exclusive). */
  constructor(start: number, end: number) {
    this.#start = start;
    this.#end = end;
    this.#packed = start;
  }

  /**
   * Allocates the lowest free range of `size` bytes at a multiple of `alignment` (a power of two), or returns
   * undefined.
   */
  allocate(size: number, alignment: number, from = this.#start): number | undefined {
    let start = alignUp(Math.max(from, this.#packed), alignment);
    for (let index = this.#firstBehind(start); index < this.#used.length; index++) {
      const used = this.#used[index] as Range;
      if (used.start >= start + size) break;
      start = alignUp(used.start + used.size, alignment);
    }
    return this.reserve(start, size) ? start : undefined;
  }

  /** Allocates exactly this range; false when part of it is outside or in use. */
  reserve(start: number, size: number): boolean {
    if (size <= 0 || start < this.#start || start + size > this.#end) return false;
    const index = this.#firstBehind(start);
    const next = this.#used[index];
    if (next !== undefined && next.start < start + size) return false;
    this.#used.splice(index, 0, { start, size });
    if (start === this.#packed) this.#pack(index);
    return true;
  }

  /** Frees the range that starts here; false when there is none. */
  free(start: number): boolean {
    const index = this.#indexOf(start);
    if (index === undefined) return false;
    this.#used.splice(index, 1);
    this.#packed = Math.min(this.#packed, start);
    return true;
  }

  /** All used ranges in ascending order. */
  get used(): readonly Range[] {
    return this.#used;
  }

  /** Replaces the used ranges. @returns false, without a change, when these can't all be in use together. */
  replace(ranges: readonly Range[]): boolean {
    const used = [...ranges].sort((a, b) => a.start - b.start);
    let free = this.#start;
    for (const { start, size } of used) {
      if (!(size > 0 && start >= free && start + size <= this.#end)) return false;
      free = start + size;
    }
    this.#used = used;
    this.#packed = this.#start;
    this.#pack(0);
    return true;
  }

  /** The used range that starts here, if there is one. */
  at(start: number): Range | undefined {
    const index = this.#indexOf(start);
    return index === undefined ? undefined : this.#used[index];
  }

  /** The index of the first used range that ends behind an address. */
  #firstBehind(address: number): number {
    const index = lastAtOrBelowBy(this.#used, ({ start }) => start, address);
    const last = this.#used[index];
    return last !== undefined && last.start + last.size > address ? index : index + 1;
  }

  #indexOf(start: number): number | undefined {
    const index = lastAtOrBelowBy(this.#used, (range) => range.start, start);
    return this.#used[index]?.start === start ? index : undefined;
  }

  /** Extends what is known to have no gap over the ranges from an index on. */
  #pack(from: number): void {
    for (let index = from; this.#used[index]?.start === this.#packed; index++) {
      this.#packed += (this.#used[index] as Range).size;
    }
  }
}

/** The next multiple of `alignment`, a power of two, without 32-bit wrapping. */
export function alignUp(value: number, alignment: number): number {
  return Math.ceil(value / alignment) * alignment;
}
