// The designs of call sites that the cost lab knows, and how a loaded module's design is recognized from its sites.

import { R_MIPS_26 } from "../../assembly/shared/relocation-types.ts";
import { relocationTables } from "../elf/contents.ts";
import type { ElfObject } from "../elf/object.ts";
import type { CallSite } from "../ftrace/sites/site.ts";
import { MCOUNT } from "../module/file/call-sites.ts";
import type { Entries } from "./entry.ts";

export const DESIGNS = ["none", "jal", "jal-ra", "long", "long-ra", "nops", "mixed"] as const;

/** none: no sites; nops: patchable entries; mixed: sites of more than one design. */
export type DesignKind = (typeof DESIGNS)[number];

export interface Design {
  readonly kind: DesignKind;
  /** The name in reports: `long call, ra address`. */
  readonly title: string;
  /** Bytes of each site in the code; null if they differ. */
  readonly siteBytes: number | null;
  /** Instructions that a site executes when it is off; null if they differ. */
  readonly offInstructions: number | null;
}

const TITLES: Readonly<Record<Exclude<DesignKind, "nops">, string>> = {
  none: "no call sites",
  jal: "jal _mcount",
  "jal-ra": "jal _mcount, ra address",
  long: "long call",
  "long-ra": "long call, ra address",
  mixed: "several designs",
};
/** The compiler flags of each design. */
const COMPILED: readonly (readonly [title: string, flags: string])[] = [
  ["no call sites", "no -pg"],
  ["jal _mcount", "-pg -mno-long-calls"],
  ["long call", "-pg -mlong-calls"],
  ["long call, ra address", "-pg -mlong-calls -mmcount-ra-address"],
  ["3 nops", "-fpatchable-function-entry=3, with the nops behind the label"],
  ["4 nops", "-fpatchable-function-entry=4, with the nops behind the label"],
];
const WORD = 4;
/** The b over a long call, and its delay slot. */
const BRANCH_OVER = 2;

/** @param entries the module's patchable entries, if its sites were made from them. */
export function designOf(sites: readonly CallSite[], entries: Entries | null): Design {
  const [first = "none", other] = new Set(sites.map((site) => kindOf(site, entries)));
  const kind = other === undefined ? first : "mixed";
  return {
    kind,
    title: kind === "nops" ? `${entries?.nops} nops` : TITLES[kind],
    siteBytes: same(sites.map((site) => WORD * sequenceWords(site))),
    offInstructions: same(sites.map(offInstructions)),
  };
}

/** A design that none of the given builds has. */
export interface MissingDesign {
  readonly design: string;
  readonly why: string;
}

/** The designs that only other builds could show. @param titles of the designs that are present. */
export function missingDesigns(titles: ReadonlySet<string>): MissingDesign[] {
  return COMPILED.filter(([title]) => !titles.has(title)).map(([design, flags]) => ({
    design,
    why: `it needs another compile: ${flags}`,
  }));
}

/** A module whose patchable entries can't be switched: they are executed as nops, or no execution reaches them. */
export const DEAD_ENTRIES: Design = {
  kind: "nops",
  title: "nops that can't be switched",
  siteBytes: null,
  offInstructions: null,
};

/** Whether code makes its own calls with jal (-mno-long-calls), not counting those of _mcount. */
export function callsByJal(elf: ElfObject): boolean {
  return relocationTables(elf).some((table) =>
    Array.from({ length: table.count }, (_, index) => index).some(
      (index) =>
        table.type(index) === R_MIPS_26 && elf.symbols[table.symbol(index)]?.name !== MCOUNT,
    ),
  );
}

function kindOf({ kind, raAddressWords }: CallSite, entries: Entries | null): DesignKind {
  if (entries !== null) return "nops";
  const short = kind === "short";
  if (raAddressWords > 0) return short ? "jal-ra" : "long-ra";
  return short ? "jal" : "long";
}

/** Address of a site's first word; for a short call it is before the site's own address. */
export function sequenceStart(site: CallSite): number {
  return site.kind === "long"
    ? site.address
    : site.address - WORD * (sequenceWords(site) - site.words);
}

/** The number of a site's words; a short call has `move at,ra`, those for t4 and at -O0 the push before its address. */
export function sequenceWords({ kind, words, raAddressWords, emptyDelaySlot }: CallSite): number {
  if (kind === "long") return words;
  return words + 1 + raAddressWords + (emptyDelaySlot ? 1 : 0);
}

/** When off, a short call's words are all executed; a long call's words are jumped over. */
function offInstructions(site: CallSite): number {
  if (site.kind === "short") return sequenceWords(site);
  return BRANCH_OVER + (site.emptyDelaySlot ? 1 : 0);
}

function same(values: readonly number[]): number | null {
  const [value = null, ...others] = new Set(values);
  return others.length === 0 ? value : null;
}
