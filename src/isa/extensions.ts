// The extensions of MIPS32 that farjal's processors don't have, recognized from an instruction word: the DSP extension
// (MIPS Architecture for Programmers, Volume IV-e) and jalx, the call into MIPS16 or microMIPS code. It names them for
// the sentence about a reserved instruction; farjal neither runs nor disassembles them.

import {
  OP_JALX,
  OP_REGIMM,
  OP_SPECIAL,
  OP_SPECIAL2,
  OP_SPECIAL3,
  SPECIAL_MFHI,
  SPECIAL_MFLO,
  SPECIAL_MTHI,
  SPECIAL_MTLO,
  SPECIAL_MULT,
  SPECIAL_MULTU,
  SPECIAL2_MADD,
  SPECIAL2_MADDU,
  SPECIAL2_MSUB,
  SPECIAL2_MSUBU,
} from "../../assembly/shared/opcodes.ts";

/** SPECIAL3's functions of the DSP extension: LX, INSV, and the tables of its arithmetic (revisions 1 and 2). */
const DSP = [0x0a, 0x0c, 0x10, 0x11, 0x12, 0x13, 0x18, 0x30, 0x31, 0x38];
const REGIMM_BPOSGE32 = 0x1c;
/** Where the DSP extension puts an accumulator's number, $ac1 to $ac3, which MIPS32 wants to be 0. */
const AC_OF_RS = 0x3 << 21;
const AC_OF_RD = 0x3 << 11;

/** What a word belongs to, as a sentence's subject, or null for a word of none of these extensions. */
export function extensionOf(word: number): string | null {
  const op = word >>> 26;
  if (op === OP_JALX) return "jalx, a call into MIPS16 or microMIPS code: not run";
  return isDsp(word, op, word & 0x3f) ? "DSP code: not run" : null;
}

function isDsp(word: number, op: number, funct: number): boolean {
  switch (op) {
    case OP_SPECIAL3:
      return DSP.includes(funct);
    case OP_REGIMM:
      return ((word >>> 16) & 0x1f) === REGIMM_BPOSGE32;
    case OP_SPECIAL:
      if (funct === SPECIAL_MFHI || funct === SPECIAL_MFLO) return (word & AC_OF_RS) !== 0;
      return (
        [SPECIAL_MTHI, SPECIAL_MTLO, SPECIAL_MULT, SPECIAL_MULTU].includes(funct) &&
        (word & AC_OF_RD) !== 0
      );
    case OP_SPECIAL2:
      return (
        [SPECIAL2_MADD, SPECIAL2_MADDU, SPECIAL2_MSUB, SPECIAL2_MSUBU].includes(funct) &&
        (word & AC_OF_RD) !== 0
      );
    default:
      return false;
  }
}
