// Reads back function_graph's text in every form that its options produce: each option alone and each pair, on and
// off, must keep the data that its columns show.

import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { traceFromBytes } from "../../src/formats/read.ts";
import { ftraceText } from "../../src/formats/text/writer.ts";
import type { RecordedEvent, Trace, TraceRecord } from "../../src/formats/trace.ts";
import { type GraphTextOptions, printedDuration } from "../../src/ftrace/text/graph-text.ts";
import { graphEvents, traceOf } from "./traces.ts";

const OPTIONS = ["abstime", "cpu", "duration", "overhead", "overrun", "proc", "tail"] as const;
const SHOWN: Required<GraphTextOptions> = {
  abstime: false,
  cpu: true,
  duration: true,
  overhead: true,
  overrun: false,
  proc: false,
  tail: false,
};

function* choices(): Generator<GraphTextOptions> {
  yield {};
  for (const [index, one] of OPTIONS.entries()) {
    for (const on of [true, false]) {
      yield { [one]: on };
      for (const other of OPTIONS.slice(index + 1)) {
        yield { [one]: on, [other]: true };
        yield { [one]: on, [other]: false };
      }
    }
  }
}

const TASKS = [
  { name: "sh", pid: 141 },
  { name: "a b-c", pid: 9 },
] as const;

/** Calls of two tasks on the given number of CPUs, an event of another kind, and calls whose entries were lost. */
function traceOn(cpus: number): Trace {
  const calls = graphEvents();
  const own = calls.flatMap((event, index): RecordedEvent[] => {
    const task = TASKS[Math.floor(index / 8) % 2] ?? TASKS[0];
    const cpu = cpus === 1 ? 0 : TASKS.indexOf(task);
    return [{ ...event, cpu, task, flags: ".....", lost: 0 }];
  });
  const [first] = own;
  const { count, time, microseconds, cpu } = first as RecordedEvent;
  const whose = { task: TASKS[0], flags: ".....", lost: 0 };
  const other: TraceRecord = {
    ...{ type: "other", count, time, microseconds, cpu, ...whose },
    ...{ name: "tick", fields: "n=1 | 2" },
  };
  const records = [...own.slice(0, 2), other, ...own.slice(2)];
  return { ...traceOf(own), cpus, records };
}

/** The part of a record that a text with these columns shows. */
function shown(
  record: TraceRecord,
  trace: Trace,
  options: Required<GraphTextOptions>,
  leaf: boolean,
): unknown {
  const { type, cpu, count } = record;
  const nanoseconds = 1e9 / trace.clockHz;
  const { pid = 0 } = record.task ?? trace.task;
  const whose = [options.cpu ? cpu : 0, options.proc ? pid : null];
  const time = options.abstime && !leaf ? Math.floor((count * nanoseconds) / 1000) : null;
  if (record.type === "other") return [type, ...whose, time, record.name, record.fields];
  const { name, module } = record;
  if (record.type !== "funcgraph_exit") return [type, ...whose, time, name, module];
  const took = (count - record.entryCount) * nanoseconds;
  return [
    ...[type, ...whose, name, module, record.depth],
    // For a call on one line, the return's time follows from its duration.
    leaf ? null : time,
    options.duration ? printedDuration(took) : null,
    options.overrun && !leaf ? record.overrun : 0,
  ];
}

function allShown(trace: Trace, options: Required<GraphTextOptions>): unknown[] {
  const records = [...trace.records];
  return records.map((record, index) => {
    const before = records[index - 1];
    const leaf =
      record.type === "funcgraph_exit" &&
      before?.type === "funcgraph_entry" &&
      before.depth === record.depth;
    return shown(record, trace, options, leaf);
  });
}

suite("function_graph's text is read back", () => {
  for (const cpus of [1, 2]) {
    for (const options of choices()) {
      if (cpus > 1 && options.cpu === false) continue;
      const name = Object.entries(options).map(([option, on]) => `${on ? "" : "no"}${option}`);
      test(`${cpus} CPU, ${name.join(" ") || "as it is"}`, () => {
        const trace = traceOn(cpus);
        const text = [...ftraceText(trace, options)].join("");
        const read = traceFromBytes(Buffer.from(text), "trace");
        const columns = { ...SHOWN, ...options };
        assert.deepEqual(allShown(read, columns), allShown(trace, columns));
        assert.deepEqual(read.notes?.(), []);
        const again = [...ftraceText(read, options)].join("");
        if (columns.duration && (columns.cpu || cpus === 1)) assert.equal(again, text);
      });
    }
  }
});
