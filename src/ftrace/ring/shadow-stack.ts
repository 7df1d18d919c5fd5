// The host's access to function_graph's shadow stack: the words that control assembly/tracing/graph.ts. It reads the
// stack's depth and how often it was full; the core writes the frames. A call that ends without returning leaves
// frames behind, so the code that enters calls saves the depth and restores it.

import {
  GRAPH_DEPTH,
  GRAPH_FRAMES_MOST,
  GRAPH_INSIDE,
  GRAPH_LIMIT,
  GRAPH_MOST,
  GRAPH_OVERRUN,
  GRAPH_RECORDING,
  GRAPH_SILENT,
} from "../../../assembly/shared/trace-ring.ts";

/** The words that change on function entry and return. */
const PLACE = [GRAPH_DEPTH, GRAPH_INSIDE, GRAPH_SILENT] as const;

/** What must be restored when a call ends early. */
export interface OpenFunctions {
  /** The stack's position, as a fixed number of words. */
  readonly place: readonly number[];
  /** Drops the functions entered since. */
  return(place: ArrayLike<number>): void;
}

export class ShadowStack implements OpenFunctions {
  readonly #words: Uint32Array;

  /** @param words the shared memory, from its start. */
  constructor(words: Uint32Array) {
    this.#words = words;
  }

  /** Functions in it. */
  get depth(): number {
    return this.#words[GRAPH_DEPTH / 4] ?? 0;
  }

  /** Functions not recorded because the stack was full, since start(). */
  get overrun(): number {
    return this.#words[GRAPH_OVERRUN / 4] ?? 0;
  }

  /** Starts recording returns. @param most functions at this depth or deeper are ignored; 0: no limit. */
  start(most: number): void {
    this.#words[GRAPH_OVERRUN / 4] = 0;
    this.#words[GRAPH_MOST / 4] = most;
    this.#words[GRAPH_RECORDING / 4] = 1;
    this.#setLimit();
  }

  /** Stops recording. Functions on the stack still return to their real callers. */
  stop(): void {
    this.#words[GRAPH_RECORDING / 4] = 0;
  }

  get place(): number[] {
    return PLACE.map((at) => this.#words[at / 4] ?? 0);
  }

  /** @param place an invalid position is replaced by the nearest valid one: a snapshot may contain anything. */
  return(place: ArrayLike<number>): void {
    PLACE.forEach((at, index) => {
      this.#words[at / 4] = Math.min(place[index] ?? 0, GRAPH_FRAMES_MOST);
    });
    this.#setLimit();
  }

  #setLimit(): void {
    const most = this.#words[GRAPH_MOST / 4] ?? 0;
    const silent = this.#words[GRAPH_SILENT / 4] !== 0;
    const limit = most === 0 ? GRAPH_FRAMES_MOST : Math.min(most, GRAPH_FRAMES_MOST);
    this.#words[GRAPH_LIMIT / 4] = silent ? 0 : limit;
  }
}
