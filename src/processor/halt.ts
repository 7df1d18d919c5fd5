// Why the guest stands still, whoever ran it: the core's stop reasons as values, and the place of a stop
// for the sentence about it. A place reads registers and code, so it is made only for a stop that is told.

import {
  STOP_BREAKPOINT,
  STOP_EXCEPTION,
  STOP_HYPERCALL,
  STOP_LIMIT,
  STOP_NO_HANDLER,
  STOP_RETURN,
  STOP_WATCHPOINT,
} from "../../assembly/shared/memory-map.ts";
import {
  CP0_BADVADDR,
  CP0_CAUSE,
  CP0_DEBUG,
  CP0_DEPC,
  CP0_EPC,
} from "../../assembly/shared/opcodes.ts";
import {
  exceptionStop,
  type GuestStop,
  noHandlerStop,
  type StopPlace,
  unresolvedStop,
  waitStop,
} from "./guest-stop.ts";
import { codeAround } from "./neighbourhood.ts";
import type { Core } from "./processor.ts";

/**
 * Why the guest stands still. returned: the function came back; steps: those asked for are done;
 * breakpoint: pc is at one; watchpoint: the instruction at pc would touch `address`; ended: it can't go
 * on, as `stop` tells. At a breakpoint, a watchpoint and an exception nothing of the instruction is done.
 */
export type Halt =
  | { readonly reason: "returned" | "steps" | "breakpoint" }
  | { readonly reason: "watchpoint"; readonly address: number }
  | { readonly reason: "ended"; readonly stop: GuestStop };

const DEBUG_DM = 1 << 30;
const DEBUG_EXC_CODE = 10;
const CAUSE_EXC_CODE = 2;
const EXC_CODE = 31;

/** Names for addresses, as a stop prints them. */
export interface Naming {
  readonly describe: (address: number) => string;
  /** `symbol+0xoffset`, or null. */
  readonly nameOf: (address: number) => string | null;
}

/** Where the core stands now. */
export function stopPlace(core: Core, { describe, nameOf }: Naming): StopPlace {
  const { pc, inDelaySlot } = core.stopReason === STOP_NO_HANDLER ? faultPlace(core) : core;
  return {
    profile: core.profile,
    pc,
    inDelaySlot,
    registers: Array.from({ length: 32 }, (_, index) => core.gpr(index)),
    code: codeAround(core, pc, nameOf),
    describe,
  };
}

/** The instruction whose exception is being taken. */
function faultPlace(core: Core): { pc: number; inDelaySlot: boolean } {
  const debug = core.cp0(CP0_DEBUG >>> 3, CP0_DEBUG & 7);
  const inDebugMode = (debug & DEBUG_DM) !== 0;
  const inDelaySlot = (inDebugMode ? debug : core.cp0(CP0_CAUSE >>> 3)) >>> 31 === 1;
  const restart = core.cp0((inDebugMode ? CP0_DEPC : CP0_EPC) >>> 3);
  return { pc: (restart + (inDelaySlot ? 4 : 0)) >>> 0, inDelaySlot };
}

/** ExcCode of that exception. */
function faultCode(core: Core): number {
  const debug = core.cp0(CP0_DEBUG >>> 3, CP0_DEBUG & 7);
  return debug & DEBUG_DM
    ? (debug >>> DEBUG_EXC_CODE) & EXC_CODE
    : (core.cp0(CP0_CAUSE >>> 3) >>> CAUSE_EXC_CODE) & EXC_CODE;
}

/** What a STOP_* of the core means, to one who serves no HYPERCALL words. */
export function haltOf(core: Core, reason: number, place: () => StopPlace): Halt {
  const ended = (stop: GuestStop): Halt => ({ reason: "ended", stop });
  switch (reason) {
    case STOP_LIMIT:
      return { reason: "steps" };
    case STOP_RETURN:
      return { reason: "returned" };
    case STOP_BREAKPOINT:
      return { reason: "breakpoint" };
    case STOP_WATCHPOINT:
      return { reason: "watchpoint", address: core.stopValue };
    case STOP_EXCEPTION:
      return ended(exceptionStop(core.stopValue, core.cp0(CP0_BADVADDR / 8), place()));
    case STOP_NO_HANDLER:
      return ended(noHandlerStop(faultCode(core), core.stopValue, core.pc, place()));
    case STOP_HYPERCALL:
      return ended(unresolvedStop(`host function ${core.stopValue}`, place()));
    default:
      return ended(waitStop(place()));
  }
}
