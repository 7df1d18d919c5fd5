// function_graph's shadow stack, seen from the host: the words that assembly/tracing/graph.ts goes by. It knows how
// deep it is and how often it was full; frames are the core's. Calls that end without returning leave theirs
// behind, so whoever enters calls keeps the place and puts it back.

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

/** What changes as functions come and go. */
const PLACE = [GRAPH_DEPTH, GRAPH_INSIDE, GRAPH_SILENT] as const;

/** What a call that ends in the middle has to put back. */
export interface OpenFunctions {
  /** How far it has come, in words; always as many. */
  readonly place: readonly number[];
  /** Lets go of what was entered since. */
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

  /** Functions that found it full since start(). */
  get overrun(): number {
    return this.#words[GRAPH_OVERRUN / 4] ?? 0;
  }

  /** Records returns from now on. @param most functions so deep or deeper are ignored; 0: none is. */
  start(most: number): void {
    this.#words[GRAPH_OVERRUN / 4] = 0;
    this.#words[GRAPH_MOST / 4] = most;
    this.#words[GRAPH_RECORDING / 4] = 1;
    this.#setLimit();
  }

  /** Functions in it still return where they should. */
  stop(): void {
    this.#words[GRAPH_RECORDING / 4] = 0;
  }

  get place(): number[] {
    return PLACE.map((at) => this.#words[at / 4] ?? 0);
  }

  /** @param place one that can't be is taken for the nearest that can: a snapshot may hold anything. */
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
