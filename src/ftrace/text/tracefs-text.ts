// Files of tracefs other than the trace, as 6.1 prints them: enabled_functions, per_cpu/cpuN/stats and the function
// profiler's trace_stat/functionN.

import type { TraceableFunction } from "../filters/pattern.ts";
import type { FunctionProfile } from "../function-profile.ts";
import { secondsText } from "./function-text.ts";
import { durationText } from "./graph-text.ts";

const NAME_WIDTH = 30;
/** Two blanks for each flag, none of which is set: registers are saved, the ip is changed, a direct call is made. */
const NO_FLAGS = " ".repeat(6);
const PROFILE_HEAD = `  Function                               Hit    Time            Avg             s^2
  --------                               ---    ----            ---             ---
`;
const HITS_HEAD = `  Function                               Hit
  --------                               ---
`;

/** `%ps`: the name, with its module. */
export function functionText({ name, module }: TraceableFunction): string {
  return module === null ? name : `${name} [${module}]`;
}

/** A function's line; the number of tracers that trace it is always one here. */
export function enabledLine(function_: TraceableFunction): string {
  return `${functionText(function_)} (1)${NO_FLAGS}\n`;
}

export interface RingStatistics {
  readonly entries: number;
  readonly overrun: number;
  readonly bytes: number;
  /** Microseconds: the time of the oldest event kept, and the present time. */
  readonly oldest: number;
  readonly now: number;
}

/** per_cpu/cpu0/stats. */
export function statisticsText({ entries, overrun, bytes, oldest, now }: RingStatistics): string {
  return (
    `entries: ${entries}\noverrun: ${overrun}\ncommit overrun: 0\nbytes: ${bytes}\n` +
    `oldest event ts: ${secondsText(oldest)}\nnow ts: ${secondsText(now)}\n` +
    "dropped events: 0\nread events: 0\n"
  );
}

/** trace_stat/function0; without times if the function tracer ran. */
export function* profileText(rows: readonly FunctionProfile[]): Generator<string> {
  yield rows.every(({ time }) => time === null) && rows.length > 0 ? HITS_HEAD : PROFILE_HEAD;
  for (const { name, hits, time, variance } of rows) {
    const head = `  ${name.slice(0, NAME_WIDTH).padEnd(NAME_WIDTH)}  ${String(hits).padStart(10)}`;
    const figures = time === null ? [] : [time, time / BigInt(hits), variance ?? 0n];
    yield `${[head, ...figures.map((figure) => durationText(Number(figure)))].join("    ")}\n`;
  }
}
