// The calls that are open on one stack, told by the depth that function_graph states. Where events were lost, calls are
// still here whose returns never came, and returns come whose entries never did: the depth shows both.

/** Deeper calls than any kernel's shadow stack holds (4,096 words since 6.13) aren't kept. */
const DEEPEST = 4096;

export class OpenCalls<Call> {
  readonly #open: { readonly depth: number; readonly call: Call }[] = [];

  /** The innermost call. */
  get top(): Call | undefined {
    return this.#open.at(-1)?.call;
  }

  /** Opens a call, after closeFrom() of its depth. */
  enter(depth: number, call: Call): void {
    if (this.#open.length < DEEPEST) this.#open.push({ depth, call });
  }

  /**
   * Closes the call of this depth. @param matches whether an open call is the one that returns.
   * @returns it, or undefined when its entry was lost.
   */
  leave(
    depth: number,
    matches: (call: Call) => boolean,
    lost: (call: Call) => void,
  ): Call | undefined {
    this.closeFrom(depth + 1, lost);
    const last = this.#open.at(-1);
    if (last?.depth === depth && matches(last.call)) return this.#open.pop()?.call;
    this.closeFrom(depth, lost);
    return undefined;
  }

  /**
   * Closes all calls of this depth and deeper, which can't be open where another one begins or ends.
   * @param lost takes each, the innermost first.
   */
  closeFrom(depth: number, lost: (call: Call) => void): void {
    for (let last = this.#open.at(-1); last !== undefined; last = this.#open.at(-1)) {
      if (last.depth < depth) return;
      this.#open.pop();
      lost(last.call);
    }
  }
}
