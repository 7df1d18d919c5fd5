// Tests the cursor against a writer that replaces the core and writes at the worst moments: while a copy is being
// made, up to a whole batch past what it has published, half a record at a time. Each record's words encode its
// number, so an incomplete record is recognised. The records read and the records lost must add up to the records
// written.

import assert from "node:assert/strict";
import { mock, suite, test } from "node:test";
import fc from "fast-check";
import { RAM, RING } from "../../assembly/shared/memory-map.ts";
import {
  RING_BATCH,
  RING_PUBLISHED,
  RING_SLOT_SIZE,
  RING_WRITTEN,
} from "../../assembly/shared/trace-ring.ts";
import { Misuse } from "../../src/errors.ts";
import { RECORD_SLOTS, type RecordKind } from "../../src/ftrace/ring/record.ts";
import { TraceRing } from "../../src/ftrace/ring/ring.ts";
import { RingCursor } from "../../src/ftrace/ring/ring-cursor.ts";

const KINDS: readonly RecordKind[] = ["function", "function_graph"];
const BUFFER = new SharedArrayBuffer(RAM);
const SLOT_WORDS = RING_SLOT_SIZE / 4;

/** Writes as the core does: words, then RING_WRITTEN; RING_PUBLISHED every batch and when a run ends. */
class Writer {
  readonly ring: TraceRing;
  readonly session: number;
  readonly capacity: number;
  readonly #slots: number;
  readonly #words = new Int32Array(BUFFER);
  readonly #written = new BigInt64Array(BUFFER, RING_WRITTEN, 1);
  readonly #published = new BigInt64Array(BUFFER, RING_PUBLISHED, 1);
  written = 0;

  constructor(kind: RecordKind, capacity: number) {
    this.ring = new TraceRing(BUFFER, kind);
    this.ring.reset(capacity);
    this.session = this.ring.open();
    this.capacity = capacity;
    this.#slots = RECORD_SLOTS[kind];
  }

  get recordWords(): number {
    return this.#slots * SLOT_WORDS;
  }

