// The words of a long jump and of a long call site before they have an address: instructions, the relocations that
// complete them, and branches whose distance is known once everything has its place.

import { R_MIPS_HI16, R_MIPS_LO16 } from "../../assembly/shared/relocation-types.ts";
import type { ElfSymbol } from "../elf/object.ts";
import { JALR_V1, MOVE_AT_RA, PUSH } from "../ftrace/sites/site.ts";
import { assemble, high, loadAddress, low } from "../isa/assemble.ts";
import { R } from "../isa/registers.ts";

/** A word of the new code. */
export type NewWord =
  | number
  /** A word that holds half of symbol + addend. */
  | {
      readonly word: number;
      readonly type: number;
      readonly symbol: ElfSymbol;
      readonly addend: number;
    }
  /** A branch to an offset of the old section. */
  | { readonly branch: number; readonly to: number };

/** A leaf keeps its return address in ra. */
export const LEAF = assemble("or", R.t4, R.zero, R.zero);
const HIGHEST_IMMEDIATE = 0x7fff;

/** `lui reg, %hi(S + A); addiu reg, reg, %lo(S + A)`. */
function address(register: number, symbol: ElfSymbol, addend: number): NewWord[] {
  const [upper, lower] = loadAddress(register, 0);
  return [
    { word: upper, type: R_MIPS_HI16, symbol, addend },
    { word: lower, type: R_MIPS_LO16, symbol, addend },
  ];
}

/** jal or j as a long jump: `lui; addiu; jalr reg` or `jr reg`. Its delay slot follows unchanged. */
export function longJump(
  links: boolean,
  register: number,
  symbol: ElfSymbol,
  addend: number,
): NewWord[] {
  const jump = links ? assemble("jalr", R.ra, register) : assemble("jr", register);
  return [...address(register, symbol, addend), jump];
}

/**
 * The six words that ftrace patches in a module (arch/mips/kernel/ftrace.c), as gcc emits them for -pg -mlong-calls
 * -mmcount-ra-address. If setting t4 needs more than one word, the further words precede the six: the kernel's branch
 * skips exactly five.
 * @param t4 the words that set t4; the last one is among the six.
 */
export function longSite(mcount: ElfSymbol, t4: readonly number[]): NewWord[] {
  const last = t4.at(-1) ?? LEAF;
  return [...t4.slice(0, -1), ...address(R.v1, mcount, 0), MOVE_AT_RA, last, JALR_V1, PUSH];
}

/** The words that set t4 to sp + `above`, as gcc does. @param above at least 0. */
export function t4Words(above: number): number[] {
  if (above <= HIGHEST_IMMEDIATE) return [assemble("addiu", R.t4, R.sp, above)];
  return [
    assemble("lui", R.t4, above >>> 16),
    assemble("ori", R.t4, R.t4, above & 0xffff),
    assemble("addu", R.t4, R.t4, R.sp),
  ];
}

/** A word with half of an addend in its immediate, as REL relocations hold it. */
export function withHalf(word: number, type: number, addend: number): number {
  const half = type === R_MIPS_HI16 ? high(addend) : low(addend);
  return ((word & 0xffff0000) | (half & 0xffff)) >>> 0;
}
