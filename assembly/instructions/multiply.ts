// Products, sums of products and quotients. Products are 64 bits wide and live in HI and LO; mul alone
// writes a general register, and leaves HI and LO (UNPREDICTABLE in the manual) as they were.

import { EXC_RI } from "../shared/opcodes.ts";
import { rd, rs, rt } from "./fields.ts";
import { otherAccumulator } from "./moves.ts";

export function mult<O>(o: O, word: u32): u32 {
  if (otherAccumulator(rd(word))) return o.signal(EXC_RI);
  return o.setHiLo(o.mulWide(o.wide(o.getWord(rs(word))), o.wide(o.getWord(rt(word)))));
}

export function multu<O>(o: O, word: u32): u32 {
  if (otherAccumulator(rd(word))) return o.signal(EXC_RI);
  return o.setHiLo(o.mulWide(o.wideUnsigned(o.getWord(rs(word))), o.wideUnsigned(o.getWord(rt(word)))));
}

export function madd<O>(o: O, word: u32): u32 {
  if (otherAccumulator(rd(word))) return o.signal(EXC_RI);
  return o.setHiLo(
    o.addWide(o.hiLo(), o.mulWide(o.wide(o.getWord(rs(word))), o.wide(o.getWord(rt(word))))),
  );
}

export function maddu<O>(o: O, word: u32): u32 {
  if (otherAccumulator(rd(word))) return o.signal(EXC_RI);
  return o.setHiLo(
    o.addWide(
      o.hiLo(),
      o.mulWide(o.wideUnsigned(o.getWord(rs(word))), o.wideUnsigned(o.getWord(rt(word)))),
    ),
  );
}

export function msub<O>(o: O, word: u32): u32 {
  if (otherAccumulator(rd(word))) return o.signal(EXC_RI);
  return o.setHiLo(
    o.subWide(o.hiLo(), o.mulWide(o.wide(o.getWord(rs(word))), o.wide(o.getWord(rt(word))))),
  );
}

export function msubu<O>(o: O, word: u32): u32 {
  if (otherAccumulator(rd(word))) return o.signal(EXC_RI);
  return o.setHiLo(
    o.subWide(
      o.hiLo(),
      o.mulWide(o.wideUnsigned(o.getWord(rs(word))), o.wideUnsigned(o.getWord(rt(word)))),
    ),
  );
}

export function mul<O>(o: O, word: u32): u32 {
  return o.setWord(rd(word), o.mul(o.getWord(rs(word)), o.getWord(rt(word))));
}

export function div<O>(o: O, word: u32): u32 {
  o.setLo(o.extend(o.quotient(o.getWord(rs(word)), o.getWord(rt(word)))));
  return o.setHi(o.extend(o.remainder(o.getWord(rs(word)), o.getWord(rt(word)))));
}

export function divu<O>(o: O, word: u32): u32 {
  o.setLo(o.extend(o.quotientUnsigned(o.getWord(rs(word)), o.getWord(rt(word)))));
  return o.setHi(o.extend(o.remainderUnsigned(o.getWord(rs(word)), o.getWord(rt(word)))));
}
