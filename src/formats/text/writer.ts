// A trace as the kernel's `trace` file shows it, which people and scripts read. The lines are
// ftrace/text/function-text.ts's and ftrace/text/graph-text.ts's; here the header gets its counts, and losses their place.

import { Misuse } from "../../errors.ts";
import type { FunctionEvent } from "../../ftrace/event.ts";
import { FtraceLines, ftraceHeader } from "../../ftrace/text/function-text.ts";
import { type GraphTextOptions, graphText } from "../../ftrace/text/graph-text.ts";
import { type RecordedEvent, type Trace, traceLength } from "../trace.ts";

/**
 * The text, some lines at a time, of the tracer that made the first event.
 * @throws Misuse for events of both tracers.
 */
export function* ftraceText(trace: Trace, options: GraphTextOptions = {}): Generator<string> {
  const [first] = trace.events;
  if (first === undefined ? trace.tracer === "function_graph" : first.type !== "function") {
    yield* graphText({ ...trace, events: graphEvents(trace.events) }, options);
    return;
  }
  const entries = traceLength(trace);
  yield ftraceHeader(entries, entries + trace.overruns, trace.cpus);
  const lines = new FtraceLines();
  for (const event of trace.events) {
    if (event.type !== "function") throw mixed();
    const { lost } = event;
    if (lost !== undefined && lost !== 0) yield lines.take() + lostLine(event.cpu, lost);
    lines.add(event.task ?? trace.task, event);
    if (lines.full) yield lines.take();
  }
  yield lines.take();
}

type RecordedGraphEvent = Exclude<RecordedEvent, FunctionEvent>;

function* graphEvents(events: Iterable<RecordedEvent>): Generator<RecordedGraphEvent> {
  for (const event of events) {
    if (event.type === "function") throw mixed();
    yield event;
  }
}

function mixed(): Misuse {
  return new Misuse(
    "events of function and of function_graph don't go into one text of the kernel's",
  );
}

function lostLine(cpu: number, lost: number | null): string {
  return `CPU:${cpu} [LOST ${lost === null ? "" : `${lost} `}EVENTS]\n`;
}
