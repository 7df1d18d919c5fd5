// Computes from a trace's own events the calls that a timeline viewer should show. The tests of the formats for such
// viewers compare them with what these viewers read.

import { join } from "node:path";
import type { TestContext } from "node:test";
import { readTrace } from "../../src/formats/read.ts";
import { nanosecondsOf, type Trace } from "../../src/formats/trace.ts";
import { builtModule, farjal, temporaryDirectory } from "../cli/farjal.ts";

export interface Slice {
  readonly name: string;
  readonly module: string | null;
  readonly pid: number;
  /** How many calls of the task are open around it. */
  readonly depth: number;
  /** Nanoseconds. */
  readonly start: number;
  readonly length: number;
}

/** The trace's complete calls in the order of their starts. */
export function slicesOf({ task, clockHz, events }: Trace): Slice[] {
  const nanoseconds = nanosecondsOf(clockHz);
  const slices: Slice[] = [];
  for (const event of events) {
    if (event.type !== "funcgraph_exit") continue;
    const { name, module, depth } = event;
    const start = nanoseconds(event.entryCount);
    const length = nanoseconds(event.count) - start;
    slices.push({ name, module, pid: (event.task ?? task).pid, depth, start, length });
  }
  return slices.sort((a, b) => a.start - b.start || a.depth - b.depth);
}

/** Traces a run of our module: its trace.dat read back, and the path of the same trace in another format. */
export async function tracedRun(
  context: TestContext,
  order: "little" | "big",
  tracer: "function" | "function_graph",
  ending: string,
): Promise<{ readonly trace: Trace; readonly path: string }> {
  const folder = temporaryDirectory(context);
  const [data, path] = [join(folder, "trace.dat"), join(folder, `trace.${ending}`)];
  for (const output of [data, path]) {
    const call = ["trace", builtModule("modern", order), "--call", "work_run", "7"];
    const { code, stderr } = farjal([...call, "-p", tracer, "-o", output]);
    if (code !== 0) throw new Error(stderr);
  }
  return { trace: await readTrace(data), path };
}
