// The cost of tracing a call here, and in a real kernel. The real kernel's figures are in this file only: Debian's 6.1
// kernel for the 4kc-malta under QEMU, which counted instructions (-icount) while a loop of twelve instructions ran
// around a leaf function of four.

import type { Trace } from "../formats/trace.ts";
import type { TracerName } from "../ftrace/event.ts";
import type { Tracer, TraceWay } from "../ftrace/tracer.ts";
import { grouped } from "../html/numbers.ts";

/** Instructions of one iteration in the real kernel: built without call sites, and in each state of one. */
export const KERNEL_ROUND: Readonly<Record<"none" | "off" | TracerName, number>> = {
  none: 12,
  off: 14,
  function: 943,
  function_graph: 2128,
};

/** The code that runs at a traced call. */
const FOR_TRACING: Readonly<Record<TraceWay, Readonly<Record<TracerName, string>>>> = {
  native: {
    function: "none: a site records as it is passed",
    function_graph:
      "none: a site records as it is passed, and a hook that isn't counted as it returns",
  },
  guest: {
    function: "ftrace_caller's, at each call",
    function_graph: "ftrace_graph_caller's and return_to_handler's, at each call",
  },
};

/**
 * The cost of tracing the call here, and the time it would take on a real machine.
 * @param instructions of the whole call.
 */
export function traceCost(
  { name, calls }: Tracer,
  instructions: number,
  way: TraceWay,
): NonNullable<Trace["cost"]> {
  const kernel = calls * (KERNEL_ROUND[name] - KERNEL_ROUND.off);
  const slower = (instructions + kernel) / Math.max(1, instructions);
  return {
    rows: [
      ["Instructions of the call", grouped(instructions)],
      ["Traced calls", grouped(calls)],
      ["Instructions a traced call", (instructions / Math.max(1, calls)).toFixed(1)],
      ["Of them, for tracing", FOR_TRACING[way][name]],
      ["Instructions that a real kernel would add", `about ${grouped(kernel)}`],
      ["It would take, against farjal's run", `about ${slower.toFixed(1)} times as long`],
    ],
    note:
      "A real 6.1 kernel (Debian's 4kc-malta under QEMU, counting instructions) ran " +
      `${grouped(KERNEL_ROUND[name])} instructions for a traced round of a small loop, and ` +
      `${KERNEL_ROUND.off} with tracing off.`,
  };
}
