// The names of an explanation's values, shared by the text and the page.

import type { Address } from "../../address.ts";
import type {
  ExplainedImport,
  ExplainedSection,
  ExplainedVerdict,
} from "../../explain/explanation.ts";
import type { PairKind } from "../../explain/pairs.ts";
import type { ExplainedPlace } from "../../explain/places.ts";
import type { ExplainedSite } from "../../explain/sites.ts";
import { hex } from "../../hex.ts";

/** The sections that layout_sections()'s rounds select, by number; 0 is layout_symtab(). */
export const ROUNDS = [
  "symbol table",
  "1 code",
  "2 read-only",
  "3 ro after init",
  "4 writable",
  "5 the rest",
] as const;

export const PAIR_SAYS: Readonly<Record<PairKind, readonly [what: string, why: string]>> = {
  line: [
    "LO16 across a 32 KiB line",
    "another addend determined its HI16: the two add up to an address 64 KiB away",
  ],
  mismatch: [
    "LO16 of another address",
    "a HI16 waits for a different S: Linux says dangerous R_MIPS_LO16 and refuses",
  ],
  unpaired: ["HI16 without a LO16", "the table ends first: Linux refuses without a message"],
  shared: ["several HI16 for one LO16", "all get the addend of that LO16"],
  above: ["HI16 above its LO16", "only the order in the table pairs them, never the address"],
  negative: ["negative LO16 addend", "it is sign-extended, and the HI16 makes up for it"],
  alone: ["LO16 with nothing waiting", "an earlier LO16 determined its HI16"],
};

export const STAGES: Readonly<Record<ExplainedVerdict["stage"], string>> = {
  checked: "refused before it was given memory; addresses are not known",
  placed: "placed, every symbol resolved, then refused",
  loaded: "in memory, its call sites switched off",
};

/** `usb_hcd_poll+0x10` or `.text+0x10`. */
export function placeName(place: ExplainedPlace): string {
  const { section, offset, function: name, functionOffset } = place;
  return name === null
    ? sectionOffset(section, offset)
    : `${name}+0x${functionOffset.toString(16)}`;
}

export function sectionOffset(section: string, offset: number): string {
  return `${section}+0x${offset.toString(16)}`;
}

/** The address, or a dash when there is none. */
export function addressOr(address: Address | null): string {
  return address === null ? "-" : hex(address);
}

/** What an import resolves to: `kernel`, `module usb_common`, `stub`, `none`. */
export function origin({ from, module, weak }: ExplainedImport): string {
  if (from === null) return weak ? "none (weak: 0)" : "none";
  return module === null ? from : `module ${module}`;
}

/** Groups the sites by the form of their call. */
export function siteForms(sites: readonly ExplainedSite[]): Map<string, ExplainedSite[]> {
  const forms = new Map<string, ExplainedSite[]>();
  for (const site of sites) {
    const form = site.form ?? "no form of call that farjal knows";
    const known = forms.get(form);
    if (known === undefined) forms.set(form, [site]);
    else known.push(site);
  }
  return forms;
}

export function roundName({ round }: ExplainedSection): string {
  return ROUNDS[round] ?? String(round);
}
