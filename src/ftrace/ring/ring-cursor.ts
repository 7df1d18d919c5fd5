// Reads the trace ring while another thread's machine fills it, and never hands out a record that isn't whole.
//
// The core writes records without waiting for anybody and tells other threads how far it has come by atomic stores
// to RING_PUBLISHED, every RING_BATCH slots and when a run ends. All before that is there, by the order that an
// atomic store keeps. What can go wrong is at the other end: while the oldest records are being copied, the core
// may come round and write over them. So the counter is read again after the copy. The core is less than a batch
// past what it has published; a weakly ordered processor may show its next stores before the publishing one, and
// may make the reader's own loads some hundred instructions late, which is less than another batch. So what lies
// within GUARD of the place that the counter has gone round to is dropped and counted as lost.
// Once the tracer is stopped, which is told by an atomic store after everything else, RING_WRITTEN itself holds.
//
// When the ring begins anew, TRACE_EPOCH is odd and then another: a copy made meanwhile counts for nothing. When
// TRACE_SESSION is another tracer's, nothing in the ring is ours. Reading writes nothing: it can't disturb.

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
/** Slots of a ring that can be followed: half of it is safe at any time. */
const FEWEST_SLOTS = 2 * GUARD;

/** Records as they stood in the ring. */
export interface Batch {
  /** The first one's number: how many were written before it since the ring began. */
  readonly first: number;
  readonly length: number;
  /** Their words, one record after the other; the next take() may overwrite them. */
  readonly words: Int32Array;
}

export interface CursorPlace {
  readonly kind: RecordKind;
  /** Records that the ring keeps. */
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
   * @param most records of one take().
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

  /** The number of the next record that take() looks for. */
  get next(): number {
    return this.#next;
  }

  /** Counts as lost what was written up to a number, when nobody can take it any more. */
  giveUp(written: number): void {
    this.#lost += Math.max(0, written - this.#next);
    this.#next = Math.max(written, this.#next);
  }

  /** Whether the ring is another tracer's by now. */
  get foreign(): boolean {
    return (this.#load(TRACE_SESSION) & ~1) !== this.#session;
  }

  /** Whether the tracer is stopped: what take() doesn't give then is not there. */
  get stopped(): boolean {
    return this.#load(TRACE_SESSION) !== this.#session;
  }

  /** Whether the core records now; switching it works at once, from any thread. */
  get on(): boolean {
    return this.#load(RING_CAPACITY) !== 0;
  }

  set on(on: boolean) {
    if (this.stopped) return;
    Atomics.store(this.#words, RING_CAPACITY / 4, on ? this.#capacity * this.#slots : 0);
  }

  /**
   * Takes the next records that are certainly whole, maybe none.
   * @param still whether the machine stands still meanwhile, for certain.
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

  /** The number of the oldest record that nobody is writing over. */
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
