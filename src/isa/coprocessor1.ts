// Coprocessor 1's instructions, only for the disassembler: farjal's processors have no floating-point unit, and each of
// these raises an exception, for the kernel's emulator to handle. All of MIPS32 Release 2 is here, including paired
// singles, as rows of a word's fixed bits and its operands; MIPS-3D and MSA are not. A row with fewer operands precedes
// the row that it is a special case of.

import {
  OP_COP1,
  OP_COP1X,
  OP_LDC1,
  OP_LWC1,
  OP_SDC1,
  OP_SPECIAL,
  OP_SWC1,
  SPECIAL_MOVCI,
} from "../../assembly/shared/opcodes.ts";
import { formMask } from "./fields.ts";
import type { Spelling } from "./spellings.ts";

function row(name: string, op: number, fixed: number, form: string): Spelling {
  return { name, match: ((op << 26) | fixed) >>> 0, mask: ~formMask(form) >>> 0, form };
}

/** Positions of the fields that are fixed in a word. */
const RS = 21;
const TRUE = 1 << 16;
const LIKELY = 1 << 17;

/** The fmt field. */
const FORMATS = { s: 16, d: 17, w: 20, l: 21, ps: 22 } as const;
type Format = keyof typeof FORMATS;

function formatted(name: string, format: Format, funct: number, form: string): Spelling {
  return row(`${name}.${format}`, OP_COP1, (FORMATS[format] << RS) | funct, form);
}

/** Operations by function, with the formats that each has. */
const OPERATIONS: readonly (readonly [
  name: string,
  funct: number,
  form: string,
  formats: readonly Format[],
])[] = [
  ["add", 0x00, "fd,fs,ft", ["s", "d", "ps"]],
  ["sub", 0x01, "fd,fs,ft", ["s", "d", "ps"]],
  ["mul", 0x02, "fd,fs,ft", ["s", "d", "ps"]],
  ["div", 0x03, "fd,fs,ft", ["s", "d"]],
  ["sqrt", 0x04, "fd,fs", ["s", "d"]],
  ["abs", 0x05, "fd,fs", ["s", "d", "ps"]],
  ["mov", 0x06, "fd,fs", ["s", "d", "ps"]],
  ["neg", 0x07, "fd,fs", ["s", "d", "ps"]],
  ["round.l", 0x08, "fd,fs", ["s", "d"]],
  ["trunc.l", 0x09, "fd,fs", ["s", "d"]],
  ["ceil.l", 0x0a, "fd,fs", ["s", "d"]],
  ["floor.l", 0x0b, "fd,fs", ["s", "d"]],
  ["round.w", 0x0c, "fd,fs", ["s", "d"]],
  ["trunc.w", 0x0d, "fd,fs", ["s", "d"]],
  ["ceil.w", 0x0e, "fd,fs", ["s", "d"]],
  ["floor.w", 0x0f, "fd,fs", ["s", "d"]],
  ["movz", 0x12, "fd,fs,rt", ["s", "d", "ps"]],
  ["movn", 0x13, "fd,fs,rt", ["s", "d", "ps"]],
  ["recip", 0x15, "fd,fs", ["s", "d"]],
  ["rsqrt", 0x16, "fd,fs", ["s", "d"]],
  ["cvt.s", 0x20, "fd,fs", ["d", "w", "l"]],
  ["cvt.d", 0x21, "fd,fs", ["s", "w", "l"]],
  ["cvt.w", 0x24, "fd,fs", ["s", "d"]],
  ["cvt.l", 0x25, "fd,fs", ["s", "d"]],
  ["cvt.ps", 0x26, "fd,fs,ft", ["s"]],
  ["pll", 0x2c, "fd,fs,ft", ["ps"]],
  ["plu", 0x2d, "fd,fs,ft", ["ps"]],
  ["pul", 0x2e, "fd,fs,ft", ["ps"]],
  ["puu", 0x2f, "fd,fs,ft", ["ps"]],
];

const WITH_CONDITION: readonly Format[] = ["s", "d", "ps"];

