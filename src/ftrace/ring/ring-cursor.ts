// Reads the trace ring while another thread's machine fills it, and never hands out a record that isn't whole.
//
// The core writes records without waiting for readers. It publishes its progress by atomic stores to RING_PUBLISHED,
// every RING_BATCH slots and when a run ends. Every record before the published count is complete, because an atomic
// store orders the stores before it. The danger is at the other end: while a reader copies the oldest records, the
// core may wrap around and overwrite them. So the reader reads the counter again after the copy. The core is less than
// a batch past its published count; a weakly ordered processor may show the core's next stores before the publishing
// one, and may delay the reader's own loads by some hundred instructions, which is less than another batch. So records
// within GUARD of the position that the counter has wrapped to are dropped and counted as lost.
// A stopped tracer is announced by an atomic store after all others; from then on RING_WRITTEN itself is valid.
//
// When the ring is emptied, TRACE_EPOCH becomes odd and then takes a new value: a copy made meanwhile is discarded.
// When TRACE_SESSION belongs to another tracer, nothing in the ring is for this reader. A reader writes nothing, so it
// can't disturb the tracer.

import { RING } from "../../../assembly/shared/memory-map.ts";
import {
  RING_BATCH,
  RING_CAPACITY,
  RING_PUBLISHED,
  RING_WRITTEN,
  TRACE_EPOCH,
  TRACE_SESSION,
  TRACE_START,
} from "../../../assembly/shared/trace-ring.ts";
import { Misuse } from "../../errors.ts";
import { RECORD_SLOTS, type RecordKind, recordSize } from "./record.ts";

/** Slots. */
const GUARD = 2 * RING_BATCH;
/** The smallest ring that can be followed, in slots: half of it is safe at any time. */
const FEWEST_SLOTS = 2 * GUARD;

/** Records copied from the ring. */
export interface Batch {
  /** The first record's number: how many records were written before it since the ring was emptied. */
  readonly first: number;
  readonly length: number;
  /** Their words, one record after the other; the next take() may overwrite them. */
  readonly words: Int32Array;
}

export interface CursorPlace {
  readonly kind: RecordKind;
  /** The ring's capacity, in records. */
  readonly capacity: number;
  /** From TraceRing.open(). */
  readonly session: number;
}

const NONE = new Int32Array(0);

export class RingCursor {
  readonly #words: Int32Array;
  readonly #written: BigInt64Array;
  readonly #published: BigInt64Array;
  readonly #start: BigInt64Array;
  readonly #recordWords: number;
  readonly #slots: number;
  readonly #capacity: number;
  /** Records. */
  readonly #guard: number;
  readonly #session: number;
  readonly #copy: Int32Array;
  #epoch = -1;
  /** The number of the next record. */
  #next = 0;
  #lost = 0;

  /**
   * @param most the most records that one take() returns.
   * @throws Misuse for a ring that is too small.
   */
  constructor(buffer: SharedArrayBuffer, { kind, capacity, session }: CursorPlace, most = 4096) {
    this.#words = new Int32Array(buffer);
    this.#written = new BigInt64Array(buffer, RING_WRITTEN, 1);
    this.#published = new BigInt64Array(buffer, RING_PUBLISHED, 1);
    this.#start = new BigInt64Array(buffer, TRACE_START, 1);
    this.#recordWords = recordSize(kind) / 4;
    this.#slots = RECORD_SLOTS[kind];
    this.#capacity = capacity;
    this.#guard = GUARD / this.#slots;
    if (capacity * this.#slots < FEWEST_SLOTS) {
      throw new Misuse(
        `a trace can be followed through a ring of ${FEWEST_SLOTS / this.#slots} records or more, not ${capacity}`,
      );
    }
    this.#session = session;
    this.#copy = new Int32Array(most * this.#recordWords);
  }

  /** Records that were overwritten before they could be taken. */
  get lost(): number {
    return this.#lost;
  }

  /** The number of the next record that take() will return. */
  get next(): number {
    return this.#next;
  }

  /** Counts the untaken records before a number as lost, when they can't be read any more. */
  giveUp(written: number): void {
    this.#lost += Math.max(0, written - this.#next);
    this.#next = Math.max(written, this.#next);
  }

  /** Whether the ring now belongs to another tracer. */
  get foreign(): boolean {
    return (this.#load(TRACE_SESSION) & ~1) !== this.#session;
  }

  /** Whether the tracer is stopped; then a record that take() doesn't return does not exist. */
  get stopped(): boolean {
    return this.#load(TRACE_SESSION) !== this.#session;
  }

  /** Whether the core records now. Any thread can switch it, with immediate effect. */
  get on(): boolean {
    return this.#load(RING_CAPACITY) !== 0;
  }

  set on(on: boolean) {
    if (this.stopped) return;
    Atomics.store(this.#words, RING_CAPACITY / 4, on ? this.#capacity * this.#slots : 0);
  }

  /**
   * Takes the next records that are certainly complete; there may be none.
   * @param still whether the machine is certain not to run meanwhile.
   */
  take(still = false): Batch {
    const epoch = this.#load(TRACE_EPOCH);
    const quiet = still || this.stopped;
    if (epoch % 2 !== 0 || this.foreign) return this.#nothing();
    if (epoch !== this.#epoch) this.#begin(epoch);
    const counter = quiet ? this.#written : this.#published;
    const end = this.#count(counter);
    const first = Math.max(this.#next, this.#oldest(end, quiet));
    const room = this.#copy.length / this.#recordWords;
    const copied = Math.max(0, Math.min(end - first, room));
    this.#copyRecords(first, copied);
    const whole = Math.max(first, this.#oldest(this.#count(counter), quiet));
    if (this.#load(TRACE_EPOCH) !== epoch) return this.#nothing();
    this.#lost += whole - this.#next;
    this.#next = Math.max(whole, first + copied);
    const start = (whole - first) * this.#recordWords;
    const words = this.#copy.subarray(start, copied * this.#recordWords);
    return { first: whole, length: this.#next - whole, words };
  }

  #nothing(): Batch {
    return { first: this.#next, length: 0, words: NONE };
  }

  #begin(epoch: number): void {
    this.#epoch = epoch;
    this.#next = this.#count(this.#start);
  }

  /** The number of the oldest record that can't be overwritten during the copy. */
  #oldest(end: number, quiet: boolean): number {
    return Math.max(0, end - this.#capacity + (quiet ? 0 : this.#guard));
  }

  #copyRecords(first: number, length: number): void {
    const from = first % this.#capacity;
    const before = Math.min(length, this.#capacity - from);
    this.#copyWords(from, before, 0);
    this.#copyWords(0, length - before, before);
  }

  #copyWords(from: number, length: number, to: number): void {
    const size = this.#recordWords;
    const start = RING / 4 + from * size;
    this.#copy.set(this.#words.subarray(start, start + length * size), to * size);
  }

  #count(slots: BigInt64Array): number {
    return Number(Atomics.load(slots, 0)) / this.#slots;
  }

  #load(at: number): number {
    return Atomics.load(this.#words, at / 4);
  }
}
