// Makes instruction words from mnemonics and operands by the table's rows, the inverse of the disassembler. An operand
// that doesn't fit into its field is an error, never a wrong word. There are no labels, sections or
// pseudo-instructions; the cases that need them (lui and addiu for an address, a jump's field) are functions here.

import { type Address, lowWord } from "../address.ts";
import { FIELDS, type FieldName, fieldsOf, insert } from "./fields.ts";
import { MIPS64 } from "./mips64.ts";
import type { Spelling } from "./spellings.ts";
import { FARJAL_WORDS, INSTRUCTIONS } from "./table.ts";

/** sll zero,zero,0. */
export const NOP = 0;

/** Rows by mnemonic; of MIPS64's three rows for dext and dins, the last is the one that the manual gives that name. */
const ROWS: ReadonlyMap<string, Pick<Spelling, "match" | "form">> = new Map(
  [...MIPS64, ...FARJAL_WORDS, ...INSTRUCTIONS].map((row) => [row.name, row]),
);

/** The fields that each operand of a form sets: two for "rd=rt", a register that is written into both. */
function operandFields(form: string): readonly (readonly FieldName[])[] {
  return (form.match(/[a-z0-9=]+/g) ?? []).filter((name) => name !== "zero").map(fieldsOf);
}

function checked(name: string, field: FieldName, value: number): number {
  const { width, signed } = FIELDS[field] as { width: number; signed?: boolean };
  const [least, most] = signed ? [-(2 ** (width - 1)), 2 ** (width - 1) - 1] : [0, 2 ** width - 1];
  if (Number.isInteger(value) && value >= least && value <= most) return value;
  throw new RangeError(`${name}: ${field} takes ${least} to ${most}, not ${value}`);
}

/**
 * The word of an instruction of MIPS32 Release 2, of MIPS64's integer instructions, or of farjal's own.
 * @param name the manual's mnemonic, or "farjal." and the name.
 * @param operands in the order of the row's form, which is the assembler's: registers by number, immediates
 *   signed where the instruction extends their sign, a branch's distance and a jump's target in words.
 * @throws RangeError for a name without a row, too many or too few operands, and a number that doesn't fit into its
 *   field.
 */
export function assemble(name: string, ...operands: readonly number[]): number {
  const row = ROWS.get(name);
  if (row === undefined) throw new RangeError(`there is no instruction ${name}`);
  const fields = operandFields(row.form);
  if (fields.length !== operands.length) {
    throw new RangeError(`${name} takes ${row.form || "no operands"}, not ${operands.join(",")}`);
  }
  return fields.reduce(
    (word, group, index) =>
      group.reduce(
        (sum, field) => insert(field, sum, checked(name, field, operands[index] as number)),
        word,
      ),
    row.match,
  );
}

/** j or jal with its field set to an address; the caller makes sure that the address is in reach. */
export function withTarget(word: number, address: Address): number {
  return ((word & 0xfc00_0000) | ((lowWord(address) >>> 2) & 0x03ff_ffff)) >>> 0;
}

/** `j` or `jal` to an address in the region of its delay slot. */
export function jumpTo(name: "j" | "jal", address: Address): number {
  return withTarget(assemble(name, 0), address);
}

/** %lo: the low half, signed, which addiu, loads and stores add. */
export function low(address: Address): number {
  return (lowWord(address) << 16) >> 16;
}

/** %hi: the value for lui to which %lo is added. */
export function high(address: Address): number {
  return ((lowWord(address) - low(address)) >>> 16) & 0xffff;
}

/** `lui register, %hi(address)` and `addiu register, register, %lo(address)`. */
export function loadAddress(register: number, address: Address): [number, number] {
  return [
    assemble("lui", register, high(address)),
    assemble("addiu", register, register, low(address)),
  ];
}
