// Finds where a function built without -mmcount-ra-address has saved its return address at its call site, which the
// mended site has to pass in t4. The words from the function's start to the site, its prologue, are followed for the
// stack pointer and for the constants with which large frames are made.

import {
  OP_ADDIU,
  OP_LUI,
  OP_ORI,
  OP_SPECIAL,
  OP_SW,
  SPECIAL_ADDU,
  SPECIAL_OR,
  SPECIAL_SUBU,
} from "../../assembly/shared/opcodes.ts";
import type { SavedRa } from "../ftrace/sites/saved-ra.ts";
import { NOP } from "../isa/assemble.ts";
import { R } from "../isa/registers.ts";
import { hasDelaySlot } from "./branch.ts";

/** Longer than any prologue. */
const MOST_WORDS = 64;

/**
 * @param words from the function's first to the one before the site.
 * @returns bytes above sp at the site; "ra" when ra wasn't saved; "unknown" when the words are no prologue that can
 *   be followed.
 */
export function raPlaceAfter(words: readonly number[]): SavedRa {
  if (words.length > MOST_WORDS) return "unknown";
  /** sp, relative to its value at the function's start. */
  let sp = 0;
  let saved: number | null = null;
  const constants = new Map<number, number>([[R.zero, 0]]);
  for (const word of words) {
    if (word === NOP) continue;
    if (hasDelaySlot(word)) return "unknown";
    const op = word >>> 26;
    const rs = (word >>> 21) & 31;
    const rt = (word >>> 16) & 31;
    const rd = (word >>> 11) & 31;
    const funct = word & 63;
    const immediate = (word << 16) >> 16;
    const known = (register: number): number | undefined => constants.get(register);
    if (op === OP_SW) {
      if (rs === R.sp && rt === R.ra) saved = sp + immediate;
      continue;
    }
    const target = op === OP_SPECIAL ? rd : rt;
    if (op === OP_ADDIU && rt === R.sp && rs === R.sp) {
      sp += immediate;
    } else if (op === OP_SPECIAL && rd === R.sp && rs === R.sp && known(rt) !== undefined) {
      const by = known(rt) as number;
      if (funct === SPECIAL_ADDU) sp += by;
      else if (funct === SPECIAL_SUBU) sp -= by;
      else return "unknown";
    } else if (target === R.sp || target === R.ra) {
      // Stores don't write their rt field; other instructions may.
      if (!writesNothing(op)) return "unknown";
    } else if (target !== R.zero) {
      const value = constantOf(op, funct, immediate, word, known(rs), known(rt));
      if (value === undefined) constants.delete(target);
      else constants.set(target, value | 0);
    }
  }
  return saved === null ? "ra" : saved - sp;
}

/** Whether the instruction is a store, a prefetch or a cache operation. */
function writesNothing(op: number): boolean {
  return op >= 0x28 && op !== 0x30 && op !== 0x38;
}

function constantOf(
  op: number,
  funct: number,
  immediate: number,
  word: number,
  rs: number | undefined,
  rt: number | undefined,
): number | undefined {
  if (op === OP_LUI) return immediate << 16;
  if (rs === undefined) return undefined;
  if (op === OP_ADDIU) return rs + immediate;
  if (op === OP_ORI) return rs | (word & 0xffff);
  if (op !== OP_SPECIAL || rt === undefined) return undefined;
  if (funct === SPECIAL_OR) return rs | rt;
  if (funct === SPECIAL_ADDU) return rs + rt;
  if (funct === SPECIAL_SUBU) return rs - rt;
  return undefined;
}
