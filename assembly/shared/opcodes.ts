// The encodings of MIPS32 Release 2, by the manual's names: the numbers in an instruction
// word's fields, the exception codes of Cause, and the numbers of the CP0 registers. Read by asc and by
// tsc alike, so it holds untyped integer constants and no imports. It says how a word is recognised,
// never what it does: meanings are in assembly/instructions/.
//
//    31    26 25   21 20   16 15   11 10    6 5      0
//   +--------+-------+-------+-------+-------+--------+
//   |   op   |  rs   |  rt   |  rd   |  sa   | funct  |   R-type
//   |   op   |  rs   |  rt   |       immediate        |   I-type
//   |   op   |              instr_index               |   J-type
//   +--------+-------+-------+-------+-------+--------+

/** Major opcodes, bits 31..26. */
export const OP_SPECIAL = 0x00;
export const OP_REGIMM = 0x01;
export const OP_J = 0x02;
export const OP_JAL = 0x03;
export const OP_BEQ = 0x04;
export const OP_BNE = 0x05;
export const OP_BLEZ = 0x06; // rt is 0
export const OP_BGTZ = 0x07; // rt is 0
export const OP_ADDI = 0x08;
export const OP_ADDIU = 0x09;
export const OP_SLTI = 0x0a;
export const OP_SLTIU = 0x0b;
export const OP_ANDI = 0x0c;
export const OP_ORI = 0x0d;
export const OP_XORI = 0x0e;
export const OP_LUI = 0x0f; // rs is 0
export const OP_COP0 = 0x10;
export const OP_COP1 = 0x11;
export const OP_COP2 = 0x12;
export const OP_COP1X = 0x13;
export const OP_BEQL = 0x14;
export const OP_BNEL = 0x15;
export const OP_BLEZL = 0x16; // rt is 0
export const OP_BGTZL = 0x17; // rt is 0
export const OP_SPECIAL2 = 0x1c;
export const OP_JALX = 0x1d; // into MIPS16; reserved here
export const OP_SPECIAL3 = 0x1f;
export const OP_LB = 0x20;
export const OP_LH = 0x21;
export const OP_LWL = 0x22;
export const OP_LW = 0x23;
export const OP_LBU = 0x24;
export const OP_LHU = 0x25;
export const OP_LWR = 0x26;
export const OP_SB = 0x28;
export const OP_SH = 0x29;
export const OP_SWL = 0x2a;
export const OP_SW = 0x2b;
export const OP_SWR = 0x2e;
export const OP_CACHE = 0x2f;
export const OP_LL = 0x30;
export const OP_LWC1 = 0x31;
export const OP_LWC2 = 0x32;
export const OP_PREF = 0x33;
export const OP_LDC1 = 0x35;
export const OP_LDC2 = 0x36;
export const OP_SC = 0x38;
export const OP_SWC1 = 0x39;
export const OP_SWC2 = 0x3a;
export const OP_SDC1 = 0x3d;
export const OP_SDC2 = 0x3e;

/** OP_SPECIAL: funct, bits 5..0. */
export const SPECIAL_SLL = 0x00; // nop, ssnop, ehb and pause are shifts of r0
export const SPECIAL_MOVCI = 0x01; // movf, movt: coprocessor 1
export const SPECIAL_SRL = 0x02; // rs is 0; with rs 1 it is rotr
export const SPECIAL_SRA = 0x03;
export const SPECIAL_SLLV = 0x04;
export const SPECIAL_SRLV = 0x06; // sa is 0; with sa 1 it is rotrv
export const SPECIAL_SRAV = 0x07;
export const SPECIAL_JR = 0x08; // sa is the hint; 0x10 makes it jr.hb
export const SPECIAL_JALR = 0x09; // the same
export const SPECIAL_MOVZ = 0x0a;
export const SPECIAL_MOVN = 0x0b;
export const SPECIAL_SYSCALL = 0x0c;
export const SPECIAL_BREAK = 0x0d;
export const SPECIAL_SYNC = 0x0f;
export const SPECIAL_MFHI = 0x10;
export const SPECIAL_MTHI = 0x11;
export const SPECIAL_MFLO = 0x12;
export const SPECIAL_MTLO = 0x13;
export const SPECIAL_MULT = 0x18;
export const SPECIAL_MULTU = 0x19;
export const SPECIAL_DIV = 0x1a;
export const SPECIAL_DIVU = 0x1b;
export const SPECIAL_ADD = 0x20;
export const SPECIAL_ADDU = 0x21;
export const SPECIAL_SUB = 0x22;
export const SPECIAL_SUBU = 0x23;
export const SPECIAL_AND = 0x24;
export const SPECIAL_OR = 0x25;
export const SPECIAL_XOR = 0x26;
export const SPECIAL_NOR = 0x27;
export const SPECIAL_SLT = 0x2a;
export const SPECIAL_SLTU = 0x2b;
export const SPECIAL_TGE = 0x30;
export const SPECIAL_TGEU = 0x31;
export const SPECIAL_TLT = 0x32;
export const SPECIAL_TLTU = 0x33;
export const SPECIAL_TEQ = 0x34;
export const SPECIAL_TNE = 0x36;

