// What is known of a register's value without running code, written as a sum over the values that the registers have at
// the begin of a stretch of code:
//
//   factor × register + … + constant + x,   x a multiple of `step` from 0 to `span`, modulo 2^32
//
// With it a loop's addresses are known as functions of the turn, and a table's entries by their range. follow() reads
// the few instructions that compilers make addresses of; what any other instruction writes is unknown. It decides
// nothing about the code; test/translate/address-form.test.ts compares it with what the processor computes.

import {
  OP_ADDIU,
  OP_ANDI,
  OP_LBU,
  OP_LHU,
  OP_LUI,
  OP_ORI,
  OP_SLTI,
  OP_SLTIU,
  OP_SPECIAL,
  OP_SPECIAL3,
  SPECIAL_ADDU,
  SPECIAL_OR,
  SPECIAL_SLL,
  SPECIAL_SLT,
  SPECIAL_SLTU,
  SPECIAL_SRL,
  SPECIAL_SUBU,
  SPECIAL3_EXT,
} from "../../assembly/shared/opcodes.ts";
import type { Instruction } from "./instruction.ts";

export interface Form {
  /** By register, its factor: a 32-bit number that isn't 0. */
  readonly terms: ReadonlyMap<number, number>;
  readonly constant: number;
  readonly span: number;
  /** A power of two; it means nothing if span is 0. */
  readonly step: number;
}

/** By register; undefined: nothing is known. */
export type Forms = readonly (Form | undefined)[];

/** Wider ranges are as good as unknown. */
const WIDEST_SPAN = 1 << 24;

export function constantForm(value: number): Form {
  return { terms: new Map(), constant: value | 0, span: 0, step: 1 };
}

/** The forms at the begin: each register is itself, and r0 is 0. */
export function initialForms(): (Form | undefined)[] {
  return Array.from({ length: 32 }, (_, register) =>
    register === 0
      ? constantForm(0)
      : { terms: new Map([[register, 1]]), constant: 0, span: 0, step: 1 },
  );
}

/** What is known where two paths meet. */
export function commonForms(a: Forms, b: Forms): Forms {
  if (a === b) return a;
  return a.map((form, register) => (isSame(form, b[register]) ? form : undefined));
}

/** The forms after an instruction. */
export function follow({ word, writes }: Instruction, forms: Forms): Forms {
  if ((writes & ~1) === 0) return forms; // at most HI and LO
  const after = forms.slice();
  for (let register = 1; register < 32; register++) {
    if (writes & (1 << register)) after[register] = undefined;
  }
  const result = resultOf(word, forms);
  if (result === undefined) return after;
  const register = destinationOf(word);
  if (register !== 0 && writes === (1 << register) >>> 0) after[register] = result;
  return after;
}

/** The difference of two values, if the second has no range. */
export function difference(a: Form, b: Form): Form | undefined {
  const negative = b.span === 0 ? scaled(b, -1) : undefined;
  return negative && sum(a, negative);
}

/** The form with another constant added. */
export function plus(form: Form, constant: number): Form {
  return { ...form, constant: (form.constant + constant) | 0 };
}

/** By how much a value changes when each register changes by its stride; undefined if a register's is unknown. */
export function strideOf(
  { terms }: Form,
  strides: readonly (number | undefined)[],
): number | undefined {
  let total = 0;
  for (const [register, factor] of terms) {
    const stride = strides[register];
    if (stride === undefined) return undefined;
    total = (total + Math.imul(factor, stride)) | 0;
  }
  return total;
}

export function hasSameTerms(a: Form, b: Form): boolean {
  if (a.terms === b.terms) return true;
  if (a.terms.size !== b.terms.size) return false;
  for (const [register, factor] of a.terms) if (b.terms.get(register) !== factor) return false;
  return true;
}

function isSame(a: Form | undefined, b: Form | undefined): boolean {
  if (a === b) return true;
  if (a === undefined || b === undefined) return false;
  return a.constant === b.constant && a.span === b.span && a.step === b.step && hasSameTerms(a, b);
}

