// Why the guest stopped: the core's stop reasons as values and, for a run that can't continue, the place and a
// message. The place of a stop (registers, the code around pc) is read only on request. The guest's whole state
// remains in the machine and can be inspected further.

import { RAM } from "../../assembly/shared/memory-map.ts";
import {
  CP0_BADVADDR,
  CP0_CAUSE,
  CP0_DEBUG,
  CP0_DEPC,
  CP0_EPC,
  EXC_RI,
} from "../../assembly/shared/opcodes.ts";
import {
  STOP_BREAKPOINT,
  STOP_EXCEPTION,
  STOP_HYPERCALL,
  STOP_LIMIT,
  STOP_NO_HANDLER,
  STOP_RETURN,
  STOP_WATCHPOINT,
} from "../../assembly/shared/stops.ts";
import { hex } from "../hex.ts";
import { extensionOf } from "../isa/extensions.ts";
import { find, hasDelaySlot, INSTRUCTIONS } from "../isa/table.ts";
import { badPointerText } from "./bad-pointer.ts";
import { EXCEPTIONS } from "./exceptions.ts";
import type { CpuModel, Processor } from "./processor.ts";

/**
 * Why the guest is stopped. returned: the function returned; steps: the requested steps are done; breakpoint: pc is
 * at one; watchpoint: the instruction at pc would access `address`; ended: it can't continue, and `stop` says why; begin: it has gone back to where its
 * history begins. At a breakpoint, a watchpoint or an exception the instruction has had no effect.
 */
export type Halt =
  | { readonly reason: "returned" | "steps" | "breakpoint" | "begin" }
  | { readonly reason: "watchpoint"; readonly address: number }
  | { readonly reason: "ended"; readonly stop: GuestStop };

export interface GuestStop {
  /**
   * exception: the processor took one; budget: the instruction budget ran out; unresolved: the guest called a function
   * without code; wait: the guest waits for an interrupt that never comes; panic: the guest called panic(); killed: a
   * debugger ended the run.
   */
  readonly kind: "exception" | "budget" | "unresolved" | "wait" | "panic" | "killed";
  /** The manual's name of the exception (`AdEL`, `RI`, ...), the function's name, or the kind. */
  readonly name: string;
  /** The address of the instruction where it stopped; for a delay slot, the slot's own address. */
  readonly pc: number;
  readonly inDelaySlot: boolean;
  /** The address that caused an address error or a TLB exception. */
  readonly badVAddr?: number;
  /** The 32 general registers. */
  readonly registers: readonly number[];
  /** The words around pc, in the order of their addresses. */
  readonly code: readonly CodeWord[];
  /** A sentence: what happened, where, and what to do. */
  readonly message: string;
}

/** A word of code in the guest's memory. */
export interface CodeWord {
  readonly address: number;
  /** null: the address is not mapped. */
  readonly word: number | null;
  /** `name+0xoffset`, or null when no symbol contains the address. */
  readonly symbol: string | null;
}

/** The place of a stop, read from the machine. */
export interface StopPlace {
  /** Which processor. */
  readonly model: CpuModel;
  readonly pc: number;
  readonly inDelaySlot: boolean;
  readonly registers: readonly number[];
  readonly code: readonly CodeWord[];
  /** `symbol+0xoffset [module]` for an address. */
  readonly describe: (address: number) => string;
}

/** Names for addresses, as a stop prints them. */
export interface Naming {
  readonly describe: (address: number) => string;
  /** `symbol+0xoffset`, or null. */
  readonly nameOf: (address: number) => string | null;
}

const DEBUG_DM = 1 << 30;
const DEBUG_EXC_CODE = 10;
const CAUSE_EXC_CODE = 2;
const EXC_CODE = 31;

/** Words before pc and after it. */
const REACH = 5;
const WORD = 4;

/** Where the processor stopped. */
export function stopPlace(processor: Processor, { describe, nameOf }: Naming): StopPlace {
  const { pc, inDelaySlot } =
    processor.stopReason === STOP_NO_HANDLER ? faultPlace(processor) : processor;
  return {
    model: processor.model,
    pc,
    inDelaySlot,
    registers: Array.from({ length: 32 }, (_, index) => processor.gpr(index)),
    code: codeAround(processor, pc, nameOf),
    describe,
  };
}

/** The instruction whose exception is being taken. */
function faultPlace(processor: Processor): { pc: number; inDelaySlot: boolean } {
  const debug = processor.cp0(CP0_DEBUG >>> 3, CP0_DEBUG & 7);
  const inDebugMode = (debug & DEBUG_DM) !== 0;
  const inDelaySlot = (inDebugMode ? debug : processor.cp0(CP0_CAUSE >>> 3)) >>> 31 === 1;
  const restart = processor.cp0((inDebugMode ? CP0_DEPC : CP0_EPC) >>> 3);
  return { pc: (restart + (inDelaySlot ? 4 : 0)) >>> 0, inDelaySlot };
}

/** ExcCode of that exception. */
function faultCode(processor: Processor): number {
  const debug = processor.cp0(CP0_DEBUG >>> 3, CP0_DEBUG & 7);
  return debug & DEBUG_DM
    ? (debug >>> DEBUG_EXC_CODE) & EXC_CODE
    : (processor.cp0(CP0_CAUSE >>> 3) >>> CAUSE_EXC_CODE) & EXC_CODE;
}

