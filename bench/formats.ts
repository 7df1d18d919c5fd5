// Measures how fast traces are written and read, and how large they are. The same events of each tracer go through
// every format, from a generator into a sink that only counts bytes, so the figures include neither a tracer nor a
// disk. Rows run in turns. Events per second are for one core.

import {
  type Endian,
  type EntryEvent,
  type FunctionEvent,
  MemorySink,
  type ReturnEvent,
  TRACE_FORMATS,
  type Trace,
  type TraceFormat,
  type TracerName,
  traceFromBytes,
  writeTrace,
} from "../src/index.ts";
import { interleave } from "../src/measure/interleave.ts";
import { columns } from "../src/report/table.ts";

const EVENTS = 100_000;
const FUNCTIONS = 200;
const CLOCK_HZ = 100_000_000;
const EFFORT = { milliseconds: 1000, rounds: 5 };
const ENDIANS: readonly Endian[] = ["little", "big"];
const NAMES = Array.from({ length: FUNCTIONS }, (_, index) => `usb_function_${index}`);

function* functionEvents(): Generator<FunctionEvent> {
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

/** Leaf functions: each call with its return. */
function* graphEvents(): Generator<EntryEvent | ReturnEvent> {
  for (let i = 0; i < EVENTS / 2; i += 1) {
    const callee = i % FUNCTIONS;
    const name = NAMES[callee] as string;
    const ip = 0xc0000000 + 256 * callee;
    const entryCount = 1000 + 74 * i;
    const count = entryCount + 3 + (i % 50);
    yield {
      type: "funcgraph_entry",
      count: entryCount,
      time: entryCount / CLOCK_HZ,
      microseconds: Math.floor(entryCount / 100),
      cpu: 0,
      name,
      module: "usbcore",
      ip,
      depth: 1,
    };
    yield {
      type: "funcgraph_exit",
      count,
      time: count / CLOCK_HZ,
      microseconds: Math.floor(count / 100),
      cpu: 0,
      name,
      module: "usbcore",
      ip,
      depth: 1,
      overrun: 0,
      entryCount,
    };
  }
}

const TRACERS = { function: functionEvents, function_graph: graphEvents } as const;

function traceOf(tracer: TracerName, endian: Endian): Trace {
  const again = { [Symbol.iterator]: TRACERS[tracer] };
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

function writing(format: TraceFormat, trace: Trace): Row {
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

function reading(format: "trace.dat" | "ftrace", trace: Trace): Row {
  const sink = new MemorySink();
  writeTrace(trace, format, sink);
  const bytes = sink.bytes();
  const run = (): void => {
    for (const _ of traceFromBytes(bytes, "bench").events);
  };
  return { name: `read ${format}`, bytes: bytes.length, run };
}

/** Returns the lines of the report. */
export async function* formats(): AsyncGenerator<string> {
  for (const tracer of ["function", "function_graph"] as const) {
    for (const endian of ENDIANS) yield* table(tracer, endian);
  }
}

async function* table(tracer: TracerName, endian: Endian): AsyncGenerator<string> {
  yield `${EVENTS.toLocaleString("en-US")} events of ${tracer} through each format, ${endian}-endian`;
  const trace = traceOf(tracer, endian);
  const rows = [
    ...TRACE_FORMATS.map((format) => writing(format, trace)),
    reading("trace.dat", trace),
    reading("ftrace", trace),
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
