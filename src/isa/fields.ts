// The operand fields of an instruction word: the position of each, under the manual's names. An operand form, such as
// "rd,rs,rt" or "rt,simm(rs)", uses these names, so that the table can be checked (every bit of a word is either fixed
// or an operand) and both the disassembler and the assembler can read a form.

/** One operand's place in the word. */
export interface Field {
  /** Lowest bit. */
  readonly shift: number;
  /** Width in bits. */
  readonly width: number;
  /** Whether the processor extends the number's sign. */
  readonly signed?: true;
}

export const FIELDS = {
  rs: { shift: 21, width: 5 },
  rt: { shift: 16, width: 5 },
  rd: { shift: 11, width: 5 },
  sa: { shift: 6, width: 5 },
  /** Sign-extended and zero-extended immediates, and a branch's distance in words. */
  simm: { shift: 0, width: 16, signed: true },
  uimm: { shift: 0, width: 16 },
  offset: { shift: 0, width: 16, signed: true },
  /** instr_index of j and jal. */
  target: { shift: 0, width: 26 },
  /** cache's op and pref's hint. */
  cacheop: { shift: 16, width: 5 },
  hint: { shift: 16, width: 5 },
  /** ext and ins: least significant bit; its most significant one, as size - 1 (ext) or itself (ins). */
  pos: { shift: 6, width: 5 },
  msbd: { shift: 11, width: 5 },
  msb: { shift: 11, width: 5 },
  /** The same for MIPS64's instructions that count bits from 32. */
  pos32: { shift: 6, width: 5 },
  msbd32: { shift: 11, width: 5 },
  msb32: { shift: 11, width: 5 },
  stype: { shift: 6, width: 5 },
  /** CP0 register and its select. */
  cp0: { shift: 11, width: 5 },
  sel: { shift: 0, width: 3 },
  /** Hardware register of rdhwr. */
  hwr: { shift: 11, width: 5 },
  /** Coprocessor 1: registers, control registers, and the condition codes of branches and of comparisons. */
  fr: { shift: 21, width: 5 },
  ft: { shift: 16, width: 5 },
  fs: { shift: 11, width: 5 },
  fd: { shift: 6, width: 5 },
  fcr: { shift: 11, width: 5 },
  bcc: { shift: 18, width: 3 },
  ccc: { shift: 8, width: 3 },
  hintx: { shift: 11, width: 5 },
  /** Codes for software: break has two, and kernels read the first. */
  code: { shift: 16, width: 10 },
  code2: { shift: 6, width: 10 },
  trapcode: { shift: 6, width: 10 },
  code20: { shift: 6, width: 20 },
  code19: { shift: 6, width: 19 },
} as const satisfies Record<string, Field>;

export type FieldName = keyof typeof FIELDS;

/** The bits of the word that a field occupies. */
export function fieldMask(name: FieldName): number {
  const { shift, width } = FIELDS[name];
  return ((2 ** width - 1) << shift) >>> 0;
}

/** The field's value in the word, unsigned. */
export function extract(name: FieldName, word: number): number {
  const { shift, width } = FIELDS[name];
  return (word >>> shift) & (2 ** width - 1);
}

/** The word with the field set to the low bits of value; the field's bits in the word must be 0. */
export function insert(name: FieldName, word: number, value: number): number {
  const { shift } = FIELDS[name];
  return (word | ((value << shift) & fieldMask(name))) >>> 0;
}

/**
 * The operands between a form's punctuation. Two fields that print as one operand count as one: "rd=rt", a register
 * that is written into both, and "cp0,sel", which together have one name.
 */
export const OPERAND = /rd=rt|cp0,sel|[a-z0-9]+/g;

/** The fields a form names, in its order. */
export function fieldsOf(form: string): readonly FieldName[] {
  return (form.match(/[a-z0-9]+/g) ?? []).map((name) => {
    if (!Object.hasOwn(FIELDS, name))
      throw new Error(`no operand field is called ${name} (in ${form})`);
    return name as FieldName;
  });
}

/** The bits that a form's operands occupy. */
export function formMask(form: string): number {
  return fieldsOf(form).reduce((mask, name) => (mask | fieldMask(name)) >>> 0, 0);
}
