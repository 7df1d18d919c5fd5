// The decoder: one switch that every reading shares, from an instruction word to its meaning. It is generic
// over the reading O, and compiles for each into a jump table over inlined meanings. Words that are no
// instruction of the processor's release of MIPS32, 2 or 1, are reserved; those of absent coprocessors say
// which is unusable.

import {
  EXC_RI,
  OP_ADDI,
  OP_ADDIU,
  OP_ANDI,
  OP_BEQ,
  OP_BEQL,
  OP_BGTZ,
  OP_BGTZL,
  OP_BLEZ,
  OP_BLEZL,
  OP_BNE,
  OP_BNEL,
  OP_CACHE,
  OP_COP0,
  OP_COP1,
  OP_COP1X,
  OP_COP2,
  OP_J,
  OP_JAL,
  OP_LB,
  OP_LBU,
  OP_LDC1,
  OP_LDC2,
  OP_LH,
  OP_LHU,
  OP_LL,
  OP_LUI,
  OP_LW,
  OP_LWC1,
  OP_LWC2,
  OP_LWL,
  OP_LWR,
  OP_ORI,
  OP_PREF,
  OP_REGIMM,
  OP_SB,
  OP_SC,
  OP_SDC1,
  OP_SDC2,
  OP_SH,
  OP_SLTI,
  OP_SLTIU,
  OP_SPECIAL2,
  OP_SPECIAL3,
  OP_SW,
  OP_SWC1,
  OP_SWC2,
  OP_SWL,
  OP_SWR,
  OP_XORI,
  REGIMM_BGEZ,
  REGIMM_BGEZAL,
  REGIMM_BGEZALL,
  REGIMM_BGEZL,
  REGIMM_BLTZ,
  REGIMM_BLTZAL,
  REGIMM_BLTZALL,
  REGIMM_BLTZL,
  REGIMM_SYNCI,
  REGIMM_TEQI,
  REGIMM_TGEI,
  REGIMM_TGEIU,
  REGIMM_TLTI,
  REGIMM_TLTIU,
  REGIMM_TNEI,
  SPECIAL2_CLO,
  SPECIAL2_CLZ,
  SPECIAL2_HYPERCALL,
  SPECIAL2_MADD,
  SPECIAL2_MADDU,
  SPECIAL2_MSUB,
  SPECIAL2_MSUBU,
  SPECIAL2_MUL,
  SPECIAL2_SDBBP,
  SPECIAL2_TRACE_CALL,
  SPECIAL2_TRACE_ENTER,
  SPECIAL2_TRACE_GRAPH,
  SPECIAL2_TRACE_RETURN,
  SPECIAL2_TRACE_SITE,
  SPECIAL3_BSHFL,
  SPECIAL3_EXT,
  SPECIAL3_INS,
  SPECIAL3_RDHWR,
  SPECIAL_ADD,
  SPECIAL_ADDU,
  SPECIAL_AND,
  SPECIAL_BREAK,
  SPECIAL_DIV,
  SPECIAL_DIVU,
  SPECIAL_JALR,
  SPECIAL_JR,
  SPECIAL_MFHI,
  SPECIAL_MFLO,
  SPECIAL_MOVCI,
  SPECIAL_MOVN,
  SPECIAL_MOVZ,
  SPECIAL_MTHI,
  SPECIAL_MTLO,
  SPECIAL_MULT,
  SPECIAL_MULTU,
  SPECIAL_NOR,
  SPECIAL_OR,
  SPECIAL_SLL,
  SPECIAL_SLLV,
  SPECIAL_SLT,
  SPECIAL_SLTU,
  SPECIAL_SRA,
  SPECIAL_SRAV,
  SPECIAL_SRL,
  SPECIAL_SRLV,
  SPECIAL_SUB,
  SPECIAL_SUBU,
  SPECIAL_SYNC,
  SPECIAL_SYSCALL,
  SPECIAL_TEQ,
  SPECIAL_TGE,
  SPECIAL_TGEU,
  SPECIAL_TLT,
  SPECIAL_TLTU,
  SPECIAL_TNE,
  SPECIAL_XOR,
} from "../shared/opcodes.ts";
import {
  add,
  addi,
  addiu,
  addu,
  clo,
  clz,
  lui,
  slt,
  slti,
  sltiu,
  sltu,
  sub,
  subu,
} from "./arithmetic.ts";
import { bshfl, ext, ins } from "./bits.ts";
import {
  beq,
  beql,
  bgez,
  bgezal,
  bgezall,
  bgezl,
  bgtz,
  bgtzl,
  blez,
  blezl,
  bltz,
  bltzal,
  bltzall,
  bltzl,
  bne,
  bnel,
  j,
  jal,
  jalr,
  jr,
} from "./branches.ts";
import { hypercall, traceCall, traceEnter, traceGraph, traceReturn, traceSite } from "./farjal.ts";
import { funct, rtField, selector, SPECIAL } from "./fields.ts";
import { lb, lbu, lh, lhu, ll, lw, lwl, lwr } from "./loads.ts";
import { and, andi, nor, or, ori, xor, xori } from "./logic.ts";
import { mfhi, mflo, movn, movz, mthi, mtlo } from "./moves.ts";
import { div, divu, madd, maddu, msub, msubu, mul, mult, multu } from "./multiply.ts";
import { sll, sllv, sra, srav, srl, srlv } from "./shifts.ts";
import { sb, sc, sh, sw, swl, swr } from "./stores.ts";
import {
  break_,
  sdbbp,
  syscall,
  teq,
  teqi,
  tge,
  tgei,
  tgeiu,
  tgeu,
  tlt,
  tlti,
  tltiu,
  tltu,
  tne,
  tnei,
} from "./traps.ts";

