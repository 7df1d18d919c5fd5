// The options that say how a trace is written, the same for `trace` and `report`: --format, or what the
// name behind -o tells, and the version of a trace.dat.

import type { Command } from "commander";
import { Option } from "commander";
import {
  formatOfName,
  isTextFormat,
  Misuse,
  TRACE_FORMATS,
  type Trace,
  type TraceFormat,
  traceText,
  writeTrace,
} from "../index.ts";
import { writeAtomically } from "./atomic-file.ts";

export interface TraceFormatOptions {
  readonly output?: string;
  readonly format?: TraceFormat;
  readonly fileVersion: "6" | "7";
}

export function withTraceFormat(command: Command, usual: TraceFormat): Command {
  return command
    .option("-o, --output <FILE>", "write the trace to FILE")
    .addOption(
      new Option(
        "--format <FORMAT>",
        `how it is written; unless told, what FILE's name says, or ${usual}`,
      ).choices(TRACE_FORMATS),
    )
    .addOption(new Option("--file-version <N>", "of a trace.dat").choices(["6", "7"]).default("7"));
}

/** The format that the options ask for. @throws Misuse where they leave it open, or it needs a file. */
export function chosenFormat(
  { output, format }: Pick<TraceFormatOptions, "output" | "format">,
  usual: TraceFormat,
): TraceFormat {
  const named = output === undefined ? undefined : formatOfName(output);
  if (format === undefined && named === undefined && output?.endsWith(".json")) {
    throw new Misuse(`${output} can be of two formats: say --format chrome or --format speedscope`);
  }
  const chosen = format ?? named ?? usual;
  if (output === undefined && !isTextFormat(chosen)) {
    throw new Misuse(`a ${chosen} doesn't go to a terminal or a pipe: name its file with -o`);
  }
  return chosen;
}

/** Writes the trace to its file, or gives what stdout should show. */
export function deliver(
  trace: Trace,
  format: TraceFormat,
  { output, fileVersion }: Pick<TraceFormatOptions, "output" | "fileVersion">,
  writer: string,
): Iterable<string> {
  if (output === undefined) return isTextFormat(format) ? traceText(trace, format, writer) : [];
  const version = fileVersion === "6" ? 6 : 7;
  writeAtomically(output, (sink) => writeTrace(trace, format, sink, { version, writer }));
  return [];
}
