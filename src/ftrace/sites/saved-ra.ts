// Finds where a traced function has saved its caller's return address when it reaches its call site; function_graph
// replaces the address there. A site built with -mmcount-ra-address passes this place in t4. Otherwise it is found
// from the stores in the prologue, as arch/mips/kernel/ftrace.c's ftrace_get_parent_ra_addr() does. The kernel's
// function stops at a store of a register other than ra and the s registers and treats such a function as a leaf; this
// one skips over every store of a prologue. Pure: words in, a place out.

import {
  OP_ADDIU,
  OP_LUI,
  OP_ORI,
  OP_SPECIAL,
  OP_SW,
  SPECIAL_ADDU,
  SPECIAL_OR,
  SPECIAL_SUBU,
} from "../../../assembly/shared/opcodes.ts";
import { R } from "../../isa/registers.ts";

/** Registers that may be read by an instruction that sets t4. */
const T4_FROM: readonly number[] = [R.zero, R.t4, R.sp];
/** A prologue saves at most ten registers, and stores a few arguments. */
const LONGEST_PROLOGUE = 32;

/** An offset above sp in bytes, or "ra" for the register; "unknown" if there is no prologue that can be read. */
export type SavedRa = number | "ra" | "unknown";

interface Fields {
  readonly op: number;
  readonly rs: number;
  readonly rt: number;
  readonly rd: number;
  readonly funct: number;
  /** Sign-extended. */
  readonly immediate: number;
}

function fields(word: number): Fields {
  return {
    op: word >>> 26,
    rs: (word >>> 21) & 31,
    rt: (word >>> 16) & 31,
    rd: (word >>> 11) & 31,
    funct: word & 63,
    immediate: (word << 16) >> 16,
  };
}

/** The place, from the words of a site that set t4: 0 in a leaf, otherwise an address above sp. */
export function savedRaByT4(words: readonly number[]): SavedRa {
  let value = 0;
  let aboveSp = false;
  for (const word of words) {
    const { op, rs, rt, rd, funct, immediate } = fields(word);
    if (op === OP_SPECIAL) {
      const others = [rs, rt].filter((register) => register !== R.t4 && register !== R.zero);
      if (rd !== R.t4 || (funct !== SPECIAL_OR && funct !== SPECIAL_ADDU)) return "unknown";
      if (others.some((register) => register !== R.sp)) return "unknown";
      if (rs !== R.t4 && rt !== R.t4) value = 0;
      aboveSp = others.length > 0 || (aboveSp && (rs === R.t4 || rt === R.t4));
    } else if (rt !== R.t4 || (op !== OP_LUI && !T4_FROM.includes(rs))) {
      return "unknown";
    } else {
      const before = rs === R.t4 && op !== OP_LUI ? value : 0;
      aboveSp = rs === R.sp || (aboveSp && rs === R.t4);
      if (op === OP_LUI) value = (immediate << 16) >>> 0;
      else if (op === OP_ORI) value = (before | (word & 0xffff)) >>> 0;
      else if (op === OP_ADDIU) value = before + immediate;
      else return "unknown";
    }
  }
  if (aboveSp) return value;
  return value === 0 ? "ra" : "unknown";
}

/**
 * The place according to the prologue, which is read backwards from the word before the site.
 * @param word the words before the site: index -1 is the last of the prologue.
 */
export function savedRaByPrologue(word: (index: number) => number): SavedRa {
  for (let index = -1; index >= -LONGEST_PROLOGUE; index -= 1) {
    const { op, rs, rt, rd, funct, immediate } = fields(word(index));
    const store = op === OP_SW && rs === R.sp;
    if (store && rt === R.ra) return immediate;
    const setsS8 = op === OP_SPECIAL && rd === R.s8 && rs === R.sp && rt === R.zero;
    // The second part of a large frame: this word shows neither its size nor whether ra is above it.
    if (op === OP_SPECIAL && funct === SPECIAL_SUBU && rd === R.sp) return "unknown";
    // This includes addiu sp,sp,-N, with which a prologue begins.
    if (!store && !setsS8) return "ra";
  }
  return "unknown";
}
