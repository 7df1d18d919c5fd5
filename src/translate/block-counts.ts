// Counts of executed instructions for translated code: a block of a unit adds 1 to its own counter when it is completed,
// and one of the two ways out of a branch adds 1 to that of the way. A unit that leaves before a block is complete
// reports where. So the count of many blocks follows from others: a block was begun as often as those before it led to
// it, and completed as often as it was begun and not left. Such a block has no counter, and of two ways the one that
// leads out of a loop has it: a turn of a loop then adds to one counter, however many branches it has. This file hands
// out the counters and turns them into counted stretches of instructions, which the processor's ExecutionCounts adds up.

import {
  BLOCK_COUNT_SIZE,
  BLOCK_COUNT_WAY,
  BLOCK_COUNTS_CAPACITY,
} from "../../assembly/shared/execution-counts.ts";
import { BLOCK_COUNTS } from "../../assembly/shared/memory-map.ts";
import { type Block, type BlockEnd, blockLength, type Flow } from "./blocks.ts";
import { loopOf } from "./flow-graph.ts";

/** Takes what was executed. */
export interface ExecutionSink {
  /** @param length instructions from pc on that were executed, one after the other. */
  stretch(pc: number, length: number, times: number): void;
  /** The branch or jump at pc was taken. */
  taken(pc: number, times: number): void;
}

/** A way out of a branch. */
export type Way = "taken" | "otherwise";

/** What a block counts. */
export interface BlockCounter {
  /** Its two words in the core's memory. */
  readonly address: number;
  /** Whether it counts how often it is completed. */
  readonly counts: boolean;
  /** The way of its branch that is counted; null: it ends in no branch. */
  readonly way: Way | null;
}

/** The counters of a unit's blocks. */
export interface UnitCounts {
  readonly flow: Flow;
  /** The place of the first block's counter among all; the others follow in the blocks' order. */
  readonly first: number;
  /** The blocks whose count follows from others, each with the blocks that lead to it. */
  readonly derived: ReadonlyMap<number, readonly number[]>;
  /** The blocks whose branch counts how often it is taken; the other branches count how often they aren't. */
  readonly countTaken: ReadonlySet<number>;
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
    const derived = derivedBlocks(flow);
    const unit = {
      flow,
      first: this.#used,
      derived,
      countTaken: leavingLoops(flow),
      left: new Map(),
    };
    this.#used += flow.blocks.length;
    this.#units.push(unit);
    return unit;
  }

  /** What a block counts; null: nothing, since its count follows from others. */
  counterOf({ flow, first, derived, countTaken }: UnitCounts, block: number): BlockCounter | null {
    const branches = flow.blocks[block]?.end.kind === "branch";
    const counts = !derived.has(block);
    if (!counts && !branches) return null;
    return {
      address: BLOCK_COUNTS + (first + block) * BLOCK_COUNT_SIZE,
      counts,
      way: branches ? (countTaken.has(block) ? "taken" : "otherwise") : null,
    };
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

  #takeUnit(unit: UnitCounts): void {
    const { flow, first, derived, countTaken, left } = unit;
    const { blocks, successors } = flow;
    const words = this.#words;
    const untaken = (block: number): number => {
      const counted = words[2 * (first + block) + BLOCK_COUNT_WAY / 4] ?? 0;
      return countTaken.has(block) ? completed(block) - counted : counted;
    };
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
      if (blocks[from]?.end.kind !== "branch" || otherwise === undefined || taken === otherwise)
        return times;
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

/**
 * The blocks whose count follows from those that lead to them, which are given with each. A unit may have a block several
 * times, as the begin of a loop and inside it. Reports of what was left name an address, so they can't tell such copies
 * apart: all of them are derived, or none is. Then what a report takes from the wrong one, another has too much, and the
 * sum of the copies is right.
 */
function derivedBlocks(flow: Flow): Map<number, readonly number[]> {
  const { blocks, successors } = flow;
  const before = blocks.map(() => new Set<number>());
  for (const [from, list] of successors.entries()) {
    for (const to of list) before[to]?.add(from);
  }
  const derived = new Map<number, readonly number[]>();
  /** Whether the count of a block would depend on itself. */
  const isCircle = (block: number, from: number, seen: Set<number>): boolean => {
    if (from === block) return true;
    if (seen.has(from)) return false;
    seen.add(from);
    return (derived.get(from) ?? []).some((next) => isCircle(block, next, seen));
  };
  const derive = (index: number): boolean => {
    const from = [...(before[index] ?? [])];
    if (from.some((one) => !LEADING.has(blocks[one]?.end.kind ?? "leave"))) return false;
    const seen = new Set<number>();
    if (from.some((one) => isCircle(index, one, seen))) return false;
    derived.set(index, from);
    return true;
  };
  for (const copies of copiesOf(flow)) {
    // The root is entered from outside.
    if (copies.includes(0) || !copies.every((one) => isAlike(flow, one, copies[0] ?? 0))) continue;
    if (!copies.every(derive)) for (const one of copies) derived.delete(one);
  }
  return derived;
}

/** The ends of blocks that lead to the blocks that they name; of a branch, a way is counted. */
const LEADING: ReadonlySet<BlockEnd["kind"]> = new Set(["next", "jump", "branch"] as const);

/** The blocks by their addresses. */
function copiesOf({ blocks }: Flow): Iterable<readonly number[]> {
  const copies = new Map<number, number[]>();
  for (const [index, { pc }] of blocks.entries()) {
    const others = copies.get(pc);
    if (others === undefined) copies.set(pc, [index]);
    else others.push(index);
  }
  return copies.values();
}

/**
 * Whether a block is as long as its copy and leads to the same addresses. A likely branch that isn't taken doesn't
 * execute its delay slot, which is part of the block, so it is never derived.
 */
function isAlike({ blocks, successors }: Flow, one: number, other: number): boolean {
  const [a, b] = [blocks[one], blocks[other]];
  if (a === undefined || b === undefined || a.end.kind !== b.end.kind) return false;
  if (a.end.kind === "branch" && a.end.by.kind === "likely") return false;
  const targets = (block: number): string =>
    (successors[block] ?? []).map((to) => blocks[to]?.pc).join();
  return blockLength(a) === blockLength(b) && targets(one) === targets(other);
}

/** The blocks in loops whose branch leads out of the loop when it is taken. */
function leavingLoops({ blocks, successors }: Flow): Set<number> {
  const loops = loopOf(successors);
  const found = new Set<number>();
  for (const [index, { end }] of blocks.entries()) {
    const [taken = index, otherwise] = successors[index] ?? [];
    const loop = loops[index];
    if (end.kind !== "branch" || otherwise === undefined || loop === undefined) continue;
    if (loops[taken] !== loop && loops[otherwise] === loop) found.add(index);
  }
  return found;
}
