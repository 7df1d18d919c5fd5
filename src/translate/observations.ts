// What code was seen doing, by the address of the instruction: which addresses it touched, where it jumped.
// The core notes it while the exact reading runs (assembly/cpu/observation.ts); here it is kept, bounded, and
// answers the questions a translation has. It only ever guides: translated code checks what it assumes.

import { OBSERVED, OBSERVED_SIZE } from "../../assembly/shared/memory-map.ts";
import { OBSERVED_LENGTH } from "../../assembly/shared/translated-code.ts";

/** Most targets of one jump that are remembered, and most instructions. */
const MOST_TARGETS = 256;
const MOST_PLACES = 1 << 17;

export interface Place {
  /** Least and greatest address seen. */
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

  /** Takes what was noted since the last time. */
  take(): void {
    const words = this.#words;
    const length = Math.min(words[OBSERVED_LENGTH / 4] ?? 0, OBSERVED_SIZE);
    for (let at = OBSERVED / 4; at < (OBSERVED + length) / 4; at += 2) {
      this.#note(words[at] ?? 0, words[at + 1] ?? 0);
    }
    words[OBSERVED_LENGTH / 4] = 0;
  }

  /** The addresses that the instruction at pc touched or went to. */
  at(pc: number): Place | undefined {
    return this.#places.get(pc);
  }

  /** Where the jump at pc went, in rising order. */
  targets(pc: number): number[] {
    return [...(this.#places.get(pc)?.values ?? [])].sort((a, b) => a - b);
  }

  /** The one place where the jump at pc went, or null. */
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
