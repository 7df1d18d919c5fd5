// Host work that is done at regular intervals of a run, counted in instructions, at whatever address the guest has
// reached. A run is split so that it pauses when the next work is due; without such work it is not split.

export interface Pause {
  /** The interval, in instructions. */
  readonly every: number;
  readonly work: () => void;
}

export class Pauses {
  /** The instruction count at which each interval began. */
  readonly #since = new Map<Pause, number>();

  /** @param count instructions completed so far. */
  add(pause: Pause, count: number): void {
    this.#since.set(pause, count);
  }

  delete(pause: Pause): void {
    this.#since.delete(pause);
  }

  /** Instructions until the next work is due; at least one. */
  left(count: number): number {
    let left = Number.POSITIVE_INFINITY;
    for (const [{ every }, since] of this.#since) left = Math.min(left, since + every - count);
    return Math.max(1, left);
  }

  /** Does the work that is due. After a machine was restored to an earlier state, all work is due. */
  attend(count: number): void {
    for (const [pause, since] of this.#since) {
      if (count >= since && count < since + pause.every) continue;
      pause.work();
      // The work may have been the last of its kind.
      if (this.#since.has(pause)) this.#since.set(pause, count);
    }
  }
}
