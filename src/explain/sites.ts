// A module's calls of _mcount, each with its words after relocation and its words when switched off. For a refused
// module only the file's words are known.

import { type Address, plus } from "../address.ts";
import type { Words } from "../bytes/words.ts";
import { contents } from "../elf/contents.ts";
import type { Section } from "../elf/object.ts";
import { type CallSite, recogniseSite } from "../ftrace/sites/site.ts";
import type { RecognisedSite } from "../lab/module-sites.ts";
import type { CallSitePlace } from "../module/file/call-sites.ts";
import type { ExplainedPlace, Places } from "./places.ts";

export interface ExplainedSite<A extends Address = Address> extends ExplainedPlace<A> {
  /** The form of the call, in words: `long call, 6 words`; null if it has no known form. */
  readonly form: string | null;
  /** Whether ftrace knows it: from __mcount_loc, or from a plain object's relocations. */
  readonly recorded: boolean;
  /** The reason why it is not listed, as a sentence. */
  readonly lost: string | null;
  /** Address of the sequence's first word; its offset if the module isn't in memory. */
  readonly start: A;
  /** The sequence's words: relocated, or those of the file if the module was refused. */
  readonly before: readonly number[];
  /** The same words with the site switched off, as insmod leaves it; null if the module was refused. */
  readonly after: readonly number[] | null;
}

/** The sections that recordmcount processes, by name or by the begin of the name (scripts/recordmcount.c). */
const RECORDED_SECTIONS = [
  ".ref.text",
  ".sched.text",
  ".spinlock.text",
  ".irqentry.text",
  ".softirqentry.text",
  ".kprobes.text",
  ".cpuidle.text",
  ".init.text",
];

/** What a loaded module adds to its file. */
export interface PatchedSites<A extends Address> {
  readonly sites: readonly RecognisedSite<A>[];
  /** The instruction at an address now. */
  word(address: A): number | undefined;
}

/** Every call, in the order of sections and offsets. */
export function explainSites<A extends Address>(
  places: Places<A>,
  patched: PatchedSites<A> | null,
): ExplainedSite<A>[] {
  const { callSites, elf } = places.file;
  const loaded = new Map(patched?.sites.map((one) => [one.site.address, one]));
  const views = new Map<number, Words>();
  const view = (section: Section): Words => {
    const known = views.get(section.index) ?? contents(elf, section);
    views.set(section.index, known);
    return known;
  };
  const describe = (site: CallSitePlace, recorded: boolean): ExplainedSite<A> => {
    const place = places.at(site.section, site.offset);
    const switched = place.address === null ? undefined : loaded.get(place.address);
    const sequence =
      switched !== undefined && patched !== null
        ? loadedSequence(switched, patched)
        : place.address === null || patched === null
          ? fileSequence(places.width.of(site.offset), view(site.section), null)
          : fileSequence(place.address, view(site.section), patched);
    const lost = recorded ? null : whyLost(site, places);
    return { ...place, recorded, lost, ...sequence };
  };
  return [
    ...callSites.recorded.map((place) => ({ place, recorded: true })),
    ...callSites.unrecorded.map((place) => ({ place, recorded: false })),
  ]
    .sort(
      (a, b) => a.place.section.index - b.place.section.index || a.place.offset - b.place.offset,
    )
    .map(({ place, recorded }) => describe(place, recorded));
}

type Sequence<A extends Address> = Pick<ExplainedSite<A>, "form" | "start" | "before" | "after">;

function loadedSequence<A extends Address>(
  { site, loaded }: RecognisedSite<A>,
  { word }: PatchedSites<A>,
): Sequence<A> {
  const { first, count } = extent(site);
  const start = plus(site.address, 4 * first);
  const after = Array.from({ length: count }, (_, index) => word(plus(start, 4 * index)) ?? 0);
  const before = [...after];
  loaded.forEach((word, index) => {
    before[index - first] = word;
  });
  return { form: formOf(site), start, before, after };
}

/** An unrecorded site's words in memory, where no patch changes them, or a file's words. */
function fileSequence<A extends Address>(
  at: A,
  words: Words,
  patched: PatchedSites<A> | null,
): Sequence<A> {
  const read = (where: A): number | undefined => {
    if (patched !== null) return patched.word(where);
    return Number(where) + 4 <= words.size ? words.u32(Number(where)) : undefined;
  };
  const site = recogniseSite(at, read);
  const { first, count } = site === undefined ? { first: 0, count: 2 } : extent(site);
  const start = plus(at, 4 * first);
  const before = Array.from({ length: count }, (_, index) => read(plus(start, 4 * index)) ?? 0);
  return {
    form: site === undefined ? null : formOf(site),
    start,
    before,
    after: patched === null ? null : before,
  };
}

/** The sequence's first word, relative to the site's word, and the number of its words. */
function extent<A extends Address>(site: CallSite<A>) {
  const first = site.kind === "long" ? 0 : -wordsBefore(site);
  return { first, count: site.words - first };
}

/**
 * Words before a short call: `move at,ra`, those for the ra address, and in o32 the push unless it is in the delay
 * slot; in n64 the last word for the ra address is in the delay slot, unless the slot is empty.
 */
function wordsBefore<A extends Address>(site: CallSite<A>): number {
  const { address, raAddressWords, emptyDelaySlot } = site;
  if (typeof address === "number") return 1 + raAddressWords + (emptyDelaySlot ? 1 : 0);
  return 1 + raAddressWords - (raAddressWords > 0 && !emptyDelaySlot ? 1 : 0);
}

function formOf<A extends Address>(site: CallSite<A>): string {
  const parts = [
    site.byClang === true ? "clang's long call" : `${site.kind} call`,
    `${extent(site).count} words`,
  ];
  if (site.raAddressWords > 0) parts.push("with the ra address");
  if (site.emptyDelaySlot) parts.push("empty delay slot");
  return parts.join(", ");
}

function whyLost<A extends Address>({ section }: CallSitePlace, { file }: Places<A>): string {
  if (file.sections.find("__mcount_loc") === undefined) {
    return "the module has no __mcount_loc: recordmcount has not seen it";
  }
  if (!section.name.startsWith(".text") && !RECORDED_SECTIONS.includes(section.name)) {
    return `recordmcount leaves ${section.name} out`;
  }
  return "recordmcount lost it: the section before ends its calls 4 bytes short of this offset";
}
