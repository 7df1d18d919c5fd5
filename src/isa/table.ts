// MIPS32 Release 2, one row for each instruction: how its word is recognized, its operands in the assembler's order,
// and its group. The numbers are in assembly/shared/opcodes.ts; the semantics only in assembly/instructions/. A word
// matches a row when (word & mask) === match. Every bit is either fixed by the mask or belongs to an operand, so
// reserved fields must be 0, as the manual requires, and no word matches two rows. Other names for the same words (nop,
// move, b) are in spellings.ts. Coprocessors 1 and 2 are not here, as the processor has none; coprocessor1.ts serves
// the disassembler.

import * as opcodes from "../../assembly/shared/opcodes.ts";
import { formMask } from "./fields.ts";

/** An instruction's subject; the vectors are generated and stored by group. */
export type Group =
  | "arithmetic" // general registers only
  | "shift"
  | "multiply" // HI and LO
  | "load"
  | "store"
  | "branch" // pc-relative
  | "jump" // j, jal and through a register
  | "trap" // conditional traps, syscall and break
  | "hint" // no effect on registers or memory
  | "system"; // CP0, caches, debug

export interface Instruction {
  /** The manual's mnemonic. */
  readonly name: string;
  readonly match: number;
  readonly mask: number;
  /** Operands in the assembler's order, under the names in fields.ts. */
  readonly form: string;
  readonly group: Group;
  /** A branch that skips its delay slot when it is not taken. */
  readonly likely: boolean;
  /** Needs coprocessor 0 (kernel mode); rdhwr needs it only if HWREna doesn't enable the register. */
  readonly privileged: boolean;
  /** New in Release 2. */
  readonly release2: boolean;
}

/** The fixed parts of a word; a part that is left out is 0 or an operand. */
interface Fixed {
  readonly op: number;
  readonly rs?: number;
  readonly rt?: number;
  readonly rd?: number;
  readonly sa?: number;
  readonly funct?: number;
}

type Flag = "likely" | "privileged" | "release2";

function row(
  name: string,
  fixed: Fixed,
  form: string,
  group: Group,
  ...flags: readonly Flag[]
): Instruction {
  const { op, rs = 0, rt = 0, rd = 0, sa = 0, funct = 0 } = fixed;
  return {
    name,
    match: ((op << 26) | (rs << 21) | (rt << 16) | (rd << 11) | (sa << 6) | funct) >>> 0,
    mask: ~formMask(form) >>> 0,
    form,
    group,
    likely: flags.includes("likely"),
    privileged: flags.includes("privileged"),
    release2: flags.includes("release2"),
  };
}

const {
  OP_SPECIAL: SPECIAL,
  OP_REGIMM: REGIMM,
  OP_SPECIAL2: SPECIAL2,
  OP_SPECIAL3: SPECIAL3,
  OP_COP0: COP0,
  SPECIAL3_BSHFL: BSHFL,
  COP0_CO: CO,
} = opcodes;

