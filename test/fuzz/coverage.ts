// Measures what a run executed, from V8's own block coverage of the compiled sources: no instrumentation, no native
// part. A feature is one path through a function: which of its blocks ran and which did not. An input with a new
// feature is kept. The coverage doesn't include the wasm core, but each of its result codes shows in the branch that
// src takes on it.

import { Session } from "node:inspector";

interface Range {
  readonly startOffset: number;
  readonly endOffset: number;
  readonly count: number;
}

interface Script {
  readonly scriptId: string;
  readonly url: string;
  readonly functions: readonly { readonly ranges: readonly Range[] }[];
}

export class Coverage {
  readonly #session = new Session();
  readonly #seen = new Set<string>();

  constructor() {
    this.#session.connect();
    this.#session.post("Profiler.enable");
    this.#session.post("Profiler.startPreciseCoverage", { callCount: true, detailed: true });
  }

  /** Paths through functions seen so far. */
  get size(): number {
    return this.#seen.size;
  }

  /** The number of new paths since the last call. */
  takeNew(): number {
    const before = this.#seen.size;
    this.#session.post("Profiler.takePreciseCoverage", (error, taken) => {
      if (error !== null) throw error;
      for (const script of (taken as unknown as { result: Script[] }).result) {
        if (!/\/build\/src\//.test(script.url)) continue;
        for (const { ranges } of script.functions) this.#add(script.scriptId, ranges);
      }
    });
    return this.#seen.size - before;
  }

  #add(script: string, ranges: readonly Range[]): void {
    const [whole] = ranges;
    if (whole === undefined || whole.count === 0) return;
    const blocks = ranges.map((one) => `${one.endOffset}${one.count === 0 ? "-" : "+"}`);
    this.#seen.add(`${script}:${whole.startOffset}:${blocks.join()}`);
  }
}
