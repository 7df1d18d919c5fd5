// The files of tracefs that describe tracing but are not the trace itself: the functions that can be traced, those that
// are and were, the options, the ring's statistics and the function profile. This file maps the names in
// /sys/kernel/tracing to texts; the rules of the machine's kernel say which files there are, and how their lines look.

import { Misuse } from "../errors.ts";
import type { TraceRules } from "../kernel/rules/table.ts";
import { TRACERS, type TraceEvent } from "./event.ts";
import { FILTER_FILES, FunctionSet, type Traceable } from "./filters/function-set.ts";
import { ftraceHeader } from "./text/function-text.ts";
import { traceOptionsText } from "./text/trace-options.ts";
import {
  addressLine,
  enabledLine,
  functionText,
  profileText,
  statisticsText,
} from "./text/tracefs-text.ts";
import type { Tracer } from "./tracer.ts";

/** The supported files. */
export const TRACE_FILES = [
  "available_tracers",
  "available_filter_functions",
  "available_filter_functions_addrs",
  "current_tracer",
  "enabled_functions",
  ...FILTER_FILES,
  "max_graph_depth",
  "per_cpu/cpu0/stats",
  "touched_functions",
  "trace",
  "trace_options",
  "trace_stat/function0",
] as const;
export type TraceFile = (typeof TRACE_FILES)[number];

/** The files that not every kernel has: rule F9. */
const NEWER: readonly TraceFile[] = ["available_filter_functions_addrs", "touched_functions"];

/** What the files describe. */
export interface Tracefs {
  readonly traceable: Traceable;
  /** The tracer that ran last. */
  readonly tracer: Tracer | undefined;
  /** Microseconds since the machine's reset. */
  readonly now: number;
  readonly rules: TraceRules;
}

/** The text that `cat` of a file shows, in pieces. @throws Misuse for a file that the machine's kernel doesn't have. */
export function* traceFile(
  name: TraceFile,
  { traceable, tracer, now, rules }: Tracefs,
): Generator<string> {
  if (rules.F9 === "none" && NEWER.includes(name)) {
    throw new Misuse(
      `the machine's kernel has no ${name}: Linux has it since 6.6 (--kernel-release 6.6, or --rule F9=both)`,
    );
  }
  const running = tracer?.running === true ? tracer : undefined;
  switch (name) {
    case "available_tracers":
      yield `${TRACERS.toReversed().join(" ")} nop\n`;
      break;
    case "available_filter_functions":
      for (const one of traceable.functions) yield `${functionText(one)}\n`;
      break;
    case "available_filter_functions_addrs":
      for (const one of traceable.functions) yield addressLine(one.address, one);
      break;
    case "current_tracer":
      yield `${running?.name ?? "nop"}\n`;
      break;
    case "enabled_functions":
      yield* enabledLines(running?.sitesOn ?? [], running, traceable, rules);
      break;
    case "touched_functions":
      yield* enabledLines(tracer?.sitesTouched ?? [], running, traceable, rules);
      break;
    case "trace_options":
      yield traceOptionsText(running?.name ?? null, rules);
      break;
    case "max_graph_depth":
      yield `${tracer?.maxDepth ?? 0}\n`;
      break;
    case "per_cpu/cpu0/stats":
      yield statistics(tracer, now);
      break;
    case "trace":
      if (tracer === undefined)
        yield ftraceHeader({ tracer: "nop", entries: 0, written: 0 }, rules.F1);
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

/** The lines of these sites' functions. @param running the tracer that has switched some of them on. */
function* enabledLines(
  addresses: readonly number[],
  running: Tracer | undefined,
  { functions }: Traceable,
  { F5 }: TraceRules,
): Generator<string> {
  const shown = new Set(addresses);
  const on = new Set(running?.sitesOn ?? []);
  for (const one of functions) {
    if (shown.has(one.address)) yield enabledLine(one, on.has(one.address) ? 1 : 0, F5);
  }
}

/** Bytes of an event in a 32-bit kernel's ring: rb_event_length() adds a word to the record. */
const EVENT_BYTES: Readonly<Record<TraceEvent["type"], number>> = {
  function: 20,
  funcgraph_entry: 20,
  funcgraph_exit: 40,
};

function statistics(tracer: Tracer | undefined, now: number): string {
  const { entries, overruns } = tracer ?? { entries: 0, overruns: 0 };
  let bytes = 0;
  let oldest: number | undefined;
  for (const { type, microseconds } of tracer?.events() ?? []) {
    bytes += EVENT_BYTES[type];
    oldest ??= microseconds;
  }
  return statisticsText({ entries, overrun: overruns, bytes, oldest: oldest ?? 0, now });
}
