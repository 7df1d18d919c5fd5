// What modules have done to the kernel's good name: its taints, each of which is told of once, and whether it still
// debugs its locks, which the first of some taints ends. Checks decide what taints (checks.ts); this remembers.

import type { Taint } from "../host.ts";

export class Taints {
  readonly #set = new Set<Taint>();
  #debugLocks = true;

  /** As /proc/sys/kernel/tainted has them. */
  get all(): readonly Taint[] {
    return [...this.#set];
  }

  /** Sets a taint, and returns whether it was clear. */
  add(taint: Taint): boolean {
    const clear = !this.#set.has(taint);
    this.#set.add(taint);
    return clear;
  }

  /** __debug_locks_off(): returns whether locks were debugged until now. */
  debugLocksOff(): boolean {
    const debugged = this.#debugLocks;
    this.#debugLocks = false;
    return debugged;
  }
}