function destinationOf(word: number): number {
  const isThreeRegisters = word >>> 26 === OP_SPECIAL;
  return (word >>> (isThreeRegisters ? 11 : 16)) & 31;
}

function resultOf(word: number, forms: Forms): Form | undefined {
  const rs = forms[(word >>> 21) & 31];
  const rt = forms[(word >>> 16) & 31];
  const immediate = word & 0xffff;
  switch (word >>> 26) {
    case OP_ADDIU:
      return rs && plus(rs, (word << 16) >> 16);
    case OP_LUI:
      return constantForm(word << 16);
    case OP_ORI:
      return isConstant(rs) ? constantForm(rs.constant | immediate) : undefined;
    case OP_ANDI:
      if (isConstant(rs)) return constantForm(rs.constant & immediate);
      return range(immediate, immediate & -immediate);
    case OP_SLTI:
    case OP_SLTIU:
      return range(1, 1);
    case OP_LBU:
      return range(0xff, 1);
    case OP_LHU:
      return range(0xffff, 1);
    case OP_SPECIAL:
      return specialResult(word, rs, rt);
    case OP_SPECIAL3:
      if ((word & 0x3f) !== SPECIAL3_EXT) return undefined;
      return range(2 ** (((word >>> 11) & 31) + 1) - 1, 1);
    default:
      return undefined;
  }
}

function specialResult(word: number, rs: Form | undefined, rt: Form | undefined): Form | undefined {
  const amount = (word >>> 6) & 31;
  const isPlainShift = ((word >>> 21) & 31) === 0;
  switch (word & 0x3f) {
    case SPECIAL_SLL:
      return isPlainShift && rt !== undefined ? scaled(rt, 2 ** amount) : undefined;
    case SPECIAL_SRL:
      if (!isPlainShift) return undefined;
      return isConstant(rt)
        ? constantForm(rt.constant >>> amount)
        : range(2 ** (32 - amount) - 1, 1);
    case SPECIAL_ADDU:
      return rs && rt && sum(rs, rt);
    case SPECIAL_SUBU:
      return rs && rt && difference(rs, rt);
    case SPECIAL_OR: // `move` is an or with r0
      if (isConstant(rs) && isConstant(rt)) return constantForm(rs.constant | rt.constant);
      if (isConstant(rt) && rt.constant === 0) return rs;
      return isConstant(rs) && rs.constant === 0 ? rt : undefined;
    case SPECIAL_SLT:
    case SPECIAL_SLTU:
      return range(1, 1);
    default:
      return undefined;
  }
}

export function isConstant(form: Form | undefined): form is Form {
  return form !== undefined && form.terms.size === 0 && form.span === 0;
}

function range(span: number, step: number): Form | undefined {
  if (span === 0) return constantForm(0);
  return span > WIDEST_SPAN ? undefined : { terms: new Map(), constant: 0, span, step };
}

function sum(a: Form, b: Form): Form | undefined {
  const terms = new Map(a.terms);
  for (const [register, factor] of b.terms) {
    const total = ((terms.get(register) ?? 0) + factor) | 0;
    if (total === 0) terms.delete(register);
    else terms.set(register, total);
  }
  const span = a.span + b.span;
  if (span > WIDEST_SPAN) return undefined;
  const step = a.span === 0 ? b.step : b.span === 0 ? a.step : Math.min(a.step, b.step);
  return { terms, constant: (a.constant + b.constant) | 0, span, step };
}

/** The form times a power of two, or, if it has no range, any number. */
function scaled({ terms, constant, span, step }: Form, by: number): Form | undefined {
  if (span * by > WIDEST_SPAN) return undefined;
  const products = [...terms].map(([r, factor]) => [r, Math.imul(factor, by)] as const);
  return {
    terms: new Map(products.filter(([, factor]) => factor !== 0)),
    constant: Math.imul(constant, by),
    span: span === 0 ? 0 : span * by,
    step: span === 0 ? 1 : step * by,
  };
}
