// Numbers the programs: those whose outcomes are stored, and new ones for machines with QEMU.

import type { Program } from "../vectors/program.ts";
import { programFrom } from "./generator.ts";

/** Spreads consecutive numbers over the seeds, and never gives 0. */
function seed(n: number): number {
  return Math.imul(n + 1, 0x9e37_79b1) >>> 0;
}

/** The seed of the n-th program. */
export function programNumber(n: number): Program {
  return programFrom(seed(n));
}

/** Programs 0 to STORED - 1 are stored. */
export const STORED = 1000;

/** Programs from FRESH on have no stored outcome: the test runs them on QEMU. */
export const FRESH = 1_000_000;
