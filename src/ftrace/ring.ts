// The trace ring, seen from the host: records that the core (assembly/ring.ts) writes into shared
// memory. The writer never waits and overwrites the oldest; a reader works out from RING_WRITTEN what
// is still there and counts the rest as overrun. Nothing but layout.ts's numbers ties the two sides. This
// one reads in the thread that runs the machine; another thread has to go by RING_PUBLISHED.

import {
  GRAPH_RETURN,
  RING,
  RING_CAPACITY,
  RING_PUBLISHED,
  RING_SIZE,
  RING_SLOT_SIZE,
  RING_WRITTEN,
} from "../../assembly/layout.ts";
import { Misuse } from "../errors.ts";

/** One passed call site, or one return. */
export interface TraceRecord {
  /** Address of the site, as the site itself or _mcount gave it. */
  readonly ip: number;
  /** Return address in the caller. */
  readonly parentIp: number;
  /** Instructions completed since reset when the record was written. */
  readonly count: number;
}

/** A record of function_graph. */
export interface GraphRecord extends TraceRecord {
  readonly returns: boolean;
  /** Traced functions that are open around it. */
  readonly depth: number;
  /** Instructions completed at the function's entry. */
  readonly entryCount: number;
  /** Functions that had found the shadow stack full by then. */
  readonly overrun: number;
}

/** Slots that a record takes, by tracer: a ring holds records of one. */
export const RECORD_SLOTS = { function: 1, function_graph: 2 } as const;
export type RecordKind = keyof typeof RECORD_SLOTS;

const SLOT_WORDS = RING_SLOT_SIZE / 4;
const TWO_32 = 2 ** 32;

/** Bytes of a record. */
export function recordSize(kind: RecordKind): number {
  return RECORD_SLOTS[kind] * RING_SLOT_SIZE;
}

/** Records that the largest ring keeps. */
export function largestCapacity(kind: RecordKind): number {
  return RING_SIZE / recordSize(kind);
}

export class TraceRing {
  readonly kind: RecordKind;
  readonly #slots: number;
  readonly #words: Int32Array;
  readonly #written: BigInt64Array;
  readonly #published: BigInt64Array;

  constructor(buffer: SharedArrayBuffer, kind: RecordKind = "function") {
    this.kind = kind;
    this.#slots = RECORD_SLOTS[kind];
    this.#words = new Int32Array(buffer);
    this.#written = new BigInt64Array(buffer, RING_WRITTEN, 1);
    this.#published = new BigInt64Array(buffer, RING_PUBLISHED, 1);
  }

  /**
   * Empties the ring and sets how many records it keeps.
   * @param capacity a power of two up to largestCapacity(); 0 makes the core drop every record.
   */
  reset(capacity: number): void {
    const most = largestCapacity(this.kind);
    if (capacity !== 0 && (capacity > most || Math.log2(capacity) % 1 !== 0)) {
      throw new Misuse(
        `a trace ring holds a power of two of records, up to ${most}; ${capacity} is not`,
      );
    }
    this.#words[RING_CAPACITY / 4] = capacity * this.#slots;
    Atomics.store(this.#written, 0, 0n);
    Atomics.store(this.#published, 0, 0n);
  }

  /** Records that it keeps. */
  get capacity(): number {
    return ((this.#words[RING_CAPACITY / 4] ?? 0) >>> 0) / this.#slots;
  }

  /** Records written since reset(), overwritten ones included. */
  get written(): number {
    return Number(this.#written[0]) / this.#slots;
  }

  /**
   * The records from number `from` on, oldest first. Those already overwritten are skipped: the first
   * one's number is `written - capacity` then, which is how a caller counts its loss.
   */
  records(from = 0): Generator<TraceRecord> {
    return this.#from(from, (at) => this.#record(at));
  }

  /** The same of a ring of function_graph's. */
  graphRecords(from = 0): Generator<GraphRecord> {
    return this.#from(from, (at) => this.#graphRecord(at));
  }

  *#from<R>(from: number, read: (at: number) => R): Generator<R> {
    const { capacity } = this;
    let next = Math.max(from, this.written - capacity);
    while (next < this.written) {
      const record = read(RING / 4 + (next % capacity) * this.#slots * SLOT_WORDS);
      const oldest = this.written - capacity;
      if (next >= oldest) yield record;
      next = Math.max(next + 1, oldest);
    }
  }

  #record(at: number): TraceRecord {
    return { ip: this.#word(at), parentIp: this.#word(at + 1), count: this.#count(at + 2) };
  }

  #graphRecord(at: number): GraphRecord {
    const depth = this.#word(at + 6);
    const returns = depth >= GRAPH_RETURN;
    return {
      ip: this.#word(at),
      parentIp: this.#word(at + 1),
      count: this.#count(at + 2),
      returns,
      depth: returns ? depth - GRAPH_RETURN : depth,
      entryCount: this.#count(at + 4),
      overrun: this.#word(at + 7),
    };
  }

  #word(at: number): number {
    return (this.#words[at] ?? 0) >>> 0;
  }

  #count(at: number): number {
    return this.#word(at + 1) * TWO_32 + this.#word(at);
  }
}
