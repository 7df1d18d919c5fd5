// Tests the host's view of the trace ring, over a buffer that the test fills as the core would.

import assert from "node:assert/strict";
import { test } from "node:test";
import { RAM, RING } from "../../assembly/shared/memory-map.ts";
import { RING_SLOT_SIZE, RING_WRITTEN } from "../../assembly/shared/trace-ring.ts";
import { Misuse } from "../../src/errors.ts";
import { graphRecord, largestCapacity } from "../../src/ftrace/ring/record.ts";
import { TraceRing } from "../../src/ftrace/ring/ring.ts";

function filled(capacity: number, records: number): TraceRing {
  const buffer = new SharedArrayBuffer(RAM);
  const ring = new TraceRing(buffer);
  ring.reset(capacity);
  const view = new DataView(buffer);
  for (let i = 0; i < records; i += 1) {
    const at = RING + RING_SLOT_SIZE * (i % capacity);
    view.setUint32(at, 0xc0000000 + i, true);
    view.setUint32(at + 4, 0x80000000 + i, true);
    view.setBigUint64(at + 8, 2n ** 33n + BigInt(i), true);
  }
  view.setBigUint64(RING_WRITTEN, BigInt(records), true);
  return ring;
}

test("records are read in order, with counts beyond 32 bits", () => {
  const [first, second, ...rest] = [...filled(8, 2).records()];
  assert.deepEqual(first, {
    ip: 0xc0000000,
    parentIp: 0x80000000,
    count: 2 ** 33,
  });
  assert.deepEqual(second, {
    ip: 0xc0000001,
    parentIp: 0x80000001,
    count: 2 ** 33 + 1,
  });
  assert.equal(rest.length, 0);
});

test("the oldest are overwritten, and the loss can be counted", () => {
  const ring = filled(4, 11);
  assert.equal(ring.written, 11);
  assert.deepEqual(
    [...ring.records()].map(({ ip }) => ip - 0xc0000000),
    [7, 8, 9, 10],
  );
});

test("a reader continues where it stopped", () => {
  assert.deepEqual(
    [...filled(8, 6).records(4)].map(({ ip }) => ip - 0xc0000000),
    [4, 5],
  );
});

test("a capacity must be a power of two that fits", () => {
  const ring = new TraceRing(new SharedArrayBuffer(RAM));
  for (const capacity of [3, -4, largestCapacity("function") * 2, 1.5]) {
    assert.throws(() => ring.reset(capacity), Misuse);
  }
  ring.reset(largestCapacity("function"));
  assert.equal(ring.capacity, largestCapacity("function"));
});

test("a depth that no kernel's call has is cut, so that its indentation can be printed", () => {
  const words = Int32Array.of(0x80101000, 0x80101100, 5, 0, 0, 0, 0x7ffffffe, 0);
  assert.equal(graphRecord(words, 0).depth, 4095);
  words[6] = -2;
  const { returns, depth } = graphRecord(words, 0);
  assert.deepEqual([returns, depth], [true, 4095]);
});
