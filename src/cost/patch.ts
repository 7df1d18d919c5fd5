// The ways to switch a call site, as sequences of word writes: Linux 6.1's, and one with a single write if there is
// one. A patch is a value; interruption.ts tests whether it is safe.

import { type CallSite, type SitePatch, sitePatch } from "../ftrace/sites/site.ts";
import { NOP } from "../isa/assemble.ts";
import type { Trampoline } from "../trampoline/place.ts";
import { veneerWords } from "../trampoline/veneer.ts";
import type { Design } from "./design.ts";

/** One aligned word, written atomically. */
export interface CodeWrite {
  readonly address: number;
  readonly word: number;
}

export interface Patch {
  /** The name in reports. */
  readonly name: string;
  /** Writes made before any thread runs the site, which are never undone. */
  readonly once: readonly CodeWrite[];
  /** The writes that switch the site on, and those that switch it off, in order. */
  readonly on: readonly CodeWrite[];
  readonly off: readonly CodeWrite[];
}

const WORD = 4;

/** ftrace_caller's second word pops what a site has pushed; the sites of kernel text enter after it. */
const PAST_POP = 8;

/**
 * The ways to switch a site; Linux's own comes first.
 * @param loaded the two words of the site's call.
 * @param veneer the veneer that the call goes through, if any.
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
  // The second word is always the call's: a nop, or addiu v1, which is harmless in the delay slot of the b.
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
    // The push must be switched with the call: no single write does both, unless the callee pops nothing.
    const pushing = { name: "call and push", ...both, once: veneerWrites(veneer, 0) };
    return site.emptyDelaySlot ? [pushing] : [pushing, pastPop(site, on, veneer)];
  }
  return [{ name: "as Linux 6.1 does", ...both }, one];
}

/** The push becomes a nop for good, as in Linux's kernel text, and the call goes to the instruction after the pop. */
function pastPop({ address }: CallSite, jal: number, veneer: Trampoline | undefined): Patch {
  const call = veneer === undefined ? jal + PAST_POP / WORD : jal;
  return {
    name: "one word, past the pop",
    once: [{ address: address + WORD, word: NOP }, ...veneerWrites(veneer, PAST_POP)],
    on: [{ address, word: call }],
    off: [{ address, word: NOP }],
  };
}

/** A veneer's words, for an address `past` bytes after its target. */
function veneerWrites(veneer: Trampoline | undefined, past: number): CodeWrite[] {
  if (veneer === undefined) return [];
  return veneerWords(veneer.target + past).map((word, index) => ({
    address: veneer.address + WORD * index,
    word,
  }));
}