@final
export class Decoder {
  /**
   * Reads one instruction at pc. Returns an outcome (outcome.ts): what the frame does next. A branch in a
   * delay slot is the frame's to refuse, or its reading's.
   */
  @inline static step<O>(o: O, word: u32, pc: u32): u32 {
    switch (selector(word)) {
      case OP_REGIMM:
        return Decoder.regimm(o, word, pc);
      case OP_J:
        return j(o, word, pc);
      case OP_JAL:
        return jal(o, word, pc);
      case OP_BEQ:
        return beq(o, word, pc);
      case OP_BNE:
        return bne(o, word, pc);
      case OP_BLEZ:
        return blez(o, word, pc);
      case OP_BGTZ:
        return bgtz(o, word, pc);
      case OP_ADDI:
        return addi(o, word);
      case OP_ADDIU:
        return addiu(o, word);
      case OP_SLTI:
        return slti(o, word);
      case OP_SLTIU:
        return sltiu(o, word);
      case OP_ANDI:
        return andi(o, word);
      case OP_ORI:
        return ori(o, word);
      case OP_XORI:
        return xori(o, word);
      case OP_LUI:
        return lui(o, word);
      case OP_COP0:
        return o.privileged(word);
      case OP_COP1:
        return o.unusable(1);
      case OP_COP2:
        return o.unusable(2);
      case OP_COP1X:
        return o.unusable(1);
      case OP_BEQL:
        return beql(o, word, pc);
      case OP_BNEL:
        return bnel(o, word, pc);
      case OP_BLEZL:
        return blezl(o, word, pc);
      case OP_BGTZL:
        return bgtzl(o, word, pc);
      case OP_SPECIAL2:
        return Decoder.special2(o, word);
      case OP_SPECIAL3:
        return Decoder.special3(o, word);
      case OP_LB:
        return lb(o, word);
      case OP_LH:
        return lh(o, word);
      case OP_LWL:
        return lwl(o, word);
      case OP_LW:
        return lw(o, word);
      case OP_LBU:
        return lbu(o, word);
      case OP_LHU:
        return lhu(o, word);
      case OP_LWR:
        return lwr(o, word);
      case OP_SB:
        return sb(o, word);
      case OP_SH:
        return sh(o, word);
      case OP_SWL:
        return swl(o, word);
      case OP_SW:
        return sw(o, word);
      case OP_SWR:
        return swr(o, word);
      case OP_CACHE:
        return o.privileged(word);
      case OP_LL:
        return ll(o, word);
      case OP_LWC1:
        return o.unusable(1);
      case OP_LWC2:
        return o.unusable(2);
      case OP_PREF:
        return o.nothing();
      case OP_LDC1:
        return o.unusable(1);
      case OP_LDC2:
        return o.unusable(2);
      case OP_SC:
        return sc(o, word);
      case OP_SWC1:
        return o.unusable(1);
      case OP_SWC2:
        return o.unusable(2);
      case OP_SDC1:
        return o.unusable(1);
      case OP_SDC2:
        return o.unusable(2);

      case SPECIAL + SPECIAL_SLL:
        return sll(o, word);
      case SPECIAL + SPECIAL_MOVCI:
        return o.unusable(1);
      case SPECIAL + SPECIAL_SRL:
        return srl(o, word);
      case SPECIAL + SPECIAL_SRA:
        return sra(o, word);
      case SPECIAL + SPECIAL_SLLV:
        return sllv(o, word);
      case SPECIAL + SPECIAL_SRLV:
        return srlv(o, word);
      case SPECIAL + SPECIAL_SRAV:
        return srav(o, word);
      case SPECIAL + SPECIAL_JR:
        return jr(o, word);
      case SPECIAL + SPECIAL_JALR:
        return jalr(o, word, pc);
      case SPECIAL + SPECIAL_MOVZ:
        return movz(o, word);
      case SPECIAL + SPECIAL_MOVN:
        return movn(o, word);
      case SPECIAL + SPECIAL_SYSCALL:
        return syscall(o);
      case SPECIAL + SPECIAL_BREAK:
        return break_(o);
      case SPECIAL + SPECIAL_SYNC:
        return o.nothing();
      case SPECIAL + SPECIAL_MFHI:
        return mfhi(o, word);
      case SPECIAL + SPECIAL_MTHI:
        return mthi(o, word);
      case SPECIAL + SPECIAL_MFLO:
        return mflo(o, word);
      case SPECIAL + SPECIAL_MTLO:
        return mtlo(o, word);
      case SPECIAL + SPECIAL_MULT:
        return mult(o, word);
      case SPECIAL + SPECIAL_MULTU:
        return multu(o, word);
      case SPECIAL + SPECIAL_DIV:
        return div(o, word);
      case SPECIAL + SPECIAL_DIVU:
        return divu(o, word);
      case SPECIAL + SPECIAL_ADD:
        return add(o, word);
      case SPECIAL + SPECIAL_ADDU:
        return addu(o, word);
      case SPECIAL + SPECIAL_SUB:
        return sub(o, word);
      case SPECIAL + SPECIAL_SUBU:
        return subu(o, word);
      case SPECIAL + SPECIAL_AND:
        return and(o, word);
      case SPECIAL + SPECIAL_OR:
        return or(o, word);
      case SPECIAL + SPECIAL_XOR:
        return xor(o, word);
      case SPECIAL + SPECIAL_NOR:
        return nor(o, word);
      case SPECIAL + SPECIAL_SLT:
        return slt(o, word);
      case SPECIAL + SPECIAL_SLTU:
        return sltu(o, word);
      case SPECIAL + SPECIAL_TGE:
        return tge(o, word);
      case SPECIAL + SPECIAL_TGEU:
        return tgeu(o, word);
      case SPECIAL + SPECIAL_TLT:
        return tlt(o, word);
      case SPECIAL + SPECIAL_TLTU:
        return tltu(o, word);
      case SPECIAL + SPECIAL_TEQ:
        return teq(o, word);
      case SPECIAL + SPECIAL_TNE:
        return tne(o, word);
      default:
        return o.signal(EXC_RI);
    }
  }

