// A veneer: the four words that a jump which can't reach goes through. It adds one to the instructions a
// callee may count on, so it may only touch what is dead there. That is decided at the hardest place, a
// `jal _mcount`: `at` holds the caller's return address (and becomes ra), t4 may hold the address of the
// saved ra (-mmcount-ra-address), arguments are live, and ra already points into the traced function, so
// the veneer ends in jr and never in jalr. t9, the conventional call register, is dead there and at every
// standard call. Which jumps may go through a veneer at all is refusal.ts's business.

import { OP_ADDIU, OP_LUI, SPECIAL_JR } from "../../assembly/opcodes.ts";
import { hex } from "../hex.ts";

/** Bytes of a veneer, and its alignment: a line between two regions never cuts one. */
export const VENEER_SIZE = 16;

/** $25, t9. */
export const T9 = 25;

/** Why a register isn't a veneer's to write, by register number; those that aren't listed are dead. */
const LIVE: Readonly<Record<number, string>> = {
  0: "zero can't hold an address",
  1: "at holds the caller's return address at a call of _mcount",
  2: "v0 holds the static chain of a nested function",
  4: "a0 holds an argument",
  5: "a1 holds an argument",
  6: "a2 holds an argument",
  7: "a3 holds an argument",
  12: "t4 holds the address of the saved ra at a call of _mcount, where function_graph writes",
  16: "s0 is the caller's",
  17: "s1 is the caller's",
  18: "s2 is the caller's",
  19: "s3 is the caller's",
  20: "s4 is the caller's",
  21: "s5 is the caller's",
  22: "s6 is the caller's",
  23: "s7 is the caller's",
  26: "k0 is lost at any exception",
  27: "k1 is lost at any exception",
  28: "gp is the kernel's current thread",
  29: "sp is the stack",
  30: "s8 is the caller's",
  31: "ra holds the way back into the calling function",
};

/**
 * `lui reg, %hi(target); addiu reg, reg, %lo(target); jr reg; nop`. addiu extends its immediate's sign,
 * so %hi is one more when bit 15 of the target is set.
 */
export function veneerWords(target: number, register: number = T9): number[] {
  const high = ((target + 0x8000) >>> 16) & 0xffff;
  const low = target & 0xffff;
  return [
    ((OP_LUI << 26) | (register << 16) | high) >>> 0,
    ((OP_ADDIU << 26) | (register << 21) | (register << 16) | low) >>> 0,
    ((register << 21) | SPECIAL_JR) >>> 0,
    0,
  ];
}

/**
 * Why these words are no veneer to `target`, in a sentence, or null when they are one: lui and addiu write
 * dead registers only, one jr goes to the target, and its delay slot is a nop. Anything else, jalr above
 * all, is no veneer.
 */
export function veneerFault(words: readonly number[], target: number): string | null {
  const registers = new Map<number, number>();
  for (const [index, word] of words.entries()) {
    const opcode = word >>> 26;
    const rs = (word >>> 21) & 31;
    const rt = (word >>> 16) & 31;
    if ((word & ~(31 << 21)) >>> 0 === SPECIAL_JR) {
      const goes = registers.get(rs);
      if (goes === undefined) return `it jumps through $${rs}, which it hasn't set`;
      if (goes !== target >>> 0) return `it jumps to ${hex(goes)}, not to ${hex(target)}`;
      if (words[index + 1] !== 0) return "the delay slot of its jr isn't a nop";
      return words.length === index + 2 ? null : "words follow its jump";
    }
    const live = LIVE[rt];
    if (opcode === OP_LUI && rs === 0) {
      if (live !== undefined) return live;
      registers.set(rt, (word << 16) >>> 0);
    } else if (opcode === OP_ADDIU) {
      const from = registers.get(rs);
      if (live !== undefined) return live;
      if (from === undefined) return `it reads $${rs}, which it hasn't set`;
      registers.set(rt, (from + ((word << 16) >> 16)) >>> 0);
    } else {
      return `${hex(word)} isn't lui, addiu or jr: a veneer must leave ra and memory alone`;
    }
  }
  return "it doesn't end in a jump";
}