/** The meaning of a STOP_* on a processor without host functions. */
export function haltOf(processor: Processor, reason: number, place: () => StopPlace): Halt {
  const ended = (stop: GuestStop): Halt => ({ reason: "ended", stop });
  switch (reason) {
    case STOP_LIMIT:
      return { reason: "steps" };
    case STOP_RETURN:
      return { reason: "returned" };
    case STOP_BREAKPOINT:
      return { reason: "breakpoint" };
    case STOP_WATCHPOINT:
      return { reason: "watchpoint", address: processor.stopValue };
    case STOP_EXCEPTION:
      return ended(exceptionStop(processor.stopValue, processor.cp0(CP0_BADVADDR / 8), place()));
    case STOP_NO_HANDLER:
      return ended(noHandlerStop(faultCode(processor), processor.stopValue, processor.pc, place()));
    case STOP_HYPERCALL:
      return ended(unresolvedStop(`host function ${processor.stopValue}`, place()));
    default:
      return ended(waitStop(place()));
  }
}

/** Five words before pc, the word at pc, five after. A pc that is not aligned counts as its word. */
function codeAround(
  processor: Processor,
  pc: number,
  nameOf: (address: number) => string | null,
): CodeWord[] {
  const middle = pc - (pc % WORD);
  return Array.from({ length: 2 * REACH + 1 }, (_, index) => {
    const address = (middle + WORD * (index - REACH)) >>> 0;
    const physical = processor.physicalOf(address, false);
    const word = physical === undefined ? null : (processor.words[(RAM + physical) / WORD] ?? null);
    return { address, word, symbol: nameOf(address) };
  });
}

/** The stop for an exception that has no handler. */
export function exceptionStop(code: number, badVAddr: number, place: StopPlace): GuestStop {
  const { name, says } = named(code, place);
  const exception = EXCEPTIONS.get(code);
  // An odd pc is what a jump to MIPS16 or microMIPS code leaves: the bit selects the instruction set.
  const compressed =
    (place.pc & 1) !== 0 ? " (an odd address: MIPS16 or microMIPS code, not run)" : "";
  const at = exception?.hasAddress ? ` (address ${hex(badVAddr)})` : "";
  const word = place.code.find(({ address }) => address === place.pc)?.word ?? null;
  const pointer = exception?.hasAddress
    ? badPointerText(word, place.pc, place.registers, badVAddr)
    : "";
  return {
    ...stop("exception", name, place),
    ...(exception?.hasAddress ? { badVAddr } : {}),
    message:
      `exception ${name}: ${says}${at}${compressed}${pointer}, ` +
      `at ${where(place)}, ` +
      `called from ${place.describe(place.registers[31] ?? 0)}`,
  };
}

/**
 * The stop for an exception whose vector raised a second exception, because there is no handler.
 * @param second the second exception, raised at `vectorPc`.
 */
function noHandlerStop(
  code: number,
  second: number,
  vectorPc: number,
  place: StopPlace,
): GuestStop {
  const { name, says } = named(code, place);
  const then = EXCEPTIONS.get(second)?.name ?? `ExcCode ${second}`;
  return {
    ...stop("exception", name, place),
    message:
      `exception ${name}: ${says}, at ${where(place)}, and no handler for it: its vector led to ` +
      `exception ${then} at ${place.describe(vectorPc)}`,
  };
}

function named(code: number, place: StopPlace): { name: string; says: string } {
  const { name, says } = EXCEPTIONS.get(code) ?? { name: `ExcCode ${code}`, says: "unknown" };
  return { name, says: code === EXC_RI ? whyReserved(place) : says };
}

function where({ pc, inDelaySlot, describe }: StopPlace): string {
  return `${describe(pc)}${inDelaySlot ? " in a delay slot" : ""}`;
}

/** What the reserved word at pc is, and how to fix it if possible. */
function whyReserved({ pc, inDelaySlot, code, model }: StopPlace): string {
  const word = code.find(({ address }) => address === pc)?.word ?? null;
  const row = word === null ? undefined : find(INSTRUCTIONS, word);
  if (row !== undefined && inDelaySlot && hasDelaySlot(row)) return "a branch in a delay slot";
  const extension = word === null ? null : extensionOf(word);
  if (extension !== null) return extension;
  if (model !== "4Kc") return "an instruction that MIPS32 Release 2 reserves";
  if (row?.release2 !== true) return "an instruction that MIPS32 Release 1 reserves";
  return (
    `${row.name}, which MIPS32 Release 2 added and a 4Kc, of Release 1, doesn't have; ` +
    "take a 24Kc or 4KEc (--cpu 24Kc), or build for -march=mips32"
  );
}

export function budgetStop(budget: number, place: StopPlace): GuestStop {
  return {
    ...stop("budget", "budget", place),
    message:
      `the budget of ${budget} instructions ran out at ${place.describe(place.pc)}; ` +
      "an endless loop, or give it more (--budget N)",
  };
}

function waitStop(place: StopPlace): GuestStop {
  return {
    ...stop("wait", "wait", place),
    message: `WAIT at ${place.describe(place.pc)}: no interrupt can end it`,
  };
}

export function unresolvedStop(name: string, place: StopPlace): GuestStop {
  return {
    ...stop("unresolved", name, place),
    message:
      `${name} was called from ${place.describe(place.registers[31] ?? 0)}, but no code is behind it: ` +
      `give it a result with --provide ${name}=0, or provide("${name}", ...) in a program, or give a kernel whose ` +
      "image has it (--kernel vmlinuz)",
  };
}

export function panicStop(text: string, place: StopPlace): GuestStop {
  return {
    ...stop("panic", "panic", place),
    message: `${text}; called from ${place.describe(place.registers[31] ?? 0)}`,
  };
}

export function killedStop(place: StopPlace, by: string): GuestStop {
  return {
    ...stop("killed", "killed", place),
    message: `ended by ${by} at ${place.describe(place.pc)}`,
  };
}

function stop(
  kind: GuestStop["kind"],
  name: string,
  { pc, inDelaySlot, registers, code }: StopPlace,
): Omit<GuestStop, "message"> {
  return { kind, name, pc, inDelaySlot, registers, code };
}
