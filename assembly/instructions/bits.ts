// SPECIAL3: bit fields, sign extension and byte swaps of Release 2.

import { BSHFL_SEB, BSHFL_SEH, BSHFL_WSBH, EXC_RI } from "../shared/opcodes.ts";
import { rd, rdField, rs, rt, sa } from "./fields.ts";

/** size ones, size from 1 to 32. */
function ones(size: u32): u32 {
  return <u32>0xffffffff >>> (32 - size);
}

/** rd holds msbd = size - 1, sa holds lsb; a field past bit 31 is reserved. */
export function ext<O>(o: O, word: u32): u32 {
  const lsb = sa(word);
  const size = rdField(word) + 1;
  if (lsb + size > 32) return o.signal(EXC_RI);
  return o.setWord(
    rt(word),
    o.and(o.shiftRight(o.getWord(rs(word)), o.constant(lsb)), o.constant(ones(size))),
  );
}

/** rd holds msb, sa holds lsb; msb below lsb is reserved. */
export function ins<O>(o: O, word: u32): u32 {
  const lsb = sa(word);
  const msb = rdField(word);
  if (msb < lsb) return o.signal(EXC_RI);
  const field = ones(msb - lsb + 1) << lsb;
  return o.setWord(
    rt(word),
    o.or(
      o.and(o.getWord(rt(word)), o.constant(~field)),
      o.and(o.shiftLeft(o.getWord(rs(word)), o.constant(lsb)), o.constant(field)),
    ),
  );
}

// @ts-ignore: decorator
@inline
export function bshfl<O>(o: O, word: u32): u32 {
  switch (sa(word)) {
    case BSHFL_WSBH:
      return o.setWord(
        rd(word),
        o.or(
          o.and(o.shiftLeft(o.getWord(rt(word)), o.constant(8)), o.constant(0xff00ff00)),
          o.and(o.shiftRight(o.getWord(rt(word)), o.constant(8)), o.constant(0x00ff00ff)),
        ),
      );
    case BSHFL_SEB:
      return o.setWord(rd(word), o.extend8(o.getWord(rt(word))));
    case BSHFL_SEH:
      return o.setWord(rd(word), o.extend16(o.getWord(rt(word))));
    default:
      return o.signal(EXC_RI);
  }
}
