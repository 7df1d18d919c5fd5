// Writes a trace in any format, chosen by the format's name. All that the formats have in common is that they take a
// trace and write bytes.

import type { Sink } from "../bytes/sink.ts";
import { utf8Bytes } from "../bytes/text.ts";
import { Misuse } from "../errors.ts";
import type { GraphTextOptions } from "../ftrace/text/graph-text.ts";
import { checkOptions, type OptionKeys } from "../options.ts";
import { htmlPage } from "./page/page.ts";
import { traceCmdReport } from "./text/trace-cmd-text.ts";
import { ftraceText } from "./text/writer.ts";
import type { Trace } from "./trace.ts";
import type { FileVersion } from "./trace-dat/format.ts";
import { traceDatWriting } from "./trace-dat/writer.ts";
import { chromeTrace } from "./viewers/chrome.ts";
import { foldedStacks } from "./viewers/folded.ts";
import type { FunctionLineOf } from "./viewers/function-line.ts";
import { speedscope } from "./viewers/speedscope.ts";
import { systrace } from "./viewers/systrace.ts";

/** The text formats, each as a generator of its pieces. */
const TEXTS = {
  ftrace: (trace, _writer, graph) => ftraceText(trace, graph),
  report: traceCmdReport,
  chrome: (trace, _writer, _graph, lineOf) => chromeTrace(trace, lineOf),
  systrace,
  speedscope: (trace, _writer, _graph, lineOf) => speedscope(trace, lineOf),
  folded: (trace, _writer, _graph, lineOf) => foldedStacks(trace, lineOf),
  html: (trace, writer, _graph, lineOf) => htmlPage(trace, writer, lineOf),
} satisfies Record<
  string,
  (
    trace: Trace,
    writer: string,
    graph?: GraphTextOptions,
    lineOf?: FunctionLineOf,
  ) => Iterable<string>
>;

export type TextFormat = keyof typeof TEXTS;
export type TraceFormat = TextFormat | "trace.dat";

/** The formats' names, in the order in which messages and the help list them. */
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

/** The formats that file names imply. `.json` alone implies none: two formats use it. */
const NAMES: readonly (readonly [pattern: RegExp, format: TraceFormat])[] = [
  [/\.dat$/, "trace.dat"],
  [/\.speedscope\.json$/, "speedscope"],
  [/\.chrome\.json$/, "chrome"],
  [/\.systrace$/, "systrace"],
  [/\.folded$/, "folded"],
  [/\.html?$/, "html"],
];

export interface ExportOptions {
  /** The version of a trace.dat; default: 7. */
  readonly version?: FileVersion;
  /** The program that writes the file, for formats that record it. */
  readonly writer?: string;
  /** How function_graph's ftrace text is printed. */
  readonly graph?: GraphTextOptions;
  /** The functions' lines, for the formats that have a place for them: chrome, speedscope, folded, html. */
  readonly lineOf?: FunctionLineOf;
}

const EXPORT_OPTIONS: OptionKeys<ExportOptions> = {
  version: true,
  writer: true,
  graph: true,
  lineOf: true,
};

/** The format that a file's name implies, or undefined. */
export function formatOfName(path: string): TraceFormat | undefined {
  return NAMES.find(([pattern]) => pattern.test(path))?.[1];
}

export function isTextFormat(format: TraceFormat): format is TextFormat {
  return format !== "trace.dat";
}

/** A trace as text, piece by piece. @throws Misuse when the trace's file turns out to be damaged. */
export function traceText(
  trace: Trace,
  format: TextFormat,
  options: Pick<ExportOptions, "writer" | "graph" | "lineOf"> = {},
): Iterable<string> {
  checkOptions("traceText()", options, EXPORT_OPTIONS);
  const { writer = "farjal", graph = {}, lineOf } = options;
  return TEXTS[format](trace, writer, graph, lineOf);
}

/** Pieces are gathered into chunks of about this many characters. */
const CHUNK = 1 << 16;

/**
 * Writes a trace in a format.
 * @throws Misuse for a trace.dat of a trace without addresses; also any error of the sink.
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
 * The same in steps of some milliseconds, each taken when the caller asks for it. Between two steps the caller can do
 * other work, or stop.
 */
export function* traceWriting(
  trace: Trace,
  format: TraceFormat,
  sink: Sink,
  options: ExportOptions = {},
): Generator<void> {
  checkOptions("writeTrace()", options, EXPORT_OPTIONS);
  const { version = 7, writer = "farjal", graph = {}, lineOf } = options;
  if (isTextFormat(format)) {
    let chunk = "";
    for (const piece of traceText(trace, format, {
      writer,
      graph,
      ...(lineOf === undefined ? {} : { lineOf }),
    })) {
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
