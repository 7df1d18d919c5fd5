// The options for writing a trace, the same for `trace` and `report`: --format (default: the format that the name
// after -o implies), and the version of a trace.dat.

import type { Command } from "commander";
import { Option } from "commander";
import {
  type FunctionLineOf,
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

/** The trace_options of function_graph as `trace-cmd -O` takes them, and farjal's names for them. */
const GRAPH_OPTIONS: ReadonlyMap<string, keyof GraphTextOptions> = new Map([
  ["funcgraph-abstime", "abstime"],
  ["funcgraph-cpu", "cpu"],
  ["funcgraph-duration", "duration"],
  ["funcgraph-overhead", "overhead"],
  ["funcgraph-overrun", "overrun"],
  ["funcgraph-proc", "proc"],
  ["funcgraph-tail", "tail"],
]);

/** Options about interrupts and sleep, which a trace of farjal never has: accepted, without effect. */
const WITHOUT_EFFECT: readonly string[] = ["funcgraph-irqs", "sleep-time"];

/** Options of newer kernels that no kernel for MIPS has, and what it would have to select for them. */
const NOT_ON_MIPS: ReadonlyMap<string, string> = new Map([
  ["funcgraph-retval", "HAVE_FUNCTION_GRAPH_RETVAL, since 6.13 HAVE_FUNCTION_GRAPH_FREGS"],
  ["funcgraph-retval-hex", "HAVE_FUNCTION_GRAPH_RETVAL, since 6.13 HAVE_FUNCTION_GRAPH_FREGS"],
  ["funcgraph-args", "HAVE_FUNCTION_ARG_ACCESS_API"],
  ["func-args", "HAVE_FUNCTION_ARG_ACCESS_API"],
]);

/** Reads `funcgraph-tail`, `nofuncgraph-cpu`. @throws Misuse for a name that is no such option. */
function graphTextOptions(texts: readonly string[]): GraphTextOptions {
  return Object.fromEntries(
    texts.flatMap((text) => {
      const option = text.replace(/^no/, "");
      if (WITHOUT_EFFECT.includes(option)) return [];
      const name = GRAPH_OPTIONS.get(option);
      if (name === undefined) {
        const lacking = NOT_ON_MIPS.get(option);
        if (lacking !== undefined) {
          throw new Misuse(
            `no Linux for MIPS has the trace option '${option}': it needs ${lacking}`,
          );
        }
        const known = [...GRAPH_OPTIONS.keys(), ...WITHOUT_EFFECT].join(", ");
        throw new Misuse(
          `there is no trace option '${text}': choose from ${known}, each of them with or without the prefix no`,
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
        `the trace's format; default: the one that FILE's name implies, or ${usual}`,
      ).choices(TRACE_FORMATS),
    )
    .option(
      "-O, --option <OPTION>",
      "ftrace text of function_graph: funcgraph-tail, nofuncgraph-cpu … (may be given again)",
      gather,
    )
    .addOption(
      new Option("--file-version <N>", "the version of a trace.dat")
        .choices(["6", "7"])
        .default("7"),
    );
}

/** The format that the options select. @throws Misuse if they select none, or if the format needs a file. */
export function chosenFormat(
  { output, format }: Pick<TraceFormatOptions, "output" | "format">,
  usual: TraceFormat,
): TraceFormat {
  const named = output === undefined ? undefined : formatOfName(output);
  if (format === undefined && named === undefined && output?.endsWith(".json")) {
    throw new Misuse(`${output} can have two formats: give --format chrome or --format speedscope`);
  }
  const chosen = format ?? named ?? usual;
  if (output === undefined && !isTextFormat(chosen)) {
    throw new Misuse(`a ${chosen} can't go to standard output: name its file with -o`);
  }
  return chosen;
}

/**
 * Writes the trace to its file, or returns the text for stdout.
 * @param lineOf the functions' lines, if they are wanted.
 */
export async function deliver(
  trace: Trace,
  format: TraceFormat,
  { output, fileVersion, option = [] }: Omit<TraceFormatOptions, "format">,
  writer: string,
  lineOf?: FunctionLineOf,
): Promise<Iterable<string>> {
  const graph = graphTextOptions(option);
  const common = { writer, graph, ...(lineOf === undefined ? {} : { lineOf }) };
  if (output === undefined) return isTextFormat(format) ? traceText(trace, format, common) : [];
  const version = fileVersion === "6" ? 6 : 7;
  const exported = { version, ...common } as const;
  await writeAtomically(output, (sink) => traceWriting(trace, format, sink, exported));
  return [];
}
