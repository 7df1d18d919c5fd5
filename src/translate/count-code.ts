// The code by which a unit counts what it executes: each block that is completed adds to its counter (block-counts.ts).
// In the turns of a planned loop it adds to a local, which takes no time that a turn would notice; where these turns
// are over, the locals are added to the counters.

import { LOCAL_CONDITION, LOCAL_ENDS } from "../../assembly/shared/emitted-code.ts";
import { BLOCK_COUNT_UNTAKEN } from "../../assembly/shared/execution-counts.ts";
import {
  I32_CONST,
  I32_EQZ,
  I64_ADD,
  I64_CONST,
  I64_EXTEND_I32_U,
  I64_LOAD,
  I64_OR,
  I64_SHL,
  I64_STORE,
} from "../../assembly/shared/wasm-opcodes.ts";
import { type Block, type Flow, instructionsOf } from "./blocks.ts";
import type { Body } from "./encoder/body.ts";
import type { ValueType } from "./encoder/opcodes.ts";
import type { LoopPlan } from "./loop-plan.ts";
import { LOCALS, UNIT_TYPE } from "./unit-interface.ts";

/** The first local after those that every unit has. */
const FIRST_LOCAL = UNIT_TYPE.parameters.length + LOCALS.length;

export class CountCode {
  readonly #blocks: readonly Block[];
  readonly #counterOf: (block: number) => number | null;
  /** The local of each block that is in the turns of a plan. Plans share them: only one has its turns at a time. */
  readonly #locals = new Map<number, number>();
  #most = 0;

  /** @param counterOf the address of the counter of a block of the unit's code; null: others tell its count. */
  constructor({ blocks }: Flow, counterOf: (block: number) => number | null) {
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
  }

  /** The types of the locals that it needs after those that every unit has. */
  get locals(): ValueType[] {
    return Array.from({ length: this.#most }, () => "l");
  }

  /** Counts a block as completed; at one that ends in a branch, CONDITION says whether that is taken. */
  completed(body: Body, node: number): void {
    const { end, copy } = this.#blocks[node] as Block;
    const address = this.#counterOf(copy?.of ?? node);
    if (address === null) return;
    const local = this.#locals.get(node);
    if (local === undefined) {
      body.op(I32_CONST, 0);
      body.op(I32_CONST, 0);
      body.op(I64_LOAD, 3, address);
    } else {
      body.get(local);
    }
    body.op(I64_CONST, 1);
    if (end.kind === "branch") {
      body.get(LOCAL_CONDITION);
      body.op(I32_EQZ);
      this.#orUntaken(body);
    }
    body.op(I64_ADD);
    if (local === undefined) body.op(I64_STORE, 3, address);
    else body.set(local);
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
      const address = this.#counterOf(copy.of);
      if (address === null) continue;
      body.op(I32_CONST, 0);
      body.op(I32_CONST, 0);
      body.op(I64_LOAD, 3, address);
      body.get(local);
      if (trip && end.kind === "jump" && end.by.kind === "branch") {
        body.get(LOCAL_ENDS);
        this.#orUntaken(body);
      }
      body.op(I64_ADD);
      body.op(I64_STORE, 3, address);
      body.op(I64_CONST, 0);
      body.set(local);
    }
  }

  /** Takes a bit from the stack: whether a branch isn't taken. */
  #orUntaken(body: Body): void {
    body.op(I64_EXTEND_I32_U);
    body.op(I64_CONST, 8 * BLOCK_COUNT_UNTAKEN);
    body.op(I64_SHL);
    body.op(I64_OR);
  }
}
