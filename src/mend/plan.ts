// Plans a mend: which pieces of which sections are replaced by which words, the new offset of every byte, and the
// entries of __mcount_loc. The plan is a value; apply.ts carries it out.

import type { Section } from "../elf/object.ts";
import type { OptionKeys } from "../options.ts";
import { aimed } from "./branch.ts";
import { type Edit, editFault } from "./edit.ts";
import { planJumps } from "./jump-edits.ts";
import { OffsetMap } from "./offset-map.ts";
import { type ListedSite, planSites, type SiteTreatment, unlistedExits } from "./site-edits.ts";
import { type FoundSites, findSites } from "./sites.ts";
import type { Subject } from "./subject.ts";

export interface MendOptions {
  /** What to do with short call sites; default: trace. */
  readonly sites?: SiteTreatment;
  /** Leave no j and no jal, so that the module loads across a 256 MiB line; default: false. */
  readonly noJumps?: boolean;
  /** Remove the debugging sections, which describe the old code; default: false. */
  readonly stripDebug?: boolean;
}

export const MEND_OPTIONS: OptionKeys<MendOptions> = {
  sites: true,
  noJumps: true,
  stripDebug: true,
};

export interface MendPlan {
  /** By section index, each list ascending. */
  readonly edits: ReadonlyMap<number, readonly Edit[]>;
  readonly maps: ReadonlyMap<number, OffsetMap>;
  readonly found: FoundSites;
  /** Sites that stay listed, by their listed place. */
  readonly kept: ReadonlyMap<string, ListedSite>;
  /** Sites that are added to the list. */
  readonly added: readonly ListedSite[];
  readonly treatment: SiteTreatment;
}

/** Makes the plan. Obstacles are added to the subject's refusals. null when there is nothing to do. */
export function planMend(subject: Subject, options: MendOptions): MendPlan | null {
  const treatment = options.sites ?? "trace";
  const found = findSites(subject);
  const sites = planSites(subject, found, treatment);
  const all = [...sites.edits, ...planJumps(subject, options.noJumps === true)];
  const listingEnds = treatment === "remove" && found.listings.length > 0;
  if (all.length === 0 && sites.added.length === 0 && !listingEnds) return null;
  if (treatment === "trace") for (const exit of unlistedExits(subject, found)) all.push(exit);
  const edits = sorted(subject, all);
  // Overlapping pieces have no layout.
  const maps = subject.refusals.length > 0 ? new Map() : settle(subject, edits);
  return { edits, maps, found, kept: sites.kept, added: sites.added, treatment };
}

/** Sorts edits by section and offset; pieces that overlap or can't be replaced are refused. */
function sorted(subject: Subject, all: readonly Edit[]): Map<number, Edit[]> {
  const edits = new Map<number, Edit[]>();
  for (const edit of all) {
    const list = edits.get(edit.section.index) ?? [];
    list.push(edit);
    edits.set(edit.section.index, list);
  }
  for (const list of edits.values()) {
    list.sort((a, b) => a.offset - b.offset);
    let end = 0;
    for (const edit of list) {
      const fault =
        edit.offset < end ? "it overlaps with the place before it" : editFault(subject, edit);
      if (fault !== null) {
        subject.refuse(edit.section, edit.change.offset, edit.change.symbol, fault);
      }
      end = edit.offset + edit.size;
    }
  }
  return edits;
}

/** After this many rounds, all remaining branches get their long form too. */
const MOST_ROUNDS = 16;

/** Lays out every section. Branches of the edits that don't reach get their long form, until all reach. */
function settle(subject: Subject, edits: Map<number, Edit[]>): Map<number, OffsetMap> {
  const maps = new Map<number, OffsetMap>();
  for (const [index, list] of edits) {
    const section = subject.elf.sections[index] as Section;
    const { size } = subject.words(section);
    for (let round = 0; ; round += 1) {
      const map = mapOf(list, size);
      maps.set(index, map);
      let lengthened = false;
      for (const [at, edit] of list.entries()) {
        const [word] = edit.words;
        if (edit.longer === null || typeof word !== "object" || !("branch" in word)) continue;
        const from = map.at(edit.offset);
        const to = map.at(word.to);
        const reaches = from !== null && to !== null && aimed(word.branch, from, to) !== null;
        if (reaches && round < MOST_ROUNDS) continue;
        list[at] = edit.longer;
        lengthened = true;
      }
      if (!lengthened) break;
    }
  }
  return maps;
}

function mapOf(edits: readonly Edit[], size: number): OffsetMap {
  return new OffsetMap(
    edits.map((edit) => ({ offset: edit.offset, size: edit.size, newSize: 4 * edit.words.length })),
    size,
  );
}
