// The operand fields of an instruction word. A register field is read as the register's name (registers.ts),
// which is the offset of its word in the register file.

import { REGISTER_SHIFT } from "../cpu/registers.ts";
import { OP_SPECIAL } from "../shared/opcodes.ts";

/** The name of any register has no other bits. */
const REGISTER_MASK: u32 = 31 << REGISTER_SHIFT;

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
  return (word >>> (21 - REGISTER_SHIFT)) & REGISTER_MASK;
}

export function rt(word: u32): u32 {
  return (word >>> (16 - REGISTER_SHIFT)) & REGISTER_MASK;
}

export function rd(word: u32): u32 {
  return (word >>> (11 - REGISTER_SHIFT)) & REGISTER_MASK;
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
