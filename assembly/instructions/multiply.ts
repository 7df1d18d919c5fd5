// Products, sums of products and quotients. Products are 64 bits wide and live in HI and LO; mul alone
// writes a general register, and leaves HI and LO (UNPREDICTABLE in the manual) as they were.

import { EXC_RI } from "../shared/opcodes.ts";
import { rd, rs, rt } from "./fields.ts";
import { otherAccumulator } from "./moves.ts";

export function mult<O>(o: O, word: u32): u32 {
  if (otherAccumulator(rd(word))) return o.signal(EXC_RI);
  return o.setHiLo(o.mulWide(o.wide(o.get(rs(word))), o.wide(o.get(rt(word)))));
}

export function multu<O>(o: O, word: u32): u32 {
  if (otherAccumulator(rd(word))) return o.signal(EXC_RI);
  return o.setHiLo(o.mulWide(o.wideUnsigned(o.get(rs(word))), o.wideUnsigned(o.get(rt(word)))));
}

export function madd<O>(o: O, word: u32): u32 {
  if (otherAccumulator(rd(word))) return o.signal(EXC_RI);
  return o.setHiLo(
    o.addWide(o.hiLo(), o.mulWide(o.wide(o.get(rs(word))), o.wide(o.get(rt(word))))),
  );
}

export function maddu<O>(o: O, word: u32): u32 {
  if (otherAccumulator(rd(word))) return o.signal(EXC_RI);
  return o.setHiLo(
    o.addWide(
      o.hiLo(),
      o.mulWide(o.wideUnsigned(o.get(rs(word))), o.wideUnsigned(o.get(rt(word)))),
    ),
  );
}

export function msub<O>(o: O, word: u32): u32 {
  if (otherAccumulator(rd(word))) return o.signal(EXC_RI);
  return o.setHiLo(
    o.subWide(o.hiLo(), o.mulWide(o.wide(o.get(rs(word))), o.wide(o.get(rt(word))))),
  );
}

export function msubu<O>(o: O, word: u32): u32 {
  if (otherAccumulator(rd(word))) return o.signal(EXC_RI);
  return o.setHiLo(
    o.subWide(
      o.hiLo(),
      o.mulWide(o.wideUnsigned(o.get(rs(word))), o.wideUnsigned(o.get(rt(word)))),
    ),
  );
}

export function mul<O>(o: O, word: u32): u32 {
  return o.set(rd(word), o.mul(o.get(rs(word)), o.get(rt(word))));
}

export function div<O>(o: O, word: u32): u32 {
  o.setLo(o.quotient(o.get(rs(word)), o.get(rt(word))));
  return o.setHi(o.remainder(o.get(rs(word)), o.get(rt(word))));
}

export function divu<O>(o: O, word: u32): u32 {
  o.setLo(o.quotientUnsigned(o.get(rs(word)), o.get(rt(word))));
  return o.setHi(o.remainderUnsigned(o.get(rs(word)), o.get(rt(word))));
}
