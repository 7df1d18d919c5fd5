// The file trace_options as the kernel prints it: one line an option, with the prefix no where it is off. The options of
// all tracers come first, in the order of TRACE_FLAGS, then the running tracer's own. The releases differ by what was
// added and where. Each option has the state in which a kernel boots; farjal takes no other (the options of the command
// line belong to the writing of one text).

import type { TraceRules } from "../../kernel/rules/table.ts";
import type { TracerName } from "../event.ts";

/** Options that an older kernel doesn't have, and each value of rule F6 with those it adds to the value before. */
const ADDED = {
  "pause-on-trace": [],
  "hash-ptr": ["hash-ptr"],
  fields: ["nofields"],
  trace_printk_dest: ["trace_printk_dest"],
  copy_trace_marker: ["nocopy_trace_marker"],
  "bitmask-list": ["nobitmask-list"],
} as const satisfies Record<TraceRules["F6"], readonly string[]>;

/** The newest kernel's options of all tracers, in order. */
const COMMON: readonly string[] = [
  ...["print-parent", "nosym-offset", "nosym-addr", "noverbose", "noraw", "nohex", "nobin"],
  ...["noblock", "nofields", "trace_printk", "annotate", "nouserstacktrace", "nosym-userobj"],
  ...["noprintk-msg-only", "context-info", "nolatency-format", "record-cmd", "norecord-tgid"],
  ...["overwrite", "nodisable_on_free", "irq-info", "markers", "noevent-fork"],
  ...["trace_printk_dest", "nocopy_trace_marker", "nopause-on-trace", "hash-ptr"],
  ...["nobitmask-list", "function-trace", "nofunction-fork", "nodisplay-graph", "nostacktrace"],
];
const GRAPH: readonly string[] = [
  ...["nofuncgraph-overrun", "funcgraph-cpu", "funcgraph-overhead", "nofuncgraph-proc"],
  ...["funcgraph-duration", "nofuncgraph-abstime", "funcgraph-irqs", "nofuncgraph-tail"],
  "sleep-time",
];

/** @param tracer null: nop. */
export function traceOptionsText(tracer: TracerName | null, rules: TraceRules): string {
  const values = Object.keys(ADDED) as TraceRules["F6"][];
  const later = new Set<string>(
    values.slice(values.indexOf(rules.F6) + 1).flatMap((value) => ADDED[value]),
  );
  const profiled = rules.G2 === "built";
  const hasProfilerOptions = rules.F6 === "bitmask-list";
  const lines = [
    ...COMMON.filter((option) => !later.has(option)),
    ...(profiled && hasProfilerOptions ? ["noprof-text-offset", "graph-time"] : []),
    ...ownOptions(tracer, rules),
    ...(profiled && !hasProfilerOptions && tracer === "function_graph" ? ["graph-time"] : []),
  ];
  return lines.map((line) => `${line}\n`).join("");
}

function ownOptions(tracer: TracerName | null, { F16 }: TraceRules): readonly string[] {
  if (tracer === "function_graph") return GRAPH;
  if (tracer === null) return ["notest_nop_accept", "notest_nop_refuse"];
  return ["nofunc_stack_trace", ...(F16 === "repeats" ? ["nofunc-no-repeats"] : [])];
}
