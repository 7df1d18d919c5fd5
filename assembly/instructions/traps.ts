// Instructions that are exceptions: always, on a condition, or because there is no such coprocessor.

import { EXC_BP, EXC_SYS } from "../shared/opcodes.ts";
import { offset, rs, rt } from "./fields.ts";

export function syscall<O>(o: O): u32 {
  return o.signal(EXC_SYS);
}

export function break_<O>(o: O): u32 {
  return o.signal(EXC_BP);
}

export function sdbbp<O>(o: O): u32 {
  return o.debugBreakpoint();
}

export function tge<O>(o: O, word: u32): u32 {
  return o.trapIf(o.atLeast(o.get(rs(word)), o.get(rt(word))));
}

export function tgeu<O>(o: O, word: u32): u32 {
  return o.trapIf(o.atLeastUnsigned(o.get(rs(word)), o.get(rt(word))));
}

export function tlt<O>(o: O, word: u32): u32 {
  return o.trapIf(o.less(o.get(rs(word)), o.get(rt(word))));
}

export function tltu<O>(o: O, word: u32): u32 {
  return o.trapIf(o.lessUnsigned(o.get(rs(word)), o.get(rt(word))));
}

export function teq<O>(o: O, word: u32): u32 {
  return o.trapIf(o.equal(o.get(rs(word)), o.get(rt(word))));
}

export function tne<O>(o: O, word: u32): u32 {
  return o.trapIf(o.notEqual(o.get(rs(word)), o.get(rt(word))));
}

export function tgei<O>(o: O, word: u32): u32 {
  return o.trapIf(o.atLeast(o.get(rs(word)), o.extend(o.constant(offset(word)))));
}

export function tgeiu<O>(o: O, word: u32): u32 {
  return o.trapIf(o.atLeastUnsigned(o.get(rs(word)), o.extend(o.constant(offset(word)))));
}

export function tlti<O>(o: O, word: u32): u32 {
  return o.trapIf(o.less(o.get(rs(word)), o.extend(o.constant(offset(word)))));
}

export function tltiu<O>(o: O, word: u32): u32 {
  return o.trapIf(o.lessUnsigned(o.get(rs(word)), o.extend(o.constant(offset(word)))));
}

export function teqi<O>(o: O, word: u32): u32 {
  return o.trapIf(o.equal(o.get(rs(word)), o.extend(o.constant(offset(word)))));
}

export function tnei<O>(o: O, word: u32): u32 {
  return o.trapIf(o.notEqual(o.get(rs(word)), o.extend(o.constant(offset(word)))));
}
