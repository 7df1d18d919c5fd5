// The times of a record whose count is kept less the trace's origin: both times include the origin, so that text shows
// the recorded clock, while counts stay small enough to be exact. It converts; it doesn't know how files store times.

const NANOSECONDS = 1e9;

export class Moments {
  readonly #clockHz: number;
  readonly #each: number;
  readonly #seconds: number;
  readonly #microseconds: number;
  readonly #rest: number;

  /** @param origin nanoseconds that a trace's counts are kept less. */
  constructor(clockHz: number, origin: bigint) {
    this.#clockHz = clockHz;
    this.#each = clockHz / 1e6;
    this.#seconds = Number(origin) / NANOSECONDS;
    this.#microseconds = Number(origin / 1000n);
    this.#rest = (Number(origin % 1000n) * clockHz) / NANOSECONDS;
  }

  seconds(count: number): number {
    return this.#seconds + count / this.#clockHz;
  }

  /** Whole microseconds, rounded down as the kernel prints them. */
  microseconds(count: number): number {
    return this.#microseconds + Math.floor((count + this.#rest) / this.#each);
  }
}
