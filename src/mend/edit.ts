// An edit: a piece of a section that is replaced by other words. Plans consist of edits. Every edit must pass the
// checks here: it doesn't begin in a delay slot, and it contains no relocation besides its own.

import type { Section } from "../elf/object.ts";
import { hasDelaySlot } from "./branch.ts";
import type { Change } from "./report.ts";
import type { Entry, Subject } from "./subject.ts";
import type { NewWord } from "./words.ts";

export interface Edit {
  readonly section: Section;
  /** The piece's offset and size in the old section, in bytes. */
  readonly offset: number;
  readonly size: number;
  readonly words: readonly NewWord[];
  /** The piece's relocations, which are removed with it. */
  readonly gone: readonly Entry[];
  /** The facts that the report states. */
  readonly change: Pick<
    Change,
    "offset" | "kind" | "symbol" | "addend" | "register" | "newlyListed"
  >;
  /** The long form, used when the branch doesn't reach; null when the words are no branch. */
  readonly longer: Edit | null;
}

/** The words of a piece in the old file. */
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
