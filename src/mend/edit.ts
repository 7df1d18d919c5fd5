// One piece of a section that is replaced by other words: what a plan is made of. Also the checks that every
// such piece has to pass: it begins in no delay slot, and no other relocation is lost in it.

import type { Section } from "../elf/object.ts";
import { hasDelaySlot } from "./branch.ts";
import type { Change } from "./report.ts";
import type { Entry, Subject } from "./subject.ts";
import type { NewWord } from "./words.ts";

export interface Edit {
  readonly section: Section;
  /** The piece, in bytes of the section as it was. */
  readonly offset: number;
  readonly size: number;
  readonly words: readonly NewWord[];
  /** Relocations that the piece had and that go with it. */
  readonly gone: readonly Entry[];
  /** What is reported of it. */
  readonly change: Pick<
    Change,
    "offset" | "kind" | "symbol" | "addend" | "register" | "newlyListed"
  >;
  /** The same where a branch doesn't reach: the long form. Null when this is no branch. */
  readonly longer: Edit | null;
}

/** The words of a piece as they are in the file. */
export function wordsOf(
  subject: Subject,
  section: Section,
  offset: number,
  size: number,
): number[] {
  return Array.from(
    { length: size / 4 },
    (_, index) => subject.wordAt(section, offset + 4 * index) ?? 0,
  );
}

/** Why a piece can't be replaced; null when it can. */
export function editFault(subject: Subject, { section, offset, size, gone }: Edit): string | null {
  const before = subject.wordAt(section, offset - 4);
  if (before !== undefined && hasDelaySlot(before)) {
    const own = subject.functionAt(section.index, offset);
    if (own === undefined || own.start < offset) {
      return "it is in the delay slot of the instruction before it";
    }
  }
  for (let at = offset; at < offset + size; at += 4) {
    const entries = subject.entriesAt(section, at);
    if (entries.every((entry) => gone.includes(entry))) continue;
    return entries.length > 1
      ? "more than one relocation patches this instruction"
      : "another relocation patches a word of the call";
  }
  return null;
}
