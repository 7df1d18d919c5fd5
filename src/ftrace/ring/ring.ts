// The trace ring, seen from the thread whose machine fills it: records that the core (assembly/tracing/ring.ts) writes
// into shared memory. The core never waits and overwrites the oldest; RING_WRITTEN counts all, so that what is
// lost can be counted. Here the ring is emptied and switched, and read while the machine stands still. Other
// threads read it through ring-cursor.ts; TRACE_EPOCH and TRACE_SESSION tell them what happens here.

import { RING } from "../../../assembly/shared/memory-map.ts";
import {
  RING_CAPACITY,
  RING_PUBLISHED,
  RING_SLOT_SIZE,
  RING_SLOTS,
  RING_WRITTEN,
  TRACE_EPOCH,
  TRACE_SESSION,
  TRACE_START,
} from "../../../assembly/shared/trace-ring.ts";
import { Misuse } from "../../errors.ts";
import {
  functionRecord,
  type GraphRecord,
  graphRecord,
  largestCapacity,
  RECORD_SLOTS,
  type RecordKind,
  type TraceRecord,
} from "./record.ts";

const SLOT_WORDS = RING_SLOT_SIZE / 4;

export class TraceRing {
  readonly kind: RecordKind;
  readonly #slots: number;
  readonly #words: Int32Array;
  readonly #written: BigInt64Array;
  readonly #published: BigInt64Array;
  readonly #start: BigInt64Array;

  constructor(buffer: SharedArrayBuffer, kind: RecordKind = "function") {
    this.kind = kind;
    this.#slots = RECORD_SLOTS[kind];
    this.#words = new Int32Array(buffer);
    this.#written = new BigInt64Array(buffer, RING_WRITTEN, 1);
    this.#published = new BigInt64Array(buffer, RING_PUBLISHED, 1);
    this.#start = new BigInt64Array(buffer, TRACE_START, 1);
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
    this.#renew(() => {
      this.#words[RING_SLOTS / 4] = capacity * this.#slots;
      this.#words[RING_CAPACITY / 4] = capacity * this.#slots;
      Atomics.store(this.#written, 0, 0n);
      Atomics.store(this.#published, 0, 0n);
    });
  }

  /** Its records are other ones all at once: cursors go on with the next that is written. */
  renew(): void {
    this.#renew(() => {});
  }

  #renew(work: () => void): void {
    Atomics.add(this.#words, TRACE_EPOCH / 4, 1);
    work();
    Atomics.store(this.#start, 0, Atomics.load(this.#written, 0));
    Atomics.add(this.#words, TRACE_EPOCH / 4, 1);
  }

  /** A tracer begins to fill it. @returns the session's number, by which cursors know whose records these are. */
  open(): number {
    const session = Atomics.load(this.#words, TRACE_EPOCH / 4);
    Atomics.store(this.#words, TRACE_SESSION / 4, session);
    return session;
  }

  /** The session's tracer is stopped: nothing more comes. */
  close(session: number): void {
    Atomics.compareExchange(this.#words, TRACE_SESSION / 4, session, session + 1);
  }

  /** Whether the core records, as tracing_on says it; any thread may switch it at any moment. */
  get on(): boolean {
    return Atomics.load(this.#words, RING_CAPACITY / 4) !== 0;
  }

  set on(on: boolean) {
    Atomics.store(this.#words, RING_CAPACITY / 4, on ? this.#allSlots : 0);
  }

  /** Records that it keeps. */
  get capacity(): number {
    return this.#allSlots / this.#slots;
  }

  get #allSlots(): number {
    return this.#words[RING_SLOTS / 4] ?? 0;
  }

  /** Records written since reset(), overwritten ones included. */
  get written(): number {
    return Number(Atomics.load(this.#written, 0)) / this.#slots;
  }

  /**
   * The records from number `from` on, oldest first. Those already overwritten are skipped: the first
   * one's number is `written - capacity` then, which is how a caller counts its loss.
   */
  records(from = 0): Generator<TraceRecord> {
    return this.#from(from, functionRecord);
  }

  /** The same of a ring of function_graph's. */
  graphRecords(from = 0): Generator<GraphRecord> {
    return this.#from(from, graphRecord);
  }

  *#from<R>(from: number, read: (words: Int32Array, at: number) => R): Generator<R> {
    const { capacity } = this;
    let next = Math.max(from, this.written - capacity);
    while (next < this.written) {
      const at = RING / 4 + (next % capacity) * this.#slots * SLOT_WORDS;
      const record = read(this.#words, at);
      const oldest = this.written - capacity;
      if (next >= oldest) yield record;
      next = Math.max(next + 1, oldest);
    }
  }
}
