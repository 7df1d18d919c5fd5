// A trace in any format, by the format's name: what all of them share is only that they take a trace and
// write bytes.

import type { Sink } from "../bytes/sink.ts";
import { utf8Bytes } from "../bytes/text.ts";
import { Misuse } from "../errors.ts";
import type { GraphTextOptions } from "../ftrace/text/graph-text.ts";
import { htmlPage } from "./page/page.ts";
import { traceCmdReport } from "./text/trace-cmd-text.ts";
import { ftraceText } from "./text/writer.ts";
import type { Trace } from "./trace.ts";
import type { FileVersion } from "./trace-dat/format.ts";
import { traceDatWriting } from "./trace-dat/writer.ts";
import { chromeTrace } from "./viewers/chrome.ts";
import { foldedStacks } from "./viewers/folded.ts";
import { speedscope } from "./viewers/speedscope.ts";
import { systrace } from "./viewers/systrace.ts";

/** Formats that are text, each as its pieces. */
const TEXTS = {
  ftrace: (trace, _writer, graph) => ftraceText(trace, graph),
  report: traceCmdReport,
  chrome: chromeTrace,
  systrace,
  speedscope,
  folded: foldedStacks,
  html: htmlPage,
} satisfies Record<
  string,
  (trace: Trace, writer: string, graph?: GraphTextOptions) => Iterable<string>
>;

export type TextFormat = keyof typeof TEXTS;
export type TraceFormat = TextFormat | "trace.dat";

/** The names, in the order in which a user should hear of them. */
export const TRACE_FORMATS: readonly TraceFormat[] = [
  "ftrace",
  "report",
  "trace.dat",
  "chrome",
  "systrace",
  "speedscope",
  "folded",
  "html",
];

/** What names of files say of the format. `.json` alone says nothing: two formats have it. */
const NAMES: readonly (readonly [pattern: RegExp, format: TraceFormat])[] = [
  [/\.dat$/, "trace.dat"],
  [/\.speedscope\.json$/, "speedscope"],
  [/\.chrome\.json$/, "chrome"],
  [/\.systrace$/, "systrace"],
  [/\.folded$/, "folded"],
  [/\.html?$/, "html"],
];

export interface ExportOptions {
  /** Of a trace.dat; 7 unless told. */
  readonly version?: FileVersion;
  /** Who writes it, for formats that say so. */
  readonly writer?: string;
  /** How ftrace text of function_graph looks. */
  readonly graph?: GraphTextOptions;
}

/** The format that a file's name tells, or undefined where it tells none. */
export function formatOfName(path: string): TraceFormat | undefined {
  return NAMES.find(([pattern]) => pattern.test(path))?.[1];
}

export function isTextFormat(format: TraceFormat): format is TextFormat {
  return format !== "trace.dat";
}

/** A trace as text, piece by piece. @throws Misuse while the trace's file turns out to be damaged. */
export function traceText(
  trace: Trace,
  format: TextFormat,
  { writer = "farjal", graph = {} }: Pick<ExportOptions, "writer" | "graph"> = {},
): Iterable<string> {
  return TEXTS[format](trace, writer, graph);
}

/** Pieces are gathered to about this many characters. */
const CHUNK = 1 << 16;

/**
 * Writes a trace in a format.
 * @throws Misuse for a trace.dat of a trace without addresses, and what the sink throws.
 */
export function writeTrace(
  trace: Trace,
  format: TraceFormat,
  sink: Sink,
  options: ExportOptions = {},
): void {
  for (const _ of traceWriting(trace, format, sink, options));
}

/**
 * The same in steps of some milliseconds, each taken when it is asked for: between two, whoever asks can do something
 * else, or stop.
 */
export function* traceWriting(
  trace: Trace,
  format: TraceFormat,
  sink: Sink,
  { version = 7, writer = "farjal", graph = {} }: ExportOptions = {},
): Generator<void> {
  if (isTextFormat(format)) {
    let chunk = "";
    for (const piece of traceText(trace, format, { writer, graph })) {
      chunk += piece;
      if (chunk.length < CHUNK) continue;
      sink.write(utf8Bytes(chunk));
      chunk = "";
      yield;
    }
    sink.write(utf8Bytes(chunk));
    return;
  }
  if (!trace.addresses) {
    throw new Misuse("ftrace text has no addresses, which a trace.dat needs: write another format");
  }
  yield* traceDatWriting(trace, sink, { version, writer });
}
