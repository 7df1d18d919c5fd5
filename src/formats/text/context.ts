// Parses what the kernel prints before an event's own text: the task, its thread group, the CPU, the latency flags and
// the time, in the three forms of kernel/trace/trace_output.c: trace_print_context(), trace_print_lat_context() and the
// latter with the option verbose. The columns differ by release and option: four flags up to 5.14, five from 5.15, up
// to seven with the PREEMPT_RT patches, none with noirq-info. Each line is parsed by the columns that it has.

import { traceRules } from "../trace.ts";
import { latencyFlags } from "../trace-dat/latency-flags.ts";

/** An event's context and its text. */
export interface ContextLine {
  readonly comm: string;
  readonly pid: number;
  readonly cpu: number;
  /** As printed, at least five columns. */
  readonly flags: string;
  /** Microseconds; with `ticks`, counts of a clock whose rate isn't known. Less the origin. */
  readonly time: number;
  readonly ticks: boolean;
  readonly text: string;
}

const MICROSECONDS = 1e6;
const COLUMNS = 5;
/** The text doesn't name its release. */
const RULES = traceRules({ release: "" });

// The number of blanks is bounded, so that a hostile line of blanks fails at once.
/** `%16s-%-7d (%7d) [%03d] %s %5lu.%06lu: `; clocks that aren't nanoseconds print `%12llu`. */
const STANDARD =
  /^ {0,24}(.{0,16}?)-(-?\d{1,10}) {1,24}(?:\( {0,24}(?:\d{1,10}|-{1,10})\) {1,24})?\[(\d{1,4})\] (?:([^ ]{4,7}) )? {0,24}(\d{1,20})(?:\.(\d{6}|\d{9}))?: ?/;
/** `%8.8s-%-7d %3d%s %4lldus%c: `; without `us` for clocks that aren't nanoseconds. */
const LATENCY =
  /^ {0,24}(.{0,8}?)-(-?\d{1,10}) {1,24}(\d{1,4})([dDbX.][^ ]{3,6}) {1,24}(\d{1,20})(us[ $@*#!+]?)?: ?/;
/** `%16s %7d %3d %d %08x %08lx [%08llx] %ld.%03ldms (+%ld.%03ldms): ` */
const VERBOSE =
  /^ {0,24}(.{0,16}?) {1,24}(-?\d{1,10}) {1,24}(\d{1,4}) (\d{1,3}) ([0-9a-f]{8}) [0-9a-f]{8,16} \[([0-9a-f]{8,16})\] \d{1,20}(\.\d{3}ms)? \(\+\d{1,20}(?:\.\d{3}ms)?\): ?/;

/**
 * Reads the context at the beginning of a line; null when there is none.
 * @param origin seconds, or counts of a clock without a rate, that times are given less.
 */
export function readContext(line: string, origin = 0n): ContextLine | null {
  const standard = STANDARD.exec(line);
  if (standard !== null) {
    const [head, comm = "", pid, cpu, flags = "", whole, fraction] = standard;
    return {
      comm,
      pid: Number(pid),
      cpu: Number(cpu),
      flags: flags.padEnd(COLUMNS, "."),
      time:
        fraction === undefined
          ? wholeNumber(whole, origin)
          : microseconds(wholeNumber(whole, origin), fraction),
      ticks: fraction === undefined,
      text: line.slice(head.length),
    };
  }
  const latency = LATENCY.exec(line);
  if (latency !== null) {
    const [head, comm = "", pid, cpu, flags = "", time, unit] = latency;
    return {
      comm,
      pid: Number(pid),
      cpu: Number(cpu),
      flags: flags.padEnd(COLUMNS, "."),
      time: latencyTime(BigInt(time ?? 0), unit === undefined, origin),
      ticks: unit === undefined,
      text: line.slice(head.length),
    };
  }
  const verbose = VERBOSE.exec(line);
  if (verbose === null) return null;
  const [head, comm = "", pid, cpu, flags, preempt, time, unit] = verbose;
  return {
    comm,
    pid: Number(pid),
    cpu: Number(cpu),
    flags: latencyFlags(Number(flags) & 0xff, Number.parseInt(preempt ?? "0", 16) & 0x0f, RULES),
    time: latencyTime(BigInt(`0x${time ?? 0}`), unit === undefined, origin),
    ticks: unit === undefined,
    text: line.slice(head.length),
  };
}

/** A column of digits less the origin, which keeps long ones exact. */
export function wholeNumber(digits = "0", origin = 0n): number {
  return origin === 0n ? Number(digits) : Number(BigInt(digits) - origin);
}

/** The latency form has whole microseconds in place of seconds. */
function latencyTime(time: bigint, ticks: boolean, origin: bigint): number {
  return Number(time - (ticks ? origin : origin * BigInt(MICROSECONDS)));
}

/** Six digits are whole microseconds; nine, as in farjal's systrace, add a fraction. */
export function microseconds(seconds: number, fraction: string): number {
  const whole = seconds * MICROSECONDS + Number(fraction.slice(0, 6));
  return fraction.length > 6 ? whole + Number(fraction.slice(6)) / 1000 : whole;
}
