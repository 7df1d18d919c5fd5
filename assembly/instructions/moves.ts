// Moves on a condition, and to and from HI and LO. The accumulator fields of the DSP extension must be
// zero: without it, naming another accumulator is reserved.

import { EXC_RI } from "../shared/opcodes.ts";
import { rd, rs, rt } from "./fields.ts";

/** The two low bits of a register field name the accumulator: 0 is HI and LO. */
export function otherAccumulator(register: u32): bool {
  return (register & (3 << 2)) !== 0;
}

export function movz<O>(o: O, word: u32): u32 {
  return o.set(
    rd(word),
    o.select(o.get(rs(word)), o.get(rd(word)), o.equal(o.get(rt(word)), o.zero())),
  );
}

export function movn<O>(o: O, word: u32): u32 {
  return o.set(
    rd(word),
    o.select(o.get(rs(word)), o.get(rd(word)), o.notEqual(o.get(rt(word)), o.zero())),
  );
}

export function mfhi<O>(o: O, word: u32): u32 {
  if (otherAccumulator(rs(word))) return o.signal(EXC_RI);
  return o.set(rd(word), o.hi());
}

export function mflo<O>(o: O, word: u32): u32 {
  if (otherAccumulator(rs(word))) return o.signal(EXC_RI);
  return o.set(rd(word), o.lo());
}

export function mthi<O>(o: O, word: u32): u32 {
  if (otherAccumulator(rd(word))) return o.signal(EXC_RI);
  return o.setHi(o.get(rs(word)));
}

export function mtlo<O>(o: O, word: u32): u32 {
  if (otherAccumulator(rd(word))) return o.signal(EXC_RI);
  return o.setLo(o.get(rs(word)));
}
