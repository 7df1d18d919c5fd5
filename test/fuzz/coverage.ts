// What a run has gone through, from V8's own block coverage of the compiled sources: no instrumenting, no
// native part. A feature is one way through a function: which of its blocks ran and which did not. An
// input that shows a new one is worth keeping. The wasm core isn't seen; each of its codes shows in the
// branch that src takes on it.

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

  /** Ways through functions seen so far. */
  get size(): number {
    return this.#seen.size;
  }

  /** How many new ones there are since the last call. */
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
