// How a call site is switched, as words written one after the other: 6.1's way, and one of a single word
// where there is one. A patch is a value; interruption.ts finds out whether it is safe.

import { type CallSite, type SitePatch, sitePatch } from "../ftrace/sites/site.ts";
import { NOP } from "../isa/assemble.ts";
import type { Trampoline } from "../trampoline/place.ts";
import { veneerWords } from "../trampoline/veneer.ts";
import type { Design } from "./design.ts";

/** One aligned word, written whole. */
export interface CodeWrite {
  readonly address: number;
  readonly word: number;
}

export interface Patch {
  /** For people. */
  readonly name: string;
  /** What is written before anybody runs the site, and stays. */
  readonly once: readonly CodeWrite[];
  /** What switches the site on, and off, in the order it is written. */
  readonly on: readonly CodeWrite[];
  readonly off: readonly CodeWrite[];
}

const WORD = 4;

/** ftrace_caller's second word pops what a site pushes; behind it is where kernel text's own sites enter. */
const PAST_POP = 8;

/**
 * The ways to switch a site, the one that is in use first.
 * @param loaded the two words of the site's call.
 * @param veneer what the call goes through, if it does.
 */
export function patchesOf(
  site: CallSite,
  loaded: SitePatch,
  { kind }: Pick<Design, "kind">,
  veneer?: Trampoline,
): readonly Patch[] {
  const first = (word: number): CodeWrite => ({ address: site.address, word });
  const second = (word: number): CodeWrite => ({ address: site.address + WORD, word });
  const [off, offSlot] = sitePatch(site, "off", loaded);
  const [on, onSlot] = loaded;
  // The second word is the call's: a nop, or addiu v1, which does no harm in the delay slot of the b.
  const one: Patch = {
    name: "one word",
    once: [second(onSlot)],
    on: [first(on)],
    off: [first(off)],
  };
  if (kind === "nops") return [one];
  const both = {
    once: [],
    // ftrace_make_call() writes the second word first, ftrace_make_nop() the first.
    on: [second(onSlot), first(on)],
    off: [first(off), second(offSlot)],
  };
  if (site.kind === "short") {
    // The push must go with the call: no single word switches both, unless nothing pops.
    const pushing = { name: "call and push", ...both, once: veneerWrites(veneer, 0) };
    return site.emptyDelaySlot ? [pushing] : [pushing, pastPop(site, on, veneer)];
  }
  return [{ name: "as Linux 6.1 does", ...both }, one];
}

/** The push is a nop for good, as Linux makes it in kernel text, and the call goes behind the pop. */
function pastPop({ address }: CallSite, jal: number, veneer: Trampoline | undefined): Patch {
  const call = veneer === undefined ? jal + PAST_POP / WORD : jal;
  return {
    name: "one word, past the pop",
    once: [{ address: address + WORD, word: NOP }, ...veneerWrites(veneer, PAST_POP)],
    on: [{ address, word: call }],
    off: [{ address, word: NOP }],
  };
}

/** A veneer's words, to so many bytes behind its target. */
function veneerWrites(veneer: Trampoline | undefined, past: number): CodeWrite[] {
  if (veneer === undefined) return [];
  return veneerWords(veneer.target + past).map((word, index) => ({
    address: veneer.address + WORD * index,
    word,
  }));
}
