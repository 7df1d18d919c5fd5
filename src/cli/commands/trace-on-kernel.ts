// `farjal trace M.ko --on-kernel VMLINUZ`: the real kernel's own tracer on the module, while its init function and the
// commands of --run run. The kernel's trace file goes to stdout as the kernel prints it, or is written in another
// format to -o's file.

import type { Command } from "commander";
import { version } from "../../host/version.ts";
import {
  type FunctionLineOf,
  KernelTracer,
  Misuse,
  readModule,
  type Trace,
  traceOfKernel,
} from "../../index.ts";
import type { Answer, AnswerOptions } from "../answer.ts";
import { writeWhole } from "../atomic-file.ts";
import { recordJson } from "../json/trace-record.ts";
import type { LinesOptions } from "../options/lines.ts";
import { chosenFormat, deliver, type TraceFormatOptions } from "../options/trace-format.ts";
import { traceLines } from "../options/trace-lines.ts";
import {
  kernelOrigin,
  loadModules,
  modulesFor,
  type RunningKernelOptions,
  runningKernel,
} from "../running-kernel.ts";
import type { Terminal } from "../terminal.ts";

export interface KernelTraceOptions
  extends AnswerOptions,
    TraceFormatOptions,
    LinesOptions,
    RunningKernelOptions {
  readonly onKernel?: string;
  readonly run?: readonly string[];
  readonly plugin: string;
  readonly func?: readonly string[];
  readonly notrace?: readonly string[];
  readonly graph?: readonly string[];
  readonly graphNotrace?: readonly string[];
  readonly maxGraphDepth?: number;
  readonly buffer?: number;
}

/** The options that only --on-kernel has, by commander's names. */
const ONLY_ON_KERNEL: readonly string[] = ["initrd", "append", "run"];
/** The other options that mean something with it. */
const ALSO_ON_KERNEL: readonly string[] = [
  ...["json", "onKernel", "cpu", "with", "param", "plugin", "tracer", "func", "filterFile"],
  ...["notrace", "graph", "graphNotrace", "maxGraphDepth", "buffer", "output", "format"],
  ...["option", "fileVersion", "cache", "lines", "debugInfo"],
];

/** @throws Misuse for an option that has no meaning with --on-kernel, or none without it. */
export function checkKernelOptions(command: Command, isOnKernel: boolean): void {
  for (const option of command.options) {
    const name = option.attributeName();
    if (command.getOptionValueSource(name) !== "cli") continue;
    if (isOnKernel && ![...ONLY_ON_KERNEL, ...ALSO_ON_KERNEL].includes(name)) {
      throw new Misuse(`${option.long} has no meaning with --on-kernel`);
    }
    if (!isOnKernel && ONLY_ON_KERNEL.includes(name)) {
      throw new Misuse(`${option.long} is for --on-kernel`);
    }
  }
}

export async function traceOnKernel(
  path: string,
  kernel: string,
  options: KernelTraceOptions,
  terminal: Terminal,
): Promise<Answer> {
  const format = chosenFormat(options, "ftrace");
  const modules = await modulesFor(path, options);
  const { linux, cached } = await runningKernel(kernel, options, terminal);
  const others = loadModules(
    linux,
    modules.filter(({ isWanted }) => !isWanted),
  );
  const wanted = modules.filter(({ isWanted }) => isWanted);
  const name = wanted.map(({ bytes }) => readModule(bytes).name).join();
  const tracer = KernelTracer.start(linux, {
    tracer: options.plugin,
    module: name,
    filter: options.func,
    notrace: options.notrace,
    graph: options.graph,
    graphNotrace: options.graphNotrace,
    maxDepth: options.maxGraphDepth,
    buffer: options.buffer,
    options: options.option,
  });
  const { errno, dmesg } =
    others.errno === null ? loadModules(linux, wanted, options.param) : others;
  const commands = errno === null ? (options.run ?? []) : [];
  const runs = commands.map((command) => ({ command, ...linux.run(command) }));
  const shown = tracer.stop();
  const isKernelText = format === "ftrace";
  const { output } = options;
  if (isKernelText && output !== undefined) await writeWhole(output, Buffer.from(shown));
  const { option: _, ...delivered } = options; // the kernel has applied the trace_options
  // Reading the ring empties it.
  let kept: Trace | undefined;
  const trace = (): Trace => {
    kept ??= traceOfKernel(tracer.files());
    return kept;
  };
  const lines = asksForLines(options)
    ? await traceLines(trace(), { ...options, modules: [path, ...(options.with ?? [])] })
    : null;
  const text = isKernelText
    ? [shown].filter(() => output === undefined)
    : await deliver(trace(), format, delivered, `farjal ${version()}`, lines?.lineOf);
  return {
    held: errno === null && runs.every(({ status }) => status === 0),
    json: {
      errno,
      dmesg,
      cached,
      runs,
      ...(options.json === true ? { events: eventsOf(trace(), lines?.lineOf) } : {}),
    },
    text,
    notes: [
      ...(lines?.notes ?? []).map((note) => `note: ${note}\n`),
      ...dmesg.map((line) => `${line}\n`),
      ...runs.map(({ output: printed }) => printed),
      ...runs
        .filter(({ status }) => status !== 0)
        .map(({ command, status }) => `'${command}' ended with ${status}\n`),
      errno === null ? `${path} is loaded ` : `${path} is refused: ${errno} `,
      `${kernelOrigin(cached)}\n`,
    ].join(""),
  };
}

function asksForLines({ lines, debugInfo }: LinesOptions): boolean {
  return lines === true || debugInfo !== undefined;
}

function eventsOf({ records, clockHz }: Trace, lineOf?: FunctionLineOf): unknown[] {
  return [...records].map((record) => recordJson(record, clockHz, lineOf));
}
