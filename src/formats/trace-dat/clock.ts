// How a trace.dat's times are read, as trace-cmd reads them (timestamp_calc() and extract_trace_clock() in its
// trace-input.c): a count of the ring is scaled where the file knows the TSC's rate, and moved by what --date and
// --ts-offset left. Which clock it was says whether counts are nanoseconds.

/** What the options say. */
export interface ClockOptions {
  /** TRACECLOCK's text: the kernel's trace_clock file, the chosen one in brackets. */
  readonly clocks?: string;
  /** DATE: microseconds between the trace's clock and the time of day. OFFSET: nanoseconds. Both as C's strtoll reads. */
  readonly date?: string;
  readonly offset?: string;
  /** TSC2NSEC: nanoseconds = count * mult >> shift. */
  readonly scale?: { readonly mult: number; readonly shift: number };
}

export interface Clock {
  /** True where counts aren't nanoseconds and nothing says what they are. */
  readonly ticks: boolean;
  /** A count of the ring as the trace's time, without `origin`. */
  readonly time: (count: number) => number;
  /** What is added where times are printed: more than a number holds exactly beside nanoseconds, or 0. */
  readonly origin: bigint;
}

const NANOSECONDS = /^(?:local|global|uptime|perf|tsc2nsec|tai|mono.*)$/;
/** Offsets below it, about 26 days, are added to each count; a number stays exact then. */
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

/** As strtoll(text, NULL, 0) within 64 bits: 0 for text that is no number. */
function integer(text = ""): bigint {
  const [, sign, digits] = /^\s*([-+]?)(0[xX][0-9a-fA-F]{1,16}|\d{1,19})/.exec(text) ?? [];
  if (digits === undefined) return 0n;
  const value = BigInt(/^0[0-7]+$/.test(digits) ? `0o${digits.slice(1)}` : digits);
  return BigInt.asIntN(64, sign === "-" ? -value : value);
}
