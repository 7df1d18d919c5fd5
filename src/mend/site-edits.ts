// Plans the edits of the call sites: a short one is replaced by the six words that the kernel patches, or it is
// removed. Two rules always hold. No site that __mcount_loc lists stays short. In a file that is changed, no site that
// calls _mcount stays unlisted: function_graph with any filter would use the arbitrary value that t4 has there.

import { type Edit, wordsOf } from "./edit.ts";
import { raPlaceAfter } from "./ra-place.ts";
import type { FoundSite, FoundSites } from "./sites.ts";
import type { Subject } from "./subject.ts";
import { LEAF, longSite, t4Words } from "./words.ts";

/** trace: sites can be traced; remove: there are none. */
export type SiteTreatment = "trace" | "remove";

/** A site that the new __mcount_loc lists. */
export interface ListedSite {
  readonly site: FoundSite;
  /** Bytes from the start of the new words to the lui that is listed; 0 for a site whose words stay. */
  readonly into: number;
}

export interface SitePlan {
  readonly edits: readonly Edit[];
  /** Sites that are added to the list. */
  readonly added: readonly ListedSite[];
  /** Other sites that stay listed, by place. */
  readonly kept: ReadonlyMap<string, ListedSite>;
}

/** recordmcount, and so every kernel's build, omits exit functions. */
const EXIT = /^\.exit/;

export function planSites(
  subject: Subject,
  { sites }: FoundSites,
  treatment: SiteTreatment,
): SitePlan {
  const edits: Edit[] = [];
  const added: ListedSite[] = [];
  const kept = new Map<string, ListedSite>();
  for (const site of sites) {
    const { section, offset, call, listed } = site;
    if (treatment === "remove" || (!listed && EXIT.test(section.name) && call.kind === "short")) {
      edits.push(removal(subject, site));
      continue;
    }
    let into = 0;
    if (call.kind === "short") {
      const edit = expansion(subject, site);
      if (edit === null) continue;
      edits.push(edit);
      into = 4 * (edit.words.length - SIX_WORDS);
    }
    if (listed) kept.set(placeKey(section.index, offset), { site, into });
    else if (!EXIT.test(section.name)) added.push({ site, into });
  }
  return { edits, added, kept };
}

const SIX_WORDS = 6;

/** The edits that remove long sites of exit functions, in a file that is changed anyway. */
export function unlistedExits(subject: Subject, { sites }: FoundSites): Edit[] {
  return sites
    .filter(
      ({ section, call, listed }) => !listed && call.kind === "long" && EXIT.test(section.name),
    )
    .map((site) => removal(subject, site));
}

export function placeKey(section: number, offset: number): string {
  return `${section}+${offset}`;
}

function removal(subject: Subject, site: FoundSite): Edit {
  const { section, offset, start, size } = site;
  return {
    section,
    offset: start,
    size,
    words: [],
    gone: Array.from({ length: size / 4 }, (_, index) =>
      subject.entriesAt(section, start + 4 * index),
    )
      .flat()
      .filter(({ symbol }) => subject.isMcount(symbol)),
    change: {
      offset,
      kind: "site-removed",
      symbol: "_mcount",
      addend: 0,
      register: null,
      newlyListed: false,
    },
    longer: null,
  };
}

function expansion(subject: Subject, site: FoundSite): Edit | null {
  const { section, offset, start, size, entry, listed } = site;
  if (((subject.wordAt(section, offset) ?? 0) & 0x03ffffff) !== 0) {
    subject.refuse(section, offset, "_mcount", "this jal goes to a place behind _mcount");
    return null;
  }
  const t4 = t4Of(subject, site);
  if (t4 === null) {
    subject.refuse(
      section,
      offset,
      "_mcount",
      "where this function keeps its return address can't be read from its prologue, and function_graph writes there",
    );
    return null;
  }
  return {
    section,
    offset: start,
    size,
    words: longSite(entry.symbol, t4),
    gone: [entry],
    change: {
      offset,
      kind: "site",
      symbol: "_mcount",
      addend: 0,
      register: null,
      newlyListed: !listed,
    },
    longer: null,
  };
}

/**
 * The words that pass the address of the saved ra: the site's own, or those that its prologue implies; null when
 * unknown.
 */
function t4Of(subject: Subject, { section, start, call }: FoundSite): number[] | null {
  if (call.raAddressWords > 0) {
    return wordsOf(subject, section, start + 4, 4 * call.raAddressWords);
  }
  const own = subject.functionAt(section.index, start);
  const place =
    own === undefined
      ? call.savedRa
      : raPlaceAfter(wordsOf(subject, section, own.start, start - own.start));
  if (place === "ra") return [LEAF];
  if (place === "unknown" || place < 0) return null;
  return t4Words(place);
}
