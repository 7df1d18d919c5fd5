// The code of a loop's plan (loop-plan.ts): how many turns can run without a check, the count of them, and what puts
// FUEL and the rebased registers right after them. In these turns FUEL counts from below: it is put down by RESERVE, so
// that it gets negative in the last turn, and blocks reduce it as everywhere.

import {
  LOCAL_ADDRESS,
  LOCAL_B,
  LOCAL_ENDS,
  LOCAL_FUEL,
  LOCAL_RESERVE,
  LOCAL_TURNS,
} from "../../assembly/shared/emitted-code.ts";
import {
  I32_ADD,
  I32_CONST,
  I32_DIV_S,
  I32_DIV_U,
  I32_GE_S,
  I32_GT_U,
  I32_LT_S,
  I32_LT_U,
  I32_MUL,
  I32_NE,
  I32_ROTR,
  I32_SUB,
} from "../../assembly/shared/wasm-opcodes.ts";
import type { Form } from "./address-form.ts";
import type { Body, Label } from "./encoder/body.ts";
import type { LoopPlan, Reach, Trip } from "./loop-plan.ts";
import { localOf } from "./state-code.ts";

export class LoopCode {
  readonly #body: Body;

  constructor(body: Body) {
    this.#body = body;
  }

  /**
   * Begins turns without checks; branches to `none` if there can't be any.
   * @param bound the FUEL that must be left after them
   */
  begin(
    { least, most, reaches, trip, rebased, lastApart }: LoopPlan,
    bound: number,
    none: Label,
  ): void {
    const body = this.#body;
    // The last turn may take more than the others.
    body.get(LOCAL_FUEL);
    body.op(I32_CONST, bound + most - least);
    body.op(I32_SUB);
    body.op(I32_CONST, least);
    body.op(I32_DIV_S);
    body.set(LOCAL_TURNS);
    body.get(LOCAL_TURNS);
    body.op(I32_CONST, 1);
    body.op(I32_LT_S);
    body.brIf(none);
    for (const reach of reaches) this.#limit(reach, none);
    if (trip !== undefined) this.#limitToTrip(trip, none);
    this.#reserve(least, lastApart ? 1 : 0);
    for (const [register, start] of rebased) this.#move(register, -start);
  }

  /** Pushes whether another turn can follow without a check. */
  pushGoesOn(): void {
    this.#body.get(LOCAL_FUEL);
    this.#body.op(I32_CONST, 0);
    this.#body.op(I32_GE_S);
  }

  /** Makes FUEL and the registers what they are outside. */
  settle({ rebased }: LoopPlan): void {
    const body = this.#body;
    body.get(LOCAL_FUEL);
    body.get(LOCAL_RESERVE);
    body.op(I32_ADD);
    body.set(LOCAL_FUEL);
    for (const [register, start] of rebased) this.#move(register, start);
  }

  /** Limits TURNS to those in which the addresses are in their window. */
  #limit({ lowest, room, stride, log2 }: Reach, none: Label): void {
    const body = this.#body;
    this.#push(lowest);
    body.set(LOCAL_ADDRESS);
    body.get(LOCAL_ADDRESS);
    if (log2 !== 0) {
      // Rotated, a misaligned address is past any window.
      body.op(I32_CONST, log2);
      body.op(I32_ROTR);
    }
    body.op(I32_CONST, room >>> log2);
    body.op(I32_GT_U);
    body.brIf(none);
    if (stride === 0) return;
    if (stride > 0) body.op(I32_CONST, room);
    body.get(LOCAL_ADDRESS);
    if (stride > 0) body.op(I32_SUB);
    body.op(I32_CONST, Math.abs(stride));
    body.op(I32_DIV_U);
    body.op(I32_CONST, 1);
    body.op(I32_ADD);
    body.set(LOCAL_B);
    body.get(LOCAL_B);
    body.get(LOCAL_TURNS);
    body.op(I32_LT_U);
    body.if();
    body.get(LOCAL_B);
    body.set(LOCAL_TURNS);
    body.end();
  }

  /** Limits TURNS to the trip, and notes in ENDS whether the loop ends after them. */
  #limitToTrip({ distance, step }: Trip, none: Label): void {
    const body = this.#body;
    this.#push(distance);
    body.set(LOCAL_ADDRESS);
    body.get(LOCAL_ADDRESS);
    body.op(I32_CONST, step);
    body.op(I32_DIV_U);
    body.set(LOCAL_B);
    if (step !== 1) {
      // The distance steps over 0.
      body.get(LOCAL_B);
      body.op(I32_CONST, step);
      body.op(I32_MUL);
      body.get(LOCAL_ADDRESS);
      body.op(I32_NE);
      body.brIf(none);
    }
    body.get(LOCAL_B);
    body.get(LOCAL_TURNS);
    body.op(I32_LT_U);
    body.set(LOCAL_ENDS);
    body.get(LOCAL_ENDS);
    body.if();
    body.get(LOCAL_B);
    body.op(I32_CONST, 1);
    body.op(I32_ADD);
    body.set(LOCAL_TURNS);
    body.end();
  }

  /** FUEL = what all turns but the last take, less a number; RESERVE = the rest. */
  #reserve(least: number, less: number): void {
    const body = this.#body;
    body.get(LOCAL_TURNS);
    body.op(I32_CONST, 1);
    body.op(I32_SUB);
    body.op(I32_CONST, least);
    body.op(I32_MUL);
    if (less !== 0) {
      body.op(I32_CONST, less);
      body.op(I32_SUB);
    }
    body.set(LOCAL_TURNS);
    body.get(LOCAL_FUEL);
    body.get(LOCAL_TURNS);
    body.op(I32_SUB);
    body.set(LOCAL_RESERVE);
    body.get(LOCAL_TURNS);
    body.set(LOCAL_FUEL);
  }

  #move(register: number, by: number): void {
    this.#body.get(localOf(register));
    this.#body.op(I32_CONST, by | 0);
    this.#body.op(I32_ADD);
    this.#body.set(localOf(register));
  }

  /** Pushes the lowest value of a form. */
  #push({ terms, constant }: Form): void {
    const body = this.#body;
    body.op(I32_CONST, constant);
    for (const [register, factor] of terms) {
      body.get(localOf(register));
      if (factor !== 1) {
        body.op(I32_CONST, factor);
        body.op(I32_MUL);
      }
      body.op(I32_ADD);
    }
  }
}
