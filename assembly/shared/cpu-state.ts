// The processor's words: those of its state, which assembly/cpu/cpu.ts overlays and a snapshot holds, and those
// that its fast loop uses while it runs. Each word begins where the one before it ends; a u64 is named as one.

import { CPU, LOOP_WORDS } from "./memory-map.ts";

export const CPU_GPR = CPU; // 32 words, r0 is always 0
export const CPU_HI = CPU_GPR + 128;
export const CPU_LO = CPU_HI + 4;
export const CPU_PC = CPU_LO + 4; // the next instruction
export const CPU_NEXT_PC = CPU_PC + 4; // the one after it: pc + 4, or a pending branch's target
export const CPU_IN_DELAY_SLOT = CPU_NEXT_PC + 4; // 1: pc is a delay slot, its branch is at pc - 4
export const CPU_RAM_SIZE = CPU_IN_DELAY_SLOT + 4; // bytes of guest physical memory
export const CPU_COUNT = CPU_RAM_SIZE + 4; // u64: instructions completed since reset
export const CPU_LIMIT = CPU_COUNT + 8; // u64: run() stops when CPU_COUNT reaches it
export const CPU_MODE = CPU_LIMIT + 8; // MODE_* bits: what the host takes over, and whether farjal's own words exist
export const CPU_STOP_VALUE = CPU_MODE + 4; // what goes with a stop reason: hypercall code, exception code
export const CPU_RETURN_TO = CPU_STOP_VALUE + 4; // run() stops with STOP_RETURN when pc is this address
export const CPU_LL_ADDRESS = CPU_RETURN_TO + 4; // physical address of the last LL
export const CPU_LL_BIT = CPU_LL_ADDRESS + 4;
export const CPU_BRANCH_TARGET = CPU_LL_BIT + 4; // where the branch that is being read goes after its delay slot
export const CPU_FORBIDDEN = CPU_BRANCH_TARGET + 4; // address bits the present mode may not use: 0x80000000 in user mode
export const CPU_STOP = CPU_FORBIDDEN + 4; // STOP_* that the instruction being read asks for, or RUNNING
export const CPU_TIMER_DUE = CPU_STOP + 4; // u64: CPU_COUNT at which Count meets Compare
export const CPU_IDLE = CPU_TIMER_DUE + 8; // u64: time skipped by WAIT, in instructions; CPU_COUNT + CPU_IDLE is the clock
export const CPU_COUNT_OFFSET = CPU_IDLE + 8; // CP0 Count less the clock's share of it
export const CPU_INTERRUPTS = CPU_COUNT_OFFSET + 4; // interrupt lines held by devices, at Cause.IP's bits
export const CPU_RECORD_IP = CPU_INTERRUPTS + 4; // a trace record on its way from the instruction to the ring
export const CPU_RECORD_PARENT = CPU_RECORD_IP + 4;
export const CPU_EVENT_DUE = CPU_RECORD_PARENT + 4; // u64: CPU_COUNT at which the host has something to do, or all ones
export const CPU_DEVICE_FAULT = CPU_EVENT_DUE + 8; // 1: the device access that just ended found no device

/** CPU_MODE bits. */
export const MODE_STOP_ON_EXCEPTION = 1; // the host takes exceptions; no vector is entered
export const MODE_FARJAL_WORDS = 2; // HYPERCALL and the TRACE_ words are instructions, not reserved
export const MODE_BOARD = 4; // RAM is where a board has it, other addresses are the host's devices, and WAIT stops with STOP_IDLE

/** The fast loop's words (assembly/interpreter/interpreter.ts). */
export const STRETCH_END = LOOP_WORDS; // end of the instructions that follow one another; 0: OUTCOME says why it stopped
export const OUTCOME = STRETCH_END + 4; // of the last instruction, unless it was NEXT
/** Within one instruction (assembly/memory/bus.ts). */
export const DEVICE_PAGE = OUTCOME + 4; // physical address of the device's page that is being accessed
