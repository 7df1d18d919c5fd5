// Pseudo-random numbers from a seed, the same on every machine (xorshift32).

export class Random {
  #state: number;

  /** The seed is any 32-bit number but 0. */
  constructor(seed: number) {
    this.#state = seed >>> 0 || 1;
  }

  /** An unsigned 32-bit word. */
  word(): number {
    let x = this.#state;
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    this.#state = x >>> 0;
    return this.#state;
  }

  /** 0 to bound - 1. */
  below(bound: number): number {
    return this.word() % bound;
  }

  /** from to to, both included. */
  between(from: number, to: number): number {
    return from + this.below(to - from + 1);
  }

  pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)] as T;
  }

  /** True once in n times. */
  oneIn(n: number): boolean {
    return this.below(n) === 0;
  }
}
