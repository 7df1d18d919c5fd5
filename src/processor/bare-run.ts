// A processor without a machine, as a target for the debugger: a board's CPU with its own vectors, or a test's. Its
// HYPERCALL words have no host functions and end a run.

import { hex } from "../hex.ts";
import { DEFAULT_BUDGET } from "./budget.ts";
import type { DebugTarget } from "./debugger.ts";
import type { Processor } from "./processor.ts";
import { haltOf, stopPlace } from "./stop.ts";

/**
 * Runs the processor from its present state, by default for at most 1,000,000,000 steps. Its halts mean the same as a
 * GuestCall's. An exception without a handler ends the run; the stop is at the instruction that raised it.
 */
export function bareRun(processor: Processor): DebugTarget {
  const naming = { describe: hex, nameOf: () => null };
  return {
    processor,
    advance: (steps = DEFAULT_BUDGET) =>
      haltOf(processor, processor.run(steps), () => stopPlace(processor, naming)),
  };
}
