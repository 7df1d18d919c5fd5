// How a call ended: it returned, and v0 and v1 are its result, or it stopped, and there is no result. v0 of a stopped call
// would be whatever the register held, so it is absent. Machine.call() throws CallStopped for a call that stops, unless
// its caller asks for the outcome as a value or gave the budget that ended.

import type { GuestStop } from "../../processor/stop.ts";

/** The result of a function that returned. */
export interface CallResult {
  /** The registers v0 and v1 as unsigned words. A result of 64 bits is in both, in memory's order. */
  readonly v0: number;
  readonly v1: number;
  /** Instructions that this call completed, including everything it called. */
  readonly instructions: number;
  readonly exception?: undefined;
}

/** A call that did not return. */
export interface StoppedCall {
  readonly v0?: undefined;
  readonly v1?: undefined;
  /** Instructions that were completed before the stop. */
  readonly instructions: number;
  /** Why it stopped, and where. */
  readonly exception: GuestStop;
}

export type CallOutcome = CallResult | StoppedCall;

/** Thrown when a called function does not return. Its message says why, and where. */
export class CallStopped extends Error {
  override readonly name = "CallStopped";
  /** Why and where it stopped, with the registers and the code around pc. */
  readonly stop: GuestStop;
  /** Instructions that were completed before the stop. */
  readonly instructions: number;

  /** @param called the function's name or address. */
  constructor(called: string, { exception, instructions }: StoppedCall) {
    super(`${called} did not return: ${exception.message}`);
    this.stop = exception;
    this.instructions = instructions;
  }
}
