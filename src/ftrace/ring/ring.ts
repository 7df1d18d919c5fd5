// The trace ring, as used by the machine's own thread: records that the core (assembly/tracing/ring.ts) writes into
// shared memory. The core never waits and overwrites the oldest records; RING_WRITTEN counts all records, so the loss
// is known. This file empties and switches the ring, and reads it while the machine is stopped. Other threads read it
// through ring-cursor.ts and learn of changes made here by TRACE_EPOCH and TRACE_SESSION.

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
   * Empties the ring and sets its capacity.
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

  /** Called when the records were replaced as a whole; cursors continue with the next record written. */
  renew(): void {
    this.#renew(() => {});
  }

  #renew(work: () => void): void {
    Atomics.add(this.#words, TRACE_EPOCH / 4, 1);
    work();
    Atomics.store(this.#start, 0, Atomics.load(this.#written, 0));
    Atomics.add(this.#words, TRACE_EPOCH / 4, 1);
  }

  /** Begins a tracer's session. @returns its number, by which cursors recognise their tracer's records. */
  open(): number {
    const session = Atomics.load(this.#words, TRACE_EPOCH / 4);
    Atomics.store(this.#words, TRACE_SESSION / 4, session);
    return session;
  }

  /** Ends the session: no more records follow. */
  close(session: number): void {
    Atomics.compareExchange(this.#words, TRACE_SESSION / 4, session, session + 1);
  }

  /** tracing_on: whether the core records. Any thread may switch it at any time. */
  get on(): boolean {
    return Atomics.load(this.#words, RING_CAPACITY / 4) !== 0;
  }

  set on(on: boolean) {
    Atomics.store(this.#words, RING_CAPACITY / 4, on ? this.#allSlots : 0);
  }

  /** The capacity, in records. */
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
   * The records from number `from` on, oldest first. Overwritten records are skipped: the first number is then
   * `written - capacity`, from which a caller computes its loss.
   */
  records(from = 0): Generator<TraceRecord> {
    return this.#from(from, functionRecord);
  }

  /** The same for function_graph's records. */
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
