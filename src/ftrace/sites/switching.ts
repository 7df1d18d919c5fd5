// The only code that writes call sites. By default a site is switched off; one that is missing from __mcount_loc calls
// _mcount, as on Linux. This file records the state of each site and writes the two words of sitePatch() when the
// state changes. The tracer decides which site has which state.

import { type Address, plus } from "../../address.ts";
import { type CallSite, type SitePatch, type SiteState, sitePatch } from "./site.ts";

export interface SwitchableSite<A extends Address = number> {
  readonly site: CallSite<A>;
  /** The two words as relocation left them. */
  readonly loaded: SitePatch;
  /** Whether ftrace knows it. */
  readonly recorded: boolean;
}

/** The code that contains the sites. */
export interface SiteMemory<A extends Address = number> {
  writeCode(address: A, words: readonly number[]): void;
  /** Whether the guest's next instruction is at an address. */
  isAt(address: A): boolean;
}

export class SiteSwitch<A extends Address = number> {
  readonly #memory: SiteMemory<A>;
  /** Sites whose state is not the default. */
  readonly #states = new Map<A, SiteState>();
  /** Present sites that a tracer has switched on since they were loaded. */
  readonly #touched = new Set<A>();

  constructor(memory: SiteMemory<A>) {
    this.#memory = memory;
  }

  /** Switches off sites whose words are as loaded: ftrace_module_enable() of a module that is being loaded. */
  switchOff(sites: Iterable<SwitchableSite<A>>): void {
    for (const one of sites) this.#write(one, "off");
  }

  /**
   * Puts all existing sites into the states that `stateOf` gives, and forgets removed sites. A site in which the guest
   * has stopped after the first word is not changed, since the guest would execute one old word and one new one.
   * @returns whether there was such a site; then call this again after the guest has continued.
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
      if (state !== "off") this.#touched.add(address);
      this.#write(one, state);
    }
    for (const address of [...this.#states.keys(), ...this.#touched]) {
      if (present.has(address)) continue;
      this.#states.delete(address);
      this.#touched.delete(address);
    }
    return isLate;
  }

  /** Addresses of the sites that a tracer has switched on. */
  get on(): A[] {
    return [...this.#states].filter(([, state]) => state !== "off").map(([address]) => address);
  }

  /** Addresses of the present sites that a tracer has switched on, now or before. */
  get touched(): A[] {
    return [...this.#touched];
  }

  #write({ site, loaded }: SwitchableSite<A>, state: SiteState): void {
    this.#memory.writeCode(site.address, sitePatch(site, state, loaded));
  }
}

/** A site's state when nothing is traced. */
export function restState({ recorded }: Pick<SwitchableSite, "recorded">): SiteState {
  return recorded ? "off" : "call";
}

function isSameState(a: SiteState, b: SiteState): boolean {
  return typeof a === "object" && typeof b === "object" ? a.word === b.word : a === b;
}
