// Branches and jumps. They say where to go and whether; the delay slot between here and there belongs to
// the frame around instructions. A link is the address after the delay slot.

import { RA } from "../cpu/registers.ts";
import {
  OP_BEQ,
  OP_BEQL,
  OP_BGTZ,
  OP_BGTZL,
  OP_BLEZ,
  OP_BLEZL,
  OP_BNE,
  OP_BNEL,
  OP_J,
  OP_JAL,
  OP_REGIMM,
  OP_SPECIAL,
  REGIMM_BGEZL,
  REGIMM_BLTZAL,
  SPECIAL_JALR,
  SPECIAL_JR,
} from "../shared/opcodes.ts";
import { branchTarget, funct, jumpTarget, op, rd, rs, rt, rtField } from "./fields.ts";

/** Whether the word is a branch or a jump: the instructions that are not allowed in a delay slot. */
export function hasDelaySlot(word: u32): bool {
  switch (op(word)) {
    case OP_SPECIAL:
      return funct(word) === SPECIAL_JR || funct(word) === SPECIAL_JALR;
    case OP_REGIMM:
      // bltz, bgez, their likely and linking forms: all but bits 16, 17 and 20 are 0.
      return (rtField(word) & ~(REGIMM_BGEZL | REGIMM_BLTZAL)) === 0;
    case OP_J:
    case OP_JAL:
    case OP_BEQ:
    case OP_BNE:
    case OP_BLEZ:
    case OP_BGTZ:
    case OP_BEQL:
    case OP_BNEL:
    case OP_BLEZL:
    case OP_BGTZL:
      return true;
    default:
      return false;
  }
}

export function j<O>(o: O, word: u32, pc: u32): u32 {
  return o.jump(o.extend(o.constant(jumpTarget(word, pc))));
}

export function jal<O>(o: O, word: u32, pc: u32): u32 {
  return o.jumpAndLink(o.extend(o.constant(jumpTarget(word, pc))), RA, pc + 8);
}

/** jr and jr.hb. */
export function jr<O>(o: O, word: u32): u32 {
  return o.jump(o.get(rs(word)));
}

/** jalr and jalr.hb; the target is read before the link is written. */
export function jalr<O>(o: O, word: u32, pc: u32): u32 {
  return o.jumpAndLink(o.get(rs(word)), rd(word), pc + 8);
}

export function beq<O>(o: O, word: u32, pc: u32): u32 {
  return o.branch(o.equal(o.get(rs(word)), o.get(rt(word))), branchTarget(word, pc));
}

export function bne<O>(o: O, word: u32, pc: u32): u32 {
  return o.branch(o.notEqual(o.get(rs(word)), o.get(rt(word))), branchTarget(word, pc));
}

export function blez<O>(o: O, word: u32, pc: u32): u32 {
  return o.branch(o.atLeast(o.zero(), o.get(rs(word))), branchTarget(word, pc));
}

export function bgtz<O>(o: O, word: u32, pc: u32): u32 {
  return o.branch(o.less(o.zero(), o.get(rs(word))), branchTarget(word, pc));
}

export function bltz<O>(o: O, word: u32, pc: u32): u32 {
  return o.branch(o.less(o.get(rs(word)), o.zero()), branchTarget(word, pc));
}

export function bgez<O>(o: O, word: u32, pc: u32): u32 {
  return o.branch(o.atLeast(o.get(rs(word)), o.zero()), branchTarget(word, pc));
}

export function beql<O>(o: O, word: u32, pc: u32): u32 {
  return o.branchLikely(o.equal(o.get(rs(word)), o.get(rt(word))), branchTarget(word, pc));
}

export function bnel<O>(o: O, word: u32, pc: u32): u32 {
  return o.branchLikely(o.notEqual(o.get(rs(word)), o.get(rt(word))), branchTarget(word, pc));
}

export function blezl<O>(o: O, word: u32, pc: u32): u32 {
  return o.branchLikely(o.atLeast(o.zero(), o.get(rs(word))), branchTarget(word, pc));
}

export function bgtzl<O>(o: O, word: u32, pc: u32): u32 {
  return o.branchLikely(o.less(o.zero(), o.get(rs(word))), branchTarget(word, pc));
}

export function bltzl<O>(o: O, word: u32, pc: u32): u32 {
  return o.branchLikely(o.less(o.get(rs(word)), o.zero()), branchTarget(word, pc));
}

export function bgezl<O>(o: O, word: u32, pc: u32): u32 {
  return o.branchLikely(o.atLeast(o.get(rs(word)), o.zero()), branchTarget(word, pc));
}

// @ts-ignore: decorator
@inline
export function bltzal<O>(o: O, word: u32, pc: u32): u32 {
  return o.branchAndLink(
    o.less(o.get(rs(word)), o.zero()),
    RA,
    pc + 8,
    branchTarget(word, pc),
  );
}

// @ts-ignore: decorator
@inline
export function bgezal<O>(o: O, word: u32, pc: u32): u32 {
  return o.branchAndLink(
    o.atLeast(o.get(rs(word)), o.zero()),
    RA,
    pc + 8,
    branchTarget(word, pc),
  );
}

// @ts-ignore: decorator
@inline
export function bltzall<O>(o: O, word: u32, pc: u32): u32 {
  return o.branchAndLinkLikely(
    o.less(o.get(rs(word)), o.zero()),
    RA,
    pc + 8,
    branchTarget(word, pc),
  );
}

// @ts-ignore: decorator
@inline
export function bgezall<O>(o: O, word: u32, pc: u32): u32 {
  return o.branchAndLinkLikely(
    o.atLeast(o.get(rs(word)), o.zero()),
    RA,
    pc + 8,
    branchTarget(word, pc),
  );
}
