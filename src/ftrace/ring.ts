// The trace ring, seen from the host: records that the core (assembly/ring.ts) writes into shared
// memory. The writer never waits and overwrites the oldest; a reader works out from RING_WRITTEN what
// is still there and counts the rest as overrun. Nothing but layout.ts's numbers ties the two sides,
// so any thread that holds the buffer can read while the machine runs.

import {
  RING,
  RING_CAPACITY,
  RING_RECORD_SIZE,
  RING_SIZE,
  RING_WRITTEN,
} from "../../assembly/layout.ts";
import { Misuse } from "../errors.ts";

/** One passed call site. */
export interface TraceRecord {
  /** Address of the site, as the site itself or _mcount gave it. */
  readonly ip: number;
  /** Return address in the caller. */
  readonly parentIp: number;
  /** Instructions completed since reset when the record was written. */
  readonly count: number;
}

export const RING_CAPACITY_MAX = RING_SIZE / RING_RECORD_SIZE;
const RECORD_WORDS = RING_RECORD_SIZE / 4;
const TWO_32 = 2 ** 32;

export class TraceRing {
  readonly #words: Int32Array;
  readonly #written: BigInt64Array;

  constructor(buffer: SharedArrayBuffer) {
    this.#words = new Int32Array(buffer);
    this.#written = new BigInt64Array(buffer, RING_WRITTEN, 1);
  }

  /**
   * Empties the ring and sets how many records it keeps.
   * @param capacity a power of two up to RING_CAPACITY_MAX; 0 makes the core drop every record.
   */
  reset(capacity: number): void {
    if (capacity !== 0 && (capacity > RING_CAPACITY_MAX || Math.log2(capacity) % 1 !== 0)) {
      throw new Misuse(
        `a trace ring holds a power of two of records, up to ${RING_CAPACITY_MAX}; ${capacity} is not`,
      );
    }
    this.#words[RING_CAPACITY / 4] = capacity;
    Atomics.store(this.#written, 0, 0n);
  }

  get capacity(): number {
    return (this.#words[RING_CAPACITY / 4] ?? 0) >>> 0;
  }

  /** Records written since reset(), overwritten ones included. */
  get written(): number {
    return Number(Atomics.load(this.#written, 0));
  }

  /**
   * The records from number `from` on, oldest first. Those already overwritten are skipped: the first
   * one's number is `written - capacity` then, which is how a caller counts its loss.
   */
  *records(from = 0): Generator<TraceRecord> {
    const { capacity } = this;
    let next = Math.max(from, this.written - capacity);
    while (next < this.written) {
      const record = this.#read(next % capacity);
      const oldest = this.written - capacity;
      if (next >= oldest) yield record;
      next = Math.max(next + 1, oldest);
    }
  }

  #read(slot: number): TraceRecord {
    const at = RING / 4 + slot * RECORD_WORDS;
    const word = (index: number): number => (this.#words[at + index] ?? 0) >>> 0;
    return {
      ip: word(0),
      parentIp: word(1),
      count: word(3) * TWO_32 + word(2),
    };
  }
}
