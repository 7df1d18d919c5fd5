// Makes traces by hand for the formats' tests: every kind of event, time gaps just below and above the limit of a
// record's 27 bits, full pages, a name without a symbol.

import type { Endian } from "../../src/bytes/endian.ts";
import type { RecordedEvent, Trace } from "../../src/formats/trace.ts";
import type { EntryEvent, FunctionEvent, ReturnEvent } from "../../src/ftrace/event.ts";

export const CLOCK_HZ = 100_000_000;
export const ORDERS: readonly Endian[] = ["little", "big"];

const BASE = 0xc0000000;
/** Functions of a module, in the order of their addresses, 256 bytes apart. */
const FUNCTIONS = ["work_run", "work_copy", "mix", "checksum"];

function moment(count: number) {
  const time = count / CLOCK_HZ;
  return { count, time, microseconds: Math.floor((count * 1e6) / CLOCK_HZ), cpu: 0 };
}

function traced(name: string) {
  return { name, module: "modern", ip: BASE + 256 * FUNCTIONS.indexOf(name) };
}

export function call(count: number, name: string, parentName: string): FunctionEvent {
  const parent = FUNCTIONS.indexOf(parentName);
  const parentIp = parent < 0 ? 0x80000400 : BASE + 256 * parent + 24;
  return { type: "function", ...moment(count), ...traced(name), parentName, parentIp };
}

export function entry(count: number, name: string, depth: number): EntryEvent {
  return { type: "funcgraph_entry", ...moment(count), ...traced(name), depth };
}

export function exit(
  entryCount: number,
  count: number,
  name: string,
  depth: number,
  overrun = 0,
): ReturnEvent {
  return { type: "funcgraph_exit", ...moment(count), ...traced(name), depth, overrun, entryCount };
}

export function traceOf(
  events: readonly RecordedEvent[],
  endian: Endian = "little",
  overruns = 0,
): Trace {
  return {
    task: { name: "farjal", pid: 1 },
    cpus: 1,
    clockHz: CLOCK_HZ,
    endian,
    release: "6.1.0",
    overruns,
    addresses: true,
    events,
    records: events,
  };
}

/** Function events that fill several pages, with time steps below, at and above the end of a time field. */
export function functionEvents(rounds = 300): FunctionEvent[] {
  const events: FunctionEvent[] = [];
  const steps = [0, 1, 7, 13_421_772, 13_421_773, 1_000_000_007];
  let count = 1234;
  for (let round = 0; round < rounds; round += 1) {
    events.push(call(count, "work_run", "host_call"));
    count += steps[round % steps.length] ?? 0;
    events.push(call(count, "work_copy", "work_run"));
    count += 37;
  }
  return events;
}

/** Graph events with a duration for every mark and every number of digits. */
export function graphEvents(): (EntryEvent | ReturnEvent)[] {
  const events: (EntryEvent | ReturnEvent)[] = [];
  let count = 50_000;
  for (const took of [3, 999, 1000, 1001, 12_345, 100_001, 1_234_567, 12_345_678, 123_456_789]) {
    const start = count;
    events.push(entry(start, "work_run", 0));
    events.push(entry(start + 1, "mix", 1), exit(start + 1, start + 1 + took, "mix", 1));
    events.push(entry(start + 5 + took, "checksum", 1), entry(start + 8 + took, "mix", 2));
    events.push(exit(start + 8 + took, start + 9 + took, "mix", 2, 3));
    events.push(exit(start + 5 + took, start + 10 + 2 * took, "checksum", 1));
    count = start + 20 + 3 * took;
    events.push(exit(start, count, "work_run", 0));
    count += 100;
  }
  return events;
}