// biome-ignore format: a row is a line
export const INSTRUCTIONS: readonly Instruction[] = [
  row("add", { op: SPECIAL, funct: opcodes.SPECIAL_ADD }, "rd,rs,rt", "arithmetic"),
  row("addu", { op: SPECIAL, funct: opcodes.SPECIAL_ADDU }, "rd,rs,rt", "arithmetic"),
  row("sub", { op: SPECIAL, funct: opcodes.SPECIAL_SUB }, "rd,rs,rt", "arithmetic"),
  row("subu", { op: SPECIAL, funct: opcodes.SPECIAL_SUBU }, "rd,rs,rt", "arithmetic"),
  row("and", { op: SPECIAL, funct: opcodes.SPECIAL_AND }, "rd,rs,rt", "arithmetic"),
  row("or", { op: SPECIAL, funct: opcodes.SPECIAL_OR }, "rd,rs,rt", "arithmetic"),
  row("xor", { op: SPECIAL, funct: opcodes.SPECIAL_XOR }, "rd,rs,rt", "arithmetic"),
  row("nor", { op: SPECIAL, funct: opcodes.SPECIAL_NOR }, "rd,rs,rt", "arithmetic"),
  row("slt", { op: SPECIAL, funct: opcodes.SPECIAL_SLT }, "rd,rs,rt", "arithmetic"),
  row("sltu", { op: SPECIAL, funct: opcodes.SPECIAL_SLTU }, "rd,rs,rt", "arithmetic"),
  row("movz", { op: SPECIAL, funct: opcodes.SPECIAL_MOVZ }, "rd,rs,rt", "arithmetic"),
  row("movn", { op: SPECIAL, funct: opcodes.SPECIAL_MOVN }, "rd,rs,rt", "arithmetic"),
  row("addi", { op: opcodes.OP_ADDI }, "rt,rs,simm", "arithmetic"),
  row("addiu", { op: opcodes.OP_ADDIU }, "rt,rs,simm", "arithmetic"),
  row("slti", { op: opcodes.OP_SLTI }, "rt,rs,simm", "arithmetic"),
  row("sltiu", { op: opcodes.OP_SLTIU }, "rt,rs,simm", "arithmetic"),
  row("andi", { op: opcodes.OP_ANDI }, "rt,rs,uimm", "arithmetic"),
  row("ori", { op: opcodes.OP_ORI }, "rt,rs,uimm", "arithmetic"),
  row("xori", { op: opcodes.OP_XORI }, "rt,rs,uimm", "arithmetic"),
  row("lui", { op: opcodes.OP_LUI }, "rt,uimm", "arithmetic"),
  row("mul", { op: SPECIAL2, funct: opcodes.SPECIAL2_MUL }, "rd,rs,rt", "arithmetic"),
  row("clz", { op: SPECIAL2, funct: opcodes.SPECIAL2_CLZ }, "rd=rt,rs", "arithmetic"),
  row("clo", { op: SPECIAL2, funct: opcodes.SPECIAL2_CLO }, "rd=rt,rs", "arithmetic"),
  row("ext", { op: SPECIAL3, funct: opcodes.SPECIAL3_EXT }, "rt,rs,pos,msbd", "arithmetic", "release2"),
  row("ins", { op: SPECIAL3, funct: opcodes.SPECIAL3_INS }, "rt,rs,pos,msb", "arithmetic", "release2"),
  row("wsbh", { op: SPECIAL3, sa: opcodes.BSHFL_WSBH, funct: BSHFL }, "rd,rt", "arithmetic", "release2"),
  row("seb", { op: SPECIAL3, sa: opcodes.BSHFL_SEB, funct: BSHFL }, "rd,rt", "arithmetic", "release2"),
  row("seh", { op: SPECIAL3, sa: opcodes.BSHFL_SEH, funct: BSHFL }, "rd,rt", "arithmetic", "release2"),

  row("sll", { op: SPECIAL, funct: opcodes.SPECIAL_SLL }, "rd,rt,sa", "shift"),
  row("srl", { op: SPECIAL, funct: opcodes.SPECIAL_SRL }, "rd,rt,sa", "shift"),
  row("rotr", { op: SPECIAL, rs: opcodes.ROTATE, funct: opcodes.SPECIAL_SRL }, "rd,rt,sa", "shift", "release2"),
  row("sra", { op: SPECIAL, funct: opcodes.SPECIAL_SRA }, "rd,rt,sa", "shift"),
  row("sllv", { op: SPECIAL, funct: opcodes.SPECIAL_SLLV }, "rd,rt,rs", "shift"),
  row("srlv", { op: SPECIAL, funct: opcodes.SPECIAL_SRLV }, "rd,rt,rs", "shift"),
  row("rotrv", { op: SPECIAL, sa: opcodes.ROTATE, funct: opcodes.SPECIAL_SRLV }, "rd,rt,rs", "shift", "release2"),
  row("srav", { op: SPECIAL, funct: opcodes.SPECIAL_SRAV }, "rd,rt,rs", "shift"),

  row("mult", { op: SPECIAL, funct: opcodes.SPECIAL_MULT }, "rs,rt", "multiply"),
  row("multu", { op: SPECIAL, funct: opcodes.SPECIAL_MULTU }, "rs,rt", "multiply"),
  row("div", { op: SPECIAL, funct: opcodes.SPECIAL_DIV }, "rs,rt", "multiply"),
  row("divu", { op: SPECIAL, funct: opcodes.SPECIAL_DIVU }, "rs,rt", "multiply"),
  row("madd", { op: SPECIAL2, funct: opcodes.SPECIAL2_MADD }, "rs,rt", "multiply"),
  row("maddu", { op: SPECIAL2, funct: opcodes.SPECIAL2_MADDU }, "rs,rt", "multiply"),
  row("msub", { op: SPECIAL2, funct: opcodes.SPECIAL2_MSUB }, "rs,rt", "multiply"),
  row("msubu", { op: SPECIAL2, funct: opcodes.SPECIAL2_MSUBU }, "rs,rt", "multiply"),
  row("mfhi", { op: SPECIAL, funct: opcodes.SPECIAL_MFHI }, "rd", "multiply"),
  row("mflo", { op: SPECIAL, funct: opcodes.SPECIAL_MFLO }, "rd", "multiply"),
  row("mthi", { op: SPECIAL, funct: opcodes.SPECIAL_MTHI }, "rs", "multiply"),
  row("mtlo", { op: SPECIAL, funct: opcodes.SPECIAL_MTLO }, "rs", "multiply"),

  row("lb", { op: opcodes.OP_LB }, "rt,simm(rs)", "load"),
  row("lbu", { op: opcodes.OP_LBU }, "rt,simm(rs)", "load"),
  row("lh", { op: opcodes.OP_LH }, "rt,simm(rs)", "load"),
  row("lhu", { op: opcodes.OP_LHU }, "rt,simm(rs)", "load"),
  row("lw", { op: opcodes.OP_LW }, "rt,simm(rs)", "load"),
  row("lwl", { op: opcodes.OP_LWL }, "rt,simm(rs)", "load"),
  row("lwr", { op: opcodes.OP_LWR }, "rt,simm(rs)", "load"),
  row("ll", { op: opcodes.OP_LL }, "rt,simm(rs)", "load"),
  row("sb", { op: opcodes.OP_SB }, "rt,simm(rs)", "store"),
  row("sh", { op: opcodes.OP_SH }, "rt,simm(rs)", "store"),
  row("sw", { op: opcodes.OP_SW }, "rt,simm(rs)", "store"),
  row("swl", { op: opcodes.OP_SWL }, "rt,simm(rs)", "store"),
  row("swr", { op: opcodes.OP_SWR }, "rt,simm(rs)", "store"),
  row("sc", { op: opcodes.OP_SC }, "rt,simm(rs)", "store"),

  row("beq", { op: opcodes.OP_BEQ }, "rs,rt,offset", "branch"),
  row("bne", { op: opcodes.OP_BNE }, "rs,rt,offset", "branch"),
  row("blez", { op: opcodes.OP_BLEZ }, "rs,offset", "branch"),
  row("bgtz", { op: opcodes.OP_BGTZ }, "rs,offset", "branch"),
  row("bltz", { op: REGIMM, rt: opcodes.REGIMM_BLTZ }, "rs,offset", "branch"),
  row("bgez", { op: REGIMM, rt: opcodes.REGIMM_BGEZ }, "rs,offset", "branch"),
  row("bltzal", { op: REGIMM, rt: opcodes.REGIMM_BLTZAL }, "rs,offset", "branch"),
  row("bgezal", { op: REGIMM, rt: opcodes.REGIMM_BGEZAL }, "rs,offset", "branch"),
  row("beql", { op: opcodes.OP_BEQL }, "rs,rt,offset", "branch", "likely"),
  row("bnel", { op: opcodes.OP_BNEL }, "rs,rt,offset", "branch", "likely"),
  row("blezl", { op: opcodes.OP_BLEZL }, "rs,offset", "branch", "likely"),
  row("bgtzl", { op: opcodes.OP_BGTZL }, "rs,offset", "branch", "likely"),
  row("bltzl", { op: REGIMM, rt: opcodes.REGIMM_BLTZL }, "rs,offset", "branch", "likely"),
  row("bgezl", { op: REGIMM, rt: opcodes.REGIMM_BGEZL }, "rs,offset", "branch", "likely"),
  row("bltzall", { op: REGIMM, rt: opcodes.REGIMM_BLTZALL }, "rs,offset", "branch", "likely"),
  row("bgezall", { op: REGIMM, rt: opcodes.REGIMM_BGEZALL }, "rs,offset", "branch", "likely"),

  row("j", { op: opcodes.OP_J }, "target", "jump"),
  row("jal", { op: opcodes.OP_JAL }, "target", "jump"),
  row("jr", { op: SPECIAL, funct: opcodes.SPECIAL_JR }, "rs", "jump"),
  row("jr.hb", { op: SPECIAL, sa: opcodes.HINT_HB, funct: opcodes.SPECIAL_JR }, "rs", "jump", "release2"),
  row("jalr", { op: SPECIAL, funct: opcodes.SPECIAL_JALR }, "rd,rs", "jump"),
  row("jalr.hb", { op: SPECIAL, sa: opcodes.HINT_HB, funct: opcodes.SPECIAL_JALR }, "rd,rs", "jump", "release2"),

  row("tge", { op: SPECIAL, funct: opcodes.SPECIAL_TGE }, "rs,rt,trapcode", "trap"),
  row("tgeu", { op: SPECIAL, funct: opcodes.SPECIAL_TGEU }, "rs,rt,trapcode", "trap"),
  row("tlt", { op: SPECIAL, funct: opcodes.SPECIAL_TLT }, "rs,rt,trapcode", "trap"),
  row("tltu", { op: SPECIAL, funct: opcodes.SPECIAL_TLTU }, "rs,rt,trapcode", "trap"),
  row("teq", { op: SPECIAL, funct: opcodes.SPECIAL_TEQ }, "rs,rt,trapcode", "trap"),
  row("tne", { op: SPECIAL, funct: opcodes.SPECIAL_TNE }, "rs,rt,trapcode", "trap"),
  row("tgei", { op: REGIMM, rt: opcodes.REGIMM_TGEI }, "rs,simm", "trap"),
  row("tgeiu", { op: REGIMM, rt: opcodes.REGIMM_TGEIU }, "rs,simm", "trap"),
  row("tlti", { op: REGIMM, rt: opcodes.REGIMM_TLTI }, "rs,simm", "trap"),
  row("tltiu", { op: REGIMM, rt: opcodes.REGIMM_TLTIU }, "rs,simm", "trap"),
  row("teqi", { op: REGIMM, rt: opcodes.REGIMM_TEQI }, "rs,simm", "trap"),
  row("tnei", { op: REGIMM, rt: opcodes.REGIMM_TNEI }, "rs,simm", "trap"),
  row("syscall", { op: SPECIAL, funct: opcodes.SPECIAL_SYSCALL }, "code20", "trap"),
  row("break", { op: SPECIAL, funct: opcodes.SPECIAL_BREAK }, "code,code2", "trap"),

  row("sync", { op: SPECIAL, funct: opcodes.SPECIAL_SYNC }, "stype", "hint"),
  row("pref", { op: opcodes.OP_PREF }, "hint,simm(rs)", "hint"),
  row("synci", { op: REGIMM, rt: opcodes.REGIMM_SYNCI }, "simm(rs)", "hint", "release2"),

  row("rdhwr", { op: SPECIAL3, funct: opcodes.SPECIAL3_RDHWR }, "rt,hwr", "system", "release2"),
  row("mfc0", { op: COP0, rs: opcodes.COP0_MFC0 }, "rt,cp0,sel", "system", "privileged"),
  row("mtc0", { op: COP0, rs: opcodes.COP0_MTC0 }, "rt,cp0,sel", "system", "privileged"),
  row("rdpgpr", { op: COP0, rs: opcodes.COP0_RDPGPR }, "rd,rt", "system", "privileged", "release2"),
  row("wrpgpr", { op: COP0, rs: opcodes.COP0_WRPGPR }, "rd,rt", "system", "privileged", "release2"),
  row("di", { op: COP0, rs: opcodes.COP0_MFMC0, rd: opcodes.CP0_STATUS >> 3 }, "rt", "system", "privileged", "release2"),
  row("ei", { op: COP0, rs: opcodes.COP0_MFMC0, rd: opcodes.CP0_STATUS >> 3, funct: opcodes.MFMC0_SC }, "rt", "system", "privileged", "release2"),
  row("tlbr", { op: COP0, rs: CO, funct: opcodes.COP0_TLBR }, "", "system", "privileged"),
  row("tlbwi", { op: COP0, rs: CO, funct: opcodes.COP0_TLBWI }, "", "system", "privileged"),
  row("tlbwr", { op: COP0, rs: CO, funct: opcodes.COP0_TLBWR }, "", "system", "privileged"),
  row("tlbp", { op: COP0, rs: CO, funct: opcodes.COP0_TLBP }, "", "system", "privileged"),
  row("eret", { op: COP0, rs: CO, funct: opcodes.COP0_ERET }, "", "system", "privileged"),
  row("deret", { op: COP0, rs: CO, funct: opcodes.COP0_DERET }, "", "system", "privileged"),
  row("wait", { op: COP0, rs: CO, funct: opcodes.COP0_WAIT }, "code19", "system", "privileged"),
  row("cache", { op: opcodes.OP_CACHE }, "cacheop,simm(rs)", "system", "privileged"),
  row("sdbbp", { op: SPECIAL2, funct: opcodes.SPECIAL2_SDBBP }, "code20", "system"),
];