/** Comparisons, by the low four bits of their function. */
const CONDITIONS = "f un eq ueq olt ult ole ule sf ngle seq ngl lt nge le ngt".split(" ");
const COMPARE = 0x30;

/** Moves between the register files, by the rs field. */
const MOVES = [
  ["mfc1", 0, "rt,fs"],
  ["cfc1", 2, "rt,fcr"],
  ["mfhc1", 3, "rt,fs"],
  ["mtc1", 4, "rt,fs"],
  ["ctc1", 6, "rt,fcr"],
  ["mthc1", 7, "rt,fs"],
] as const;

const BC1 = 8 << RS;
const BRANCHES = [
  ["bc1f", 0],
  ["bc1t", TRUE],
  ["bc1fl", LIKELY],
  ["bc1tl", LIKELY | TRUE],
] as const;

const INDEXED = [
  ["lwxc1", 0x00, "fd,rt(rs)"],
  ["ldxc1", 0x01, "fd,rt(rs)"],
  ["luxc1", 0x05, "fd,rt(rs)"],
  ["swxc1", 0x08, "fs,rt(rs)"],
  ["sdxc1", 0x09, "fs,rt(rs)"],
  ["suxc1", 0x0d, "fs,rt(rs)"],
  ["prefx", 0x0f, "hintx,rt(rs)"],
  ["alnv.ps", 0x1e, "fd,fs,ft,rs"],
] as const;

const FUSED = [
  ["madd", 0x20],
  ["msub", 0x28],
  ["nmadd", 0x30],
  ["nmsub", 0x38],
] as const;
const FUSED_FORMATS = [
  ["s", 0],
  ["d", 1],
  ["ps", 6],
] as const;

export const COPROCESSOR_1: readonly Spelling[] = [
  ...OPERATIONS.flatMap(([name, funct, form, formats]) =>
    formats.map((format) => formatted(name, format, funct, form)),
  ),
  ...WITH_CONDITION.flatMap((format) => [
    row(`movf.${format}`, OP_COP1, (FORMATS[format] << RS) | 0x11, "fd,fs,bcc"),
    row(`movt.${format}`, OP_COP1, (FORMATS[format] << RS) | TRUE | 0x11, "fd,fs,bcc"),
    ...CONDITIONS.flatMap((condition, index) =>
      ["fs,ft", "ccc,fs,ft"].map((form) =>
        formatted(`c.${condition}`, format, COMPARE + index, form),
      ),
    ),
  ]),
  row("cvt.ps.pw", OP_COP1, (FORMATS.w << RS) | 0x26, "fd,fs"),
  row("cvt.s.pu", OP_COP1, (FORMATS.ps << RS) | 0x20, "fd,fs"),
  row("cvt.pw.ps", OP_COP1, (FORMATS.ps << RS) | 0x24, "fd,fs"),
  row("cvt.s.pl", OP_COP1, (FORMATS.ps << RS) | 0x28, "fd,fs"),
  ...MOVES.map(([name, rs, form]) => row(name, OP_COP1, rs << RS, form)),
  ...BRANCHES.flatMap(([name, bits]) =>
    ["offset", "bcc,offset"].map((form) => row(name, OP_COP1, BC1 | bits, form)),
  ),
  ...INDEXED.map(([name, funct, form]) => row(name, OP_COP1X, funct, form)),
  ...FUSED.flatMap(([name, funct]) =>
    FUSED_FORMATS.map(([format, bits]) =>
      row(`${name}.${format}`, OP_COP1X, funct | bits, "fd,fr,fs,ft"),
    ),
  ),
  row("movf", OP_SPECIAL, SPECIAL_MOVCI, "rd,rs,bcc"),
  row("movt", OP_SPECIAL, TRUE | SPECIAL_MOVCI, "rd,rs,bcc"),
  row("lwc1", OP_LWC1, 0, "ft,simm(rs)"),
  row("ldc1", OP_LDC1, 0, "ft,simm(rs)"),
  row("swc1", OP_SWC1, 0, "ft,simm(rs)"),
  row("sdc1", OP_SDC1, 0, "ft,simm(rs)"),
];
