// PC-relative branches in code that moves: which words are branches, their targets, and the same branch for another
// distance. MIPS32 Release 1 to 5; Release 6 has other branches, and subject.ts refuses it as a whole.

import {
  OP_BEQ,
  OP_BEQL,
  OP_BGTZ,
  OP_BGTZL,
  OP_COP1,
  OP_COP2,
  OP_J,
  OP_JAL,
  OP_JALX,
  OP_REGIMM,
  OP_SPECIAL,
  REGIMM_BGEZALL,
  REGIMM_BGEZL,
  REGIMM_BLTZAL,
  SPECIAL_JALR,
  SPECIAL_JR,
} from "../../assembly/shared/opcodes.ts";
import { assemble } from "../isa/assemble.ts";
import { R } from "../isa/registers.ts";

/** The rs field of bc1f, bc1t, bc2f and bc2t, and of MIPS-3D's bc1any2 and bc1any4. */
const BRANCH_ON_CONDITION = [8, 9, 10];
/** `b` is beq zero, zero; `bal` is bgezal zero. */
export const B = assemble("beq", R.zero, R.zero, 0);
export const BAL = assemble("bgezal", R.zero, 0);
const HIGHEST = 0x7fff;
const LOWEST = -0x8000;

/** Whether the word is a branch with a 16-bit distance. */
export function isBranch(word: number): boolean {
  const opcode = word >>> 26;
  const rs = (word >>> 21) & 31;
  const rt = (word >>> 16) & 31;
  if (opcode === OP_REGIMM) {
    return rt <= REGIMM_BGEZL || (rt >= REGIMM_BLTZAL && rt <= REGIMM_BGEZALL);
  }
  if (opcode === OP_COP1 || opcode === OP_COP2) return BRANCH_ON_CONDITION.includes(rs);
  return (opcode >= OP_BEQ && opcode <= OP_BGTZ) || (opcode >= OP_BEQL && opcode <= OP_BGTZL);
}

/** Whether the word has a delay slot: a branch, j, jal, jalx, jr or jalr. */
export function hasDelaySlot(word: number): boolean {
  const opcode = word >>> 26;
  if (opcode === OP_J || opcode === OP_JAL || opcode === OP_JALX) return true;
  const funct = word & 63;
  if (opcode === OP_SPECIAL) return funct === SPECIAL_JR || funct === SPECIAL_JALR;
  return isBranch(word);
}

/** The target of a branch at an offset. */
export function branchTarget(word: number, offset: number): number {
  return offset + 4 + (((word << 16) >> 16) << 2);
}

/** The branch from `offset` to `target`; null when the target is farther than 128 KiB. */
export function aimed(word: number, offset: number, target: number): number | null {
  const distance = (target - offset - 4) >> 2;
  if (distance < LOWEST || distance > HIGHEST) return null;
  return ((word & 0xffff0000) | (distance & 0xffff)) >>> 0;
}
