// The code by which a unit counts what it executes: each block that is completed adds to its counter (block-counts.ts).
// In a loop it adds to a local, which takes no time that a turn would notice: adding to one word of memory turn after
// turn takes longer than a short turn does. Where the unit is left, and where the turns of a planned loop are over, the
// locals are added to the counters. In a loop with calls a local would have to be saved at each, so there is none.

import { LOCAL_ENDS } from "../../assembly/shared/emitted-code.ts";
import { BLOCK_COUNT_WAY } from "../../assembly/shared/execution-counts.ts";
import {
  I32_ADD,
  I32_CONST,
  I32_LOAD,
  I32_STORE,
  I64_ADD,
  I64_CONST,
  I64_EXTEND_I32_U,
  I64_LOAD,
  I64_OR,
  I64_SHL,
  I64_STORE,
} from "../../assembly/shared/wasm-opcodes.ts";
import type { BlockCounter, Way } from "./block-counts.ts";
import { type Block, type Flow, instructionsOf } from "./blocks.ts";
import type { Body } from "./encoder/body.ts";
import type { ValueType } from "./encoder/opcodes.ts";
import { loopOf } from "./flow-graph.ts";
import type { LoopPlan } from "./loop-plan.ts";
import { LOCALS, UNIT_TYPE } from "./unit-interface.ts";

/** The first local after those that every unit has. */
const FIRST_LOCAL = UNIT_TYPE.parameters.length + LOCALS.length;

/** The most blocks of loops that count into locals: the code of each exit grows with them. */
const MOST_LOOPING = 8;

export class CountCode {
  readonly #blocks: readonly Block[];
  readonly #counterOf: (block: number) => BlockCounter | null;
  /** The local of each block that is in the turns of a plan. Plans share them: only one has its turns at a time. */
  readonly #locals = new Map<number, number>();
  /** The blocks of other loops that have a local, which is added to their counter where the unit is left. */
  readonly #looping: number[] = [];
  #most = 0;

  /** @param counterOf what a block of the unit's code counts; null: nothing. */
  constructor(flow: Flow, counterOf: (block: number) => BlockCounter | null) {
    const { blocks } = flow;
    this.#blocks = blocks;
    this.#counterOf = counterOf;
    const taken = new Map<LoopPlan, number>();
    for (const [node, block] of blocks.entries()) {
      if (block.copy === undefined || instructionsOf(block).length === 0) continue;
      const { plan, of } = block.copy;
      if (counterOf(of) === null) continue;
      const place = taken.get(plan) ?? 0;
      taken.set(plan, place + 1);
      this.#locals.set(node, FIRST_LOCAL + place);
      this.#most = Math.max(this.#most, place + 1);
    }
    for (const node of loopsWithoutCalls(flow)) {
      if (this.#looping.length === MOST_LOOPING) break;
      const block = blocks[node] as Block;
      if (block.copy !== undefined || instructionsOf(block).length === 0) continue;
      if (counterOf(node)?.counts !== true) continue;
      this.#locals.set(node, FIRST_LOCAL + this.#most);
      this.#looping.push(node);
      this.#most++;
    }
  }

  /** The types of the locals that it needs after those that every unit has. */
  get locals(): ValueType[] {
    return Array.from({ length: this.#most }, () => "l");
  }

  /** Counts a block as completed. */
  completed(body: Body, node: number): void {
    const counter = this.#counterAt(node);
    if (counter?.counts === true) this.#add(body, node, counter.address, 0);
  }

  /** Counts a way out of a block's branch, if it is the one that is counted. */
  went(body: Body, node: number, way: Way): void {
    const counter = this.#counterAt(node);
    if (counter?.way === way) this.#add(body, node, counter.address, BLOCK_COUNT_WAY);
  }

  /** Adds to the counters what is counted in locals: the unit is left here. */
  leaving(body: Body): void {
    for (const node of this.#looping) {
      const address = this.#counterAt(node)?.address ?? 0;
      body.op(I32_CONST, 0);
      body.op(I32_CONST, 0);
      body.op(I64_LOAD, 3, address);
      body.get(this.#locals.get(node) ?? 0);
      body.op(I64_ADD);
      body.op(I64_STORE, 3, address);
    }
  }

  #counterAt(node: number): BlockCounter | null {
    return this.#counterOf(this.#blocks[node]?.copy?.of ?? node);
  }

  /** Adds 1 to a word of a block's counter, or of the local that has both words. */
  #add(body: Body, node: number, address: number, word: number): void {
    const local = this.#locals.get(node);
    if (local === undefined) {
      body.op(I32_CONST, 0);
      body.op(I32_CONST, 0);
      body.op(I32_LOAD, 2, address + word);
      body.op(I32_CONST, 1);
      body.op(I32_ADD);
      body.op(I32_STORE, 2, address + word);
    } else {
      body.get(local);
      body.op(I64_CONST, 1);
      if (word !== 0) {
        body.op(I64_CONST, 8 * word);
        body.op(I64_SHL);
      }
      body.op(I64_ADD);
      body.set(local);
    }
  }

  /**
   * Adds to the counters what was counted in the turns of a plan.
   * @param trip whether all turns are done whose branch the plan's trip replaces; then ENDS says whether the branch of
   *   the last one isn't taken.
   */
  settled(body: Body, plan: LoopPlan, trip: boolean): void {
    for (const [node, local] of this.#locals) {
      const { end, copy } = this.#blocks[node] as Block;
      if (copy?.plan !== plan) continue;
      const counter = this.#counterOf(copy.of);
      if (counter === null) continue;
      body.op(I32_CONST, 0);
      body.op(I32_CONST, 0);
      body.op(I64_LOAD, 3, counter.address);
      body.get(local);
      if (trip && copy.isLast && end.kind === "jump" && end.by.kind === "branch") {
        body.get(LOCAL_ENDS);
        body.op(I64_EXTEND_I32_U);
        body.op(I64_CONST, 8 * BLOCK_COUNT_WAY);
        body.op(I64_SHL);
        body.op(I64_OR);
      }
      body.op(I64_ADD);
      body.op(I64_STORE, 3, counter.address);
      body.op(I64_CONST, 0);
      body.set(local);
    }
  }
}

/** The blocks whose innermost loop has no call in it. */
function loopsWithoutCalls({ blocks, successors }: Flow): number[] {
  const loops = loopOf(successors);
  const calling = new Set(
    blocks.flatMap(({ end }, node) =>
      end.kind === "call" || end.kind === "call other" ? [loops[node]] : [],
    ),
  );
  return [...blocks.keys()].filter(
    (node) => loops[node] !== undefined && !calling.has(loops[node]),
  );
}
