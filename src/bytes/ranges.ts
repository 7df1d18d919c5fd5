// First-fit allocation of address ranges: physical memory, kseg2's module space and the host's own
// guest buffers all hand out ranges in the same way. It knows numbers only; who maps or clears the
// bytes behind a range is the caller's affair. Kept as a sorted list of used ranges, since there are
// dozens of them, not thousands.

export interface Range {
  readonly start: number;
  readonly size: number;
}

export class RangeAllocator {
  readonly #start: number;
  readonly #end: number;
  #used: Range[] = [];

  /** Hands out from `start` (inclusive) to `end` (exclusive). */
  constructor(start: number, end: number) {
    this.#start = start;
    this.#end = end;
  }

  /** The lowest free range of `size` bytes at a multiple of `alignment` (a power of two), or undefined. */
  allocate(size: number, alignment: number, from = this.#start): number | undefined {
    let start = alignUp(Math.max(from, this.#start), alignment);
    for (const used of this.#used) {
      if (used.start >= start + size) break;
      if (used.start + used.size > start) start = alignUp(used.start + used.size, alignment);
    }
    return this.reserve(start, size) ? start : undefined;
  }

  /** Takes exactly this range; false when any of it is outside or in use. */
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

  /** Gives back the range that starts here; false when none does. */
  free(start: number): boolean {
    const index = this.#used.findIndex((used) => used.start === start);
    if (index < 0) return false;
    this.#used.splice(index, 1);
    return true;
  }

  /** All that is in use, in order. */
  get used(): readonly Range[] {
    return this.#used;
  }

  /** Puts other ranges in use instead. @returns false, with nothing changed, when they can't all be. */
  replace(ranges: readonly Range[]): boolean {
    const before = this.#used;
    this.#used = [];
    if (ranges.every(({ start, size }) => this.reserve(start, size))) return true;
    this.#used = before;
    return false;
  }

  /** The range that starts here, if it is in use. */
  at(start: number): Range | undefined {
    return this.#used.find((used) => used.start === start);
  }
}

/** The next multiple of `alignment`, a power of two, without 32-bit wrapping. */
export function alignUp(value: number, alignment: number): number {
  return Math.ceil(value / alignment) * alignment;
}
