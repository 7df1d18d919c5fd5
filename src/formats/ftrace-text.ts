// A trace as the kernel's `trace` file shows it, which people, scripts and Perfetto read. The lines are
// report/ftrace-text.ts's; here the header gets its counts, and losses their place.

import { Misuse } from "../errors.ts";
import { FtraceLines, ftraceHeader } from "../report/ftrace-text.ts";
import { type Trace, traceLength } from "./trace.ts";

/** The text, line by line. @throws Misuse for events of function_graph. */
export function* ftraceText(trace: Trace): Generator<string> {
  const entries = traceLength(trace);
  yield ftraceHeader(entries, entries + trace.overruns, trace.cpus);
  const lines = new FtraceLines();
  for (const event of trace.events) {
    if (event.type !== "function") {
      throw new Misuse("the events of function_graph aren't printed as the kernel's text yet");
    }
    const { lost } = event;
    if (lost !== undefined && lost !== 0) yield lostLine(event.cpu, lost);
    yield lines.line(event.task ?? trace.task, event);
  }
}

function lostLine(cpu: number, lost: number | null): string {
  return `CPU:${cpu} [LOST ${lost === null ? "" : `${lost} `}EVENTS]\n`;
}
