// Says in a kernel developer's words which pointer was bad when a load, a store or a jump went to an address where
// nothing is: the register that held it, the member's offset, and what its value usually means.

import { errnoName } from "../errors.ts";
import { hex } from "../hex.ts";
import { registerName } from "../isa/registers.ts";

/** A pointer below this is NULL, or a member's address in a structure at NULL. */
const PAGE = 4096;
/** include/linux/err.h: the last 4,095 addresses are errors. */
const MAX_ERRNO = 4095;
/** include/linux/poison.h, on a 32-bit kernel. */
const POISON: ReadonlyMap<number, string> = new Map([
  [0x100, "LIST_POISON1: the entry was deleted from its list before"],
  [0x122, "LIST_POISON2: the entry was deleted from its list before"],
  [0x6b6b6b6b, "SLUB's POISON_FREE: the object was freed before"],
  [0x5a5a5a5a, "SLUB's POISON_INUSE: the object was never written"],
]);
/** Major opcodes of loads and stores, whose address is a register and an offset. */
const ACCESSES: readonly (readonly [from: number, to: number, what: "load" | "store"])[] = [
  [0x20, 0x26, "load"],
  [0x28, 0x2e, "store"],
  [0x30, 0x30, "load"],
  [0x38, 0x38, "store"],
];

/** The end of a sentence about the fault, or an empty text. @param word the instruction at pc; null if none is there. */
export function badPointerText(
  word: number | null,
  pc: number,
  registers: readonly number[],
  badVAddr: number,
): string {
  if (pc === badVAddr) {
    return pc < PAGE ? ", a call of a NULL function pointer" : ", a jump to where no code is";
  }
  const opcode = (word ?? 0) >>> 26;
  const access = ACCESSES.find(([from, to]) => word !== null && opcode >= from && opcode <= to);
  if (word === null || access === undefined) return "";
  const number = (word >>> 21) & 31;
  const offset = (word << 16) >> 16;
  const value = registers[number] ?? 0;
  if ((value + offset) >>> 0 !== badVAddr) return "";
  const [, , what] = access;
  const register = registerName(number);
  const sign = offset < 0 ? "-" : "";
  const where = `member offset ${sign}0x${Math.abs(offset).toString(16)}`;
  const member = `a ${what} at ${where}`;
  const poison = POISON.get(value);
  if (poison !== undefined) return `, ${register} is ${hex(value)}, ${poison}; ${member}`;
  if (value === 0) return `, a NULL pointer dereference at ${where}: ${register} is NULL`;
  if (value < PAGE) {
    return `, a NULL pointer dereference at ${where}: ${register} is ${hex(value)}, in a structure at NULL`;
  }
  if (value > 2 ** 32 - 1 - MAX_ERRNO) {
    const error = 2 ** 32 - value;
    const name = errnoName(error);
    return `, ${register} is an error pointer, -${error}${name === null ? "" : ` (${name})`}; ${member}`;
  }
  return `, a bad pointer: ${register} is ${hex(value)}; ${member}`;
}
