// The interface of what the fuzzer runs: a target makes new inputs from inputs, and processes one from its first byte
// to its verdict.

import type { Random } from "../support/random.ts";

export interface Target {
  readonly name: string;
  /** The initial inputs. */
  seeds(): Uint8Array[];
  /** Makes another input from one or two. */
  vary(input: Uint8Array, other: Uint8Array, random: Random): Uint8Array;
  /**
   * Processes an input completely and returns how it ended. It throws unexpected errors; a Refusal or a Misuse is a
   * normal end.
   */
  run(input: Uint8Array): Promise<string> | string;
}
