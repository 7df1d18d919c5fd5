// Tests the parts of a work and how they are joined: every item is in exactly one part, balanced parts take equally long,
// and parts that don't make a whole are all named, with those to do again.

import assert from "node:assert/strict";
import { suite, test } from "node:test";
import fc from "fast-check";
import { Misuse } from "../../src/errors.ts";
import { Incomplete, joinParts, type Part } from "../../src/shards/join.ts";
import { balancedPart, longestFirst, rangeOf } from "../../src/shards/shard.ts";

const shards = (count: number) =>
  Array.from({ length: count }, (_, at) => ({ index: at + 1, count }));

suite("parts", () => {
  test("have every item exactly once, in ranges and balanced", () => {
    fc.assert(
      fc.property(
        fc.array(fc.option(fc.double({ min: 0, max: 100, noNaN: true })), { maxLength: 40 }),
        fc.integer({ min: 1, max: 9 }),
        (seconds, count) => {
          const all = [...seconds.keys()];
          const balanced = shards(count).map((shard) => balancedPart(seconds, shard));
          const ranges = shards(count).map((shard) => rangeOf(seconds.length, shard));
          assert.deepEqual(
            balanced.flat().sort((a, b) => a - b),
            all,
          );
          assert.deepEqual(ranges.flat(), all);
          // The greedy rule's bound: no part is longer than the average by more than the longest item.
          const weights = seconds.map((one) => one ?? 0);
          if (seconds.includes(null)) return;
          const total = weights.reduce((sum, one) => sum + one, 0);
          const longest = weights.reduce((most, one) => Math.max(most, one), 0);
          for (const part of balanced) {
            const sum = part.reduce((sofar, item) => sofar + (weights[item] ?? 0), 0);
            assert.ok(sum <= total / count + longest + 1e-3, `${sum} of ${total}`);
          }
        },
      ),
      { seed: 14, numRuns: 200 },
    );
  });

  test("are balanced by time, the longest first", () => {
    const seconds = [1, 1, 1, 9, 1, 5, 4];
    assert.deepEqual(longestFirst(seconds), [3, 5, 6, 0, 1, 2, 4]);
    assert.deepEqual(balancedPart(seconds, { index: 1, count: 2 }), [0, 2, 3]);
    assert.deepEqual(balancedPart(seconds, { index: 2, count: 2 }), [1, 4, 5, 6]);
    // Without times, equal numbers.
    assert.equal(balancedPart([null, null, null, null], { index: 2, count: 2 }).length, 2);
  });
});

suite("joining", () => {
  const NOUNS = { tree: "trees", kernel: "kernels" };
  const part = (index: number, more: Partial<Part<number>> = {}): Part<number> => {
    const shard = { index, count: 4 };
    const places = rangeOf(10, shard);
    const subject = { tree: "t", kernel: null };
    return { name: `${index}.json`, subject, total: 10, shard, places, results: places, ...more };
  };
  const incomplete = (parts: readonly Part<number>[]): Incomplete => {
    try {
      joinParts(parts, NOUNS);
    } catch (error) {
      assert.ok(error instanceof Incomplete, String(error));
      return error;
    }
    return assert.fail("the parts were joined");
  };

  test("gives the results in the whole's order, from parts in any order", () => {
    assert.deepEqual(
      joinParts(
        [3, 1, 4, 2].map((index) => part(index)),
        NOUNS,
      ),
      [...Array(10).keys()],
    );
    const odd = { places: [1, 3], results: [1, 3], shard: { index: 1, count: 2 }, total: 4 };
    const even = { places: [0, 2], results: [0, 2], shard: { index: 2, count: 2 }, total: 4 };
    assert.deepEqual(joinParts([part(1, odd), part(2, even)], NOUNS), [0, 1, 2, 3]);
  });

  test("names missing, doubled and foreign parts at once, and the parts to do again", () => {
    const foreign = part(3, { name: "x.json", subject: { tree: "other", kernel: null } });
    const found = incomplete([part(1), part(1, { name: "again.json" }), part(4), foreign]);
    assert.deepEqual(found.missing, [2, 3]);
    assert.deepEqual(found.doubled, [{ shard: "1/4", files: ["1.json", "again.json"] }]);
    assert.deepEqual(
      found.foreign.map(({ file }) => file),
      ["x.json"],
    );
    assert.deepEqual(found.retry, ["2/4", "3/4"]);
    assert.equal(
      found.message,
      "shards 2/4, 3/4 are missing; 1.json and again.json are both shard 1/4; " +
        "x.json and 1.json are of different trees",
    );
  });

  test("takes the work that most parts belong to, wherever the foreign one stands", () => {
    const foreign = part(1, { name: "x.json", subject: { tree: "t", kernel: "k" } });
    const found = incomplete([foreign, part(2), part(3), part(4)]);
    assert.match(
      found.message,
      /^shard 1\/4 is missing; x\.json and 2\.json are of different kernels$/,
    );
    const other = part(1, { name: "x.json", shard: { index: 1, count: 5 } });
    assert.match(incomplete([part(2), part(3), other]).message, /different numbers of shards/);
  });

  test("refuses results that aren't a part's own", () => {
    const refused = (parts: readonly Part<number>[], says: RegExp) =>
      assert.throws(
        () => joinParts(parts, NOUNS),
        (error) => error instanceof Misuse && says.test(error.message),
      );
    const rest = [part(2), part(3), part(4)];
    refused([part(1, { results: [0] }), ...rest], /1\.json has 1 results, and shard 1\/4 has 2/);
    refused(
      [part(1, { places: [0, 2] }), ...rest],
      /2\.json has a result that isn't its own, at place 2/,
    );
    refused([part(1, { places: [0, 99] }), ...rest], /1\.json has a result that isn't its own/);
    refused([part(1, { places: [0], results: [0] }), ...rest], /9 results of 10/);
    refused([], /no shards to merge/);
  });
});
