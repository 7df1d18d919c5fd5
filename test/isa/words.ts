// Words to disassemble: for each row of the table and each spelling, operands at random from a seed.

import { FIELDS, type FieldName, fieldsOf, insert } from "../../src/isa/fields.ts";
import { ALIASES, SHORTHANDS } from "../../src/isa/spellings.ts";
import { INSTRUCTIONS } from "../../src/isa/table.ts";
import { Random } from "../support/random.ts";

/** The word of match with its free bits at random; every third field is 0. */
function fill(match: number, form: string, random: Random): number {
  const set = (word: number, name: FieldName) =>
    insert(name, word, random.oneIn(3) ? 0 : random.below(2 ** FIELDS[name].width));
  return fieldsOf(form.replace("zero,", "")).reduce(set, match);
}

/** So many words of every instruction, then as many of every spelling. */
export function wordsOfTheTable(each: number): Uint32Array<ArrayBuffer> {
  const random = new Random(0x15a);
  const rows = [...INSTRUCTIONS, ...SHORTHANDS, ...ALIASES];
  return Uint32Array.from(
    rows.flatMap(({ match, form }) =>
      Array.from({ length: each }, () => fill(match, form, random)),
    ),
  );
}

/** Words with all bits at random. */
export function anyWords(count: number): Uint32Array<ArrayBuffer> {
  const random = new Random(0xa11);
  return Uint32Array.from({ length: count }, () => random.word());
}
