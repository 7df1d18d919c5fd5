// Tests that loading, tracing and unloading leave the memory as it was; soak.ts is the long form.

import assert from "node:assert/strict";
import { test } from "node:test";
import { SLACK, soak } from "./soak.ts";

const TURNS = 300;

test("loads, traces and unloads leave the heap flat", async () => {
  const { turns, events, heap } = await soak((done) => done / TURNS);
  assert.equal(turns, TURNS);
  assert.ok(events > TURNS);
  assert.ok(heap[0] > 0 && heap[1] - heap[0] < SLACK, `${heap} MiB`);
});
