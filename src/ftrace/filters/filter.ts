// A filter as a list of rules, asked about names alone: for traces, whose functions have no addresses and of
// which no list is known. A tracer's own filters are function-set.ts's, as the kernel keeps them.

import { type Pattern, readPattern, type TraceableFunction, wordsOf } from "./pattern.ts";

export class FunctionFilter {
  readonly #rules: readonly Pattern[];

  /** @throws Misuse when a pattern can't be read. */
  constructor(patterns: readonly string[]) {
    this.#rules = patterns.flatMap(wordsOf).map(readPattern);
  }

  get empty(): boolean {
    return this.#rules.length === 0;
  }

  /** True when the rules name the function, the later ones over the earlier; always false without any. */
  names(candidate: TraceableFunction): boolean {
    let named = false;
    for (const rule of this.#rules) {
      if (rule.removes === named && rule.matches(candidate)) named = !rule.removes;
    }
    return named;
  }
}
