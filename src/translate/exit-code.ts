// The exits of a unit: where a failed guard, or too little FUEL, leaves it. An exit stores the registers that differ
// from memory and returns the next instruction's address. Places with the same registers to store share an exit; the
// branch to it carries a number that encodes the address, by how much FUEL is ahead, and whether a guard failed.

import { LOCAL_A, LOCAL_FUEL } from "../../assembly/shared/emitted-code.ts";
import { EXITED } from "../../assembly/shared/translated-code.ts";
import {
  I32_ADD,
  I32_AND,
  I32_CONST,
  I32_LT_S,
  I32_SHL,
  I32_SHR_U,
  I32_STORE,
  I32_SUB,
} from "../../assembly/shared/wasm-opcodes.ts";
import type { CountCode } from "./count-code.ts";
import type { Body, Label } from "./encoder/body.ts";
import type { StateCode } from "./state-code.ts";
import { LEFT_BLOCK } from "./unit-interface.ts";

/** An exit's number: the failed guard's bit, what FUEL is ahead by and NOTHING more, and where, in words. */
const FAILED = 1;
const REFUND_SHIFT = 1;
const REFUND_BITS = 12;
const PLACE_SHIFT = REFUND_SHIFT + REFUND_BITS;
/** A refund can be negative. */
const NOTHING = 1 << (REFUND_BITS - 1);
/**
 * The bits of a refund limit a block's length (LARGEST_UNIT) and what is owed (MOST_OWED), the remaining bits the
 * distance between a unit's blocks.
 */
const REFUND_MASK = (1 << REFUND_BITS) - 1;
export const LONGEST_UNIT = (1 << (31 - PLACE_SHIFT)) * 4;

export interface ExitSetting {
  /** The lowest address that an exit leads to. */
  readonly lowest: number;
  /** The unit's place in the function table. */
  readonly slot: number;
  /** Counts what is executed, and the blocks that are left before they are complete; null: nothing is counted. */
  readonly counts: CountCode | null;
}

export class ExitCode {
  readonly #body: Body;
  readonly #state: StateCode;
  readonly #setting: ExitSetting;
  /** By the registers that they store. */
  readonly #labels = new Map<number, Label>();

  constructor(body: Body, state: StateCode, setting: ExitSetting) {
    this.#body = body;
    this.#state = state;
    this.#setting = setting;
  }

  /** Opens a block around the code to come for each set of registers. */
  open(sets: readonly number[]): void {
    for (const stored of sets) this.#labels.set(stored, this.#body.block("i"));
  }

  /** Ends these blocks; the code after each leaves the unit. */
  close(): void {
    const body = this.#body;
    if (!body.isUnreachable) body.unreachable();
    for (const stored of [...this.#labels.keys()].toReversed()) {
      body.end();
      this.#land();
      this.#state.store(stored);
      body.return();
    }
  }

  /** The depth of the exit that stores these registers, for a branch written here. */
  depth(stored: number): number {
    const label = this.#labels.get(stored);
    return label === undefined ? 0 : this.#body.depth(label);
  }

  /** The number that a guard's branch carries; FUEL is ahead by `refund`. */
  guardNumber(pc: number, refund: number): number {
    return this.#number(pc, refund, FAILED);
  }

  /** Leaves the unit before the instruction at pc if FUEL, less what is owed, is below a bound. */
  requireFuel(bound: number, pc: number, owed: number, dirty: number): void {
    const body = this.#body;
    body.op(I32_CONST, this.#number(pc, -owed, 0));
    body.get(LOCAL_FUEL);
    body.op(I32_CONST, bound + owed);
    body.op(I32_LT_S);
    body.brIf(this.#labels.get(dirty) as Label);
    body.drop();
  }

  /** Records that this unit was left because an assumption of its translation failed. */
  recordFailure(): void {
    this.#body.op(I32_CONST, 0);
    this.#body.op(I32_CONST, this.#setting.slot);
    this.#body.op(I32_STORE, 2, EXITED);
  }

  #number(pc: number, refund: number, failed: number): number {
    const place = (pc - this.#setting.lowest) / 4;
    return (place << PLACE_SHIFT) | ((refund + NOTHING) << REFUND_SHIFT) | failed;
  }

  /** Replaces an exit's number on the stack by the address that it leads to, and makes FUEL right. */
  #land(): void {
    const body = this.#body;
    body.set(LOCAL_A);
    body.get(LOCAL_A);
    body.op(I32_CONST, FAILED);
    body.op(I32_AND);
    body.if();
    this.recordFailure();
    body.end();
    if (this.#setting.counts !== null) {
      this.#setting.counts.leaving(body);
      body.op(I32_CONST, this.#setting.slot);
      this.#pushPlace();
      this.#pushRefund();
      body.call(LEFT_BLOCK);
    }
    body.get(LOCAL_FUEL);
    this.#pushRefund();
    body.op(I32_ADD);
    body.set(LOCAL_FUEL);
    this.#pushPlace();
  }

  /** Of the exit's number in A: what FUEL is ahead by. While instructions are counted, they are its block's rest. */
  #pushRefund(): void {
    const body = this.#body;
    body.get(LOCAL_A);
    body.op(I32_CONST, REFUND_SHIFT);
    body.op(I32_SHR_U);
    body.op(I32_CONST, REFUND_MASK);
    body.op(I32_AND);
    body.op(I32_CONST, NOTHING);
    body.op(I32_SUB);
  }

  /** Of the exit's number in A: the address where the interpreter continues. */
  #pushPlace(): void {
    const body = this.#body;
    body.get(LOCAL_A);
    body.op(I32_CONST, PLACE_SHIFT);
    body.op(I32_SHR_U);
    body.op(I32_CONST, 2);
    body.op(I32_SHL);
    body.op(I32_CONST, this.#setting.lowest);
    body.op(I32_ADD);
  }
}
