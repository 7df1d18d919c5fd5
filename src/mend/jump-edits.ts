// Plans the edits of each j and jal. A jump whose target may be out of reach is replaced by a long jump through a
// register that is free there. When no direct jump is wanted, jumps within a section become branches.
//
// The register: for other code than this module's, t9, as in -mlong-calls, or t8, t7, t6 when the delay slot uses t9.
// Inside the module, where gcc may know which registers a callee preserves (-fipa-ra), and from .fixup into the middle
// of a function, it is at: no compiler keeps a value there, and only _mcount's callers pass one in it. The same holds
// for functions that inline assembly calls with its own clobber list.

import {
  OP_J,
  OP_JAL,
  OP_JALX,
  OP_SPECIAL,
  OP_SPECIAL2,
  OP_SPECIAL3,
} from "../../assembly/shared/opcodes.ts";
import { R_MIPS_26 } from "../../assembly/shared/relocation-types.ts";
import { hex } from "../hex.ts";
import { R, registerName } from "../isa/registers.ts";
import { hasOwnClobbers } from "../trampoline/refusal.ts";
import { B, BAL, hasDelaySlot } from "./branch.ts";
import type { Edit } from "./edit.ts";
import type { Entry, Subject } from "./subject.ts";
import { longJump } from "./words.ts";

const FREE_AT_A_CALL = [R.t9, R.t8, R.t7, R.t6] as const;

/** The edits of all jumps that must be replaced; a jump that can't be is added to the subject's refusals. */
export function planJumps(subject: Subject, noJumps: boolean): Edit[] {
  const edits: Edit[] = [];
  for (const section of subject.code) {
    for (const entry of subject.of(section)) {
      if (entry.type !== R_MIPS_26) continue;
      const edit = jumpEdit(subject, entry, noJumps);
      if (edit !== null) edits.push(edit);
    }
    if (noJumps) refuseBareJumps(subject, section);
  }
  return edits;
}

/** The in-place addend of j and jal: the field times four, sign-extended from 28 bits. */
export function jumpAddend(word: number): number {
  return (word << 6) >> 4;
}

function jumpEdit(subject: Subject, entry: Entry, noJumps: boolean): Edit | null {
  const { section, offset, symbol } = entry;
  const name = subject.nameOf(symbol);
  const refuse = (reason: string): null => {
    subject.refuse(section, offset, name, reason);
    return null;
  };
  const word = subject.wordAt(section, offset);
  if (word === undefined || offset % 4 !== 0)
    return refuse("the relocation isn't of an instruction of the section");
  const opcode = word >>> 26;
  if (opcode === OP_JAL && subject.isMcount(symbol)) return null; // handled in site-edits.ts
  if (opcode === OP_JALX) return refuse("this jalx goes to MIPS16 or microMIPS code");
  if (opcode !== OP_J && opcode !== OP_JAL)
    return refuse(`R_MIPS_26 is of ${hex(word)}, which is neither j nor jal`);
  const place = subject.placeOf(symbol);
  if (place === null) return refuse("its symbol is in no section that a module has");
  const intoFunction = opcode === OP_J && goesIntoFunction(subject, entry, jumpAddend(word));
  // The return from .fixup, a jump also with -mlong-calls, stays in the block; it is far only if a block crosses a 256
  // MiB line.
  if ((place === subject.blockOf(section) || intoFunction) && !noJumps) return null;
  const slot = subject.wordAt(section, offset + 4);
  if (slot === undefined) return refuse("its delay slot is behind the section's end");
  if (hasDelaySlot(slot)) return refuse("its delay slot holds another jump or branch");
  const addend = jumpAddend(word);
  const links = opcode === OP_JAL;
  const inSection = symbol.section === section.index;
  if (inSection && !inside(subject.words(section).size, symbol.value + addend)) {
    return refuse(
      `it goes to ${hex(symbol.value + addend)}, which is no instruction of ${section.name}`,
    );
  }
  const keySite = subject.isKeySite(section.index, offset);
  if (keySite && !inSection) {
    return refuse(
      "this jump is a static key's site, where the kernel writes one word, and its target is in another section",
    );
  }
  const register = registerFor(subject, entry, slot, intoFunction);
  if (register === null) return refuse("no register is free: its delay slot uses at");
  const long: Edit = {
    section,
    offset,
    size: 4,
    words: longJump(links, register, symbol, addend),
    gone: [entry],
    change: {
      offset,
      kind: links ? "call" : "jump",
      symbol: name,
      addend,
      register: registerName(register),
      newlyListed: false,
    },
    longer: null,
  };
  if (!inSection) return long;
  return {
    ...long,
    words: [{ branch: links ? BAL : B, to: symbol.value + addend }],
    change: { ...long.change, kind: links ? "call-relative" : "jump-relative", register: null },
    longer: keySite ? null : long,
  };
}

function inside(size: number, offset: number): boolean {
  return offset >= 0 && offset < size && offset % 4 === 0;
}

/** Whether a jump goes into this module, but not to a function's first instruction. */
function goesIntoFunction(subject: Subject, { symbol }: Entry, addend: number): boolean {
  if (subject.placeOf(symbol) === "outside") return false;
  return !subject.isFunctionStart(symbol.section, symbol.value + addend);
}

function registerFor(
  subject: Subject,
  { symbol }: Entry,
  slot: number,
  intoFunction: boolean,
): number | null {
  if (hasOwnClobbers(symbol.name)) return reads(slot, R.at) ? null : R.at;
  const own = subject.placeOf(symbol) !== "outside";
  const candidates: readonly number[] = own
    ? [R.at, ...(intoFunction ? [] : FREE_AT_A_CALL)]
    : FREE_AT_A_CALL;
  return candidates.find((register) => !names(slot, register)) ?? null;
}

/** Whether an instruction names a register: in rs, in rt, or in rd if it has one. */
function names(word: number, register: number): boolean {
  const opcode = word >>> 26;
  const hasRd = opcode === OP_SPECIAL || opcode === OP_SPECIAL2 || opcode === OP_SPECIAL3;
  const fields = [(word >>> 21) & 31, (word >>> 16) & 31, ...(hasRd ? [(word >>> 11) & 31] : [])];
  return word !== 0 && fields.includes(register);
}

/**
 * Whether an instruction reads a register. uaccess.h's calls write at in their delay slot. That doesn't affect a jump
 * through at, which has read the register before.
 */
function reads(word: number, register: number): boolean {
  const opcode = word >>> 26;
  const rs = (word >>> 21) & 31;
  const rt = (word >>> 16) & 31;
  if (opcode === OP_SPECIAL || opcode === OP_SPECIAL2) return rs === register || rt === register;
  if (opcode >= 0x08 && opcode <= 0x0f) return rs === register;
  return names(word, register);
}

/** A j or jal without a relocation goes to a fixed address and can't be replaced, so it is refused. */
function refuseBareJumps(subject: Subject, section: Entry["section"]): void {
  const words = subject.words(section);
  for (let offset = 0; offset + 4 <= words.size; offset += 4) {
    const opcode = words.u32(offset) >>> 26;
    if ((opcode !== OP_J && opcode !== OP_JAL) || subject.entriesAt(section, offset).length > 0)
      continue;
    subject.refuse(
      section,
      offset,
      "",
      "this jump has no relocation: it goes to a fixed address of its 256 MiB region, and stays",
    );
  }
}
