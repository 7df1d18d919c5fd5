// Recorded traces as targets: trace.dat of both versions, the text of ftrace's two tracers, and the inputs of `farjal
// diff`. Every event is read, and the report and each format are written.

import { ByteBuffer } from "../../src/bytes/byte-buffer.ts";
import type { Sink } from "../../src/bytes/sink.ts";
import { recordJson } from "../../src/cli/json/trace-record.ts";
import { diffTraces } from "../../src/compare/diff.ts";
import { TRACE_FORMATS, writeTrace } from "../../src/formats/export.ts";
import { traceFromBytes } from "../../src/formats/read.ts";
import type { Trace } from "../../src/formats/trace.ts";
import { traceDatWriting } from "../../src/formats/trace-dat/writer.ts";
import { diffText } from "../../src/report/diff-text.ts";
import { PLAIN } from "../../src/report/paint.ts";
import { functionEvents, graphEvents, ORDERS, traceOf } from "../formats/traces.ts";
import { EXTREMES } from "../hostile/mutate.ts";
import { Random } from "../support/random.ts";
import { damage } from "./bytes.ts";
import { endOf } from "./loading.ts";
import { checksum } from "./modules.ts";
import type { Target } from "./target.ts";
import { INSTANCE, makeTraceDat } from "./trace-dat.ts";

const TRACES = ORDERS.flatMap((endian) => [
  traceOf(functionEvents(20), endian, 7),
  traceOf(graphEvents().slice(0, 40), endian),
]);

/** Accepts bytes and keeps none: the output for a hostile file may be long. */
const NOWHERE: Sink = { write: () => undefined, patch: () => undefined };
/** Formats whose output is one JSON document, which is parsed up to a limited length. */
const JSON_FORMATS: readonly string[] = ["chrome", "speedscope"];
const LONGEST_JSON = 1 << 18;

/** Reads a trace and writes it in each format; returns the distinct verdicts, joined. */
function readAndWrite(bytes: Uint8Array): string {
  const ends = new Set<string>();
  const attempt = (what: string, work: () => void): void => {
    try {
      work();
      ends.add(what);
    } catch (error) {
      ends.add(endOf(error));
    }
  };
  let trace: Trace;
  try {
    const wanted = [undefined, undefined, INSTANCE, "top"][checksum(bytes) % 4];
    trace = traceFromBytes(bytes, "case", wanted === undefined ? {} : { instance: wanted });
  } catch (error) {
    return endOf(error);
  }
  attempt("read", () => {
    for (const record of trace.records) recordJson(record, trace.clockHz);
  });
  for (const format of TRACE_FORMATS) {
    attempt("read", () => {
      if (!JSON_FORMATS.includes(format)) return writeTrace(trace, format, NOWHERE);
      let text = "";
      const write = (piece: Uint8Array): void => {
        if (text.length < LONGEST_JSON) text += Buffer.from(piece).toString();
      };
      writeTrace(trace, format, { write, patch: () => undefined });
      if (text.length < LONGEST_JSON) JSON.parse(text);
    });
  }
  attempt("read", () => writeTrace(trace, "trace.dat", NOWHERE, { version: 6 }));
  attempt("read", () => {
    const graph = { abstime: true, proc: true, tail: true, overrun: true };
    writeTrace(trace, "ftrace", NOWHERE, { graph });
  });
  attempt("read", () => diffText(diffTraces(trace, TRACES[0] as Trace), ["a", "b"], PLAIN));
  return [...ends].sort().join("+");
}

/** Changes digits in a text: sizes and offsets of formats, counts, times. */
function varyDigits(input: Uint8Array, random: Random): Uint8Array {
  const text = Buffer.from(input).toString("latin1");
  const numbers = [...text.matchAll(/\d+/g)];
  if (numbers.length === 0) return input;
  const { 0: digits, index } = random.pick(numbers);
  const value = random.oneIn(8) ? "9".repeat(random.between(1, 400)) : random.pick(EXTREMES);
  return Buffer.from(text.slice(0, index) + value + text.slice(index + digits.length), "latin1");
}

function fileOf(trace: Trace, version: 6 | 7): Uint8Array {
  const sink = new ByteBuffer();
  for (const _ of traceDatWriting(trace, sink, { version, writer: "farjal" }));
  return sink.bytes();
}

const traceDat: Target = {
  name: "trace-dat",
  seeds: () => [
    ...TRACES.flatMap((trace) => [fileOf(trace, 6), fileOf(trace, 7)]),
    makeTraceDat(new Random(1)),
  ],
  vary: (input, other, random) => {
    if (!random.oneIn(3)) return makeTraceDat(random);
    return random.oneIn(3) ? varyDigits(input, random) : damage(input, other, random);
  },
  run: readAndWrite,
};

