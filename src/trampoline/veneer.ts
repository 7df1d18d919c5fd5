// A veneer: the words that a jump goes through if it can't reach its target: four, or eight if the target is a 64-bit
// address that is not a sign-extended 32-bit one. It runs between caller and callee, so it may only write registers
// that are dead there. The hardest place decides, a `jal _mcount`: `at` holds the caller's return address (which
// becomes ra), t4 may hold the address of the saved ra (-mmcount-ra-address), arguments are live, and ra already points
// into the traced function, so the veneer ends in jr and never in jalr. t9, the conventional call register, is dead
// there and at every standard call. refusal.ts decides which jumps may use a veneer.

import { OP_ADDIU, OP_LUI, OP_SPECIAL, SPECIAL_JR } from "../../assembly/shared/opcodes.ts";
import { type Address, isSignExtended } from "../address.ts";
import { hex } from "../hex.ts";
import { assemble, loadAddress, NOP } from "../isa/assemble.ts";
import { OP_DADDIU, SPECIAL_DSLL } from "../isa/mips64.ts";
import { R } from "../isa/registers.ts";

/** Bytes of a veneer to a target, and its alignment, with which it never crosses a boundary between two regions. */
export function veneerSize(target: Address): 16 | 32 {
  return isSignExtended(target) ? 16 : 32;
}

/** Why a veneer may not write a register, by register number; registers that aren't listed are dead. */
const LIVE: Readonly<Record<number, string>> = {
  [R.zero]: "zero can't hold an address",
  [R.at]: "at holds the caller's return address at a call of _mcount",
  [R.v0]: "v0 holds the static chain of a nested function",
  [R.a0]: "a0 holds an argument",
  [R.a1]: "a1 holds an argument",
  [R.a2]: "a2 holds an argument",
  [R.a3]: "a3 holds an argument",
  [R.t4]: "t4 holds the address of the saved ra at a call of _mcount, where function_graph writes",
  [R.s0]: "s0 is the caller's",
  [R.s1]: "s1 is the caller's",
  [R.s2]: "s2 is the caller's",
  [R.s3]: "s3 is the caller's",
  [R.s4]: "s4 is the caller's",
  [R.s5]: "s5 is the caller's",
  [R.s6]: "s6 is the caller's",
  [R.s7]: "s7 is the caller's",
  [R.k0]: "k0 is lost at any exception",
  [R.k1]: "k1 is lost at any exception",
  [R.gp]: "gp is the kernel's current thread",
  [R.sp]: "sp is the stack",
  [R.s8]: "s8 is the caller's",
  [R.ra]: "ra holds the way back into the calling function",
};

/** Registers that hold arguments in n64 besides a0 to a3: o32's t0 to t3. */
const N64_ARGUMENTS: readonly number[] = [R.t0, R.t1, R.t2, R.t3];

/**
 * `lui reg, %hi(target); addiu reg, reg, %lo(target); jr reg; nop`. addiu sign-extends its immediate, so %hi is one
 * more when bit 15 of the target is set. In a 64-bit processor lui and addiu sign-extend their results, so this reaches
 * every address that is a sign-extended 32-bit one. For any other:
 * `lui reg, %highest; daddiu reg, reg, %higher; dsll reg, reg, 16; daddiu reg, reg, %hi; dsll reg, reg, 16;
 * daddiu reg, reg, %lo; jr reg; nop`, as gcc loads it with one register.
 */
export function veneerWords(target: Address, register: number = R.t9): number[] {
  const jump = [assemble("jr", register), NOP];
  if (isSignExtended(target)) return [...loadAddress(register, target), ...jump];
  // A negative half borrows from the halves above it, so they are one more.
  const half = (carry: bigint, shift: bigint): bigint => (BigInt(target) + carry) >> shift;
  const daddiu = (value: bigint): number =>
    assemble("daddiu", register, register, Number(BigInt.asIntN(16, value)));
  const dsll16 = assemble("dsll", register, register, 16);
  return [
    assemble("lui", register, Number(BigInt.asUintN(16, half(0x8000_8000_8000n, 48n)))),
    daddiu(half(0x8000_8000n, 32n)),
    dsll16,
    daddiu(half(0x8000n, 16n)),
    dsll16,
    daddiu(half(0n, 0n)),
    ...jump,
  ];
}

/**
 * Why these words are no veneer to `target`, in a sentence, or null when they are one: lui, addiu and on 64 bits daddiu
 * and dsll write dead registers only, one jr goes to the target, and its delay slot is a nop. Anything else, above all
 * a jalr, is no veneer.
 */
export function veneerFault(words: readonly number[], target: Address): string | null {
  const wide = typeof target === "bigint";
  /** The registers' values in the processor: signed, 64 or 32 bits wide. */
  const registers = new Map<number, bigint>();
  const extended = (value: bigint): bigint => BigInt.asIntN(32, value);
  for (const [index, word] of words.entries()) {
    const opcode = word >>> 26;
    const rs = (word >>> 21) & 31;
    const rt = (word >>> 16) & 31;
    const immediate = BigInt((word << 16) >> 16);
    if ((word & ~(31 << 21)) >>> 0 === SPECIAL_JR) {
      const goes = registers.get(rs);
      if (goes === undefined) return `it jumps through $${rs}, which it hasn't set`;
      const there = wide ? BigInt.asUintN(64, goes) : Number(BigInt.asUintN(32, goes));
      const wanted = wide ? target : target >>> 0;
      if (there !== wanted) return `it jumps to ${hex(there)}, not to ${hex(wanted)}`;
      if (words[index + 1] !== NOP) return "the delay slot of its jr isn't a nop";
      return words.length === index + 2 ? null : "words follow its jump";
    }
    const shift = wide && opcode === OP_SPECIAL && rs === 0 && (word & 63) === SPECIAL_DSLL;
    const [to, from] = shift ? [(word >>> 11) & 31, rt] : [rt, rs];
    const live =
      LIVE[to] ?? (wide && N64_ARGUMENTS.includes(to) ? `$${to} holds an argument` : undefined);
    if (opcode === OP_LUI && rs === 0) {
      if (live !== undefined) return live;
      registers.set(to, extended(immediate << 16n));
    } else if (shift || opcode === OP_ADDIU || (wide && opcode === OP_DADDIU)) {
      const value = registers.get(from);
      if (live !== undefined) return live;
      if (value === undefined) return `it reads $${from}, which it hasn't set`;
      if (shift) registers.set(to, BigInt.asIntN(64, value << BigInt((word >>> 6) & 31)));
      else if (opcode === OP_ADDIU) registers.set(to, extended(value + immediate));
      else registers.set(to, BigInt.asIntN(64, value + immediate));
    } else {
      const known = wide ? "lui, addiu, daddiu, dsll" : "lui, addiu";
      return `${hex(word)} isn't ${known} or jr: a trampoline must leave ra and memory alone`;
    }
  }
  return "it doesn't end in a jump";
}
