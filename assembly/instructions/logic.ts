// Bitwise logic; immediates are zero-extended.

import { immediate, rd, rs, rt } from "./fields.ts";

export function and<O>(o: O, word: u32): u32 {
  return o.set(rd(word), o.and(o.get(rs(word)), o.get(rt(word))));
}

export function or<O>(o: O, word: u32): u32 {
  return o.set(rd(word), o.or(o.get(rs(word)), o.get(rt(word))));
}

export function xor<O>(o: O, word: u32): u32 {
  return o.set(rd(word), o.xor(o.get(rs(word)), o.get(rt(word))));
}

export function nor<O>(o: O, word: u32): u32 {
  return o.set(rd(word), o.xor(o.or(o.get(rs(word)), o.get(rt(word))), o.extend(o.constant(0xffffffff))));
}

export function andi<O>(o: O, word: u32): u32 {
  return o.set(rt(word), o.and(o.get(rs(word)), o.extend(o.constant(immediate(word)))));
}

export function ori<O>(o: O, word: u32): u32 {
  return o.set(rt(word), o.or(o.get(rs(word)), o.extend(o.constant(immediate(word)))));
}

export function xori<O>(o: O, word: u32): u32 {
  return o.set(rt(word), o.xor(o.get(rs(word)), o.extend(o.constant(immediate(word)))));
}
