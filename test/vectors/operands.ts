// Random operands: values with the edges of arithmetic among them, and an instruction's fields over their range, with
// aliased registers and r0, but without those that the manual calls unpredictable.

import { FIELDS, type FieldName, fieldsOf, insert } from "../../src/isa/fields.ts";
import type { Instruction } from "../../src/isa/table.ts";
import type { Random } from "../support/random.ts";

/** Values of an instruction's operand fields. */
export type Operands = Partial<Record<FieldName, number>>;

// biome-ignore format: as many in a line as fit
export const EDGES = [
  0, 1, 2, 31, 32, 0x7f, 0x80, 0xff, 0x7fff, 0x8000, 0xffff, 0x10000, 0x5555_5555, 0x7fff_fffe,
  0x7fff_ffff, 0x8000_0000, 0x8000_0001, 0xaaaa_aaaa, 0xffff_8000, 0xffff_fffe, 0xffff_ffff,
] as const;

export const IMMEDIATE_EDGES = [0, 1, 2, 0x7ffe, 0x7fff, 0x8000, 0x8001, 0xfffe, 0xffff] as const;

/** A register's value: an edge, a random one, or a random smaller one. */
export function anyValue(random: Random): number {
  if (random.oneIn(3)) return random.pick(EDGES);
  return random.oneIn(4) ? random.word() >>> random.below(32) : random.word();
}

/** Operand fields for an instruction, from which encode makes a word. */
export function operandsOf({ form, name }: Instruction, random: Random): Operands {
  const fields: Operands = {};
  for (const field of fieldsOf(form)) fields[field] = random.below(2 ** FIELDS[field].width);
  const registers = (["rd", "rs", "rt"] as const).filter((field) => field in fields);
  if (registers.length > 1 && random.oneIn(3)) {
    const one = random.oneIn(4) ? 0 : random.below(32);
    for (const field of registers) if (!random.oneIn(3)) fields[field] = one;
  }
  for (const field of ["simm", "uimm"] as const) {
    if (field in fields && random.oneIn(3)) fields[field] = random.pick(IMMEDIATE_EDGES);
  }
  if (form.includes("rd=rt")) fields.rt = fields.rd as number;
  if (name === "ext") fields.msbd = random.below(32 - (fields.pos as number));
  if (name === "ins") fields.msb = random.between(fields.pos as number, 31);
  if (name.startsWith("div")) while (fields.rt === 0) fields.rt = random.below(32);
  if (name === "rdhwr") fields.hwr = random.pick([0, 1, 3]); // register 2 counts cycles
  for (const field of ["code", "code2", "trapcode"] as const) {
    while (fields[field] === 6 || fields[field] === 7) fields[field] = random.below(0x400);
  }
  return fields;
}

/** The instruction's word with these operands; missing fields are 0. */
export function encode({ match, form }: Instruction, operands: Readonly<Operands>): number {
  return fieldsOf(form).reduce((word, field) => insert(field, word, operands[field] ?? 0), match);
}
