// The one writer of call sites. A site rests switched off (one that __mcount_loc lacks calls _mcount, as on
// Linux) until a tracer gives it another state; this knows the state of each and writes the two words of
// sitePatch() when it changes. Which sites a tracer wants in which state is the tracer's.

import { type Address, plus } from "../../address.ts";
import { type CallSite, type SitePatch, type SiteState, sitePatch } from "./site.ts";

export interface SwitchableSite<A extends Address = number> {
  readonly site: CallSite<A>;
  /** The two words as relocation left them. */
  readonly loaded: SitePatch;
  /** Whether __mcount_loc names it. */
  readonly recorded: boolean;
}

/** Code that sites are in. */
export interface SiteMemory<A extends Address = number> {
  writeCode(address: A, words: readonly number[]): void;
  /** Whether the guest's next instruction is at an address. */
  isAt(address: A): boolean;
}

export class SiteSwitch<A extends Address = number> {
  readonly #memory: SiteMemory<A>;
  /** Sites whose state isn't the one they rest in. */
  readonly #states = new Map<A, SiteState>();

  constructor(memory: SiteMemory<A>) {
    this.#memory = memory;
  }

  /** Switches sites off whose words are as loaded: ftrace_module_enable() of a module that comes. */
  switchOff(sites: Iterable<SwitchableSite<A>>): void {
    for (const one of sites) this.#write(one, "off");
  }

  /**
   * Brings all sites there are to the states that they should have; others are forgotten. A site that the guest is
   * in the middle of stays as it is: it would run one of the old words and one of the new.
   * @returns whether there was such a site; then this is to be called again when the guest has gone on.
   */
  bring<S extends SwitchableSite<A>>(sites: Iterable<S>, stateOf: (site: S) => SiteState): boolean {
    const present = new Set<A>();
    let isLate = false;
    for (const one of sites) {
      const { address } = one.site;
      present.add(address);
      const state = stateOf(one);
      if (isSameState(state, this.#states.get(address) ?? restState(one))) continue;
      if (this.#memory.isAt(plus(address, 4))) {
        isLate = true;
        continue;
      }
      if (isSameState(state, restState(one))) this.#states.delete(address);
      else this.#states.set(address, state);
      this.#write(one, state);
    }
    for (const address of this.#states.keys()) {
      if (!present.has(address)) this.#states.delete(address);
    }
    return isLate;
  }

  /** Addresses of the sites that a tracer has on. */
  get on(): A[] {
    return [...this.#states].filter(([, state]) => state !== "off").map(([address]) => address);
  }

  #write({ site, loaded }: SwitchableSite<A>, state: SiteState): void {
    this.#memory.writeCode(site.address, sitePatch(site, state, loaded));
  }
}

/** What a site does when nothing is traced. */
export function restState({ recorded }: Pick<SwitchableSite, "recorded">): SiteState {
  return recorded ? "off" : "call";
}

function isSameState(a: SiteState, b: SiteState): boolean {
  return typeof a === "object" && typeof b === "object" ? a.word === b.word : a === b;
}
