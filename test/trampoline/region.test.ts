// Tests the rule behind the whole planner: which 256 MiB region a jump can reach.

import assert from "node:assert/strict";
import { test } from "node:test";
import { reachOf, regionOf } from "../../src/trampoline/region.ts";

test("a jump stays in the region of its delay slot", () => {
  assert.equal(regionOf(0x8ffffffc), 0x80000000);
  assert.equal(reachOf(0x8ffffff8), 0x80000000);
  assert.equal(reachOf(0x8ffffffc), 0x90000000);
  assert.equal(reachOf(0xfffffffc), 0);
});
