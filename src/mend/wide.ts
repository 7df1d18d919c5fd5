// Finds what would need mending in a 64-bit module. Its relocations are RELA, with up to three types in one entry, and
// its sites have other words, so nothing is rewritten: each place is refused by name. Debian's 64-bit modules need
// none of it: they have no jal, and no j that leaves its block.

import { OP_J } from "../../assembly/shared/opcodes.ts";
import { R_MIPS_26, R_MIPS_HI16, R_MIPS_HIGHEST } from "../../assembly/shared/relocation-types.ts";
import type { MendRefusal } from "./report.ts";
import type { Entry, Subject } from "./subject.ts";

const REASON =
  "this is a 64-bit module: its relocations are RELA and its call sites have other words, and only 32-bit modules are mended";

/** The jumps that may not reach, or all jumps. */
export function wideJumps(subject: Subject, all: boolean): MendRefusal[] {
  return codeEntries(subject)
    .filter(({ type }) => type === R_MIPS_26)
    .filter((entry) => all || isFar(subject, entry))
    .map((entry) => refusal(subject, entry));
}

/** The calls of _mcount. */
export function wideSites(subject: Subject): MendRefusal[] {
  const types = [R_MIPS_26, R_MIPS_HI16, R_MIPS_HIGHEST];
  return codeEntries(subject)
    .filter(({ type, symbol }) => types.includes(type) && subject.isMcount(symbol))
    .map((entry) => refusal(subject, entry));
}

function codeEntries(subject: Subject): Entry[] {
  return subject.code.flatMap((section) => subject.of(section));
}

/** As in jump-edits.ts: the target is outside the jump's block, and it is no return from .fixup into a function. */
function isFar(subject: Subject, { table, index, section, offset, symbol }: Entry): boolean {
  const place = subject.placeOf(symbol);
  if (place === subject.blockOf(section)) return false;
  const opcode = (subject.wordAt(section, offset) ?? 0) >>> 26;
  const target = symbol.value + table.addend(index);
  const into = place !== "outside" && !subject.isFunctionStart(symbol.section, target);
  return !(opcode === OP_J && into);
}

function refusal(subject: Subject, { section, offset, symbol }: Entry): MendRefusal {
  return { section: section.name, offset, symbol: subject.nameOf(symbol), reason: REASON };
}
