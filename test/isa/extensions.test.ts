// Words of the DSP extension and of MIPS32 as binutils assembles them with `.set dspr2`, and which of them are named as
// an extension's.

import assert from "node:assert/strict";
import { test } from "node:test";
import { extensionOf } from "../../src/isa/extensions.ts";

const DSP: readonly (readonly [word: number, text: string])[] = [
  [0x7c851010, "addu.qb v0,a0,a1"],
  [0x7c041252, "absq_s.ph v0,a0"],
  [0x7ca4100a, "lwx v0,a0(a1)"],
  [0x7c82000c, "insv v0,a0"],
  [0x00850818, "mult $ac1,a0,a1"],
  [0x00401010, "mfhi v0,$ac2"],
  [0x00801811, "mthi a0,$ac3"],
  [0x70850800, "madd $ac1,a0,a1"],
  [0x7c851318, "mul.ph v0,a0,a1"],
  [0x7c850030, "dpa.w.ph $ac0,a0,a1"],
  [0x7c821831, "append v0,a0,0x3"],
  [0x7c620038, "extr.w v0,$ac0,0x3"],
  [0x041cffff, "bposge32"],
  [0x7c0314b8, "rddsp v0,0x3"],
  [0x7c241013, "shll.qb v0,a0,0x1"],
  [0x7c850011, "cmpu.eq.qb a0,a1"],
];
const MIPS32: readonly (readonly [word: number, text: string])[] = [
  [0x00851021, "addu v0,a0,a1"],
  [0x00850018, "mult a0,a1"],
  [0x00001010, "mfhi v0"],
  [0x70850000, "madd a0,a1"],
  [0x7c820840, "ext v0,a0,0x1,0x2"],
  [0x7c041420, "seb v0,a0"],
  [0x7c02e83b, "rdhwr v0,$29"],
  [0xffffffff, "a word of nothing"],
];

test("words of the DSP extension and jalx are named, and those of MIPS32 are not", () => {
  for (const [word, text] of DSP) assert.equal(extensionOf(word), "DSP code: not run", text);
  assert.match(extensionOf(0x74000000) ?? "", /^jalx, a call into MIPS16/);
  for (const [word, text] of MIPS32) assert.equal(extensionOf(word), null, text);
});
