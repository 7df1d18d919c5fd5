// ftrace text, read from lines that a real 6.1 kernel printed and from farjal's own.

import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { traceFromBytes } from "../../src/formats/read.ts";
import type { Trace } from "../../src/formats/trace.ts";
import { ftraceHeader, ftraceLine } from "../../src/ftrace/text/function-text.ts";
import { functionEvents, traceOf } from "./traces.ts";

const read = (text: string): Trace => traceFromBytes(Buffer.from(text), "trace");

const GRAPH = `# tracer: function_graph
#
# CPU  DURATION                  FUNCTION CALLS
# |     |   |                     |   |   |   |
 0)               |  rec [gmod]() {
 0)               |    par [gmod]() {
 0) + 63.647 us   |      leafA [gmod]();
 0)   5.500 us    |      leafB();
 0) # 1097.492 us |    }
 0) * 12345.67 us |  } /* rec [gmod] */
`;

suite("ftrace text", () => {
  test("of function is read back as it was written", () => {
    const { task, events } = traceOf(functionEvents());
    const text = [...events].map((event) =>
      event.type === "function" ? ftraceLine(task, event) : "",
    );
    const count = text.length;
    const trace = read(`${ftraceHeader(count, count + 9)}${text.join("")}`);
    const line = (event: {
      type: string;
      microseconds: number;
      name: string;
      parentName?: string;
    }) => [event.type, event.microseconds, event.name, event.parentName].join(" ");
    assert.deepEqual(
      [...trace.events].map((event) => line(event)),
      [...events].map((event) => line(event)),
    );
    assert.deepEqual([trace.task, trace.overruns, trace.addresses], [task, 9, false]);
  });

  test("of a real machine: other tasks, flags, losses", () => {
    const trace = read(
      "# tracer: function\n#\n" +
        "          insmod-104     [000] .....     4.628336: top <-init_module\n" +
        "CPU:1 [LOST 12 EVENTS]\n" +
        "   kworker/0:1-17      [001] dNh2.  9999.000001: a.part.0 <-b\n",
    );
    const [first, second] = trace.events;
    assert.deepEqual(first?.task, { name: "insmod", pid: 104 });
    assert.deepEqual(second?.task, { name: "kworker/0:1", pid: 17 });
    assert.deepEqual([second?.flags, second?.lost, second?.cpu], ["dNh2.", 12, 1]);
    assert.equal(second?.count, 9_999_000_001);
  });

  test("of function_graph keeps order, depth and durations", () => {
    const events = [...read(GRAPH).events];
    assert.deepEqual(
      events.map((event) => [
        event.type.slice(10),
        event.name,
        event.module,
        "depth" in event && event.depth,
      ]),
      [
        ["entry", "rec", "gmod", 0],
        ["entry", "par", "gmod", 1],
        ["entry", "leafA", "gmod", 2],
        ["exit", "leafA", "gmod", 2],
        ["entry", "leafB", null, 2],
        ["exit", "leafB", null, 2],
        ["exit", "par", "gmod", 1],
        ["exit", "rec", "gmod", 0],
      ],
    );
    const took = events.flatMap((event) =>
      event.type === "funcgraph_exit" ? [event.count - event.entryCount] : [],
    );
    assert.deepEqual(took, [63_647, 5500, 1_097_492, 12_345_670]);
    const counts = events.map(({ count }) => count);
    assert.deepEqual(
      counts,
      counts.toSorted((a, b) => a - b),
    );
  });

  test("of another tracer, and lines that are none, are named", () => {
    assert.throws(() => read("# tracer: wakeup\n"), /trace is the text of 'wakeup'/);
    assert.throws(
      () => [...read("# tracer: function\nhello\n").events],
      /trace, line 2: not a line/,
    );
    assert.throws(
      () => [...read(`# tracer: function\n${"x".repeat(1 << 20)}`).events],
      /line 2: (too long|not a line)/,
    );
  });
});
