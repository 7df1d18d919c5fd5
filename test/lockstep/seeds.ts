// Which programs: those whose outcomes are stored, and others for when QEMU is here to be asked.

import type { Program } from "../vectors/program.ts";
import { programFrom } from "./generator.ts";

/** Spreads consecutive numbers over the seeds, and keeps clear of 0. */
function seed(n: number): number {
  return Math.imul(n + 1, 0x9e37_79b1) >>> 0;
}

/** The n-th program of all. */
export function programNumber(n: number): Program {
  return programFrom(seed(n));
}

/** Programs 0 to STORED - 1 are stored. */
export const STORED = 1000;

/** Programs FRESH on are nobody's: QEMU is asked on the spot. */
export const FRESH = 1_000_000;
