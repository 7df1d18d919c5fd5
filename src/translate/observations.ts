// The observed behaviour of code, by instruction address: the addresses it accessed and the targets of its jumps. The
// core records it while the exact reading runs (assembly/cpu/observation.ts); this file keeps a bounded amount for the
// translator. Observations are only hints: translated code checks every assumption made from them.

import { OBSERVED, OBSERVED_SIZE } from "../../assembly/shared/memory-map.ts";
import { OBSERVED_LENGTH } from "../../assembly/shared/translated-code.ts";

/** The most targets kept for one jump, and the most instructions. */
const MOST_TARGETS = 256;
const MOST_PLACES = 1 << 17;

export interface Place {
  /** The lowest and highest address observed. */
  least: number;
  greatest: number;
  readonly values: Set<number>;
}

export class Observations {
  readonly #words: Uint32Array;
  readonly #places = new Map<number, Place>();

  constructor(memory: SharedArrayBuffer) {
    this.#words = new Uint32Array(memory);
  }

  /** Reads the core's records since the last call. */
  take(): void {
    const words = this.#words;
    const length = Math.min(words[OBSERVED_LENGTH / 4] ?? 0, OBSERVED_SIZE);
    for (let at = OBSERVED / 4; at < (OBSERVED + length) / 4; at += 2) {
      this.#note(words[at] ?? 0, words[at + 1] ?? 0);
    }
    words[OBSERVED_LENGTH / 4] = 0;
  }

  /** The addresses that the instruction at pc accessed or jumped to. */
  at(pc: number): Place | undefined {
    return this.#places.get(pc);
  }

  /** The observed targets of the jump at pc, ascending. */
  targets(pc: number): number[] {
    return [...(this.#places.get(pc)?.values ?? [])].sort((a, b) => a - b);
  }

  /** The only observed target of the jump at pc; null when there are several or none. */
  onlyTarget(pc: number): number | null {
    const [target, ...others] = this.#places.get(pc)?.values ?? [];
    return target !== undefined && others.length === 0 ? target : null;
  }

  forget(): void {
    this.#places.clear();
  }

  #note(pc: number, value: number): void {
    const place = this.#places.get(pc);
    if (place === undefined) {
      if (this.#places.size >= MOST_PLACES) this.#places.clear();
      this.#places.set(pc, { least: value, greatest: value, values: new Set([value]) });
      return;
    }
    place.least = Math.min(place.least, value);
    place.greatest = Math.max(place.greatest, value);
    if (place.values.size < MOST_TARGETS) place.values.add(value);
  }
}
