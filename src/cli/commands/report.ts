// `farjal report FILE`: a trace that was recorded before, here or by trace-cmd on a real machine, printed as
// trace-cmd prints it or written in another format.

import type { Command } from "commander";
import { Misuse, readTrace, type Trace, traceFromBytes } from "../../index.ts";
import { readInput } from "../../input.ts";
import type { Answer, AnswerOptions, Give } from "../answer.ts";
import {
  chosenFormat,
  deliver,
  type TraceFormatOptions,
  withTraceFormat,
} from "../options/trace-format.ts";
import { version } from "../package.ts";
import { recordJson } from "./trace.ts";

const EXAMPLES = `
FILE is a trace.dat (version 6 or 7, as trace-cmd or farjal writes it) or the text of the kernel's trace
file; - is standard input.

Examples:
  farjal report trace.dat
  farjal report trace.dat -o trace.html
  farjal report trace.dat --format folded | flamegraph.pl > trace.svg`;

interface ReportOptions extends AnswerOptions, TraceFormatOptions {
  readonly input?: string;
  readonly instance?: string;
}

export function addReport(program: Command, give: Give): void {
  withTraceFormat(program.command("report"), "report")
    .argument("[FILE]", "the trace; trace.dat unless told")
    .option("-i, --input <FILE>", "the same, as trace-cmd's users write it")
    .option(
      "--instance <NAME>",
      "of several buffers, this one's (trace-cmd record -B); top is the trace's own",
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
  const text = await deliver(trace, format, options, `farjal ${version()}`);
  return { held: true, json: options.json === true ? traceJson(trace) : {}, text };
}

async function openTrace(path: string, { instance }: ReportOptions): Promise<Trace> {
  const whose = instance === undefined ? {} : { instance };
  return path === "-"
    ? traceFromBytes(readInput("-"), "standard input", whose)
    : readTrace(path, whose);
}

function traceJson(trace: Trace): Answer["json"] {
  const { task, cpus, endian, release, overruns, clockHz } = trace;
  // A damaged file is an error before it is half a document.
  for (const _ of trace.records);
  const events = recordsJson(trace.records, clockHz);
  return { task, cpus, endian, release, overruns, events };
}

function* recordsJson(records: Trace["records"], clockHz: number): Generator<unknown> {
  for (const record of records) yield recordJson(record, clockHz);
}