  @inline static regimm<O>(o: O, word: u32, pc: u32): u32 {
    switch (rtField(word)) {
      case REGIMM_BLTZ:
        return bltz(o, word, pc);
      case REGIMM_BGEZ:
        return bgez(o, word, pc);
      case REGIMM_BLTZL:
        return bltzl(o, word, pc);
      case REGIMM_BGEZL:
        return bgezl(o, word, pc);
      case REGIMM_TGEI:
        return tgei(o, word);
      case REGIMM_TGEIU:
        return tgeiu(o, word);
      case REGIMM_TLTI:
        return tlti(o, word);
      case REGIMM_TLTIU:
        return tltiu(o, word);
      case REGIMM_TEQI:
        return teqi(o, word);
      case REGIMM_TNEI:
        return tnei(o, word);
      case REGIMM_BLTZAL:
        return bltzal(o, word, pc);
      case REGIMM_BGEZAL:
        return bgezal(o, word, pc);
      case REGIMM_BLTZALL:
        return bltzall(o, word, pc);
      case REGIMM_BGEZALL:
        return bgezall(o, word, pc);
      case REGIMM_SYNCI:
        return o.release2() ? o.nothing() : o.signal(EXC_RI);
      default:
        return o.signal(EXC_RI);
    }
  }

  @inline static special2<O>(o: O, word: u32): u32 {
    switch (funct(word)) {
      case SPECIAL2_MADD:
        return madd(o, word);
      case SPECIAL2_MADDU:
        return maddu(o, word);
      case SPECIAL2_MUL:
        return mul(o, word);
      case SPECIAL2_MSUB:
        return msub(o, word);
      case SPECIAL2_MSUBU:
        return msubu(o, word);
      case SPECIAL2_TRACE_SITE:
        return traceSite(o);
      case SPECIAL2_HYPERCALL:
        return hypercall(o, word);
      case SPECIAL2_TRACE_CALL:
        return traceCall(o);
      case SPECIAL2_TRACE_ENTER:
        return traceEnter(o, word);
      case SPECIAL2_TRACE_RETURN:
        return traceReturn(o);
      case SPECIAL2_TRACE_GRAPH:
        return traceGraph(o);
      case SPECIAL2_CLZ:
        return clz(o, word);
      case SPECIAL2_CLO:
        return clo(o, word);
      case SPECIAL2_SDBBP:
        return sdbbp(o);
      default:
        return o.signal(EXC_RI);
    }
  }

  /** All of it is Release 2's. */
  @inline static special3<O>(o: O, word: u32): u32 {
    if (!o.release2()) return o.signal(EXC_RI);
    switch (funct(word)) {
      case SPECIAL3_EXT:
        return ext(o, word);
      case SPECIAL3_INS:
        return ins(o, word);
      case SPECIAL3_BSHFL:
        return bshfl(o, word);
      case SPECIAL3_RDHWR:
        return o.privileged(word);
      default:
        return o.signal(EXC_RI);
    }
  }
}
