// Reads ftrace text for Perfetto line by line as Perfetto's text importer does: task, CPU, flags, seconds, an event's
// name with a colon, and the mark's text. It counts a line in another form as a failure to parse.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { suite, test } from "node:test";
import { traceText } from "../../src/formats/export.ts";
import { ORDERS } from "../cli/farjal.ts";
import { type Slice, slicesOf, tracedRun } from "./timelines.ts";
import { call, entry, exit, graphEvents, traceOf } from "./traces.ts";

const LINE =
  /^ *(?<task>\S.{0,15})-(?<pid>\d+) +\[(?<cpu>\d{3})\] (?<flags>[\w.]{0,5}) +(?<seconds>\d+)\.(?<fraction>\d{9}): (?<event>\S+): (?<mark>.*)$/;

interface Imported {
  readonly slices: readonly Slice[];
  readonly instants: readonly (readonly [name: string, time: number])[];
  /** Tasks' names by their pids. */
  readonly tasks: ReadonlyMap<number, string>;
  /** Calls without an end. */
  readonly open: number;
}

function imported(text: string): Imported {
  assert.match(text, /^# tracer: nop\n/);
  const slices: Slice[] = [];
  const instants: [string, number][] = [];
  const tasks = new Map<number, string>();
  const open = new Map<number, { symbol: string; start: number }[]>();
  for (const line of text.trimEnd().split("\n")) {
    if (line.startsWith("#")) continue;
    const groups = LINE.exec(line)?.groups;
    assert.ok(groups, line);
    assert.equal(groups["event"], "tracing_mark_write");
    const pid = Number(groups["pid"]);
    const time = Number(groups["seconds"]) * 1e9 + Number(groups["fraction"]);
    tasks.set(pid, groups["task"] as string);
    const calls = open.get(pid) ?? [];
    open.set(pid, calls);
    const [phase, tgid, symbol = ""] = (groups["mark"] as string).split("|");
    assert.equal(Number(tgid), pid);
    if (phase === "B") calls.push({ symbol, start: time });
    else if (phase === "I") instants.push([symbol, time]);
    else {
      assert.equal(phase, "E");
      const ended = calls.pop();
      assert.ok(ended, "an end without a begin");
      const [name = "", module = null] = ended.symbol.split(/ \[|\]$/);
      const length = time - ended.start;
      slices.push({ name, module, pid, depth: calls.length, start: ended.start, length });
    }
  }
  slices.sort((a, b) => a.start - b.start || a.depth - b.depth);
  return { slices, instants, tasks, open: [...open.values()].flat().length };
}

suite("Perfetto's text importer", () => {
  for (const order of ORDERS) {
    test(`finds the calls of a ${order}-endian run`, async (context) => {
      const { trace, path } = await tracedRun(context, order, "function_graph", "systrace");
      const { slices, tasks, open } = imported(readFileSync(path, "latin1"));
      assert.ok(slices.length > 40);
      assert.deepEqual(slices, slicesOf(trace));
      assert.deepEqual([...tasks], [[trace.task.pid, trace.task.name]]);
      assert.equal(open, 0);
    });

    test(`finds an instant for each call of a ${order}-endian run of function`, async (context) => {
      const { trace, path } = await tracedRun(context, order, "function", "systrace");
      const { instants } = imported(readFileSync(path, "latin1"));
      assert.ok(instants.length > 40);
      const expected = [...trace.events].map(({ name, module, count }) => [
        `${name} [${module}]`,
        count,
      ]);
      assert.deepEqual(instants, expected);
    });
  }

  test("finds calls of every length, of each task, and omits those without an entry", () => {
    const task = { name: "kworker/0:1-events", pid: 2_000_000 };
    const other = [entry(30, "mix", 0), exit(30, 45, "mix", 0)].map((event) => ({
      ...event,
      task,
    }));
    const whole = traceOf([...other, ...graphEvents()]);
    const trace = traceOf([exit(10, 20, "checksum", 0), ...whole.events]);
    const { slices, tasks } = imported([...traceText(trace, "systrace")].join(""));
    assert.deepEqual(slices, slicesOf(whole));
    assert.equal(tasks.get(task.pid), "kworker/0:1-even");
  });

  test("a name can't end its mark", () => {
    const trace = traceOf([{ ...call(1, "mix", "work_run"), name: "a|b", module: null }]);
    assert.deepEqual(imported([...traceText(trace, "systrace")].join("")).instants, [["a_b", 10]]);
  });
});
