// Compares two hand-made traces whose differences are known.

import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { diffTraces } from "../../src/compare/diff.ts";
import { Misuse } from "../../src/errors.ts";
import { traceFromBytes } from "../../src/formats/read.ts";
import { ftraceText } from "../../src/formats/text/writer.ts";
import type { Trace } from "../../src/formats/trace.ts";
import type { TraceEvent } from "../../src/ftrace/event.ts";
import {
  functionEvents as formatFunctionEvents,
  graphEvents as formatGraphEvents,
  traceOf,
} from "../formats/traces.ts";
import { CLOCK_HZ, functionEvents, graphEvents } from "./events.ts";

const trace = (events: Iterable<TraceEvent>) => ({ events, clockHz: CLOCK_HZ });
const LINES = ["run<-host", "open<-run", "read<-run", "copy<-read", "read<-run", "close<-run"];

suite("the difference of two traces", () => {
  test("of the same calls at the same times is empty", () => {
    const diff = diffTraces(trace(functionEvents(...LINES)), trace(functionEvents(...LINES)));
    assert.deepEqual(diff, {
      same: true,
      tracer: "function",
      calls: { a: 6, b: 6 },
      divergence: null,
      added: [],
      removed: [],
      changed: [],
      firstTime: null,
    });
  });

  test("begins at the first call that differs, with the calls around it", () => {
    const other = LINES.with(3, "move<-read");
    const diff = diffTraces(trace(functionEvents(...LINES)), trace(functionEvents(...other)));
    assert.deepEqual(diff.divergence, {
      index: 3,
      before: ["run <-host", "open <-run", "read <-run"],
      a: ["copy <-read", "read <-run", "close <-run"],
      b: ["move <-read", "read <-run", "close <-run"],
    });
    assert.deepEqual(diff.added, [{ caller: "read", callee: "move", calls: 1 }]);
    assert.deepEqual(diff.removed, [{ caller: "read", callee: "copy", calls: 1 }]);
    assert.deepEqual(
      diff.changed.map(({ name, calls }) => [name, calls.a, calls.b]),
      [
        ["copy", 1, 0],
        ["move", 0, 1],
      ],
    );
  });

  test("shows only the last three calls before a late difference, and three from it on", () => {
    const longer = [...LINES, "write<-run", "sync<-run"];
    const other = longer.with(4, "skip<-run");
    const diff = diffTraces(trace(functionEvents(...longer)), trace(functionEvents(...other)));
    assert.deepEqual(diff.divergence, {
      index: 4,
      before: ["open <-run", "read <-run", "copy <-read"],
      a: ["read <-run", "close <-run", "write <-run"],
      b: ["skip <-run", "close <-run", "write <-run"],
    });
  });

  test("sees a trace that ends early, and counts what came after", () => {
    const diff = diffTraces(
      trace(functionEvents(...LINES)),
      trace(functionEvents(...LINES.slice(0, 2))),
    );
    assert.equal(diff.divergence?.index, 2);
    assert.deepEqual(diff.divergence?.b, []);
    assert.deepEqual(diff.calls, { a: 6, b: 2 });
  });

  test("of calls in another order isn't empty, though all counts agree", () => {
    const diff = diffTraces(
      trace(functionEvents("a<-r", "b<-r")),
      trace(functionEvents("b<-r", "a<-r")),
    );
    assert.equal(diff.same, false);
    assert.deepEqual(diff.changed, []);
  });

  test("gives costs in nanoseconds, a function's own apart from its calls'", () => {
    const a = graphEvents(["run", 5, ["leaf", 10], ["leaf", 10]]);
    const b = graphEvents(["run", 5, ["leaf", 10], ["leaf", 12]]);
    const { changed, same, firstTime } = diffTraces(trace(a), trace(b));
    assert.equal(same, false);
    assert.equal(firstTime, null);
    assert.deepEqual(changed, [
      {
        name: "leaf",
        calls: { a: 2, b: 2 },
        total: { a: 200, b: 220 },
        self: { a: 200, b: 220 },
      },
      {
        name: "run",
        calls: { a: 1, b: 1 },
        total: { a: 250, b: 270 },
        self: { a: 50, b: 50 },
      },
    ]);
    assert.equal(diffTraces(trace(a), trace(b), { ignoreTime: true }).same, true);
  });

  test("sees times, counted from the first call, unless they are ignored", () => {
    const late = functionEvents(...LINES).map((event, index) => ({
      ...event,
      microseconds: event.microseconds + (index < 2 ? 7 : 9),
    }));
    const same = trace(functionEvents(...LINES));
    assert.equal(diffTraces(same, trace(late)).firstTime, 2);
    assert.equal(diffTraces(same, trace(late), { ignoreTime: true }).same, true);
  });

  test("keeps tasks apart that run in turns", () => {
    const of = (pid: number, events: readonly TraceEvent[]) =>
      events.map((event) => ({ ...event, task: { name: "t", pid } }));
    const one = of(1, graphEvents(["a", 5, ["b", 5]]));
    const two = of(2, graphEvents(["c", 9]));
    const mixed = [...one.slice(0, 1), ...two.slice(0, 1), ...one.slice(1), ...two.slice(1)];
    const diff = diffTraces(
      { events: mixed, clockHz: CLOCK_HZ },
      { events: [...one, ...two], clockHz: CLOCK_HZ },
      { ignoreTime: true },
    );
    assert.deepEqual([diff.added, diff.removed, diff.changed], [[], [], []]);
  });

  test("a million events of endless nesting stay bounded", () => {
    function* nested(): Generator<TraceEvent> {
      const [event] = functionEvents("f<-f");
      for (let index = 0; index < 300_000; index += 1) if (event !== undefined) yield event;
    }
    assert.equal(diffTraces(trace(nested()), trace(nested())).calls.a, 300_000);
  });

  test("isn't computed for an empty trace, nor for two tracers", () => {
    const some = trace(functionEvents(...LINES));
    assert.throws(() => diffTraces(trace([]), trace([])), Misuse);
    assert.throws(() => diffTraces(some, trace(graphEvents(["a", 1]))), Misuse);
    const mixed = [...functionEvents("a<-b"), ...graphEvents(["a", 1])];
    assert.throws(() => diffTraces(some, trace(mixed)), Misuse);
    assert.equal(diffTraces(some, trace([])).same, false);
  });
});

