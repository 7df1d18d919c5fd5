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
  GRAPH_STACK,
} from "../../../assembly/shared/trace-ring.ts";
import type { TraceRules } from "../../kernel/rules/table.ts";

/** FTRACE_RETFUNC_DEPTH. */
const ENTRIES = 50;
/**
 * How many calls deep a kernel's shadow stack goes, on 32 bits with pages of 4 KiB: 1,024 words. A frame is a struct
 * ftrace_ret_stack and a word with its offset; since 6.13 the tracer puts the time of the entry and another such word
 * behind it. The last 16 words belong to the tracers, and a frame is only begun where a second one has room.
 */
export function shadowFrames({ G1, G2 }: Pick<TraceRules, "G1" | "G2">): number {
  switch (G1) {
    case "entries":
      return ENTRIES;
    case "frames": {
      // ret, func, calltime, with the profiler subtime, and retp, aligned to 8 bytes.
      const frame = G2 === "built" ? 9 : 7;
      return Math.ceil((1024 - 16 - 2 * frame) / frame);
    }
    case "reserved": {
      // ret, func, retp.
      const frame = 4;
      return Math.ceil((1024 - 16 - 2 * frame) / (frame + 3));
    }
  }
}

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

  /**
   * Starts recording returns.
   * @param most functions at this depth or deeper are ignored; 0: no limit.
   * @param frames the frames that the stack has, from shadowFrames().
   */
  start(most: number, frames: number): void {
    this.#words[GRAPH_OVERRUN / 4] = 0;
    this.#words[GRAPH_MOST / 4] = most;
    this.#words[GRAPH_RECORDING / 4] = 1;
    this.resize(frames);
  }

  /** Changes the number of frames. Functions that are deeper on the stack still return to their real callers. */
  resize(frames: number): void {
    this.#words[GRAPH_STACK / 4] = Math.min(frames, GRAPH_FRAMES_MOST);
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
    const frames = this.#words[GRAPH_STACK / 4] ?? 0;
    const limit = most === 0 ? frames : Math.min(most, frames);
    this.#words[GRAPH_LIMIT / 4] = silent ? 0 : limit;
  }
}
