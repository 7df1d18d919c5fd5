// The profile of function_profile_enabled, computed from a trace: for each function its hits and, if returns are
// recorded, its time, summed as kernel/trace/ftrace.c's profiler does. The kernel counts independently of its ring
// buffer; this counts the events that the ring kept.

import type { OptionKeys } from "../options.ts";
import type { TraceEvent } from "./event.ts";

/** One function's profile. */
export interface FunctionProfile {
  readonly name: string;
  readonly module: string | null;
  readonly ip: number;
  readonly hits: number;
  /** Nanoseconds in all its calls that returned; null when returns aren't recorded. */
  readonly time: bigint | null;
  /** Sample variance of a call's time, in microseconds and nanoseconds as the kernel has it: ns^2 / 1000. */
  readonly variance: bigint | null;
}

export interface ProfileOptions {
  /** Whether a function's time includes that of the functions it calls; default: true. */
  readonly graphTime?: boolean;
}

export const PROFILE_OPTIONS: OptionKeys<ProfileOptions> = {
  graphTime: true,
};

const NANOSECONDS = 1_000_000_000n;

interface Sum {
  name: string;
  module: string | null;
  hits: bigint;
  time: bigint;
  squares: bigint;
}

/**
 * Computes the profile, most time first, or most hits first when there are no times.
 * @param clockHz the rate of the events' counts, per second.
 */
export function profileOf(
  events: Iterable<TraceEvent>,
  clockHz: number,
  { graphTime = true }: ProfileOptions = {},
): FunctionProfile[] {
  const sums = new Map<number, Sum>();
  /** By depth: the time spent in calls made by the open function at that depth. */
  const inside: bigint[] = [];
  let timed = false;
  for (const event of events) {
    const { ip, name, module } = event;
    let sum = sums.get(ip);
    if (sum === undefined) {
      sum = { name, module, hits: 0n, time: 0n, squares: 0n };
      sums.set(ip, sum);
    }
    if (event.type !== "funcgraph_exit") {
      sum.hits += 1n;
      if (event.type === "funcgraph_entry") inside[event.depth + 1] = 0n;
      continue;
    }
    timed = true;
    const { depth, count, entryCount } = event;
    const whole = nanoseconds(count - entryCount, clockHz);
    const within = inside[depth + 1] ?? 0n;
    inside[depth] = (inside[depth] ?? 0n) + whole;
    inside[depth + 1] = 0n;
    const time = graphTime ? whole : whole - (within < whole ? within : whole);
    sum.time += time;
    sum.squares += time * time;
  }
  const rows = [...sums].map(([ip, { name, module, hits, time, squares }]) => ({
    name,
    module,
    ip,
    hits: Number(hits),
    time: timed ? time : null,
    variance: timed ? varianceOf(hits, time, squares) : null,
  }));
  return rows
    .filter(({ hits }) => hits > 0)
    .sort((a, b) => compare(b.time ?? b.hits, a.time ?? a.hits));
}

function nanoseconds(count: number, clockHz: number): bigint {
  return (BigInt(count) * NANOSECONDS) / BigInt(Math.round(clockHz));
}

/** (n * sum(x^2) - sum(x)^2) / (n * (n - 1) * 1000). */
function varianceOf(hits: bigint, time: bigint, squares: bigint): bigint {
  return hits <= 1n ? 0n : (hits * squares - time * time) / (hits * (hits - 1n) * 1000n);
}

function compare(a: bigint | number, b: bigint | number): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
