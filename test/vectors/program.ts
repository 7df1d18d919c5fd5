// A program that QEMU and the emulator both run: words at an address, the initial registers, a buffer of memory; and
// a stop, the state in which it stopped. Both sides use the same addresses, in the user segment, so that no address
// has to be converted.

import * as opcodes from "../../assembly/shared/opcodes.ts";

export type Endian = "little" | "big";

/** The registers an instruction can see, HI and LO after the general ones. */
export const HI = 32;
export const LO = 33;
export const REGISTERS = 34;

/** Register values: 0 to 31 the general registers (0 is 0), then HI and LO. */
export type Registers = Uint32Array<ArrayBuffer>;

export interface Program {
  /** The address of its words. */
  readonly address: number;
  readonly words: readonly number[];
  readonly entry: number;
  readonly registers: Registers;
  /** Initial memory at DATA, as words in the guest's byte order. */
  readonly data: readonly number[];
  /** The number of stops: after each but the last, the program continues after the stopping instruction. */
  readonly stops: number;
}

export interface Stop {
  /** Cause.ExcCode: every program ends in an exception, at the latest in the break after it. */
  readonly exception: number;
  /** EPC: the instruction, or its branch when it is in a delay slot. */
  readonly epc: number;
  /** BadVAddr, for the exceptions that set it; else 0. */
  readonly badVAddr: number;
  readonly registers: Registers;
  readonly data: readonly number[];
}

/** The buffer's address; the page after it is never mapped. */
export const DATA = 0x2000_0000;

/** break, which stops a program; and the break that ends it. */
export const BREAK = opcodes.SPECIAL_BREAK;
export const BREAK_LAST = (BREAK | (0x3ff << 16)) >>> 0;

/** Exceptions that set BadVAddr. */
export function setsBadVAddr(exception: number): boolean {
  return exception >= opcodes.EXC_MOD && exception <= opcodes.EXC_ADES;
}
