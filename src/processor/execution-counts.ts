// The exact counts of executed instructions, by guest address: what the core's cells and the translator's blocks have
// counted (assembly/shared/execution-counts.ts), added up in double precision. The sum of all counts is the number of
// instructions that the processor completed while it counted. Which code the addresses belong to is up to the reader.

import {
  CELL_PAGE_SIZE,
  CELL_PAGES,
  CELL_SIZE,
  COUNT_CELLS_USED,
  COUNT_LOST,
} from "../../assembly/shared/execution-counts.ts";
import { COUNT_CELLS, COUNT_TABLE, PAGE_SIZE } from "../../assembly/shared/memory-map.ts";
import { Refusal } from "../errors.ts";
import type { ExecutionSink } from "../translate/block-counts.ts";

const CELLS = CELL_PAGE_SIZE / CELL_SIZE;
const PAGES = 2 ** 32 / PAGE_SIZE;

/** One page of code. */
interface CountedPage {
  /** By instruction: how many more times it was executed than the one before it on the page. */
  readonly steps: Float64Array;
  /** By instruction: how often the branch there was taken. */
  readonly taken: Float64Array;
}

/** The counts of consecutive instructions. */
export interface CountedRange {
  /** How often each was executed. */
  readonly executed: Float64Array;
  /** How often each was a taken branch or jump. */
  readonly taken: Float64Array;
}

export class ExecutionCounts implements ExecutionSink {
  readonly #words: Uint32Array;
  readonly #pages = new Map<number, CountedPage>();
  /** The pages that have cells, each with the index of their first word. */
  #cells: readonly (readonly [page: number, at: number])[] = [];

  /** @param words the core's memory. */
  constructor(words: Uint32Array) {
    this.#words = words;
  }

  stretch(pc: number, length: number, times: number): void {
    if (times === 0 || length === 0) return;
    const end = pc + 4 * length;
    for (let at = pc; at < end; at = pageEnd(at)) {
      const { steps } = this.#page(at);
      const first = wordIn(at);
      const last = first + (Math.min(end, pageEnd(at)) - at) / 4;
      steps[first] = (steps[first] ?? 0) + times;
      steps[last] = (steps[last] ?? 0) - times;
    }
  }

  taken(pc: number, times: number): void {
    const { taken } = this.#page(pc);
    taken[wordIn(pc)] = (taken[wordIn(pc)] ?? 0) + times;
  }

  /** Moves what the core's cells hold here. */
  take(): void {
    this.#findCells();
    for (const [page, at] of this.#cells) this.#takePage(page, at);
  }

  /** @throws Refusal when more code ran than there are cells for. */
  check(): void {
    if (this.#words[COUNT_LOST / 4] === 0) return;
    const most = (CELL_PAGES * PAGE_SIZE) / 2 ** 20;
    throw new Refusal({
      errno: null,
      dmesg: [],
      explanation: `instructions are counted in about ${Math.round(most)} MiB of code, and more of it ran`,
    });
  }

  /** Drops all counts. */
  clear(): void {
    this.take();
    this.#pages.clear();
  }

  /** Sets the counts of the instructions in a range to 0. */
  forget(address: number, size: number): void {
    const { executed, taken } = this.range(address, size);
    executed.forEach((times, index) => {
      this.stretch(address + 4 * index, 1, -times);
      if (taken[index] !== 0) this.taken(address + 4 * index, -(taken[index] ?? 0));
    });
  }

  /** The sum of all counts. */
  get total(): number {
    let sum = 0;
    for (const page of this.#pages.keys()) {
      const { executed } = this.range(page * PAGE_SIZE, PAGE_SIZE);
      sum += executed.reduce((all, one) => all + one, 0);
    }
    return sum;
  }

  /** The pages of which some instruction was executed: their addresses, in order. */
  get pages(): readonly number[] {
    return [...this.#pages.keys()].sort((a, b) => a - b).map((page) => page * PAGE_SIZE);
  }

  /** The counts of the instructions in `size` bytes from a word's address on. */
  range(address: number, size: number): CountedRange {
    const length = Math.floor(size / 4);
    const executed = new Float64Array(length);
    const taken = new Float64Array(length);
    const end = address + 4 * length;
    for (let at = address; at < end; at = pageEnd(at)) {
      const page = this.#pages.get(Math.floor(at / PAGE_SIZE));
      if (page === undefined) continue;
      const first = wordIn(at);
      const last = first + (Math.min(end, pageEnd(at)) - at) / 4;
      let count = 0;
      for (let word = 0; word < last; word++) {
        count += page.steps[word] ?? 0;
        if (word >= first) executed[(at - address) / 4 + word - first] = count;
      }
      taken.set(page.taken.subarray(first, last), (at - address) / 4);
    }
    return { executed, taken };
  }

  #takePage(page: number, at: number): void {
    const words = this.#words;
    const cells = words.subarray(at, at + CELL_PAGE_SIZE / 4);
    const { steps, taken } = this.#page(page * PAGE_SIZE);
    for (let word = 0; word < CELLS; word++) {
      const step = (cells[2 * word] ?? 0) | 0;
      const times = cells[2 * word + 1] ?? 0;
      if (step === 0 && times === 0) continue;
      steps[word] = (steps[word] ?? 0) + step;
      if (times === 0) continue;
      taken[word] = (taken[word] ?? 0) + times;
      steps[word + 2] = (steps[word + 2] ?? 0) - times;
    }
    cells.fill(0);
  }

  /** Looks for cells that the core has handed out since the last time. */
  #findCells(): void {
    const used = (this.#words[COUNT_CELLS_USED / 4] ?? 0) / CELL_PAGE_SIZE;
    if (used === this.#cells.length) return;
    const table = this.#words.subarray(COUNT_TABLE / 4, COUNT_TABLE / 4 + PAGES);
    const found: (readonly [number, number])[] = [];
    for (let page = 0; page < PAGES; page++) {
      const at = table[page] ?? 0;
      if (at >= COUNT_CELLS) found.push([page, at / 4]);
    }
    this.#cells = found;
  }

  #page(address: number): CountedPage {
    const number = Math.floor(address / PAGE_SIZE);
    const known = this.#pages.get(number);
    if (known !== undefined) return known;
    const page = { steps: new Float64Array(CELLS + 2), taken: new Float64Array(CELLS) };
    this.#pages.set(number, page);
    return page;
  }
}

/** The place of an instruction in its page. */
function wordIn(address: number): number {
  return (address % PAGE_SIZE) / 4;
}

/** The address after the page of an address. */
function pageEnd(address: number): number {
  return (Math.floor(address / PAGE_SIZE) + 1) * PAGE_SIZE;
}
