// Tracks the calls that are open on one stack by the depth that function_graph states. When events were lost, calls may
// be open whose returns were lost, and returns may arrive whose entries were lost; the depth reveals both.

import { VIEWER_DEPTH } from "../../limits.ts";

export class OpenCalls<Call> {
  readonly #open: { readonly depth: number; readonly call: Call }[] = [];

  /** The innermost call. */
  get top(): Call | undefined {
    return this.#open.at(-1)?.call;
  }

  /** Opens a call, after closeFrom() of its depth. */
  enter(depth: number, call: Call): void {
    if (this.#open.length < VIEWER_DEPTH) this.#open.push({ depth, call });
  }

  /**
   * Closes the call of this depth.
   * @param matches whether an open call is the one that returns.
   * @returns the call, or undefined when its entry was lost.
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
   * Closes all calls of this depth and deeper: they can't be open when another call begins or ends at this depth.
   * @param lost is called with each of them, the innermost first.
   */
  closeFrom(depth: number, lost: (call: Call) => void): void {
    for (let last = this.#open.at(-1); last !== undefined; last = this.#open.at(-1)) {
      if (last.depth < depth) return;
      this.#open.pop();
      lost(last.call);
    }
  }
}
