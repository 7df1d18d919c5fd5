// Work that the host wants done every so many instructions of a run, wherever the guest is then. A run is made in
// stretches that end where the next work is due; without any, it is one stretch.

export interface Pause {
  /** Instructions from one time to the next. */
  readonly every: number;
  readonly work: () => void;
}

export class Pauses {
  /** From where each one's instructions are counted. */
  readonly #since = new Map<Pause, number>();

  /** @param count instructions completed by now. */
  add(pause: Pause, count: number): void {
    this.#since.set(pause, count);
  }

  delete(pause: Pause): void {
    this.#since.delete(pause);
  }

  /** Instructions to the next work that is due; at least one. */
  left(count: number): number {
    let left = Number.POSITIVE_INFINITY;
    for (const [{ every }, since] of this.#since) left = Math.min(left, since + every - count);
    return Math.max(1, left);
  }

  /** Does what is due. A machine that went back to an earlier state has everything due. */
  attend(count: number): void {
    for (const [pause, since] of this.#since) {
      if (count >= since && count < since + pause.every) continue;
      pause.work();
      // The work may have been the last of its kind.
      if (this.#since.has(pause)) this.#since.set(pause, count);
    }
  }
}