  /** Writes whole records, and then the first words of the next one. */
  write(records: number, torn = 0): void {
    for (let i = 0; i < records; i += 1) {
      this.#put(this.recordWords);
      this.written += 1;
      const slots = BigInt(this.written * this.#slots);
      Atomics.store(this.#written, 0, slots);
      if (slots % BigInt(RING_BATCH) === 0n) this.publish();
    }
    this.#put(torn);
  }

  publish(): void {
    Atomics.store(this.#published, 0, Atomics.load(this.#written, 0));
  }

  #put(words: number): void {
    const at = RING / 4 + (this.written % this.capacity) * this.recordWords;
    for (let i = 0; i < words; i += 1) this.#words[at + i] = wordOf(this.written, i);
  }
}

/** The value of word `index` of record `number`. */
function wordOf(number: number, index: number): number {
  return Math.imul(number + 1, 0x9e3779b1) + index;
}

/** Reads records, checks and counts them. */
class Taker {
  readonly cursor: RingCursor;
  readonly #recordWords: number;
  taken = 0;

  constructor(kind: RecordKind, { capacity, session, recordWords }: Writer, most?: number) {
    this.cursor = new RingCursor(BUFFER, { kind, capacity, session }, most);
    this.#recordWords = recordWords;
  }

  take(still = false): number {
    const expected = this.cursor.next;
    const { first, length, words } = this.cursor.take(still);
    assert.ok(first >= expected, "records came twice");
    assert.equal(words.length, length * this.#recordWords);
    for (const [at, word] of words.entries()) {
      const number = first + Math.floor(at / this.#recordWords);
      assert.equal(word, wordOf(number, at % this.#recordWords), `record ${number} isn't whole`);
    }
    this.taken += length;
    assert.equal(this.taken + this.cursor.lost, this.cursor.next);
    return length;
  }
}

/**
 * Calls `between` when the cursor has read how far the writer has come, before it copies; and `after` when it has
 * copied, before it checks again.
 */
function disturbed(between: () => void, after: () => void, take: () => void): void {
  const { load } = Atomics;
  let looks = 0;
  const loading = mock.method(Atomics, "load", ((array: BigInt64Array, index: number) => {
    const counter = array.byteOffset === RING_PUBLISHED;
    if (counter) looks += 1;
    if (counter && looks === 2) unobserved(after);
    const value = load(array, index);
    if (counter && looks === 1) unobserved(between);
    return value;
  }) as typeof Atomics.load);
  function unobserved(work: () => void): void {
    const before = looks;
    looks = Number.NEGATIVE_INFINITY;
    work();
    looks = before;
  }
  try {
    take();
    assert.ok(looks >= 2, "the cursor looks before and after it copies");
  } finally {
    loading.mock.restore();
  }
}

for (const kind of KINDS) {
  const slots = RECORD_SLOTS[kind];
  const smallest = (4 * RING_BATCH) / slots;

  suite(`a cursor over a ring of ${kind}`, () => {
    test("gives published records once, in order, around the ring repeatedly", () => {
      const writer = new Writer(kind, smallest);
      const taker = new Taker(kind, writer);
      const batch = RING_BATCH / slots;
      for (let round = 0; round < 20; round += 1) {
        writer.write(batch - 1, 3);
        assert.equal(taker.take(), 0, "what isn't published isn't there");
        writer.write(1);
        assert.equal(taker.take(), batch);
      }
      writer.write(3);
      assert.equal(taker.take(), 0);
      writer.publish();
      assert.equal(taker.take(), 3);
      assert.equal(taker.cursor.lost, 0);
    });

    test("gives at most its capacity, and the rest the next time", () => {
      const writer = new Writer(kind, 4 * smallest);
      const taker = new Taker(kind, writer, 7);
      writer.write(smallest);
      writer.publish();
      const lengths: number[] = [];
      while (taker.cursor.next < smallest) lengths.push(taker.take());
      assert.ok(lengths.slice(0, -1).every((length) => length === 7));
    });

    test("counts overwritten records, and avoids those about to be overwritten", () => {
      const writer = new Writer(kind, smallest);
      const taker = new Taker(kind, writer);
      writer.write(5 * smallest);
      assert.equal(taker.take(), smallest / 2);
      assert.equal(taker.cursor.lost, 4.5 * smallest);
    });

    test("while the writer is stopped, gives the whole ring", () => {
      const writer = new Writer(kind, smallest);
      const taker = new Taker(kind, writer);
      writer.write(5 * smallest + 1);
      assert.equal(taker.take(true), smallest);
      assert.equal(taker.cursor.lost, 4 * smallest + 1);
    });

    test("returns no record that was overwritten while it was copied", () => {
      const writer = new Writer(kind, smallest);
      const taker = new Taker(kind, writer);
      writer.write(smallest);
      // When the copy is made, all records but the newest few have been overwritten.
      disturbed(
        () => writer.write(smallest - 8, 3),
        () => undefined,
        () => taker.take(),
      );
      assert.ok(taker.cursor.lost > smallest / 2 - 8);
      writer.write(10 * smallest);
      disturbed(
        () => undefined,
        () => writer.write(3 * smallest, 1),
        () => assert.equal(taker.take(), 0),
      );
      assert.equal(taker.cursor.lost, taker.cursor.next - taker.taken);
    });

    test("records are complete and add up, for anything the writer does in between", () => {
      const step = fc.record({
        before: fc.nat(3 * smallest),
        between: fc.nat(2 * smallest),
        after: fc.nat(2 * smallest),
        torn: fc.nat(4 * slots - 1),
        publish: fc.boolean(),
      });
      const capacity = fc.constantFrom(smallest, 2 * smallest, 8 * smallest);
      const most = fc.constantFrom(1, 7, 100, 4096);
      fc.assert(
        fc.property(capacity, most, fc.array(step, { maxLength: 20 }), (size, room, steps) => {
          const writer = new Writer(kind, size);
          const taker = new Taker(kind, writer, room);
          for (const { before, between, after, torn, publish } of steps) {
            writer.write(before, torn);
            if (publish) writer.publish();
            disturbed(
              () => writer.write(between, torn),
              () => writer.write(after, torn),
              () => taker.take(),
            );
          }
          writer.publish();
          writer.ring.close(writer.session);
          while (taker.take() > 0);
          assert.equal(taker.taken + taker.cursor.lost, writer.written);
        }),
        { numRuns: 60 },
      );
    });

    test("after the ring is reset, even during a copy, gives no older record", () => {
      const writer = new Writer(kind, smallest);
      const taker = new Taker(kind, writer);
      writer.write(smallest / 2);
      writer.publish();
      disturbed(
        () => writer.ring.renew(),
        () => undefined,
        () => assert.equal(taker.take(), 0),
      );
      assert.equal(taker.cursor.take().length, 0);
      writer.write(5);
      writer.publish();
      const { first, length } = taker.cursor.take();
      assert.deepEqual([first, length], [smallest / 2, 5]);
    });

    test("gives no other tracer's records, and can't switch that tracer", () => {
      const writer = new Writer(kind, smallest);
      const taker = new Taker(kind, writer);
      writer.write(smallest);
      writer.ring.close(writer.session);
      assert.equal(taker.cursor.stopped, true);
      assert.equal(taker.cursor.foreign, false);
      const next = new Writer(kind, smallest);
      next.write(smallest);
      assert.equal(taker.cursor.foreign, true);
      assert.equal(taker.cursor.take().length, 0);
      taker.cursor.on = false;
      assert.equal(next.ring.on, true);
      taker.cursor.giveUp(smallest);
      assert.equal(taker.cursor.lost, smallest);
    });

    test("a ring too small for any safe half is refused", () => {
      const { session } = new Writer(kind, smallest);
      assert.throws(
        () => new RingCursor(BUFFER, { kind, capacity: smallest / 2, session }),
        (error) => error instanceof Misuse && error.message.includes(`${smallest} records or more`),
      );
    });
  });
}
