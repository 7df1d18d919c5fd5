// Reads Chrome's trace events with Chrome's own reader: the trace engine of its DevTools, which nests B and E and
// returns calls with their durations, as the Performance panel draws them.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { suite, test } from "node:test";
import { traceText } from "../../src/formats/export.ts";
import { ORDERS } from "../cli/farjal.ts";
import { type Slice, slicesOf, tracedRun } from "./timelines.ts";
import { entry, exit, graphEvents, traceOf } from "./traces.ts";

interface ChromeEvent {
  readonly ph: string;
  readonly name: string;
  readonly cat: string;
  readonly pid: number;
  readonly tid: number;
  /** Microseconds. */
  readonly ts: number;
  readonly dur?: number;
  readonly s?: string;
  readonly args: Readonly<Record<string, string | number>>;
}

interface ParsedTrace {
  readonly traceEvents: readonly ChromeEvent[];
  readonly data: {
    readonly Meta: { readonly processNames: ReadonlyMap<number, ChromeEvent> };
    readonly Renderer: {
      readonly processes: ReadonlyMap<
        number,
        {
          readonly threads: ReadonlyMap<
            number,
            { readonly name: string; readonly entries: readonly ChromeEvent[] }
          >;
        }
      >;
    };
  };
}

interface Engine {
  readonly TraceModel: {
    readonly Model: {
      createWithAllHandlers(): {
        parse(events: readonly unknown[]): Promise<void>;
        parsedTrace(): ParsedTrace;
      };
    };
  };
}

/**
 * The engine's own declarations need a browser's, which this build lacks; the types above are the parts that the
 * tests use.
 */
const ENGINE: string = "@paulirish/trace_engine";

async function imported(text: string): Promise<ParsedTrace> {
  const { TraceModel } = (await import(ENGINE)) as Engine;
  const model = TraceModel.Model.createWithAllHandlers();
  await model.parse(JSON.parse(text).traceEvents);
  return model.parsedTrace();
}

const nanoseconds = (microseconds: number): number => Math.round(microseconds * 1000);

function slicesIn({ data }: ParsedTrace): Slice[] {
  return [...data.Renderer.processes].flatMap(([pid, { threads }]) =>
    [...threads].flatMap(([tid, { entries }]) => {
      assert.equal(tid, pid);
      const ends: number[] = [];
      return entries.map(({ name, cat, ts, dur = Number.NaN }) => {
        const start = nanoseconds(ts);
        while ((ends.at(-1) ?? Number.POSITIVE_INFINITY) <= start) ends.pop();
        const length = nanoseconds(dur);
        const slice = { name, module: cat, pid, depth: ends.length, start, length };
        ends.push(start + length);
        return slice;
      });
    }),
  );
}

suite("Chrome's trace engine", () => {
  for (const order of ORDERS) {
    test(`shows the calls of a ${order}-endian run`, async (context) => {
      const { trace, path } = await tracedRun(context, order, "function_graph", "chrome.json");
      const parsed = await imported(readFileSync(path, "utf8"));
      const slices = slicesIn(parsed);
      assert.ok(slices.length > 40);
      assert.deepEqual(slices, slicesOf(trace));
      const { name, pid } = trace.task;
      assert.equal(parsed.data.Meta.processNames.get(pid)?.args["name"], name);
      assert.equal(parsed.data.Renderer.processes.get(pid)?.threads.get(pid)?.name, name);
    });

    test(`has an instant for each call of a ${order}-endian run of function`, async (context) => {
      const { trace, path } = await tracedRun(context, order, "function", "chrome.json");
      const { traceEvents } = await imported(readFileSync(path, "utf8"));
      const instants = traceEvents.filter(({ ph }) => ph !== "M");
      const expected = [...trace.events].map((event) => [
        "i t",
        event.name,
        event.type === "function" ? event.parentName : null,
        event.count,
      ]);
      assert.ok(expected.length > 40);
      assert.deepEqual(
        instants.map(({ ph, s, name, args, ts }) => [
          `${ph} ${s}`,
          name,
          args["parent"],
          nanoseconds(ts),
        ]),
        expected,
      );
    });
  }

  test("reads calls of every length, and one whose entry was lost", async () => {
    const trace = traceOf([exit(40, 49_000, "checksum", 0), ...graphEvents()]);
    const text = [...traceText(trace, "chrome")].join("");
    const slices = slicesIn(await imported(text));
    assert.equal(slices.length, 37);
    assert.deepEqual(slices, slicesOf(trace));
  });

  // One after the other: unlike Perfetto, this engine pairs B and E of all threads in one stack.
  test("gives each task its own calls", async () => {
    const tasks = [
      { name: "sh", pid: 100 },
      { name: 'a "task"', pid: 200 },
    ] as const;
    const trace = traceOf([
      { ...entry(100, "work_run", 0), task: tasks[0] },
      { ...exit(100, 120, "work_run", 0), task: tasks[0] },
      { ...entry(120, "mix", 0), task: tasks[1] },
      { ...exit(120, 130, "mix", 0), task: tasks[1] },
    ]);
    const parsed = await imported([...traceText(trace, "chrome")].join(""));
    assert.deepEqual(slicesIn(parsed), slicesOf(trace));
    for (const { name, pid } of tasks) {
      assert.equal(parsed.data.Meta.processNames.get(pid)?.args["name"], name);
    }
  });
});
