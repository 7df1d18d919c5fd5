// Makes words to disassemble: for each row of the table and each spelling, random operands from a seed.

import { OP_COP1, OP_COP1X } from "../../assembly/shared/opcodes.ts";
import { COPROCESSOR_1 } from "../../src/isa/coprocessor1.ts";
import { FIELDS, type FieldName, fieldsOf, insert } from "../../src/isa/fields.ts";
import { ALIASES, SHORTHANDS, type Spelling } from "../../src/isa/spellings.ts";
import { INSTRUCTIONS } from "../../src/isa/table.ts";
import { Random } from "../support/random.ts";

/** The word of match with random free bits; every third field is 0. */
function fill(match: number, form: string, random: Random): number {
  const set = (word: number, name: FieldName) =>
    insert(name, word, random.oneIn(3) ? 0 : random.below(2 ** FIELDS[name].width));
  return fieldsOf(form.replace("zero,", "")).reduce(set, match);
}

/** This many words of every instruction, then as many of every spelling. */
export function wordsOfTheTable(each: number): Uint32Array<ArrayBuffer> {
  return wordsOf([...INSTRUCTIONS, ...COPROCESSOR_1, ...SHORTHANDS, ...ALIASES], each);
}

/** This many words of each row. */
export function wordsOf(
  rows: readonly Pick<Spelling, "match" | "form">[],
  each: number,
): Uint32Array<ArrayBuffer> {
  const random = new Random(0x15a);
  return Uint32Array.from(
    rows.flatMap(({ match, form }) =>
      Array.from({ length: each }, () => fill(match, form, random)),
    ),
  );
}

/** Every encoding of coprocessor 1's opcodes with random operands: one word for each combination of the fixed bits. */
export function coprocessor1Words(): Uint32Array<ArrayBuffer> {
  const random = new Random(0xc1);
  const words: number[] = [];
  for (const opcode of [OP_COP1, OP_COP1X]) {
    for (let rs = 0; rs < 32; rs += 1) {
      for (let funct = 0; funct < 64; funct += 1) {
        for (const operands of [0, random.word(), random.word(), random.word() & 0x001f_ffc0]) {
          const middle = random.oneIn(2) ? operands & ~0x001f_0000 : operands;
          words.push(((opcode << 26) | (rs << 21) | (middle & 0x001f_ffc0) | funct) >>> 0);
        }
      }
    }
  }
  return Uint32Array.from(words);
}

/** Words with all bits at random. */
export function anyWords(count: number): Uint32Array<ArrayBuffer> {
  const random = new Random(0xa11);
  return Uint32Array.from({ length: count }, () => random.word());
}
