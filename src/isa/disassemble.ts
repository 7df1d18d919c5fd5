// A word to text, as binutils' objdump prints it for mips:isa32r2 and o32. Reads the table's operand
// forms; knows nothing of sections or relocations, so a caller who does says what an address is called.
// Words that are no instruction of the tables (coprocessor 2, ASEs) print as .word.

import { COPROCESSOR_1 } from "./coprocessor1.ts";
import { extract, type FieldName, OPERAND } from "./fields.ts";
import { controlRegisterName, cp0Name, hardwareRegisterName, registerName } from "./registers.ts";
import { ALIASES, SHORTHANDS, type Spelling } from "./spellings.ts";
import { FARJAL_WORDS, find, INSTRUCTIONS } from "./table.ts";

export interface DisassembleOptions {
  /** Print nop, move, li, b, … for the words they stand for (objdump's default); true when left out. */
  readonly aliases?: boolean;
  /** What objdump prints in <> after a branch's or jump's target, such as "printk+0x8". */
  readonly symbol?: (address: number) => string | undefined;
  /** Print farjal's own words by name. Without it they are .word, as all of the user-defined space. */
  readonly farjalWords?: boolean;
}

interface Site {
  readonly word: number;
  readonly address: number;
  readonly symbol: ((address: number) => string | undefined) | undefined;
}

function signed16(value: number): number {
  return (value << 16) >> 16;
}

function hex(value: number): string {
  return `0x${value.toString(16)}`;
}

function target(address: number, site: Site): string {
  const name = site.symbol?.(address);
  return name === undefined ? hex(address) : `${address.toString(16)} <${name}>`;
}

/** The register that both fields hold; a word where they differ is unpredictable, and shows both. */
function sameRegister(first: number, second: number): string {
  const registers = first === 0 || second === 0 ? [first | second] : [...new Set([first, second])];
  return registers.map(registerName).join(" or ");
}

/** Operands that don't print as the plain hexadecimal number in their field. */
const PRINTED: Readonly<Record<string, (site: Site) => string>> = {
  rs: ({ word }) => registerName(extract("rs", word)),
  rt: ({ word }) => registerName(extract("rt", word)),
  rd: ({ word }) => registerName(extract("rd", word)),
  "rd=rt": ({ word }) => sameRegister(extract("rd", word), extract("rt", word)),
  simm: ({ word }) => String(signed16(extract("simm", word))),
  offset: (site) =>
    target((site.address + 4 + signed16(extract("offset", site.word)) * 4) >>> 0, site),
  target: (site) =>
    target((((site.address + 4) & 0xf0000000) | (extract("target", site.word) << 2)) >>> 0, site),
  msbd: ({ word }) => hex(extract("msbd", word) + 1), // printed as the size
  msb: ({ word }) => hex((extract("msb", word) - extract("pos", word) + 1) >>> 0), // the same
  hwr: ({ word }) => hardwareRegisterName(extract("hwr", word)),
  "cp0,sel": ({ word }) => cp0Name(extract("cp0", word), extract("sel", word)),
  fr: ({ word }) => `$f${extract("fr", word)}`,
  ft: ({ word }) => `$f${extract("ft", word)}`,
  fs: ({ word }) => `$f${extract("fs", word)}`,
  fd: ({ word }) => `$f${extract("fd", word)}`,
  fcr: ({ word }) => controlRegisterName(extract("fcr", word)),
  bcc: ({ word }) => `$fcc${extract("bcc", word)}`,
  ccc: ({ word }) => `$fcc${extract("ccc", word)}`,
  zero: () => "zero",
};

function operands(form: string, site: Site): string {
  return form.replace(
    OPERAND,
    (operand) => PRINTED[operand]?.(site) ?? hex(extract(operand as FieldName, site.word)),
  );
}

/** The spellings in the order they are tried. */
const PLAIN: readonly Spelling[] = [...SHORTHANDS, ...INSTRUCTIONS, ...COPROCESSOR_1];
const WITH_ALIASES: readonly Spelling[] = [...ALIASES, ...PLAIN];

/** Rows that a word of each major opcode can be, so that a word is compared with few. */
function byOpcode(rows: readonly Spelling[]): readonly (readonly Spelling[])[] {
  return Array.from({ length: 64 }, (_, op) => rows.filter((row) => row.match >>> 26 === op));
}

const PLAIN_BY_OPCODE = byOpcode(PLAIN);
const WITH_ALIASES_BY_OPCODE = byOpcode(WITH_ALIASES);

/**
 * The text of one instruction word at an address (both unsigned 32-bit): mnemonic, tab, operands, as
 * objdump has it. A word that is no instruction gives ".word" and the number.
 */
export function disassemble(
  word: number,
  address: number,
  options: DisassembleOptions = {},
): string {
  const rows = (options.aliases ?? true) ? WITH_ALIASES_BY_OPCODE : PLAIN_BY_OPCODE;
  const row = find(rows[word >>> 26] as readonly Spelling[], word);
  const found = row ?? (options.farjalWords ? find(FARJAL_WORDS, word) : undefined);
  if (!found) return `.word\t${hex(word)}`;
  if (found.form === "") return found.name;
  return `${found.name}\t${operands(found.form, { word, address, symbol: options.symbol })}`;
}
