// The totals of a trace: how often each function was called, by which callers, and the cost of its calls. Its size
// depends on the number of functions and edges, not on the trace's length.

import type { Call, CallCost } from "./calls.ts";

/** One function's calls. */
export interface FunctionTally {
  readonly calls: number;
  /** Cost of the calls that returned; function_graph only. Nested calls of the same function all count. */
  readonly total: number;
  readonly self: number;
}

/** Names contain no newline, so both ends of an edge can be joined in one key. */
const BETWEEN = "\n";

export class Tally {
  calls = 0;
  readonly #functions = new Map<string, { calls: number; total: number; self: number }>();
  readonly #edges = new Map<string, number>();

  add({ name, caller }: Call): void {
    this.calls += 1;
    this.#of(name).calls += 1;
    if (caller === null) return;
    const edge = `${caller}${BETWEEN}${name}`;
    this.#edges.set(edge, (this.#edges.get(edge) ?? 0) + 1);
  }

  addCost({ name, total, self }: CallCost): void {
    const tally = this.#of(name);
    tally.total += total;
    tally.self += self;
  }

  get functions(): ReadonlyMap<string, FunctionTally> {
    return this.#functions;
  }

  /** Each edge: caller, callee and the number of calls. */
  *edges(): Generator<readonly [caller: string, callee: string, calls: number]> {
    for (const [edge, calls] of this.#edges) {
      const [caller = "", callee = ""] = edge.split(BETWEEN);
      yield [caller, callee, calls];
    }
  }

  /** How often `caller` called `callee`. */
  callsBetween(caller: string, callee: string): number {
    return this.#edges.get(`${caller}${BETWEEN}${callee}`) ?? 0;
  }

  #of(name: string): { calls: number; total: number; self: number } {
    const known = this.#functions.get(name);
    if (known !== undefined) return known;
    const fresh = { calls: 0, total: 0, self: 0 };
    this.#functions.set(name, fresh);
    return fresh;
  }
}
