// The operand fields of an instruction word. A register is named by the offset of its word in the register
// file, four times its number: it saves the interpreter a shift for every operand, and 0 is still r0.

import { OP_SPECIAL } from "../shared/opcodes.ts";

export const V0: u32 = 2 * 4;
export const V1: u32 = 3 * 4;
export const A0: u32 = 4 * 4;
export const A1: u32 = 5 * 4;
export const A2: u32 = 6 * 4;
export const A3: u32 = 7 * 4;
export const SP: u32 = 29 * 4;
export const RA: u32 = 31 * 4;

export function op(word: u32): u32 {
  return word >>> 26;
}

export function funct(word: u32): u32 {
  return word & 0x3f;
}

/**
 * One number for the switch that decodes: the major opcode, or SPECIAL + funct for the instructions of
 * OP_SPECIAL, which are half of all code and would otherwise pay for two switches.
 */
export const SPECIAL: u32 = 0x40;

export function selector(word: u32): u32 {
  return select<u32>(SPECIAL | funct(word), op(word), op(word) === OP_SPECIAL);
}

export function rs(word: u32): u32 {
  return (word >>> 19) & 0x7c;
}

export function rt(word: u32): u32 {
  return (word >>> 14) & 0x7c;
}

export function rd(word: u32): u32 {
  return (word >>> 9) & 0x7c;
}

/** Shift amount; lsb of ext and ins; which one, within BSHFL. */
export function sa(word: u32): u32 {
  return (word >>> 6) & 0x1f;
}

/** The rs, rt and rd fields where they are no registers: sub-opcodes, msb and CP0 numbers. */
export function rsField(word: u32): u32 {
  return (word >>> 21) & 0x1f;
}

export function rtField(word: u32): u32 {
  return (word >>> 16) & 0x1f;
}

export function rdField(word: u32): u32 {
  return (word >>> 11) & 0x1f;
}

/** CP0 register * 8 + select. */
export function cp0Register(word: u32): u32 {
  return (rdField(word) << 3) | (word & 7);
}

export function immediate(word: u32): u32 {
  return word & 0xffff;
}

/** The immediate, sign-extended. */
export function offset(word: u32): u32 {
  return <u32>(<i32>(word << 16) >> 16);
}

/** Target of a branch at pc: relative to its delay slot. */
export function branchTarget(word: u32, pc: u32): u32 {
  return pc + 4 + (offset(word) << 2);
}

/** Target of a j or jal at pc: in the 256 MiB region of its delay slot. */
export function jumpTarget(word: u32, pc: u32): u32 {
  return ((pc + 4) & 0xf0000000) | ((word & 0x03ffffff) << 2);
}
