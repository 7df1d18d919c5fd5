// A processor without a machine around it, as a target for the debugger: a board's CPU with its own vectors, or
// one of a test. Its HYPERCALL words have no functions behind them and end a run.

import { hex } from "../hex.ts";
import { DEFAULT_BUDGET } from "./budget.ts";
import type { DebugTarget } from "./debugger.ts";
import type { Processor } from "./processor.ts";
import { haltOf, stopPlace } from "./stop.ts";

/**
 * Runs the processor from its present state. Its halts mean what a GuestCall's do; default: a thousand million
 * steps. An exception without a handler ends the run; the stop is at the instruction that raised it.
 */
export function bareRun(processor: Processor): DebugTarget {
  const naming = { describe: hex, nameOf: () => null };
  return {
    processor,
    advance: (steps = DEFAULT_BUDGET) =>
      haltOf(processor, processor.run(steps), () => stopPlace(processor, naming)),
  };
}
