// Decides which far jumps no veneer may mend, and why. A veneer overwrites t9 between a jump and its target, so the
// jump must be a call or a tail call by the ABI's rules. If the code around a jump may keep a value in t9, or the jump
// has no valid target, the plan must refuse it.

import { OP_J, OP_JAL } from "../../assembly/shared/opcodes.ts";
import { type Address, lowWord } from "../address.ts";
import { hex } from "../hex.ts";
import type { Jump } from "./facts.ts";

/**
 * Functions that inline assembly calls with a clobber list without t9: the compiler may keep a value there across the
 * call. The names are those in arch/mips/include/asm/uaccess.h, of today and of all versions since 3.x.
 */
const PRIVATE_CLOBBERS: ReadonlySet<string> = new Set([
  "__bzero",
  "__bzero_kernel",
  "__copy_from_user_eva",
  "__copy_in_user_eva",
  "__copy_to_user_eva",
  "__copy_user",
  "__copy_user_inatomic",
  "__raw_copy_from_kernel",
  "__raw_copy_from_user",
  "__raw_copy_in_user",
  "__raw_copy_to_kernel",
  "__raw_copy_to_user",
  "__strlen_kernel_asm",
  "__strlen_user_asm",
  "__strncpy_from_kernel_asm",
  "__strncpy_from_kernel_nocheck_asm",
  "__strncpy_from_user_asm",
  "__strncpy_from_user_nocheck_asm",
  "__strnlen_kernel_asm",
  "__strnlen_kernel_nocheck_asm",
  "__strnlen_user_asm",
  "__strnlen_user_nocheck_asm",
]);

/** Whether calls of a function may keep a value in t9 across the call. */
export function hasOwnClobbers(name: string): boolean {
  return PRIVATE_CLOBBERS.has(name);
}

/** Why a jump with this S can't be mended at all, near or far; null when it can be. */
export function brokenJump<A extends Address>(jump: Jump<A>, value: A): string | null {
  if (lowWord(value) % 4 !== 0) {
    return `${jump.symbol} is at ${hex(value)}, which isn't a multiple of 4: "dangerous R_MIPS_26 relocation" in Linux`;
  }
  if (Number(value) === 0) {
    return `${jump.symbol} is an undefined weak symbol: there is nothing at ${hex(value)} to jump to`;
  }
  const opcode = jump.word >>> 26;
  if (opcode !== OP_J && opcode !== OP_JAL) {
    return `${hex(jump.word)} is neither j nor jal`;
  }
  return null;
}

/** Why a jump may not use a veneer; null when it may. */
export function noVeneer(jump: Pick<Jump, "symbol" | "word" | "targetIsFunction">): string | null {
  if (hasOwnClobbers(jump.symbol)) {
    return (
      `${jump.symbol} is called from inline assembly whose clobber list leaves out t9, so t9 may be live; ` +
      "built with -DMODULE the call loads its target into at and needs no trampoline"
    );
  }
  if (jump.word >>> 26 === OP_J && !jump.targetIsFunction) {
    return (
      "this j goes into the middle of a function (as .fixup code and static branches do), " +
      "where no register is known to be free"
    );
  }
  return null;
}
