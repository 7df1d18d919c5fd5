// Compares the text of function_graph with what a real 6.1 kernel printed, and with the options in
// trace_functions_graph.c.

import assert from "node:assert/strict";
import { test } from "node:test";
import { memorySource } from "../../src/bytes/source.ts";
import { readFtraceText } from "../../src/formats/text/reader.ts";
import { ftraceText } from "../../src/formats/text/writer.ts";
import type { EntryEvent, ReturnEvent } from "../../src/ftrace/event.ts";
import {
  durationText,
  type GraphTextOptions,
  graphText,
} from "../../src/ftrace/text/graph-text.ts";

/** Lines from Debian's 4kc-malta: a lost entry, leaves, marks, depth. */
const REAL = `# tracer: function_graph
#
# CPU  DURATION                  FUNCTION CALLS
# |     |   |                     |   |   |   |
 0) + 18.306 us   |          } /* ksoftirqd_running */
 0)               |          handle_softirqs() {
 0)               |            run_timer_softirq() {
 0)   7.272 us    |              _raw_spin_lock_irq();
 0) ! 101.028 us  |            }
 0)               |            rcu_core_si() {
 0)               |              rcu_core() {
 0) + 26.268 us   |                note_gp_changes();
 0) + 66.599 us   |  leaf [ftb]();
 0) # 1097.492 us |  }
`;

test("a real kernel's text is reproduced exactly", () => {
  const lines = REAL.replace(/.*1097.*\n/, "");
  const trace = readFtraceText(() => memorySource(Buffer.from(lines)), "real");
  assert.equal([...ftraceText(trace)].join(""), lines);
});

function event(type: EntryEvent["type"], count: number, depth: number, name: string): EntryEvent {
  const moment = { count, time: count / 1e9, microseconds: Math.floor(count / 1000), cpu: 0 };
  return { type, ...moment, name, module: name === "leaf" ? "mod" : null, ip: name.length, depth };
}

function back(count: number, entryCount: number, depth: number, name: string): ReturnEvent {
  const entry = event("funcgraph_entry", count, depth, name);
  return { ...entry, type: "funcgraph_exit", entryCount, overrun: 3 };
}

const EVENTS = [
  event("funcgraph_entry", 1_000, 0, "outer"),
  event("funcgraph_entry", 2_000, 1, "leaf"),
  back(12_001, 2_000, 1, "leaf"),
  back(2_000_000_000, 1_000, 0, "outer"),
];

function text(options: GraphTextOptions): string[] {
  const trace = { task: { name: "farjal", pid: 1 }, cpus: 1, clockHz: 1e9, events: EVENTS };
  return [...graphText(trace, options)].join("").split("\n").slice(2, -1);
}

test("options add and remove columns as in the kernel", () => {
  assert.deepEqual(text({}), [
    "# CPU  DURATION                  FUNCTION CALLS",
    "# |     |   |                     |   |   |   |",
    " 0)               |  outer() {",
    " 0) + 10.001 us   |    leaf [mod]();",
    " 0) $ 1999999 us  |  }",
  ]);
  assert.deepEqual(text({ tail: true, overrun: true, overhead: false }).slice(2), [
    " 0)               |  outer() {",
    " 0)   10.001 us   |    leaf [mod]();",
    " 0)   1999999 us  |  } /* outer */",
    " (Overruns: 3)",
  ]);
  assert.deepEqual(text({ abstime: true, proc: true }), [
    "#     TIME        CPU  TASK/PID         DURATION                  FUNCTION CALLS",
    "#      |          |     |    |           |   |                     |   |   |   |",
    "    0.000001 |   0)    farjal-1    |               |  outer() {",
    "    0.000002 |   0)    farjal-1    | + 10.001 us   |    leaf [mod]();",
    "    2.000000 |   0)    farjal-1    | $ 1999999 us  |  }",
  ]);
  assert.deepEqual(text({ cpu: false, duration: false }), [
    "#               FUNCTION CALLS",
    "#               |   |   |   |",
    "outer() {",
    "  leaf [mod]();",
    "}",
  ]);
});

test("durations have seven digits or more, truncated", () => {
  const printed = {
    0: "0.000 us    ",
    999: "0.999 us    ",
    63647: "63.647 us   ",
    455344: "455.344 us  ",
    1097492: "1097.492 us ",
    28743349: "28743.34 us ",
    287433499: "287433.4 us ",
    2874334999: "2874334 us  ",
    28743349999: "28743349 us ",
    287433499999: "287433499 us ",
  };
  for (const [nanoseconds, expected] of Object.entries(printed)) {
    assert.equal(durationText(Number(nanoseconds)), expected);
  }
});

test("where another task runs on the CPU, the kernel's switch line is printed", () => {
  const sh = { name: "a-long-name", pid: 12345 };
  const trace = {
    task: { name: "farjal", pid: 1 },
    cpus: 16,
    clockHz: 1e9,
    events: [EVENTS[1] as EntryEvent, { ...(EVENTS[2] as ReturnEvent), task: sh }],
  };
  assert.deepEqual([...graphText(trace)].join("").split("\n").slice(4), [
    "  0)               |    leaf [mod]() {",
    " ------------------------------------------",
    "  0)    farjal-1    => a-long--12345 ",
    " ------------------------------------------",
    "",
    "  0) + 10.001 us   |    }",
    "",
  ]);
});
