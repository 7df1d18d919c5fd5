// The rows of `farjal bench`: for each run of one call, exact instructions, host time and their ratios to the first
// row. measured-run.ts makes the runs, interleave.ts the timings.

import { greatest } from "../extremes.ts";
import type { TraceWay } from "../ftrace/tracer.ts";
import type { Engine } from "../processor/engine.ts";
import type { Timing } from "./interleave.ts";
import type { Run, Tracing } from "./measured-run.ts";

export interface BenchRow {
  readonly engine: Engine;
  readonly tracer: Tracing;
  readonly way: TraceWay | null;
  readonly v0: number;
  /** Guest instructions of one call, exact. */
  readonly instructions: number;
  /** Seconds of one call. */
  readonly seconds: Timing;
  readonly instructionsPerSecond: number;
  /** Guest instructions that a traced call costs above the first row; null in the first row. */
  readonly perCallOverhead: number | null;
  /** Events of one call. */
  readonly tracedCalls: number;
  /** Ratios to the first row. */
  readonly ratio: { readonly instructions: number; readonly seconds: number };
}

/** @param timings one for each run. */
export function benchRows(runs: readonly Run[], timings: readonly Timing[]): BenchRow[] {
  const base = runs[0];
  const baseTime = timings[0]?.p50 ?? Number.NaN;
  const calls = greatest(
    runs.map((run) => run.calls),
    0,
  );
  return runs.map((run, index) => {
    const { engine, tracer, way } = run.setup;
    const { v0, instructions } = run.first;
    const seconds = timings[index] as Timing;
    const more = instructions - (base?.first.instructions ?? instructions);
    return {
      engine,
      tracer,
      way,
      v0,
      instructions,
      seconds,
      instructionsPerSecond: instructions / seconds.p50,
      perCallOverhead: run === base || calls === 0 ? null : more / calls,
      tracedCalls: run.calls,
      ratio: {
        instructions: instructions / (base?.first.instructions ?? instructions),
        seconds: seconds.p50 / baseTime,
      },
    };
  });
}
