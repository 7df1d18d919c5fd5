// Converts a trace.dat's times as trace-cmd does (timestamp_calc() and extract_trace_clock() in its trace-input.c): a
// count of the ring is scaled when the file has the TSC's rate, and shifted by what --date and --ts-offset recorded.
// The name of the clock says whether counts are nanoseconds.

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
}

export interface Clock {
  /** True when counts aren't nanoseconds and the file doesn't say their rate. */
  readonly ticks: boolean;
  /** Converts a count of the ring to the trace's time, without `origin`. */
  readonly time: (count: number) => number;
  /** Added to times when they are printed, because a number can't hold it exactly together with nanoseconds; else 0. */
  readonly origin: bigint;
}

const NANOSECONDS = /^(?:local|global|uptime|perf|tsc2nsec|tai|mono.*)$/;
/** Smaller offsets, below about 26 days, are added to each count, which stays exact. */
const SMALL = 1n << 51n;
const WIDEST_SHIFT = 63;

export function clockOf({ clocks, date, offset, scale }: ClockOptions): Clock {
  const clock = clocks === undefined ? undefined : /\[([^\s\]]+)/.exec(clocks)?.[1];
  const scaled = scale !== undefined && scale.mult !== 0;
  const ticks = !scaled && clock !== undefined && !NANOSECONDS.test(clock);
  const moved = 1000n * integer(date) + integer(offset);
  const small = moved > -SMALL && moved < SMALL;
  const added = small ? Number(moved) : 0;
  const origin = small ? 0n : moved;
  if (!scaled) return { ticks, origin, time: (count) => count + added };
  const [mult, shift] = [BigInt(scale.mult), BigInt(Math.min(WIDEST_SHIFT, scale.shift))];
  return {
    ticks,
    origin,
    time: (count) => Number(((BigInt(count) * mult) >> shift) + BigInt(added)),
  };
}

/** The value of strtoll(text, NULL, 0) in 64 bits: 0 for text that is no number. */
function integer(text = ""): bigint {
  const [, sign, digits] = /^\s*([-+]?)(0[xX][0-9a-fA-F]{1,16}|\d{1,19})/.exec(text) ?? [];
  if (digits === undefined) return 0n;
  const value = BigInt(/^0[0-7]+$/.test(digits) ? `0o${digits.slice(1)}` : digits);
  return BigInt.asIntN(64, sign === "-" ? -value : value);
}