function textOf(trace: Trace, graph = {}): Uint8Array {
  const sink = new ByteBuffer();
  writeTrace(trace, "ftrace", sink, { graph });
  return sink.bytes();
}

/** Removes, doubles, moves or damages single lines. */
function varyLines(input: Uint8Array, other: Uint8Array, random: Random): Uint8Array {
  const linesOf = (bytes: Uint8Array): string[] =>
    Buffer.from(bytes).toString("latin1").split("\n");
  const lines = linesOf(input);
  const at = (): number => random.below(lines.length + 1);
  for (let times = random.between(1, 4); times > 0; times--) {
    const way = random.below(5);
    if (way === 0) lines.splice(at(), random.between(1, 4));
    else if (way === 1) lines.splice(at(), 0, random.pick(linesOf(other)));
    else if (way === 2) lines.splice(at(), 0, ...lines.slice(at(), at()));
    else {
      const line = random.below(Math.max(1, lines.length));
      const bytes = Buffer.from(lines[line] ?? "", "latin1");
      const varied = way === 3 ? varyDigits(bytes, random) : damage(bytes, other, random);
      lines[line] = Buffer.from(varied).toString("latin1");
    }
  }
  return Buffer.from(lines.join("\n"), "latin1");
}

const ftraceText: Target = {
  name: "ftrace-text",
  seeds: () => [
    ...TRACES.slice(0, 2).flatMap((trace) => [
      textOf(trace),
      textOf(trace, { abstime: true, tail: true, overrun: true }),
      textOf(trace, { proc: true, duration: false }),
    ]),
    Buffer.from(
      "# tracer: function\n#\n# farjal golden 1\n" +
        "          farjal-1       [000] .....     0.000000: work_run <-host_call\n",
    ),
    Buffer.from(
      "[    2.099000] Dumping ftrace buffer:\n[    2.099000] ---------------------------------\n" +
        "[    2.099000]  init-1         0..... 12296us : f <-g (repeats: 2, last_ts:     2.097639)\n" +
        "[    2.099000] ---------------------------------\n",
    ),
    Buffer.from(
      "# tracer: nop\n  a-1  [000] d..1. 1700000000123457789: f <-g\n" +
        "  a-1  [001] d..1. 1700000000123457790: x: y=1\n",
    ),
    Buffer.from(
      "# tracer: function_graph\n 0)               |  a() {\nCPU:0 [LOST 4 EVENTS]\n" +
        " 0) ! 120.5 us   |    b [m]();\n ------------------------------------------\n" +
        " 0)   sh-12  =>   cat-13  \n 0)   1.0 us   |  } /* a */\n",
    ),
    Buffer.from(
      "# tracer: function_graph\n#\n" +
        "#     TIME        CPU  TASK/PID         ||||   DURATION                  FUNCTION CALLS\n" +
        "   12.000001 |   0)   sh-141     |  d..1. |               |  outer() { /* <-a+0x1/0x2 */\n" +
        "   12.000001 |   0)   sh-141     |  d..1. |   ==========> |\n" +
        "   12.000001 |   1)  <idle>-0    |  d..1. |               |    /* tick: n=1 | 2 */\n" +
        "   12.000001 |   0)   sh-141     |  d..1. |   <========== |\n" +
        "   12.000002 |   0)   sh-141     |  d..1. |   0.500 us    |    inner(a=1, ...); /* ret=0x0 */\n" +
        "   12.000003 |   0)   sh-141     |  d..1. | + 12.000 us   |  } /* outer = -14 */\n (Overruns: 7)\n",
    ),
    Buffer.from(
      "# tracer: function\n#\n# entries-in-buffer/entries-written: 7/9   #P:2\n#\n" +
        "              sh-141     (    140) [000] d..1.    12.000001: a+0x8/0x40 [m] <80101234> <-b\n" +
        "      sh-141       3d..1.   12us+: a(n=1) <-b (repeats: 3, last_ts:    12.000009)\r\n" +
        "              sh-141     [001] d..1. 48230194822: sched_switch: prev_comm=a b\n" +
        "              sh-141     [001] d..1.    12.000002: <stack trace>\n => a\n => b+0x1/0x2\n" +
        "##### CPU 1 buffer started ####\nCPU:1 [LOST EVENTS]\nnot a line\n",
    ),
  ],
  vary: (input, other, random) =>
    random.oneIn(4) ? damage(input, other, random) : varyLines(input, other, random),
  run: readAndWrite,
};

export const TRACE_TARGETS: readonly Target[] = [traceDat, ftraceText];
