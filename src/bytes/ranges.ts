// First-fit allocation of address ranges, for physical memory, kseg2's module space and the host's own guest buffers.
// It works on numbers only; the caller maps or clears the bytes of a range. The used ranges are a sorted list, since
// there are dozens of them, not thousands.

export interface Range {
  readonly start: number;
  readonly size: number;
}

export class RangeAllocator {
  readonly #start: number;
  readonly #end: number;
  #used: Range[] = [];

  /** Allocates from `start` (inclusive) to `end` (exclusive). */
  constructor(start: number, end: number) {
    this.#start = start;
    this.#end = end;
  }

  /**
   * Allocates the lowest free range of `size` bytes at a multiple of `alignment` (a power of two), or returns
   * undefined.
   */
  allocate(size: number, alignment: number, from = this.#start): number | undefined {
    let start = alignUp(Math.max(from, this.#start), alignment);
    for (const used of this.#used) {
      if (used.start >= start + size) break;
      if (used.start + used.size > start) start = alignUp(used.start + used.size, alignment);
    }
    return this.reserve(start, size) ? start : undefined;
  }

  /** Allocates exactly this range; false when part of it is outside or in use. */
  reserve(start: number, size: number): boolean {
    if (size <= 0 || start < this.#start || start + size > this.#end) return false;
    const index = this.#used.findIndex((used) => used.start + used.size > start);
    const next = index < 0 ? undefined : this.#used[index];
    if (next !== undefined && next.start < start + size) return false;
    this.#used.splice(index < 0 ? this.#used.length : index, 0, {
      start,
      size,
    });
    return true;
  }

  /** Frees the range that starts here; false when there is none. */
  free(start: number): boolean {
    const index = this.#used.findIndex((used) => used.start === start);
    if (index < 0) return false;
    this.#used.splice(index, 1);
    return true;
  }

  /** All used ranges in ascending order. */
  get used(): readonly Range[] {
    return this.#used;
  }

  /** Replaces the used ranges. @returns false, without a change, when these can't all be in use together. */
  replace(ranges: readonly Range[]): boolean {
    const before = this.#used;
    this.#used = [];
    if (ranges.every(({ start, size }) => this.reserve(start, size))) return true;
    this.#used = before;
    return false;
  }

  /** The used range that starts here, if there is one. */
  at(start: number): Range | undefined {
    return this.#used.find((used) => used.start === start);
  }
}

/** The next multiple of `alignment`, a power of two, without 32-bit wrapping. */
export function alignUp(value: number, alignment: number): number {
  return Math.ceil(value / alignment) * alignment;
}
