// Compares what is known of registers without running code with what the processor computes: random stretches of
// the instructions that addresses are made of, from random registers. A form has to contain the value that its register
// has then. Forms are also put into words by hand, so that a reading that knows nothing fails.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  commonForms,
  type Form,
  type Forms,
  follow,
  initialForms,
  strideOf,
} from "../../src/translate/address-form.ts";
import type { Instruction } from "../../src/translate/instruction.ts";
import { asm, DATA, Guest, R } from "../cpu/guest.ts";
import { Random } from "../support/random.ts";

const REGISTERS = [R.v0, R.v1, R.a0, R.a1, R.t0, R.t1] as const;
const STRETCHES = 400;

/** An instruction that writes rt or rd and nothing else, as the core describes it. */
function instruction(word: number): Instruction {
  const isThreeRegisters = word >>> 26 === 0;
  const writes = (1 << ((word >>> (isThreeRegisters ? 11 : 16)) & 31)) >>> 0;
  const none = { pc: 0, kind: "next", reads: 0, target: 0, link: 0, guards: false } as const;
  return { ...none, word, writes };
}

function after(words: readonly number[]): Forms {
  return words.reduce<Forms>((forms, word) => follow(instruction(word), forms), initialForms());
}

function randomWord(random: Random): number {
  const [to, from, other] = [0, 1, 2].map(() => random.pick(REGISTERS)) as [number, number, number];
  switch (random.below(13)) {
    case 0:
      return asm("addiu", to, from, random.between(-0x8000, 0x7fff));
    case 1:
      return asm("lui", to, random.below(0x10000));
    case 2:
      return asm("ori", to, random.oneIn(3) ? R.zero : from, random.below(0x10000));
    case 3:
      return asm("andi", to, from, random.pick([0, 0xff, 0x3c, 0xfff0, random.below(0x10000)]));
    case 4:
      return asm(random.pick(["slti", "sltiu"]), to, from, random.between(-9, 9));
    case 5:
      return asm(random.pick(["lbu", "lhu"]), to, 2 * random.below(32), R.s0);
    case 6:
      return asm("sll", to, from, random.below(32));
    case 7:
      return asm(random.pick(["srl", "rotr", "sra"]), to, from, random.below(32));
    case 8:
      return asm("subu", to, from, other);
    case 9:
      return asm("or", to, from, random.oneIn(2) ? R.zero : other);
    case 10:
      return asm(random.pick(["slt", "sltu"]), to, from, other);
    case 11:
      return asm("ext", to, from, random.below(20), random.between(1, 12));
    default:
      return asm("addu", to, from, other);
  }
}

/** Whether the form's value over these registers can be this one. */
function contains({ terms, constant, span, step }: Form, begin: readonly number[], value: number) {
  let lowest = constant;
  for (const [register, factor] of terms) {
    lowest = (lowest + Math.imul(factor, begin[register] ?? 0)) | 0;
  }
  const above = (value - lowest) >>> 0;
  return above <= span && (span === 0 || above % step === 0);
}

describe("forms of registers", () => {
  test("contain what the processor computes", () => {
    const random = new Random(17);
    const guest = new Guest("little");
    let known = 0;
    for (let stretch = 0; stretch < STRETCHES; stretch++) {
      guest.core.setGpr(R.s0, DATA);
      for (let at = 0; at < 32; at++) guest.put(DATA + 4 * at, random.word());
      for (const register of REGISTERS) guest.core.setGpr(register, random.word());
      const begin = Array.from({ length: 32 }, (_, register) => guest.core.gpr(register));
      const words = Array.from({ length: random.between(1, 6) }, () => randomWord(random));
      guest.run(words);
      const forms = after(words);
      for (const register of REGISTERS) {
        const form = forms[register];
        if (form === undefined) continue;
        known++;
        const value = guest.core.gpr(register);
        assert.ok(contains(form, begin, value), `stretch ${stretch}, register ${register}`);
      }
    }
    assert.ok(known > STRETCHES, `${known} forms`);
  });

  test("say what compilers' addresses are", () => {
    const table = after([
      asm("lui", R.t0, 0x8005),
      asm("addiu", R.t0, R.t0, -16),
      asm("andi", R.v0, R.a0, 0xff),
      asm("sll", R.v0, R.v0, 2),
      asm("addu", R.v0, R.t0, R.v0),
    ])[R.v0];
    const expected = { terms: new Map(), constant: 0x8004fff0 | 0, span: 0x3fc, step: 4 };
    assert.deepEqual(table, expected);
    const element = after([asm("sll", R.v0, R.a1, 3), asm("addu", R.v0, R.v0, R.a0)])[R.v0];
    assert.deepEqual(
      element?.terms,
      new Map([
        [R.a1, 8],
        [R.a0, 1],
      ]),
    );
    const strides = Array.from({ length: 32 }, (_, register) => (register === R.a1 ? 2 : 0));
    assert.equal(element && strideOf(element, strides), 16);
  });

  test("say nothing of what a shift of the sign, a rotation or a word from memory gives", () => {
    for (const word of [
      asm("sra", R.v0, R.a0, 24),
      asm("rotr", R.v0, R.a0, 24),
      asm("lw", R.v0, 0, R.a0),
      asm("xor", R.v0, R.a0, R.a1),
      asm("nor", R.v0, R.a0, R.a1),
    ]) {
      assert.equal(after([word])[R.v0], undefined);
    }
  });

  test("that differ are unknown where paths meet", () => {
    const one = after([asm("addiu", R.v0, R.v0, 4), asm("addiu", R.v1, R.v1, 4)]);
    const other = after([asm("addiu", R.v0, R.v0, 4), asm("addiu", R.v1, R.v1, 8)]);
    const common = commonForms(one, other);
    assert.equal(common[R.v1], undefined);
    assert.equal(common[R.v0]?.constant, 4);
  });
});