/** In rs of srl, in sa of srlv: the shift is a rotation. */
export const ROTATE = 1;
/** In sa of jr and jalr: the hint that clears instruction hazards, jr.hb and jalr.hb. */
export const HINT_HB = 0x10;

/** OP_REGIMM: the rt field, bits 20..16. */
export const REGIMM_BLTZ = 0x00;
export const REGIMM_BGEZ = 0x01;
export const REGIMM_BLTZL = 0x02;
export const REGIMM_BGEZL = 0x03;
export const REGIMM_TGEI = 0x08;
export const REGIMM_TGEIU = 0x09;
export const REGIMM_TLTI = 0x0a;
export const REGIMM_TLTIU = 0x0b;
export const REGIMM_TEQI = 0x0c;
export const REGIMM_TNEI = 0x0e;
export const REGIMM_BLTZAL = 0x10;
export const REGIMM_BGEZAL = 0x11;
export const REGIMM_BLTZALL = 0x12;
export const REGIMM_BGEZALL = 0x13;
export const REGIMM_SYNCI = 0x1f;

/** OP_SPECIAL2: funct, bits 5..0. 0x10..0x1f are the manual's user-defined instructions. */
export const SPECIAL2_MADD = 0x00;
export const SPECIAL2_MADDU = 0x01;
export const SPECIAL2_MUL = 0x02;
export const SPECIAL2_MSUB = 0x04;
export const SPECIAL2_MSUBU = 0x05;
export const SPECIAL2_CLZ = 0x20;
export const SPECIAL2_CLO = 0x21;
export const SPECIAL2_SDBBP = 0x3f;

/**
 * farjal's own words, in the user-defined space. They are instructions only in kernel mode with
 * MODE_FARJAL_WORDS set; without it they are reserved, as on the real processor.
 */
export const SPECIAL2_TRACE_SITE = 0x10; // ring record: ip = own pc, or its branch's in a delay slot; parent = ra
export const SPECIAL2_HYPERCALL = 0x11; // stops run(); bits 25..6 are the code
export const SPECIAL2_TRACE_CALL = 0x12; // ring record: ip = a0, parent = a1
export const SPECIAL2_TRACE_ENTER = 0x13; // function_graph's entry; bits 21..6: the saved ra's place, 25..22: GRAPH_* bits
export const SPECIAL2_TRACE_RETURN = 0x14; // function_graph's return, at RETURN_HOOK
export const SPECIAL2_TRACE_GRAPH = 0x15; // a graph record: ip = a0, parent = a1, depth = a2, overrun = a3, count at entry = v1:v0

/** OP_SPECIAL3: funct, bits 5..0. */
export const SPECIAL3_EXT = 0x00;
export const SPECIAL3_INS = 0x04;
export const SPECIAL3_BSHFL = 0x20;
export const SPECIAL3_RDHWR = 0x3b;

/** SPECIAL3_BSHFL: the sa field, bits 10..6. */
export const BSHFL_WSBH = 0x02;
export const BSHFL_SEB = 0x10;
export const BSHFL_SEH = 0x18;

