// A processor without a machine around it, as something to debug: a board's CPU with its own vectors, or
// one of a test. Nobody serves its HYPERCALL words.

import { hex } from "../hex.ts";
import { DEFAULT_BUDGET } from "../lab/calls/guest-call.ts";
import type { DebugTarget } from "./debugger.ts";
import { haltOf, stopPlace } from "./halt.ts";
import type { Core } from "./processor.ts";

/**
 * Runs the core as it stands, for a thousand million steps unless told; its halts mean what a GuestCall's do.
 * An exception that finds no handler ends the run, and is told at the instruction that it is of.
 */
export function bareRun(core: Core): DebugTarget {
  const naming = { describe: hex, nameOf: () => null };
  return {
    core,
    advance: (steps = DEFAULT_BUDGET) =>
      haltOf(core, core.run(steps), () => stopPlace(core, naming)),
  };
}
