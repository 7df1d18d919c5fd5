// Exceptions as the architecture takes them: Cause, EPC and BD, BadVAddr, Context and EntryHi, then the
// vector. With MODE_STOP_ON_EXCEPTION the host takes them instead: the registers are set in the same way,
// but the mode doesn't change, no vector is entered, and run() stops with pc still at the instruction.
// It stops too, at the second exception, where the first has no handler and the processor would loop
// for ever: Cause and EPC are then still of the first. Each function ends the instruction: it returns EXIT, and
// the state in memory says what comes next.

import {
  CAUSE_BD,
  CAUSE_CE,
  CAUSE_EXCCODE,
  CAUSE_IP,
  CAUSE_IV,
  Cp0,
  DEBUG_DBD,
  DEBUG_DBP,
  DEBUG_DEXCCODE,
  DEBUG_DM,
  STATUS_BEV,
  STATUS_ERL,
  STATUS_EXL,
  STATUS_IE,
} from "../cpu/cp0-registers.ts";
import { cpu } from "../cpu/cpu.ts";
import { EXIT } from "../cpu/outcome.ts";
import { MODE_STOP_ON_EXCEPTION } from "../shared/cpu-state.ts";
import {
  CP0_BADVADDR,
  CP0_CAUSE,
  CP0_CONTEXT,
  CP0_DEBUG,
  CP0_DEPC,
  CP0_EBASE,
  CP0_ENTRYHI,
  CP0_EPC,
  CP0_STATUS,
  EXC_BP,
  EXC_CPU,
  EXC_IBE,
  EXC_INT,
} from "../shared/opcodes.ts";
import { STOP_EXCEPTION, STOP_NO_HANDLER } from "../shared/stops.ts";
import { setStatus } from "./cp0.ts";
import { modeChanged } from "./mode.ts";

const REFILL: u32 = 0x000;
const GENERAL: u32 = 0x180;
const INTERRUPT: u32 = 0x200;
const BOOT_VECTORS: u32 = 0xbfc00200;
const DEBUG_VECTOR: u32 = 0xbfc00480;

/** Where execution goes on after the exception: the instruction, or the branch whose slot it is in. */
function restartAddress(): u32 {
  return cpu.inDelaySlot ? cpu.pc - 4 : cpu.pc;
}

/** Goes to an address out of the sequence: no delay slot, no pending branch. */
export function goTo(pc: u32): void {
  cpu.pc = pc;
  cpu.nextPc = pc + 4;
  cpu.inDelaySlot = 0;
}

/** Any exception without a special vector. */
export function signal(code: u32): u32 {
  return take(code, GENERAL);
}

/** A coprocessor that can't be used; Cause.CE says which. */
export function signalUnusable(coprocessor: u32): u32 {
  Cp0.set(CP0_CAUSE, (Cp0.get(CP0_CAUSE) & ~CAUSE_CE) | (coprocessor << 28));
  return take(EXC_CPU, GENERAL);
}

/** An address error (AdEL, AdES). */
export function signalAddress(code: u32, va: u32): u32 {
  Cp0.set(CP0_BADVADDR, va);
  return take(code, GENERAL);
}

/** A translation that is missing (refill), invalid or not writable. */
export function signalTlb(code: u32, va: u32, refill: bool): u32 {
  Cp0.set(CP0_BADVADDR, va);
  Cp0.set(CP0_CONTEXT, (Cp0.get(CP0_CONTEXT) & 0xff800000) | ((va >>> 9) & 0x007ffff0));
  Cp0.set(CP0_ENTRYHI, (va & 0xffffe000) | (Cp0.get(CP0_ENTRYHI) & 0xff));
  return take(code, refill && !Cp0.has(CP0_STATUS, STATUS_EXL) ? REFILL : GENERAL);
}

/** Whether an enabled interrupt is waiting and may be taken now. */
export function interruptPending(): bool {
  const status = Cp0.get(CP0_STATUS);
  if ((status & (STATUS_IE | STATUS_EXL | STATUS_ERL)) !== STATUS_IE) return false;
  return (status & Cp0.get(CP0_CAUSE) & CAUSE_IP) !== 0 && !Cp0.has(CP0_DEBUG, DEBUG_DM);
}

/** Takes the waiting interrupt, before the instruction at pc. */
export function signalInterrupt(): void {
  take(EXC_INT, Cp0.has(CP0_CAUSE, CAUSE_IV) ? INTERRUPT : GENERAL);
}

/** SDBBP: into debug mode, with its own Debug.DExcCode and DEPC instead of Cause and EPC. */
export function signalDebugBreakpoint(): u32 {
  if (cpu.mode & MODE_STOP_ON_EXCEPTION) return take(EXC_BP, GENERAL);
  if (Cp0.has(CP0_DEBUG, DEBUG_DM)) return enterDebugMode(EXC_BP);
  Cp0.set(CP0_DEPC, restartAddress());
  const kept = Cp0.get(CP0_DEBUG) & ~(DEBUG_DBD | DEBUG_DEXCCODE);
  const cause = DEBUG_DBP | (EXC_BP << 10) | (cpu.inDelaySlot ? DEBUG_DBD : 0);
  Cp0.set(CP0_DEBUG, kept | DEBUG_DM | cause);
  modeChanged();
  goTo(DEBUG_VECTOR);
  return EXIT;
}

/** An exception in debug mode goes back to the debug vector and leaves DEPC alone. */
function enterDebugMode(code: u32): u32 {
  if (noHandler(code, DEBUG_VECTOR, Cp0.get(CP0_DEPC))) return EXIT;
  Cp0.set(CP0_DEBUG, (Cp0.get(CP0_DEBUG) & ~DEBUG_DEXCCODE) | (code << 10));
  goTo(DEBUG_VECTOR);
  return EXIT;
}

/**
 * Stops the run, and is true, when an exception while one is being taken already shows that no handler
 * is there: it comes from the first instruction of the vector that it would go to, and would for ever; or
 * memory without code was run through, to its end or back to the instruction that the first is of.
 */
function noHandler(code: u32, vector: u32, epc: u32): bool {
  if (cpu.pc !== vector && code !== EXC_IBE && restartAddress() !== epc) return false;
  cpu.stop = STOP_NO_HANDLER;
  cpu.stopValue = code;
  return true;
}

/**
 * Sets Cause.ExcCode, and EPC and BD unless EXL says that an exception is being taken already; then
 * enters the vector, or stops for the host.
 */
function take(code: u32, vector: u32): u32 {
  const stops = (cpu.mode & MODE_STOP_ON_EXCEPTION) !== 0;
  if (!stops && Cp0.has(CP0_DEBUG, DEBUG_DM)) return enterDebugMode(code);
  const base = Cp0.has(CP0_STATUS, STATUS_BEV) ? BOOT_VECTORS : Cp0.get(CP0_EBASE);
  const nested = !stops && Cp0.has(CP0_STATUS, STATUS_EXL);
  if (nested && noHandler(code, base + vector, Cp0.get(CP0_EPC))) return EXIT;
  let cause = (Cp0.get(CP0_CAUSE) & ~CAUSE_EXCCODE) | (code << 2);
  if (!nested) {
    Cp0.set(CP0_EPC, restartAddress());
    cause = cpu.inDelaySlot ? cause | CAUSE_BD : cause & ~CAUSE_BD;
  }
  Cp0.set(CP0_CAUSE, cause);
  if (stops) {
    cpu.stop = STOP_EXCEPTION;
    cpu.stopValue = code;
    return EXIT;
  }
  setStatus(Cp0.get(CP0_STATUS) | STATUS_EXL);
  goTo(base + vector);
  return EXIT;
}
