// Compares the function profiler's sums and its text with figures computed by hand and with the kernel's layout.

import assert from "node:assert/strict";
import { test } from "node:test";
import type { EntryEvent, FunctionEvent, ReturnEvent } from "../../src/ftrace/event.ts";
import { profileOf } from "../../src/ftrace/function-profile.ts";
import { profileText, statisticsText } from "../../src/ftrace/text/tracefs-text.ts";

const CLOCK = 1e9;

function moment(count: number) {
  return { count, time: count / CLOCK, microseconds: Math.floor(count / 1000), cpu: 0 };
}

function enter(name: string, count: number, depth: number): EntryEvent {
  return {
    type: "funcgraph_entry",
    ...moment(count),
    name,
    module: "m",
    ip: name.charCodeAt(0),
    depth,
  };
}

function leave(name: string, entryCount: number, count: number, depth: number): ReturnEvent {
  const entry = enter(name, count, depth);
  return { ...entry, type: "funcgraph_exit", entryCount, overrun: 0 };
}

/** outer (20 us) calls inner for 2, 4 and 9 us. */
const EVENTS = [
  enter("outer", 0, 0),
  ...[2, 4, 9].flatMap((microseconds, index) => {
    const start = 1000 + index * 5000;
    return [enter("inner", start, 1), leave("inner", start, start + microseconds * 1000, 1)];
  }),
  leave("outer", 0, 20_000, 0),
];

test("hits, time, average and variance are the kernel's", () => {
  const rows = profileOf(EVENTS, CLOCK);
  assert.deepEqual(
    rows.map(({ name, hits, time, variance }) => [name, hits, time, variance]),
    [
      ["outer", 1, 20_000n, 0n],
      // The variance of 2, 4 and 9 us is 13 us^2.
      ["inner", 3, 15_000n, 13_000n],
    ],
  );
  assert.equal(
    [...profileText(rows)].join(""),
    `  Function                               Hit    Time            Avg             s^2
  --------                               ---    ----            ---             ---
  outer                                    1    20.000 us       20.000 us       0.000 us    
  inner                                    3    15.000 us       5.000 us        13.000 us   
`,
  );
});

test("without graph-time a function has its own time only", () => {
  const rows = profileOf(EVENTS, CLOCK, { graphTime: false });
  assert.deepEqual(
    rows.map(({ name, time }) => [name, time]),
    [
      ["inner", 15_000n],
      ["outer", 5_000n],
    ],
  );
});

test("an open call counts as a hit without time", () => {
  const [row] = profileOf(EVENTS.slice(0, 1), CLOCK);
  assert.deepEqual([row?.hits, row?.time], [1, null]);
});

test("the function tracer's profile has only hits, and names of thirty characters", () => {
  const call = (name: string): FunctionEvent => {
    const { depth: _depth, ...entry } = enter(name, 0, 0);
    return { ...entry, type: "function", parentName: "p", parentIp: 0 };
  };
  const long = "z_name_of_more_than_thirty_characters";
  assert.equal(
    [...profileText(profileOf([call("a"), call(long), call(long)], CLOCK))].join(""),
    `  Function                               Hit
  --------                               ---
  z_name_of_more_than_thirty_cha           2
  a                                        1
`,
  );
});

test("a ring's statistics are the kernel's lines", () => {
  const numbers = { entries: 133, overrun: 7, bytes: 2660, oldest: 4_628_336, now: 12_000_000_001 };
  assert.equal(
    statisticsText(numbers),
    `entries: 133
overrun: 7
commit overrun: 0
bytes: 2660
oldest event ts:     4.628336
now ts: 12000.000001
dropped events: 0
read events: 0
`,
  );
});
