// How fast are traces written and read, and how large are they? The same function events go through every
// format, from a generator into a sink that only counts, so neither a tracer nor a disk is in the figures.
// Rows run in turns; events a second are of one core.

import { interleave } from "../src/cli/interleave.ts";
import {
  type Endian,
  type FunctionEvent,
  MemorySink,
  TRACE_FORMATS,
  type Trace,
  type TraceFormat,
  traceFromBytes,
  writeTrace,
} from "../src/index.ts";
import { columns } from "../src/report/table.ts";

const EVENTS = 100_000;
const FUNCTIONS = 200;
const CLOCK_HZ = 100_000_000;
const EFFORT = { milliseconds: 1000, rounds: 5 };
const ENDIANS: readonly Endian[] = ["little", "big"];
const NAMES = Array.from({ length: FUNCTIONS }, (_, index) => `usb_function_${index}`);

function* events(): Generator<FunctionEvent> {
  for (let i = 0; i < EVENTS; i += 1) {
    const count = 1000 + 37 * i;
    const [callee, caller] = [i % FUNCTIONS, (i + 7) % FUNCTIONS];
    yield {
      type: "function",
      count,
      time: count / CLOCK_HZ,
      microseconds: Math.floor(count / 100),
      cpu: 0,
      name: NAMES[callee] as string,
      module: "usbcore",
      ip: 0xc0000000 + 256 * callee,
      parentName: NAMES[caller] as string,
      parentIp: 0xc0000010 + 256 * caller,
    };
  }
}

function traceOf(endian: Endian): Trace {
  const again = { [Symbol.iterator]: events };
  return {
    task: { name: "farjal", pid: 1 },
    cpus: 1,
    clockHz: CLOCK_HZ,
    endian,
    release: "6.1.0",
    overruns: 0,
    addresses: true,
    length: EVENTS,
    events: again,
    records: again,
  };
}

interface Row {
  readonly name: string;
  readonly bytes: number;
  readonly run: () => void;
}

function writing(format: TraceFormat, endian: Endian): Row {
  const trace = traceOf(endian);
  let bytes = 0;
  const sink = {
    write: (chunk: Uint8Array) => {
      bytes += chunk.length;
    },
    patch: () => undefined,
  };
  const run = (): void => writeTrace(trace, format, sink);
  run();
  return { name: `write ${format}`, bytes, run };
}

function reading(format: "trace.dat" | "ftrace", endian: Endian): Row {
  const sink = new MemorySink();
  writeTrace(traceOf(endian), format, sink);
  const bytes = sink.bytes();
  const run = (): void => {
    for (const _ of traceFromBytes(bytes, "bench").events);
  };
  return { name: `read ${format}`, bytes: bytes.length, run };
}

/** Lines of text. */
export async function* formats(): AsyncGenerator<string> {
  for (const endian of ENDIANS) {
    yield `${EVENTS.toLocaleString("en-US")} function events through each format, ${endian}-endian`;
    const rows = [
      ...TRACE_FORMATS.map((format) => writing(format, endian)),
      reading("trace.dat", endian),
      reading("ftrace", endian),
    ];
    const timings = await interleave(rows, EFFORT);
    yield* columns(
      [
        ["", "million events a second", "(p25-p75)", "bytes an event"],
        ...rows.map(({ name, bytes }, index) => {
          const { p50 = Number.NaN, p25 = 0, p75 = 0 } = timings[index] ?? {};
          const rate = (seconds: number): string => (EVENTS / seconds / 1e6).toFixed(2);
          return [name, rate(p50), `(${rate(p75)}-${rate(p25)})`, (bytes / EVENTS).toFixed(1)];
        }),
      ],
      ["left", "right", "left", "right"],
    );
  }
}
