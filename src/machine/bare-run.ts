// A processor without a machine around it, as something to debug: a board's CPU with its own vectors, or
// one of a test. Nobody serves its HYPERCALL words.

import {
  STOP_BREAKPOINT,
  STOP_EXCEPTION,
  STOP_HYPERCALL,
  STOP_LIMIT,
  STOP_RETURN,
  STOP_WATCHPOINT,
} from "../../assembly/layout.ts";
import { CP0_BADVADDR } from "../../assembly/opcodes.ts";
import { hex } from "../hex.ts";
import type { Core } from "./core.ts";
import type { DebugTarget } from "./debugger.ts";
import { exceptionStop, type StopPlace, unresolvedStop, waitStop } from "./guest-stop.ts";
import { codeAround } from "./neighbourhood.ts";

/** Runs the core as it stands; its halts mean what a GuestCall's do. */
export function bareRun(core: Core): DebugTarget {
  const place = (): StopPlace => ({
    pc: core.pc,
    inDelaySlot: core.inDelaySlot,
    registers: Array.from({ length: 32 }, (_, index) => core.gpr(index)),
    code: codeAround(core, () => null),
    describe: hex,
  });
  return {
    core,
    advance: (steps = Number.POSITIVE_INFINITY) => {
      const reason = core.run(steps);
      switch (reason) {
        case STOP_LIMIT:
          return { reason: "steps" };
        case STOP_RETURN:
          return { reason: "returned" };
        case STOP_BREAKPOINT:
          return { reason: "breakpoint" };
        case STOP_WATCHPOINT:
          return { reason: "watchpoint", address: core.stopValue };
        case STOP_EXCEPTION: {
          const badVAddr = core.cp0(CP0_BADVADDR / 8);
          return { reason: "ended", stop: exceptionStop(core.stopValue, badVAddr, place()) };
        }
        case STOP_HYPERCALL:
          return {
            reason: "ended",
            stop: unresolvedStop(`host function ${core.stopValue}`, place()),
          };
        default:
          return { reason: "ended", stop: waitStop(place()) };
      }
    },
  };
}