suite("a run as text and as it was traced", () => {
  const asText = (trace: Trace, options = {}): Trace =>
    traceFromBytes(Buffer.from([...ftraceText(trace, options)].join("")), "trace");

  test("is empty: times that a text doesn't have aren't compared", () => {
    const graph = traceOf(formatGraphEvents());
    const calls = traceOf(formatFunctionEvents());
    for (const options of [
      {},
      { abstime: true },
      { duration: false },
      { cpu: false, proc: true },
    ]) {
      for (const pair of [
        [graph, asText(graph, options)],
        [asText(graph, options), graph],
        [calls, asText(calls)],
      ] as const) {
        const { same, changed, firstTime } = diffTraces(...pair);
        assert.deepEqual([same, changed, firstTime], [true, [], null], JSON.stringify(options));
      }
    }
  });

  test("differs where the text's own times differ", () => {
    const events = formatGraphEvents();
    const later = events.map((event) =>
      event.type === "funcgraph_exit" && event.name === "mix"
        ? { ...event, count: event.count + 100 }
        : event,
    );
    const { changed, firstTime } = diffTraces(traceOf(events), asText(traceOf(later)));
    assert.equal(firstTime, null);
    assert.ok(changed.some(({ name }) => name === "mix"));
    const moved = formatFunctionEvents().map((event, index) =>
      index < 5 ? event : { ...event, microseconds: event.microseconds + 1 },
    );
    assert.equal(diffTraces(traceOf(formatFunctionEvents()), asText(traceOf(moved))).firstTime, 5);
  });
});
