// Counts of executed instructions for translated code: each block of a unit adds 1 to its own counter when it is
// completed, and notes whether its branch was taken. What a unit that leaves in the middle of a block had done of it
// is reported when it leaves. This file hands out the counters and turns them into counted stretches of instructions;
// whoever takes them adds up (the processor's ExecutionCounts).

import {
  BLOCK_COUNT_SIZE,
  BLOCK_COUNT_UNTAKEN,
  BLOCK_COUNTS_CAPACITY,
} from "../../assembly/shared/execution-counts.ts";
import { BLOCK_COUNTS } from "../../assembly/shared/memory-map.ts";
import { type Block, blockLength } from "./blocks.ts";

/** Takes what was executed. */
export interface ExecutionSink {
  /** @param length instructions from pc on that were executed, one after the other. */
  stretch(pc: number, length: number, times: number): void;
  /** The branch or jump at pc was taken. */
  taken(pc: number, times: number): void;
}

/** The counters of a unit's blocks, by the blocks' order. */
export interface UnitCounts {
  readonly blocks: readonly Block[];
  /** The place of the first block's counter among all. */
  readonly first: number;
}

export class BlockCounts {
  readonly #words: Uint32Array;
  readonly #sink: ExecutionSink;
  /** By counter. */
  #blocks: Block[] = [];

  /** @param memory the core's. */
  constructor(memory: SharedArrayBuffer, sink: ExecutionSink) {
    this.#words = new Uint32Array(memory, BLOCK_COUNTS, 2 * BLOCK_COUNTS_CAPACITY);
    this.#sink = sink;
  }

  /** Counters that are free. */
  get room(): number {
    return BLOCK_COUNTS_CAPACITY - this.#blocks.length;
  }

  /** Gives each of a unit's blocks a counter; undefined when there are too few left. */
  place(blocks: readonly Block[]): UnitCounts | undefined {
    if (blocks.length > this.room) return undefined;
    const first = this.#blocks.length;
    for (const block of blocks) this.#blocks.push(block);
    return { blocks, first };
  }

  /** The address of a block's counter in the core's memory. */
  addressOf({ first }: UnitCounts, block: number): number {
    return BLOCK_COUNTS + (first + block) * BLOCK_COUNT_SIZE;
  }

  /** A unit left at pc, with this many instructions of the block that it was in not done. */
  left({ blocks }: UnitCounts, pc: number, undone: number): void {
    const end = pc + 4 * undone;
    // The delay slot of one block may be in another; then they end alike, or begin after pc.
    const block = blocks.find((one) => one.pc <= pc && one.pc + 4 * blockLength(one) === end);
    if (block !== undefined) this.#sink.stretch(block.pc, (pc - block.pc) / 4, 1);
  }

  /** Moves all counts to the sink. */
  take(): void {
    const words = this.#words;
    for (const [index, block] of this.#blocks.entries()) {
      const completed = words[2 * index] ?? 0;
      if (completed === 0) continue;
      const untaken = words[2 * index + BLOCK_COUNT_UNTAKEN / 4] ?? 0;
      words.fill(0, 2 * index, 2 * index + 2);
      this.#completed(block, completed, completed - untaken);
    }
  }

  /** Takes all counters back: the units that had them are dropped. */
  clear(): void {
    this.take();
    this.#blocks = [];
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
