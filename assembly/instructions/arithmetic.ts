// Sums, comparisons and counts. add, addi and sub trap on overflow, so their sums are 64 bits wide until they
// are known to fit. Sums and counts are of words; comparisons are of whole registers.

import { immediate, offset, rd, rs, rt } from "./fields.ts";

export function add<O>(o: O, word: u32): u32 {
  return o.setOrOverflow(
    rd(word),
    o.addWide(o.wide(o.getWord(rs(word))), o.wide(o.getWord(rt(word)))),
  );
}

export function addu<O>(o: O, word: u32): u32 {
  return o.setWord(rd(word), o.add(o.getWord(rs(word)), o.getWord(rt(word))));
}

export function sub<O>(o: O, word: u32): u32 {
  return o.setOrOverflow(
    rd(word),
    o.subWide(o.wide(o.getWord(rs(word))), o.wide(o.getWord(rt(word)))),
  );
}

export function subu<O>(o: O, word: u32): u32 {
  return o.setWord(rd(word), o.sub(o.getWord(rs(word)), o.getWord(rt(word))));
}

export function slt<O>(o: O, word: u32): u32 {
  return o.set(rd(word), o.flag(o.less(o.get(rs(word)), o.get(rt(word)))));
}

export function sltu<O>(o: O, word: u32): u32 {
  return o.set(rd(word), o.flag(o.lessUnsigned(o.get(rs(word)), o.get(rt(word)))));
}

export function addi<O>(o: O, word: u32): u32 {
  return o.setOrOverflow(
    rt(word),
    o.addWide(o.wide(o.getWord(rs(word))), o.wide(o.constant(offset(word)))),
  );
}

export function addiu<O>(o: O, word: u32): u32 {
  return o.setWord(rt(word), o.add(o.getWord(rs(word)), o.constant(offset(word))));
}

export function slti<O>(o: O, word: u32): u32 {
  return o.set(rt(word), o.flag(o.less(o.get(rs(word)), o.extend(o.constant(offset(word))))));
}

/** The immediate is sign-extended first, and only then compared as unsigned. */
export function sltiu<O>(o: O, word: u32): u32 {
  return o.set(
    rt(word),
    o.flag(o.lessUnsigned(o.get(rs(word)), o.extend(o.constant(offset(word))))),
  );
}

export function lui<O>(o: O, word: u32): u32 {
  return o.setWord(rt(word), o.constant(immediate(word) << 16));
}

export function clz<O>(o: O, word: u32): u32 {
  return o.setWord(rd(word), o.leadingZeros(o.getWord(rs(word))));
}

export function clo<O>(o: O, word: u32): u32 {
  return o.setWord(
    rd(word),
    o.leadingZeros(o.xor(o.getWord(rs(word)), o.constant(0xffffffff))),
  );
}
