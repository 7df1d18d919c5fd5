// Files of tracefs other than the trace: enabled_functions, touched_functions, available_filter_functions_addrs,
// per_cpu/cpuN/stats and the function profiler's trace_stat/functionN. What differs by release is a rule's value.

import { digits } from "../../hex.ts";
import type { TraceRules } from "../../kernel/rules/table.ts";
import type { TraceableFunction } from "../filters/pattern.ts";
import type { FunctionProfile } from "../function-profile.ts";
import { secondsText } from "./function-text.ts";
import { durationText } from "./graph-text.ts";

const NAME_WIDTH = 30;
/**
 * The blanks of flags none of which is set: registers are saved, the ip is changed, a direct call is made; since 6.6
 * also the call goes through the ops, and the site was changed by someone else, a flag between two blanks.
 */
const NO_FLAGS: Readonly<Record<TraceRules["F5"], string>> = {
  three: " ".repeat(6),
  five: " ".repeat(11),
};
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

/** A function's line in enabled_functions and touched_functions. @param tracers the number that trace it now. */
export function enabledLine(
  function_: TraceableFunction,
  tracers: number,
  flags: TraceRules["F5"],
): string {
  return `${functionText(function_)} (${tracers})${NO_FLAGS[flags]}\n`;
}

/** A function's line in available_filter_functions_addrs. @param address its call site's. */
export function addressLine(address: number, function_: TraceableFunction): string {
  return `${digits(address)} ${functionText(function_)}\n`;
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
