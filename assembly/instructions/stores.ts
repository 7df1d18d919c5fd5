// Stores. The whole store is one operation of the reading, so that an access that faults leaves memory alone;
// sc alone sets a register as well.

import { offset, rs, rt } from "./fields.ts";

export function sb<O>(o: O, word: u32): u32 {
  return o.store8(o.address(o.get(rs(word)), offset(word)), o.getWord(rt(word)));
}

export function sh<O>(o: O, word: u32): u32 {
  return o.store16(o.address(o.get(rs(word)), offset(word)), o.getWord(rt(word)));
}

export function sw<O>(o: O, word: u32): u32 {
  return o.store32(o.address(o.get(rs(word)), offset(word)), o.getWord(rt(word)));
}

// @ts-ignore: decorator
@inline
export function swl<O>(o: O, word: u32): u32 {
  return o.storeLeft(o.address(o.get(rs(word)), offset(word)), o.getWord(rt(word)));
}

// @ts-ignore: decorator
@inline
export function swr<O>(o: O, word: u32): u32 {
  return o.storeRight(o.address(o.get(rs(word)), offset(word)), o.getWord(rt(word)));
}

/** sc passes its register's name, because it sets the register too. */
export function sc<O>(o: O, word: u32): u32 {
  return o.storeConditional(o.address(o.get(rs(word)), offset(word)), rt(word));
}
