// MIPS64 Release 2's integer instructions that are not in MIPS32. farjal has no 64-bit processor: it disassembles such
// words in the call sites of 64-bit modules, and writes a few of them into veneers.

import { OP_SPECIAL, OP_SPECIAL3 } from "../../assembly/shared/opcodes.ts";
import { formMask } from "./fields.ts";
import type { Spelling } from "./spellings.ts";

/** Major opcodes. */
const OP_DADDI = 24;
export const OP_DADDIU = 25;
const OP_LDL = 26;
const OP_LDR = 27;
const OP_LWU = 39;
const OP_SDL = 44;
const OP_SDR = 45;
const OP_LLD = 52;
const OP_LD = 55;
const OP_SCD = 60;
const OP_SD = 63;
/** Functions of SPECIAL. */
export const SPECIAL_DADDU = 45;
export const SPECIAL_DSLL = 56;

function row(name: string, op: number, fixed: number, form: string): Spelling {
  const mask = ~formMask(form.replace("zero,", "")) >>> 0;
  return { name, match: ((op << 26) | fixed) >>> 0, mask, form };
}

/** Instructions of SPECIAL, by function; `rs` distinguishes a rotation from a shift. */
function special(name: string, funct: number, form: string, rs = 0): Spelling {
  return row(name, OP_SPECIAL, (rs << 21) | funct, form);
}

const MEMORY: readonly (readonly [string, number])[] = [
  ["ldl", OP_LDL],
  ["ldr", OP_LDR],
  ["lwu", OP_LWU],
  ["sdl", OP_SDL],
  ["sdr", OP_SDR],
  ["lld", OP_LLD],
  ["ld", OP_LD],
  ["scd", OP_SCD],
  ["sd", OP_SD],
];

/** Other names for some words of the following rows. */
export const MIPS64_ALIASES: readonly Spelling[] = [
  special("move", SPECIAL_DADDU, "rd,rs"),
  special("dneg", 46, "rd,rt"),
  special("dnegu", 47, "rd,rt"),
];

export const MIPS64: readonly Spelling[] = [
  row("daddi", OP_DADDI, 0, "rt,rs,simm"),
  row("daddiu", OP_DADDIU, 0, "rt,rs,simm"),
  ...MEMORY.map(([name, op]) => row(name, op, 0, "rt,simm(rs)")),
  special("dsllv", 20, "rd,rt,rs"),
  special("dsrlv", 22, "rd,rt,rs"),
  special("dsrav", 23, "rd,rt,rs"),
  special("dmult", 28, "rs,rt"),
  special("dmultu", 29, "rs,rt"),
  special("ddiv", 30, "zero,rs,rt"),
  special("ddivu", 31, "zero,rs,rt"),
  special("dadd", 44, "rd,rs,rt"),
  special("daddu", SPECIAL_DADDU, "rd,rs,rt"),
  special("dsub", 46, "rd,rs,rt"),
  special("dsubu", 47, "rd,rs,rt"),
  special("dsll", SPECIAL_DSLL, "rd,rt,sa"),
  special("dsrl", 58, "rd,rt,sa"),
  special("dror", 58, "rd,rt,sa", 1),
  special("dsra", 59, "rd,rt,sa"),
  special("dsll32", 60, "rd,rt,sa"),
  special("dsrl32", 62, "rd,rt,sa"),
  special("dror32", 62, "rd,rt,sa", 1),
  special("dsra32", 63, "rd,rt,sa"),
  row("dext", OP_SPECIAL3, 1, "rt,rs,pos,msbd32"),
  row("dext", OP_SPECIAL3, 2, "rt,rs,pos32,msbd"),
  row("dext", OP_SPECIAL3, 3, "rt,rs,pos,msbd"),
  row("dins", OP_SPECIAL3, 5, "rt,rs,pos,msb32"),
  row("dins", OP_SPECIAL3, 6, "rt,rs,pos32,msb"),
  row("dins", OP_SPECIAL3, 7, "rt,rs,pos,msb"),
  row("dsbh", OP_SPECIAL3, (2 << 6) | 36, "rd,rt"),
  row("dshd", OP_SPECIAL3, (5 << 6) | 36, "rd,rt"),
];
