// Loads. The register is set by the load itself, so that an access that faults leaves it alone.

import { offset, rs, rt } from "./fields.ts";

export function lb<O>(o: O, word: u32): u32 {
  return o.load8s(rt(word), o.address(o.get(rs(word)), offset(word)));
}

export function lbu<O>(o: O, word: u32): u32 {
  return o.load8(rt(word), o.address(o.get(rs(word)), offset(word)));
}

export function lh<O>(o: O, word: u32): u32 {
  return o.load16s(rt(word), o.address(o.get(rs(word)), offset(word)));
}

export function lhu<O>(o: O, word: u32): u32 {
  return o.load16(rt(word), o.address(o.get(rs(word)), offset(word)));
}

export function lw<O>(o: O, word: u32): u32 {
  return o.load32(rt(word), o.address(o.get(rs(word)), offset(word)));
}

// @ts-ignore: decorator
@inline
export function lwl<O>(o: O, word: u32): u32 {
  return o.loadLeft(rt(word), o.address(o.get(rs(word)), offset(word)));
}

// @ts-ignore: decorator
@inline
export function lwr<O>(o: O, word: u32): u32 {
  return o.loadRight(rt(word), o.address(o.get(rs(word)), offset(word)));
}

export function ll<O>(o: O, word: u32): u32 {
  return o.loadLinked(rt(word), o.address(o.get(rs(word)), offset(word)));
}
