// `farjal report FILE`: takes a trace that farjal or trace-cmd on a real machine has recorded, and prints it as
// trace-cmd does or writes it in another format.

import type { Command } from "commander";
import { version } from "../../host/version.ts";
import { counted } from "../../html/numbers.ts";
import {
  type FunctionLineOf,
  Misuse,
  readTrace,
  type Trace,
  type TraceFormat,
  traceFromBytes,
} from "../../index.ts";
import type { Answer, AnswerOptions, Give } from "../answer.ts";
import { readInput } from "../input.ts";
import { recordJson } from "../json/trace-record.ts";
import {
  chosenFormat,
  deliver,
  type TraceFormatOptions,
  withTraceFormat,
} from "../options/trace-format.ts";
import { type TraceLinesOptions, traceLines, withTraceLines } from "../options/trace-lines.ts";

const EXAMPLES = `
FILE is a trace.dat (version 6 or 7, as trace-cmd or farjal writes it) or the text of the kernel's trace
or trace_pipe file (function, function_graph, nop, the latency tracers; Linux 5.10 to 6.18), or a kernel log into
which ftrace_dump() printed its buffer; - is standard input. Events other than calls are printed too; lines
without an event are counted and skipped. The texts of mmiotrace and blk have forms of their own and are refused.

Examples:
  farjal report trace.dat
  farjal report trace.dat -o trace.html
  farjal report trace.dat -o trace.html --modules build --debug-info /usr/lib/debug
  farjal report trace.dat --format folded | flamegraph.pl > trace.svg`;

/** Formats that can't hold events other than calls. */
const CALLS_ONLY: readonly TraceFormat[] = ["folded", "speedscope", "trace.dat"];

interface ReportOptions extends AnswerOptions, TraceFormatOptions, TraceLinesOptions {
  readonly input?: string;
  readonly instance?: string;
}

export function addReport(program: Command, give: Give): void {
  withTraceLines(withTraceFormat(program.command("report"), "report"))
    .argument("[FILE]", "the trace; default: trace.dat")
    .option("-i, --input <FILE>", "the same, as trace-cmd report takes it")
    .option(
      "--instance <NAME>",
      "read this buffer of several (trace-cmd record -B); top is the trace's main buffer",
    )
    .option("--json", "print one JSON document")
    .summary("show a recorded trace, or convert it")
    .description(
      "Prints a recorded trace's events as trace-cmd report does, callers included, or writes them in " +
        "another format. Exit code 2: the file is no trace, or is damaged.",
    )
    .addHelpText("after", EXAMPLES)
    .action((file: string | undefined, options: ReportOptions) =>
      give(options, () => report(file, options)),
    );
}

async function report(file: string | undefined, options: ReportOptions): Promise<Answer> {
  if (file !== undefined && options.input !== undefined) {
    throw new Misuse("the trace is named twice: give FILE or -i FILE");
  }
  const format = chosenFormat(options, "report");
  const trace = await openTrace(file ?? options.input ?? "trace.dat", options);
  const lines = await traceLines(trace, options);
  if (lines !== null && options.json !== true) checkHasLines(format);
  const text = await deliver(trace, format, options, `farjal ${version()}`, lines?.lineOf);
  const json = options.json === true ? traceJson(trace, lines?.lineOf) : {};
  const without = lines?.notes.map((note) => `note: ${note}\n`).join("") ?? "";
  return { held: true, json, text, notes: () => without + (notesOf(trace, format) ?? "") };
}

/** The formats with a place for the functions' lines. */
const WITH_LINES: readonly TraceFormat[] = ["chrome", "speedscope", "folded", "html"];

/** @throws Misuse for a format that would leave the lines out. */
function checkHasLines(format: TraceFormat): void {
  if (WITH_LINES.includes(format)) return;
  throw new Misuse(
    `the format ${format} has no place for lines of the source: choose ${WITH_LINES.join(", ")} or --json`,
  );
}

/** Notes on what the result leaves out of the trace. */
function notesOf({ notes, others }: Trace, format: TraceFormat): string | undefined {
  const left = CALLS_ONLY.includes(format) ? (others?.() ?? 0) : 0;
  const lines = notes?.().map((note) => `${note}\n`) ?? [];
  if (left > 0) {
    lines.push(`${counted(left, "event")} of other kinds left out: ${format} holds calls only\n`);
  }
  return lines.length === 0 ? undefined : lines.join("");
}

async function openTrace(path: string, { instance }: ReportOptions): Promise<Trace> {
  const whose = instance === undefined ? {} : { instance };
  return path === "-"
    ? traceFromBytes(readInput("-"), "standard input", whose)
    : readTrace(path, whose);
}

function traceJson(trace: Trace, lineOf?: FunctionLineOf): Answer["json"] {
  const { task, cpus, endian, release, overruns, clockHz } = trace;
  // Reads the whole trace first, so that a damaged file is an error before anything is printed.
  for (const _ of trace.records);
  return {
    task,
    cpus,
    endian,
    release,
    overruns,
    events: recordsJson(trace.records, clockHz, lineOf),
  };
}

function* recordsJson(
  records: Trace["records"],
  clockHz: number,
  lineOf?: FunctionLineOf,
): Generator<unknown> {
  for (const record of records) yield recordJson(record, clockHz, lineOf);
}
