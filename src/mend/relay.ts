// Lays out a code section again: pieces are replaced, the code between them is copied, branches get their new
// distances, and the new words get their relocations. The only decision made here is whether a branch still reaches.

import { Words } from "../bytes/words.ts";
import type { Section } from "../elf/object.ts";
import { hex } from "../hex.ts";
import { type Maps, movedAddend } from "./addends.ts";
import { aimed, branchTarget, isBranch } from "./branch.ts";
import type { Edit } from "./edit.ts";
import type { OffsetMap } from "./offset-map.ts";
import type { Subject } from "./subject.ts";
import { type NewWord, withHalf } from "./words.ts";

/** A relocation that the new words need. */
export interface NewRelocation {
  /** r_offset in the new section. */
  readonly offset: number;
  readonly type: number;
  readonly symbol: number;
}

export interface RelaidSection {
  readonly bytes: Uint8Array;
  /** In ascending order of offset, each HI16 before its LO16. */
  readonly relocations: readonly NewRelocation[];
  /** The number of branches whose distance has changed. */
  readonly branches: number;
}

/** @param old the section's bytes, with adjusted addends. */
export function relay(
  subject: Subject,
  section: Section,
  edits: readonly Edit[],
  maps: Maps,
  old: Uint8Array,
): RelaidSection {
  const map = maps.get(section.index) as OffsetMap;
  const before = new Words(old, subject.elf.endian);
  const after = new Words(new Uint8Array(map.newSize), subject.elf.endian);
  const relocations: NewRelocation[] = [];
  let branches = 0;
  let from = 0;
  let to = 0;
  const copy = (end: number): void => {
    after.bytes.set(old.subarray(from, end), to);
    for (let at = from; at + 4 <= end; at += 4) {
      const word = before.u32(at);
      if (!isBranch(word) || subject.entriesAt(section, at).length > 0) continue;
      const moved = movedBranch(subject, section, map, word, at);
      if (moved === word) continue;
      branches += 1;
      after.setU32(to + at - from, moved);
    }
    to += end - from;
    from = end;
  };
  for (const edit of edits) {
    copy(edit.offset);
    for (const word of edit.words) {
      after.setU32(to, finished(subject, maps, edit, word, to));
      if (typeof word === "object" && "type" in word) {
        relocations.push({ offset: to, type: word.type, symbol: word.symbol.index });
      }
      to += 4;
    }
    from += edit.size;
  }
  copy(before.size);
  return { bytes: after.bytes, relocations, branches };
}

function finished(subject: Subject, maps: Maps, edit: Edit, word: NewWord, at: number): number {
  if (typeof word === "number") return word;
  const { section, change } = edit;
  if ("branch" in word) {
    const to = maps.get(section.index)?.at(word.to) ?? null;
    const branch = to === null ? null : aimed(word.branch, at, to);
    if (branch !== null) return branch;
    const reason = to === null ? lost(word.to) : TOO_FAR;
    subject.refuse(section, change.offset, change.symbol, reason);
    return word.branch;
  }
  const addend = movedAddend(maps, word.symbol, word.addend);
  if (addend === null) {
    subject.refuse(section, change.offset, change.symbol, lost(word.symbol.value + word.addend));
    return word.word;
  }
  return withHalf(word.word, word.type, addend);
}

/** A branch with the distance for its new place. */
function movedBranch(
  subject: Subject,
  section: Section,
  map: OffsetMap,
  word: number,
  at: number,
): number {
  const target = branchTarget(word, at);
  const own = subject.functionAt(section.index, at);
  const inside = target >= 0 && target <= map.size;
  // A word whose target is outside the section, and which is in no function, is data.
  if (!inside && own === undefined) return word;
  const refuse = (reason: string): number => {
    subject.refuse(section, at, "", reason);
    return word;
  };
  if (!inside) return refuse(`this branch goes to ${hex(target)}, outside of ${section.name}`);
  const to = map.at(target);
  if (to === null) return refuse(lost(target));
  const from = map.at(at) as number;
  const moved = aimed(word, from, to);
  if (moved === null) {
    return refuse(TOO_FAR);
  }
  if (moved !== word && own === undefined) {
    return refuse(
      `${hex(word)} is in no function: whether it is a branch, which would have to change, or data is not known`,
    );
  }
  return moved;
}

const TOO_FAR = "this branch would go farther than 128 KiB when the code between has grown";

function lost(target: number): string {
  return `it goes into the middle of a piece that is replaced, at ${hex(target)}`;
}
