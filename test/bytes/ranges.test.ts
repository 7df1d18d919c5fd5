// Tests the range allocator: first fit, reservation, release, and the edges.

import assert from "node:assert/strict";
import { test } from "node:test";
import { RangeAllocator } from "../../src/bytes/ranges.ts";

test("the lowest range that fits is handed out, aligned", () => {
  const ranges = new RangeAllocator(0x1004, 0x4000);
  assert.equal(ranges.allocate(0x10, 0x10), 0x1010);
  assert.equal(ranges.allocate(0x1000, 0x1000), 0x2000);
  assert.equal(ranges.allocate(0x20, 4), 0x1020);
  assert.equal(ranges.allocate(0x2000, 4), undefined);
  assert.equal(ranges.free(0x2000), true);
  assert.equal(ranges.allocate(0x2000, 4), 0x1040);
});

test("a range is reserved only when all of it is free and inside", () => {
  const ranges = new RangeAllocator(0x1000, 0x4000);
  assert.equal(ranges.reserve(0x2000, 0x800), true);
  assert.equal(ranges.reserve(0x27ff, 1), false);
  assert.equal(ranges.reserve(0x1fff, 2), false);
  assert.equal(ranges.reserve(0x2800, 0x100), true);
  assert.equal(ranges.reserve(0x1f00, 0x100), true);
  assert.equal(ranges.reserve(0xfff, 2), false);
  assert.equal(ranges.reserve(0x3fff, 2), false);
  assert.equal(ranges.reserve(0x3000, 0), false);
});

test("only a range that was handed out can be given back", () => {
  const ranges = new RangeAllocator(0, 100);
  assert.equal(ranges.free(0), false);
  assert.equal(ranges.allocate(10, 1, 50), 50);
  assert.deepEqual(ranges.at(50), { start: 50, size: 10 });
  assert.equal(ranges.free(51), false);
  assert.equal(ranges.free(50), true);
});

test("the top of the 32-bit space does not wrap", () => {
  const ranges = new RangeAllocator(0xfffff000, 2 ** 32);
  assert.equal(ranges.allocate(0x1000, 0x1000), 0xfffff000);
  assert.equal(ranges.allocate(1, 1), undefined);
});
