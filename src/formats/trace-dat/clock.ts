// Converts a trace.dat's times as trace-cmd does (timestamp_calc() and extract_trace_clock() in its trace-input.c): a
// count of the ring is moved to the clock of the machine that a guest was recorded with, scaled when the file has the
// TSC's rate, and shifted by what --date and --ts-offset recorded. The name of the clock says whether counts are
// nanoseconds. A JavaScript number holds 2^53 nanoseconds, 104 days, exactly, and clocks such as tai count from 1970. So
// counts and times are kept less two numbers that are chosen once for a file.

import type { TimeShift } from "./time-shift.ts";

/** The file's options about its clock. */
export interface ClockOptions {
  /** TRACECLOCK's text: the kernel's trace_clock file, the chosen one in brackets. */
  readonly clocks?: string;
  /**
   * DATE: microseconds between the trace's clock and the time of day. OFFSET: nanoseconds. Both in the syntax of C's
   * strtoll.
   */
  readonly date?: string;
  readonly offset?: string;
  /** TSC2NSEC: nanoseconds = count * mult >> shift. */
  readonly scale?: { readonly mult: number; readonly shift: number };
  /** TIME_SHIFT: what leads from this machine's clock to its host's. */
  readonly shift?: TimeShift;
}

/** The first time stamp of a CPU's ring. */
export interface FirstStamp {
  readonly cpu: number;
  readonly count: bigint;
}

export interface Clock {
  /** True when counts aren't nanoseconds and the file doesn't say their rate. */
  readonly ticks: boolean;
  /** Subtracted from the ring's counts when they are read. */
  readonly base: bigint;
  /** Added to times when they are printed. */
  readonly origin: bigint;
  /** Makes a CPU's conversion from a count less `base` to the trace's time less `origin`. */
  readonly timeOn: (cpu: number) => (count: number) => number;
}

const NANOSECONDS = /^(?:local|global|uptime|perf|tsc2nsec|tai|mono.*)$/;
/** Smaller counts and times, below about 26 days, are kept as they are. */
const SMALL = 1n << 51n;
const WIDEST_SHIFT = 63;

/** @param firsts the first time stamp of each CPU that has one. */
export function clockOf(
  { clocks, date, offset, scale, shift }: ClockOptions,
  firsts: readonly FirstStamp[],
): Clock {
  const clock = clocks === undefined ? undefined : /\[([^\s\]]+)/.exec(clocks)?.[1];
  const scaled = scale !== undefined && scale.mult !== 0;
  const ticks = !scaled && clock !== undefined && !NANOSECONDS.test(clock);
  const moved = 1000n * integer(date) + integer(offset);
  const mult = BigInt(scale?.mult ?? 0);
  const bits = BigInt(Math.min(WIDEST_SHIFT, scale?.shift ?? 0));
  const exact = (count: bigint, cpu: number): bigint => {
    const shifted = shift === undefined ? count : shift(count, cpu);
    return (scaled ? (shifted * mult) >> bits : shifted) + moved;
  };
  const base = startOf(firsts.map(({ count }) => count));
  const origin = startOf(firsts.map(({ count, cpu }) => exact(count, cpu)));
  const timeOn = (cpu: number): ((count: number) => number) => {
    if (scaled || shift !== undefined) {
      return (count) => Number(exact(base + BigInt(count), cpu) - origin);
    }
    const added = Number(base + moved - origin);
    return (count) => count + added;
  };
  return { ticks, base, origin, timeOn };
}

/** The least of these, unless it is small enough to be kept. */
function startOf(firsts: readonly bigint[]): bigint {
  let [least = 0n] = firsts;
  for (const one of firsts) if (one < least) least = one;
  return least > -SMALL && least < SMALL ? 0n : least;
}

/** The value of strtoll(text, NULL, 0) in 64 bits: 0 for text that is no number. */
function integer(text = ""): bigint {
  const [, sign, digits] = /^\s*([-+]?)(0[xX][0-9a-fA-F]{1,16}|\d{1,19})/.exec(text) ?? [];
  if (digits === undefined) return 0n;
  const value = BigInt(/^0[0-7]+$/.test(digits) ? `0o${digits.slice(1)}` : digits);
  return BigInt.asIntN(64, sign === "-" ? -value : value);
}
