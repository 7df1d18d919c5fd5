// Prints a trace as the kernel's `trace` file shows it. The lines come from ftrace/text/function-text.ts and
// ftrace/text/graph-text.ts; this file adds the header with its counts, and places the losses.

import { Misuse } from "../../errors.ts";
import type { FunctionEvent } from "../../ftrace/event.ts";
import { FtraceLines, ftraceHeader } from "../../ftrace/text/function-text.ts";
import { type GraphTextOptions, graphText } from "../../ftrace/text/graph-text.ts";
import { type Trace, type TraceRecord, traceRules } from "../trace.ts";

/**
 * The text, some lines at a time, in the form of the tracer that made the first call; events of other kinds are between
 * its lines.
 * @throws Misuse for a trace that has events of both tracers.
 */
export function* ftraceText(trace: Trace, options: GraphTextOptions = {}): Generator<string> {
  const [first] = trace.events;
  if (first === undefined ? trace.tracer === "function_graph" : first.type !== "function") {
    yield* graphText({ ...trace, events: graphRecords(trace.records) }, options);
    return;
  }
  const entries = trace.length ?? recordCount(trace);
  const { F1: columns } = traceRules(trace);
  const { ticks = false, origin = 0n, overruns, cpus } = trace;
  yield ftraceHeader({ entries, written: entries + overruns, cpus }, columns);
  const lines = new FtraceLines({ ticks, origin, columns });
  for (const record of trace.records) {
    const { lost } = record;
    if (lost !== undefined && lost !== 0) yield lines.take() + lostLine(record.cpu, lost);
    const task = record.task ?? trace.task;
    const microseconds = ticks ? record.count : record.microseconds;
    if (record.type === "other") lines.addEvent(task, { ...record, microseconds });
    else if (record.type !== "function") throw mixed();
    else lines.add(task, ticks ? { ...record, microseconds } : record);
    if (lines.full) yield lines.take();
  }
  yield lines.take();
}

function recordCount({ records }: Trace): number {
  let count = 0;
  for (const _ of records) count += 1;
  return count;
}

function* graphRecords(records: Trace["records"]): Generator<Exclude<TraceRecord, FunctionEvent>> {
  for (const record of records) {
    if (record.type === "function") throw mixed();
    yield record;
  }
}

function mixed(): Misuse {
  return new Misuse(
    "one text in the kernel's form can't hold events of both function and function_graph",
  );
}

function lostLine(cpu: number, lost: number | null): string {
  return `CPU:${cpu} [LOST ${lost === null ? "" : `${lost} `}EVENTS]\n`;
}
