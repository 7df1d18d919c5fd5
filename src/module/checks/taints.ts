// The kernel's taints that modules have set, each of which is reported once, which other lines it has printed that it
// prints only once, and whether lock debugging is still on; some taints turn it off. checks.ts decides what sets a
// taint; this file records it.

import type { Taint } from "../host.ts";

export class Taints {
  readonly #set = new Set<Taint>();
  readonly #printed = new Set<string>();
  #debugLocks = true;

  /** The taints that are set, as /proc/sys/kernel/tainted shows them. */
  get all(): readonly Taint[] {
    return [...this.#set];
  }

  /** Sets a taint, and returns whether it was clear. */
  add(taint: Taint): boolean {
    const clear = !this.#set.has(taint);
    this.#set.add(taint);
    return clear;
  }

  /** pr_warn_once(): whether no line of this kind was printed until now. */
  isFirst(kind: string): boolean {
    const first = !this.#printed.has(kind);
    this.#printed.add(kind);
    return first;
  }

  /** __debug_locks_off(): returns whether locks were debugged until now. */
  debugLocksOff(): boolean {
    const debugged = this.#debugLocks;
    this.#debugLocks = false;
    return debugged;
  }
}
