// Counts of executed instructions for translated code: a block of a unit adds 1 to its own counter when it is completed,
// and notes whether its branch was taken. A unit that leaves before a block is complete reports where. So the count of
// many blocks follows from others: a block was begun as often as those before it led to it, and completed as often as it
// was begun and not left. Such a block has no counter. This file hands out the counters and turns them into counted
// stretches of instructions; whoever takes them adds up (the processor's ExecutionCounts).

import {
  BLOCK_COUNT_SIZE,
  BLOCK_COUNT_UNTAKEN,
  BLOCK_COUNTS_CAPACITY,
} from "../../assembly/shared/execution-counts.ts";
import { BLOCK_COUNTS } from "../../assembly/shared/memory-map.ts";
import { type Block, blockLength, type Flow } from "./blocks.ts";

/** Takes what was executed. */
export interface ExecutionSink {
  /** @param length instructions from pc on that were executed, one after the other. */
  stretch(pc: number, length: number, times: number): void;
  /** The branch or jump at pc was taken. */
  taken(pc: number, times: number): void;
}

/** The counters of a unit's blocks. */
export interface UnitCounts {
  readonly flow: Flow;
  /** The place of the first block's counter among all; the others follow in the blocks' order. */
  readonly first: number;
  /** The blocks whose count follows from others, each with the blocks that lead to it. */
  readonly derived: ReadonlyMap<number, readonly number[]>;
  /** How often each block was begun and not completed, since the counts were taken. */
  readonly left: Map<number, number>;
}

export class BlockCounts {
  readonly #words: Uint32Array;
  readonly #sink: ExecutionSink;
  #units: UnitCounts[] = [];
  #used = 0;

  /** @param memory the core's. */
  constructor(memory: SharedArrayBuffer, sink: ExecutionSink) {
    this.#words = new Uint32Array(memory, BLOCK_COUNTS, 2 * BLOCK_COUNTS_CAPACITY);
    this.#sink = sink;
  }

  /** Counters that are free. */
  get room(): number {
    return BLOCK_COUNTS_CAPACITY - this.#used;
  }

  /** Gives a unit's blocks counters; undefined when there are too few left. */
  place(flow: Flow): UnitCounts | undefined {
    if (flow.blocks.length > this.room) return undefined;
    const unit = { flow, first: this.#used, derived: derivedBlocks(flow), left: new Map() };
    this.#used += flow.blocks.length;
    this.#units.push(unit);
    return unit;
  }

  /** The address of a block's counter in the core's memory; null: its count follows from others. */
  addressOf({ first, derived }: UnitCounts, block: number): number | null {
    return derived.has(block) ? null : BLOCK_COUNTS + (first + block) * BLOCK_COUNT_SIZE;
  }

  /** A unit left at pc, with this many instructions of the block that it was in not done; 0: a block had not begun. */
  left({ flow: { blocks }, left }: UnitCounts, pc: number, undone: number): void {
    const end = pc + 4 * undone;
    // The delay slot of one block may be in another; then they end alike, or begin after pc.
    const index = blocks.findIndex((one) =>
      undone === 0 ? one.pc === pc : one.pc <= pc && one.pc + 4 * blockLength(one) === end,
    );
    const block = blocks[index];
    if (block === undefined) return;
    left.set(index, (left.get(index) ?? 0) + 1);
    this.#sink.stretch(block.pc, (pc - block.pc) / 4, 1);
  }

  /** Moves all counts to the sink. */
  take(): void {
    for (const unit of this.#units) this.#takeUnit(unit);
  }

  /** Takes all counters back: the units that had them are dropped. */
  clear(): void {
    this.take();
    this.#units = [];
    this.#used = 0;
  }

  #takeUnit({ flow: { blocks, successors }, first, derived, left }: UnitCounts): void {
    const words = this.#words;
    const untaken = (block: number): number =>
      words[2 * (first + block) + BLOCK_COUNT_UNTAKEN / 4] ?? 0;
    const known = new Map<number, number>();
    const completed = (block: number): number => {
      const before = derived.get(block);
      if (before === undefined) return words[2 * (first + block)] ?? 0;
      let count = known.get(block);
      if (count !== undefined) return count;
      count = before.reduce((sum, from) => sum + led(from, block), -(left.get(block) ?? 0));
      known.set(block, count);
      return count;
    };
    /** How often one block led to another. */
    const led = (from: number, to: number): number => {
      const [taken, otherwise] = successors[from] ?? [];
      const times = completed(from);
      if (blocks[from]?.end.kind !== "branch" || otherwise === undefined) return times;
      return taken === to ? times - untaken(from) : untaken(from);
    };
    for (const [index, block] of blocks.entries()) {
      const times = completed(index);
      if (times !== 0) this.#completed(block, times, times - untaken(index));
    }
    words.fill(0, 2 * first, 2 * (first + blocks.length));
    left.clear();
  }

  #completed(block: Block, times: number, taken: number): void {
    const { pc, end } = block;
    const length = blockLength(block);
    if ("by" in end) this.#sink.taken(end.by.pc, taken);
    if (end.kind === "branch" && end.by.kind === "likely") {
      this.#sink.stretch(pc, length - 1, times - taken);
      this.#sink.stretch(pc, length, taken);
    } else {
      this.#sink.stretch(pc, length, times);
    }
  }
}

/** The blocks whose count follows from those that lead to them, which are given with each. */
function derivedBlocks({ blocks, successors }: Flow): Map<number, readonly number[]> {
  const before = blocks.map((): number[] => []);
  for (const [from, list] of successors.entries()) {
    for (const to of list) before[to]?.push(from);
  }
  const places = new Map<number, number>();
  for (const { pc } of blocks) places.set(pc, (places.get(pc) ?? 0) + 1);
  const derived = new Map<number, readonly number[]>();
  /** Whether the count of a block would depend on itself. */
  const isCircle = (block: number, from: number, seen: Set<number>): boolean => {
    if (from === block) return true;
    if (seen.has(from)) return false;
    seen.add(from);
    return (derived.get(from) ?? []).some((next) => isCircle(block, next, seen));
  };
  for (const [index, { pc, end }] of blocks.entries()) {
    const from = before[index] ?? [];
    // A branch needs a counter for its ways anyhow; the root is entered from outside; reports of what was left name an
    // address, which has to mean one block.
    if (index === 0 || end.kind === "branch" || places.get(pc) !== 1) continue;
    if (!from.every((one) => ["next", "jump", "branch"].includes(blocks[one]?.end.kind ?? "")))
      continue;
    const seen = new Set<number>();
    if (!from.some((one) => isCircle(index, one, seen))) derived.set(index, from);
  }
  return derived;
}
