// A filter as a list of rules that matches by name only. It is used for recorded traces, which carry neither addresses
// nor a list of functions. A tracer's own filters are in function-set.ts, in the kernel's form.

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

  /** True when the rules select the function; later rules override earlier ones. Without rules: false. */
  names(candidate: TraceableFunction): boolean {
    let named = false;
    for (const rule of this.#rules) {
      if (rule.removes === named && rule.matches(candidate)) named = !rule.removes;
    }
    return named;
  }
}
