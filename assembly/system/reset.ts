// Reset, and the few calls by which the host reads and writes state that is more than a word in memory.

import { CAUSE_IP, CAUSE_IP7, CAUSE_TI, Cp0 } from "../cpu/cp0-registers.ts";
import { resetCp0 } from "../cpu/cpu-model.ts";
import { cpu } from "../cpu/cpu.ts";
import {
  CPU,
  CPU_CP0,
  READ_TABLE,
  READ_TABLE_SIZE,
  WRITE_TABLE_SIZE,
} from "../shared/memory-map.ts";
import { CP0_CAUSE } from "../shared/opcodes.ts";
import { readCp0, writeCp0 } from "./cp0.ts";
import { goTo } from "./exceptions.ts";
import { NEVER, schedule } from "./timer.ts";
import { resetTlb } from "./tlb.ts";

const RESET_VECTOR: u32 = 0xbfc00000;

/**
 * Puts the CPU into the state of a cold reset of the given processor (MODEL_*) with so many JTLB entries
 * (16, 32 or 64) and ramSize bytes of physical memory, which is left as it is. Every page, the host's too, is unmapped; the host's own
 * settings (limit, mode, return address) go back to none.
 */
export function reset(ramSize: u32, model: u32, tlbEntries: u32): void {
  memory.fill(CPU, 0, CPU_CP0 - CPU);
  memory.fill(READ_TABLE, 0, READ_TABLE_SIZE + WRITE_TABLE_SIZE);
  cpu.ramSize = ramSize;
  cpu.returnTo = 0xffffffff;
  cpu.eventDue = NEVER;
  resetCp0(model, tlbEntries);
  resetTlb();
  schedule();
  goTo(RESET_VECTOR);
}

/** What mfc0 would read; register * 8 + select. */
export function getCp0(register: u32): u32 {
  return readCp0(register);
}

/** What mtc0 would do. */
export function setCp0(register: u32, value: u32): void {
  writeCp0(register, value);
}

/** The interrupt lines that devices hold now, at Cause's bits 15..10 (IP7..IP2). */
export function setInterrupts(lines: u32): void {
  cpu.interrupts = lines & CAUSE_IP & ~0x300;
  const cause = Cp0.get(CP0_CAUSE);
  const timer = cause & CAUSE_TI ? CAUSE_IP7 : 0;
  Cp0.set(CP0_CAUSE, (cause & ~(CAUSE_IP & ~0x300)) | cpu.interrupts | timer);
}
