// The options that say how a trace is written, the same for `trace` and `report`: --format, or what the
// name behind -o tells, and the version of a trace.dat.

import type { Command } from "commander";
import { Option } from "commander";
import {
  formatOfName,
  type GraphTextOptions,
  isTextFormat,
  Misuse,
  TRACE_FORMATS,
  type Trace,
  type TraceFormat,
  traceText,
  traceWriting,
} from "../../index.ts";
import { writeAtomically } from "../atomic-file.ts";
import { gather } from "./numbers.ts";

export interface TraceFormatOptions {
  readonly output?: string;
  readonly format?: TraceFormat;
  readonly fileVersion: "6" | "7";
  readonly option?: readonly string[];
}

/** trace_options of function_graph, as `trace-cmd -O` takes them, and what they are called here. */
const GRAPH_OPTIONS: ReadonlyMap<string, keyof GraphTextOptions> = new Map([
  ["funcgraph-abstime", "abstime"],
  ["funcgraph-cpu", "cpu"],
  ["funcgraph-duration", "duration"],
  ["funcgraph-overhead", "overhead"],
  ["funcgraph-overrun", "overrun"],
  ["funcgraph-proc", "proc"],
  ["funcgraph-tail", "tail"],
]);

/** Options that show or hide what doesn't happen here: interrupts, and sleep. */
const WITHOUT_EFFECT: readonly string[] = ["funcgraph-irqs", "sleep-time"];

/** Reads `funcgraph-tail`, `nofuncgraph-cpu`. @throws Misuse for a name that is no such option. */
function graphTextOptions(texts: readonly string[]): GraphTextOptions {
  return Object.fromEntries(
    texts.flatMap((text) => {
      const option = text.replace(/^no/, "");
      if (WITHOUT_EFFECT.includes(option)) return [];
      const name = GRAPH_OPTIONS.get(option);
      if (name === undefined) {
        const known = [...GRAPH_OPTIONS.keys(), ...WITHOUT_EFFECT].join(", ");
        throw new Misuse(
          `there is no trace option '${text}'; take ${known}, or one of them with no in front`,
        );
      }
      return [[name, option === text]];
    }),
  );
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
    .option(
      "-O, --option <OPTION>",
      "ftrace text of function_graph: funcgraph-tail, nofuncgraph-cpu … (may be given again)",
      gather,
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
export async function deliver(
  trace: Trace,
  format: TraceFormat,
  { output, fileVersion, option = [] }: Omit<TraceFormatOptions, "format">,
  writer: string,
): Promise<Iterable<string>> {
  const graph = graphTextOptions(option);
  if (output === undefined)
    return isTextFormat(format) ? traceText(trace, format, { writer, graph }) : [];
  const version = fileVersion === "6" ? 6 : 7;
  const exported = { version, writer, graph } as const;
  await writeAtomically(output, (sink) => traceWriting(trace, format, sink, exported));
  return [];
}