/** OP_COP0: the rs field, bits 25..21; with its top bit set (COP0_CO) the funct field decides. */
export const COP0_MFC0 = 0x00;
export const COP0_MTC0 = 0x04;
export const COP0_RDPGPR = 0x0a;
export const COP0_MFMC0 = 0x0b; // rd is 12; bit 5 is set for ei, clear for di
/** COP0_MFMC0: the funct field; ei has this bit, di has not. */
export const MFMC0_SC = 0x20;
export const COP0_WRPGPR = 0x0e;
export const COP0_CO = 0x10;
/** OP_COP0 with COP0_CO: funct, bits 5..0. */
export const COP0_TLBR = 0x01;
export const COP0_TLBWI = 0x02;
export const COP0_TLBWR = 0x06;
export const COP0_TLBP = 0x08;
export const COP0_ERET = 0x18;
export const COP0_DERET = 0x1f;
export const COP0_WAIT = 0x20;

/** Cause.ExcCode. */
export const EXC_INT = 0; // interrupt
export const EXC_MOD = 1; // store to a page whose D bit is clear
export const EXC_TLBL = 2; // TLB miss or invalid page, load or fetch
export const EXC_TLBS = 3; // the same, store
export const EXC_ADEL = 4; // address error, load or fetch
export const EXC_ADES = 5; // address error, store
export const EXC_IBE = 6; // bus error, fetch
export const EXC_DBE = 7; // bus error, load or store
export const EXC_SYS = 8; // syscall
export const EXC_BP = 9; // break
export const EXC_RI = 10; // reserved instruction
export const EXC_CPU = 11; // coprocessor unusable; Cause.CE has its number
export const EXC_OV = 12; // integer overflow
export const EXC_TR = 13; // trap
export const EXC_WATCH = 23;
export const EXC_MCHECK = 24; // machine check

/** CP0 registers, register * 8 + select: CPU_CP0 + 4 * CP0_CAUSE is Cause's address. */
export const CP0_INDEX = 0 * 8;
export const CP0_RANDOM = 1 * 8;
export const CP0_ENTRYLO0 = 2 * 8;
export const CP0_ENTRYLO1 = 3 * 8;
export const CP0_CONTEXT = 4 * 8;
export const CP0_PAGEMASK = 5 * 8;
export const CP0_PAGEGRAIN = 5 * 8 + 1;
export const CP0_WIRED = 6 * 8;
export const CP0_SRSCONF0 = 6 * 8 + 1;
export const CP0_SRSCONF4 = 6 * 8 + 5;
export const CP0_HWRENA = 7 * 8;
export const CP0_BADVADDR = 8 * 8;
export const CP0_COUNT = 9 * 8;
export const CP0_ENTRYHI = 10 * 8;
export const CP0_COMPARE = 11 * 8;
export const CP0_STATUS = 12 * 8;
export const CP0_INTCTL = 12 * 8 + 1;
export const CP0_SRSCTL = 12 * 8 + 2;
export const CP0_SRSMAP = 12 * 8 + 3;
export const CP0_CAUSE = 13 * 8;
export const CP0_EPC = 14 * 8;
export const CP0_PRID = 15 * 8;
export const CP0_EBASE = 15 * 8 + 1;
export const CP0_CONFIG = 16 * 8;
export const CP0_CONFIG1 = 16 * 8 + 1;
export const CP0_CONFIG2 = 16 * 8 + 2;
export const CP0_CONFIG3 = 16 * 8 + 3;
export const CP0_CONFIG7 = 16 * 8 + 7;
export const CP0_LLADDR = 17 * 8;
export const CP0_WATCHLO = 18 * 8;
export const CP0_WATCHHI = 19 * 8;
export const CP0_DEBUG = 23 * 8;
export const CP0_DEPC = 24 * 8;
export const CP0_PERFCTL = 25 * 8;
export const CP0_ERRCTL = 26 * 8;
export const CP0_CACHEERR = 27 * 8;
export const CP0_TAGLO = 28 * 8;
export const CP0_TAGHI = 29 * 8;
export const CP0_ERROREPC = 30 * 8;
export const CP0_DESAVE = 31 * 8;
