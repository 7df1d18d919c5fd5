// Tests the search for bytes in bytes: short needles and long ones are found where a plain search finds them.

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { indexOfBytes } from "../../src/bytes/text.ts";

test("bytes are found where Node's search finds them", () => {
  // Few different bytes, so that needles occur, and nearly occur.
  const bytes = (maxLength: number) => fc.uint8Array({ min: 0, max: 2, maxLength });
  fc.assert(
    fc.property(bytes(400), bytes(14), fc.nat(40), fc.nat(400), (hay, other, from, at) => {
      for (const needle of [other, hay.slice(at, at + other.length)]) {
        if (needle.length === 0) continue;
        assert.equal(indexOfBytes(hay, needle, from), Buffer.from(hay).indexOf(needle, from));
      }
    }),
    { seed: 3, numRuns: 400 },
  );
  assert.equal(indexOfBytes(new Uint8Array(4), new Uint8Array(9)), -1);
});
