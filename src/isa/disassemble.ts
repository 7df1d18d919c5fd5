// Converts a word to text, as binutils' objdump prints it for mips:isa32r2 and o32, or, at a 64-bit address, for
// mips:isa64r2 and n64. It reads the table's operand forms and knows no sections or relocations: the caller supplies
// the names of addresses. Words that are not in the tables (coprocessor 2, ASEs) print as .word.

import { type Address, plus } from "../address.ts";
import { COPROCESSOR_1 } from "./coprocessor1.ts";
import { extract, type FieldName, OPERAND } from "./fields.ts";
import { MIPS64, MIPS64_ALIASES } from "./mips64.ts";
import { controlRegisterName, cp0Name, hardwareRegisterName, registerName } from "./registers.ts";
import { ALIASES, SHORTHANDS, type Spelling } from "./spellings.ts";
import { FARJAL_WORDS, find, INSTRUCTIONS } from "./table.ts";

export interface DisassembleOptions {
  /** Print nop, move, li, b, … for the words that they are aliases of (objdump's default); default: true. */
  readonly aliases?: boolean;
  /** What objdump prints in <> after a 32-bit branch's or jump's target, such as "printk+0x8". */
  readonly symbol?: (address: number) => string | undefined;
  /** Print farjal's own words by name; default: as .word, like all of the user-defined space. */
  readonly farjalWords?: boolean;
}

interface Site {
  readonly word: number;
  readonly address: Address;
  readonly symbol: ((address: number) => string | undefined) | undefined;
}

function signed16(value: number): number {
  return (value << 16) >> 16;
}

function hex(value: Address): string {
  return `0x${value.toString(16)}`;
}

function register(number: number, { address }: Site): string {
  return registerName(number, typeof address === "bigint" ? 64 : 32);
}

function target(address: Address, site: Site): string {
  const name = typeof address === "number" ? site.symbol?.(address) : undefined;
  return name === undefined ? hex(address) : `${address.toString(16)} <${name}>`;
}

/** The register in both fields; if they differ, the result is unpredictable, and both are printed. */
function sameRegister(first: number, second: number, site: Site): string {
  const registers = first === 0 || second === 0 ? [first | second] : [...new Set([first, second])];
  return registers.map((number) => register(number, site)).join(" or ");
}

/** A jump's target: its field combined with the delay slot's address. */
function jumpTarget({ word, address }: Site): Address {
  const delaySlot = plus(address, 4);
  return plus(
    delaySlot,
    (extract("target", word) << 2) - Number(BigInt.asUintN(28, BigInt(delaySlot))),
  );
}

/** Operands that aren't printed as the plain hexadecimal number in their field. */
const PRINTED: Readonly<Record<string, (site: Site) => string>> = {
  rs: (site) => register(extract("rs", site.word), site),
  rt: (site) => register(extract("rt", site.word), site),
  rd: (site) => register(extract("rd", site.word), site),
  "rd=rt": (site) => sameRegister(extract("rd", site.word), extract("rt", site.word), site),
  simm: ({ word }) => String(signed16(extract("simm", word))),
  offset: (site) =>
    target(plus(site.address, 4 + signed16(extract("offset", site.word)) * 4), site),
  target: (site) => target(jumpTarget(site), site),
  msbd: ({ word }) => hex(extract("msbd", word) + 1), // printed as the size
  msb: ({ word }) => hex((extract("msb", word) - extract("pos", word) + 1) >>> 0), // the same
  pos32: ({ word }) => hex(extract("pos", word) + 32),
  msbd32: ({ word }) => hex(extract("msbd", word) + 33),
  msb32: ({ word }) => hex((extract("msb", word) - extract("pos", word) + 33) >>> 0),
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

/** The rows that are possible for each major opcode, so that a word is compared with few. */
function byOpcode(rows: readonly Spelling[]): readonly (readonly Spelling[])[] {
  return Array.from({ length: 64 }, (_, op) => rows.filter((row) => row.match >>> 26 === op));
}

const PLAIN_BY_OPCODE = byOpcode(PLAIN);
const WITH_ALIASES_BY_OPCODE = byOpcode(WITH_ALIASES);
const WIDE_BY_OPCODE = byOpcode([...WITH_ALIASES, ...MIPS64_ALIASES, ...MIPS64]);

/**
 * The text of one instruction word (unsigned) at an address, a number for 32 bits or a bigint for 64: mnemonic, tab,
 * operands, in objdump's form; for 64 bits always with aliases. A word that is no instruction gives ".word" and the
 * number.
 */
export function disassemble(
  word: number,
  address: Address,
  options: DisassembleOptions = {},
): string {
  const narrow = (options.aliases ?? true) ? WITH_ALIASES_BY_OPCODE : PLAIN_BY_OPCODE;
  const rows = typeof address === "bigint" ? WIDE_BY_OPCODE : narrow;
  const row = find(rows[word >>> 26] as readonly Spelling[], word);
  const found = row ?? (options.farjalWords ? find(FARJAL_WORDS, word) : undefined);
  if (!found) return `.word\t${hex(word)}`;
  if (found.form === "") return found.name;
  return `${found.name}\t${operands(found.form, { word, address, symbol: options.symbol })}`;
}
