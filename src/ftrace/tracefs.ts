// The files of tracefs that describe tracing but are not the trace itself: the functions that can be traced, those that
// are, the ring's statistics and the function profile. This file maps the names in /sys/kernel/tracing to texts.

import { TRACERS } from "./event.ts";
import { FILTER_FILES, FunctionSet, type Traceable } from "./filters/function-set.ts";
import { recordSize } from "./ring/record.ts";
import { ftraceHeader } from "./text/function-text.ts";
import { enabledLine, functionText, profileText, statisticsText } from "./text/tracefs-text.ts";
import type { Tracer } from "./tracer.ts";

/** The supported files. */
export const TRACE_FILES = [
  "available_tracers",
  "available_filter_functions",
  "current_tracer",
  "enabled_functions",
  ...FILTER_FILES,
  "max_graph_depth",
  "per_cpu/cpu0/stats",
  "trace",
  "trace_stat/function0",
] as const;
export type TraceFile = (typeof TRACE_FILES)[number];

/** What the files describe. */
export interface Tracefs {
  readonly traceable: Traceable;
  /** The tracer that ran last. */
  readonly tracer: Tracer | undefined;
  /** Microseconds since the machine's reset. */
  readonly now: number;
}

/** The text that `cat` of a file shows, in pieces. */
export function* traceFile(
  name: TraceFile,
  { traceable, tracer, now }: Tracefs,
): Generator<string> {
  switch (name) {
    case "available_tracers":
      yield `${TRACERS.toReversed().join(" ")} nop\n`;
      break;
    case "available_filter_functions":
      for (const one of traceable.functions) yield `${functionText(one)}\n`;
      break;
    case "current_tracer":
      yield `${tracer?.running === true ? tracer.name : "nop"}\n`;
      break;
    case "enabled_functions": {
      const on = new Set(tracer?.running === true ? tracer.sitesOn : []);
      for (const one of traceable.functions) if (on.has(one.address)) yield enabledLine(one);
      break;
    }
    case "max_graph_depth":
      yield `${tracer?.maxDepth ?? 0}\n`;
      break;
    case "per_cpu/cpu0/stats":
      yield statistics(tracer, now);
      break;
    case "trace":
      if (tracer === undefined) yield ftraceHeader(0, 0).replace("function", "nop");
      else yield* tracer.text();
      break;
    case "trace_stat/function0":
      yield* profileText(tracer?.profile() ?? []);
      break;
    default: {
      const lines = tracer?.read(name) ?? new FunctionSet(name).lines(traceable);
      for (const line of lines) yield `${line}\n`;
    }
  }
}

function statistics(tracer: Tracer | undefined, now: number): string {
  const { entries, overruns } = tracer ?? { entries: 0, overruns: 0 };
  const [oldest] = tracer?.events() ?? [];
  return statisticsText({
    entries,
    overrun: overruns,
    bytes: entries * recordSize(tracer?.name ?? "function"),
    oldest: oldest?.microseconds ?? 0,
    now,
  });
}
