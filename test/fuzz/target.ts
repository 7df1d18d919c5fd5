// What the fuzzer runs: a target makes inputs out of inputs and takes one from its first byte to its verdict.

import type { Random } from "../support/random.ts";

export interface Target {
  readonly name: string;
  /** Inputs to begin with. */
  seeds(): Uint8Array[];
  /** Another input, made out of one or two. */
  vary(input: Uint8Array, other: Uint8Array, random: Random): Uint8Array;
  /**
   * Takes an input all the way and tells how it ended. Throws what nobody named; a Refusal or a Misuse is
   * an end like another.
   */
  run(input: Uint8Array): Promise<string> | string;
}
