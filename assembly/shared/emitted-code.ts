// What the host asks of emit() and what it gets back besides the code at EMITTED: the frame around an
// instruction's code, its access and its guards, and the locals of a translated function.

import { EMIT_WORDS } from "./memory-map.ts";

/** Results: what the instruction is to the frame around it. */
export const EMIT_LENGTH = EMIT_WORDS; // bytes at EMITTED
export const EMIT_READS = EMIT_LENGTH + 4; // a bit for each register read; bit 0 means HI and LO
export const EMIT_WRITES = EMIT_READS + 4;
export const EMIT_TARGET = EMIT_WRITES + 4; // of a branch or jump, if emit()'s return value says that it is known
export const EMIT_LINK = EMIT_TARGET + 4; // the register that gets the return address, or 0
export const EMIT_GUARDS = EMIT_LINK + 4; // whether the code has a guard
/** Inputs: how the instruction's access finds memory, and how its guards leave. */
export const EMIT_EXIT = EMIT_GUARDS + 4; // the value that goes with a guard's branch
export const EMIT_LABEL = EMIT_EXIT + 4; // relative depth of that branch's label
export const EMIT_ACCESS = EMIT_LABEL + 4; // ACCESS_*
export const EMIT_WINDOW_START = EMIT_ACCESS + 4; // guest address
export const EMIT_WINDOW_SIZE = EMIT_WINDOW_START + 4; // bytes; 0: an earlier guard has checked the access
export const EMIT_WINDOW_OFFSET = EMIT_WINDOW_SIZE + 4; // where the window's first byte is in this memory
export const EMIT_REFUND = EMIT_WINDOW_OFFSET + 4; // instructions that FUEL is ahead by here
export const EMIT_SITE = EMIT_REFUND + 4; // the address that a trace record of this instruction names

/** EMIT_ACCESS: through the page tables; in a window whose place is known; a store that may hit code. */
export const ACCESS_PAGES = 0;
export const ACCESS_WINDOW = 1;
export const ACCESS_CHECKED = 2;

/** What emit() returns. */
export const EMIT_NEXT = 0; // code for the whole instruction
export const EMIT_BRANCH = 1; // code that leaves the condition in a local; EMIT_TARGET
export const EMIT_LIKELY = 2; // the same of a branch that nullifies its delay slot
export const EMIT_JUMP = 3; // code that leaves the target in a local; EMIT_TARGET holds it too
export const EMIT_JUMP_REGISTER = 4; // the same, and only the local has the target
export const EMIT_EXACT = 5; // no code: the instruction has to be read exactly

/** Locals of a translated function, as emit() uses them; the guest's register r has r + 1. */
export const LOCAL_PC = 0; // parameter: the address that was called
export const LOCAL_DEPTH = 1; // parameter: translated functions that are open around this one
export const LOCAL_HI_LO = 33; // i64: HI and LO as one value
export const LOCAL_FUEL = 34;
export const LOCAL_CONDITION = 35;
export const LOCAL_TARGET = 36;
export const LOCAL_ADDRESS = 37;
export const LOCAL_ENTRY = 38;
export const LOCAL_A = 39;
export const LOCAL_B = 40;
export const LOCAL_LABEL = 41;
export const LOCAL_WIDE = 42; // i64
export const LOCAL_COUNT = 43; // i64: of instructions, when a function was entered
export const LOCAL_TURNS = 44; // of a loop that its plan allows without a check
export const LOCAL_RESERVE = 45; // what FUEL is put down by in such a loop, so that it is negative when they are over
export const LOCAL_ENDS = 46; // whether the loop ends after these turns
