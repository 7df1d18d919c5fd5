// Other names for words of the table, as binutils writes them: shorthands, which objdump always prints, and aliases,
// which it prints unless -M no-aliases is given. Each is a row of the table with some operands fixed, so this file has
// no encodings. The first one that matches a word is printed.

import { type FieldName, fieldMask, insert } from "./fields.ts";
import { R } from "./registers.ts";
import { instruction } from "./table.ts";

export interface Spelling {
  readonly name: string;
  readonly match: number;
  readonly mask: number;
  /** The remaining operands to print; "zero" is printed literally. */
  readonly form: string;
}

function spelling(
  name: string,
  of: string,
  fixed: Readonly<Partial<Record<FieldName, number>>>,
  form: string,
): Spelling {
  let { match, mask } = instruction(of);
  for (const [field, value] of Object.entries(fixed) as [FieldName, number][]) {
    match = insert(field, match, value);
    mask = (mask | fieldMask(field)) >>> 0;
  }
  return { name, match, mask, form };
}

export const SHORTHANDS: readonly Spelling[] = [
  spelling("pause", "sll", { rd: 0, rt: 0, sa: 5 }, ""),
  spelling("neg", "sub", { rs: 0 }, "rd,rt"),
  spelling("negu", "subu", { rs: 0 }, "rd,rt"),
  spelling("div", "div", {}, "zero,rs,rt"),
  spelling("divu", "divu", {}, "zero,rs,rt"),
  spelling("ror", "rotr", {}, "rd,rt,sa"),
  spelling("rorv", "rotrv", {}, "rd,rt,rs"),
  spelling("jalr", "jalr", { rd: R.ra }, "rs"),
  spelling("jalr.hb", "jalr.hb", { rd: R.ra }, "rs"),
  ...["tge", "tgeu", "tlt", "tltu", "teq", "tne"].map((name) =>
    spelling(name, name, { trapcode: 0 }, "rs,rt"),
  ),
  spelling("syscall", "syscall", { code20: 0 }, ""),
  spelling("break", "break", { code: 0, code2: 0 }, ""),
  spelling("break", "break", { code2: 0 }, "code"),
  spelling("sdbbp", "sdbbp", { code20: 0 }, ""),
  spelling("wait", "wait", { code19: 0 }, ""),
  spelling("sync", "sync", { stype: 0 }, ""),
  spelling("di", "di", { rt: 0 }, ""),
  spelling("ei", "ei", { rt: 0 }, ""),
];

export const ALIASES: readonly Spelling[] = [
  spelling("nop", "sll", { rd: 0, rt: 0, sa: 0 }, ""),
  spelling("ssnop", "sll", { rd: 0, rt: 0, sa: 1 }, ""),
  spelling("ehb", "sll", { rd: 0, rt: 0, sa: 3 }, ""),
  spelling("li", "addiu", { rs: 0 }, "rt,simm"),
  spelling("li", "ori", { rs: 0 }, "rt,uimm"),
  spelling("move", "addu", { rt: 0 }, "rd,rs"),
  spelling("move", "or", { rt: 0 }, "rd,rs"),
  spelling("b", "beq", { rs: 0, rt: 0 }, "offset"),
  spelling("b", "bgez", { rs: 0 }, "offset"),
  spelling("bal", "bgezal", { rs: 0 }, "offset"),
  spelling("beqz", "beq", { rt: 0 }, "rs,offset"),
  spelling("bnez", "bne", { rt: 0 }, "rs,offset"),
  spelling("beqzl", "beql", { rt: 0 }, "rs,offset"),
  spelling("bnezl", "bnel", { rt: 0 }, "rs,offset"),
  spelling("sync_wmb", "sync", { stype: 0x04 }, ""),
  spelling("sync_mb", "sync", { stype: 0x10 }, ""),
  spelling("sync_acquire", "sync", { stype: 0x11 }, ""),
  spelling("sync_release", "sync", { stype: 0x12 }, ""),
  spelling("sync_rmb", "sync", { stype: 0x13 }, ""),
];