/**
 * farjal's own words, in the manual's user-defined space. They are instructions only in kernel mode with
 * MODE_FARJAL_WORDS set, and no part of MIPS32.
 */
// biome-ignore format: a row is a line
export const FARJAL_WORDS: readonly Instruction[] = [
  row("farjal.trace_site", { op: SPECIAL2, funct: opcodes.SPECIAL2_TRACE_SITE }, "code20", "system", "privileged"),
  row("farjal.hypercall", { op: SPECIAL2, funct: opcodes.SPECIAL2_HYPERCALL }, "code20", "system", "privileged"),
  row("farjal.trace_call", { op: SPECIAL2, funct: opcodes.SPECIAL2_TRACE_CALL }, "code20", "system", "privileged"),
  row("farjal.trace_enter", { op: SPECIAL2, funct: opcodes.SPECIAL2_TRACE_ENTER }, "code20", "system", "privileged"),
  row("farjal.trace_return", { op: SPECIAL2, funct: opcodes.SPECIAL2_TRACE_RETURN }, "code20", "system", "privileged"),
  row("farjal.trace_graph", { op: SPECIAL2, funct: opcodes.SPECIAL2_TRACE_GRAPH }, "code20", "system", "privileged"),
];

/** Whether an instruction is a branch or jump: the instruction after it is in its delay slot. */
export function hasDelaySlot(instruction: Instruction): boolean {
  return instruction.group === "branch" || instruction.group === "jump";
}

/** The first of the rows that the word matches, if any. */
export function find<Row extends { readonly match: number; readonly mask: number }>(
  rows: readonly Row[],
  word: number,
): Row | undefined {
  return rows.find((row) => (word & row.mask) >>> 0 === row.match);
}

/** The row of that name; throws when there is none. */
export function instruction(name: string): Instruction {
  const found = INSTRUCTIONS.find((row) => row.name === name);
  if (!found) throw new Error(`MIPS32 Release 2 has no instruction ${name}`);
  return found;
}
