// `farjal trace M.ko --call NAME [ARG…]`: the call of `run` with a tracer on. Options have trace-cmd's meaning. The
// trace goes to stdout as the kernel's text, or to -o's file; the call's result goes to stderr.

import type { Command } from "commander";
import { Option } from "commander";
import { linesOf } from "../../bytes/text-lines.ts";
import { version } from "../../host/version.ts";
import {
  type FunctionLineOf,
  type LoadedModule,
  type Machine,
  Misuse,
  moduleName,
  NothingMatches,
  type Recording,
  recordSize,
  TRACE_FILES,
  TRACERS,
  type Trace,
  type TraceFile,
  type Tracer,
  type TracerName,
  type TraceWay,
  traceCost,
} from "../../index.ts";
import { FILTER_BYTES } from "../../limits.ts";
import { type CallReport, callText } from "../../report/call-text.ts";
import { stopText } from "../../report/stop-text.ts";
import type { Answer, Give } from "../answer.ts";
import { temporaryPath } from "../atomic-file.ts";
import type { CallText } from "../call/call-text.ts";
import { importCallsFor, importsText } from "../call/import-report.ts";
import {
  ARGUMENT_HELP,
  callOf,
  wantedCall,
  called as withCalled,
  withResult,
} from "../call/options.ts";
import type { ResultType } from "../call/result.ts";
import { debugged, type GdbOptions, performCall } from "../gdb.ts";
import { loadShowingStop } from "../init-stop.ts";
import { readInput } from "../input.ts";
import { callJson, callReport } from "../json/call.ts";
import { recordJson } from "../json/trace-record.ts";
import { type CoverageOptions, CoverageOutput, withCoverage } from "../options/coverage-output.ts";
import { filesOf, type LinesOptions, notesOf, SourceLines, withLines } from "../options/lines.ts";
import { type CallOptions, moduleCommand, withEngine } from "../options/module-options.ts";
import { countReader, gather } from "../options/numbers.ts";
import { chosenFormat, deliver, withTraceFormat } from "../options/trace-format.ts";
import { withRunningKernel } from "../running-kernel.ts";
import { beginCall } from "../saved-call.ts";
import { type RunningSession, readSource, Session } from "../session.ts";
import type { Terminal } from "../terminal.ts";
import { helpIn } from "../verdict.ts";
import { checkKernelOptions, type KernelTraceOptions, traceOnKernel } from "./trace-on-kernel.ts";

const EXAMPLES = `${ARGUMENT_HELP}

FUNC is what set_ftrace_filter takes: names, globs, numbers of \`farjal list -f\`, FUNC:mod:MODULE. Spaces
separate several; a leading ! removes functions.

Examples:
  farjal trace usbcore.ko --kernel vmlinuz --call usb_disabled
  farjal trace demo.ko --call demo_run 4 -l 'device_*' -n '*checksum*'
  farjal trace demo.ko --call demo_run 4 --way guest -o trace.dat
  farjal trace usbcore.ko --on-kernel vmlinuz -p function_graph -o trace.dat`;

/** Sizes of the ring, in KiB. */
const SMALLEST_BUFFER = 1;
const LARGEST_BUFFER = 16384;
const USUAL_BUFFER = 1024;

interface TraceOptions
  extends CallOptions,
    GdbOptions,
    CoverageOptions,
    LinesOptions,
    Omit<KernelTraceOptions, "cpu" | "plugin"> {
  readonly plugin: TracerName;
  readonly tracer?: TracerName;
  readonly func?: readonly string[];
  readonly filterFile?: string;
  readonly notrace?: readonly string[];
  readonly graph?: readonly string[];
  readonly graphNotrace?: readonly string[];
  readonly maxGraphDepth?: number;
  readonly buffer?: number;
  readonly show?: TraceFile;
  readonly way: TraceWay;
  readonly returns?: ResultType;
}

export function addTrace(program: Command, give: Give, terminal: Terminal): void {
  const command = moduleCommand(program, "trace");
  withTraceFormat(
    withLines(withCoverage(withEngine(withResult(debugged(withCalled(command)))))),
    "ftrace",
  )
    .addOption(
      new Option("-p, --plugin <TRACER>", "the tracer").choices(TRACERS).default("function"),
    )
    .addOption(new Option("--tracer <TRACER>", "the same as --plugin").choices(TRACERS))
    .option("-l, --func <FUNC>", "trace only these functions (may be given again)", gather)
    .option(
      "--filter-file <FILE>",
      "trace only the functions that FILE names, in set_ftrace_filter's grammar; -l adds to them",
    )
    .option("-n, --notrace <FUNC>", "don't trace these functions (may be given again)", gather)
    .option(
      "-g, --graph <FUNC>",
      "function_graph: trace only within these functions (may be given again)",
      gather,
    )
    .option(
      "--graph-notrace <FUNC>",
      "function_graph: trace nothing within these functions (may be given again)",
      gather,
    )
    .option(
      "--max-graph-depth <DEPTH>",
      "function_graph: trace only so many levels, 0 for all",
      countReader(0, 0xffffffff),
    )
    .option(
      "-b, --buffer <KB>",
      `keep only the newest events, in a ring of this size: ${recordSize("function")} bytes an event, ` +
        `${recordSize("function_graph")} of function_graph; default: ${USUAL_BUFFER}, but with -o and without ` +
        "--json every event is kept",
      countReader(SMALLEST_BUFFER, LARGEST_BUFFER),
    )
    .addOption(
      new Option(
        "--show <FILE>",
        "print a file of tracefs as it is after the call, not the trace: trace_stat/function0 is the function profile",
      ).choices(TRACE_FILES),
    )
    .addOption(
      new Option(
        "--way <WAY>",
        "native: the emulator records each call; guest: the guest's own ftrace_caller runs",
      )
        .choices(["native", "guest"])
        .default("native"),
    )
    .option(
      "--on-kernel <FILE>",
      "trace with the tracer of this kernel, a vmlinuz or vmlinux for Malta, while the module is loaded into it",
    )
    .option(
      "--run <COMMAND>",
      "with --on-kernel: then run this command in the initramfs' shell (may be given again)",
      gather,
    );
  withRunningKernel(command)
    .summary("call a function and trace it as dynamic ftrace does")
    .description(
      "Loads a module, switches its call sites on and calls one of its functions. The trace is what the " +
        "kernel's trace file would show; the call's result goes to stderr. With --on-kernel, a real kernel on " +
        "farjal's board loads the module, runs its init function and prints its own trace. Exit code 1: the module " +
        "doesn't load, the call doesn't return, or a command fails.",
    )
    .addHelpText("after", EXAMPLES)
    .action((path: string, args: string[], options: TraceOptions) =>
      give(options, () => {
        const { plugin, tracer = plugin, onKernel } = options;
        const chosen = { ...options, plugin: tracer };
        checkKernelOptions(command, onKernel !== undefined);
        refuseWhatIsGraphs(chosen);
        if (onKernel !== undefined) {
          const func = [...filterFileTexts(options), ...(options.func ?? [])];
          return traceOnKernel(path, onKernel, { ...chosen, func }, terminal);
        }
        return trace(path, args, chosen, terminal);
      }),
    );
}

async function trace(
  path: string,
  texts: readonly string[],
  options: TraceOptions,
  terminal: Terminal,
): Promise<Answer> {
  const wanted = options.init === true ? callOf(options, texts) : wantedCall(options, texts);
  const format = chosenFormat(options, "ftrace");
  const session = await Session.open(await readSource(path, options), options);
  const { machine } = session;
  const lines = await SourceLines.open(filesOf(session), options);
  const coverage = await CoverageOutput.begin(session, options);
  // A trace of the init function begins before the module is there, so filters wait for it.
  const waiting = wanted === null ? moduleName(session.file.name) : null;
  const module = waiting === null ? loadShowingStop(session, lines, terminal) : null;
  const patterns = (texts: readonly string[] = []) =>
    texts.map((text) => (waiting === null ? text : waitingFor(waiting, text)));
  const sourceAt = lines?.in(machine);
  const tracer = machine.trace({
    tracer: options.plugin,
    filter: patterns([...filterFileTexts(options), ...(options.func ?? [])]),
    notrace: patterns(options.notrace),
    graph: options.graph ?? [],
    graphNotrace: options.graphNotrace ?? [],
    maxDepth: options.maxGraphDepth ?? 0,
    way: options.way,
    capacity: capacityOf(options),
  });
  const recording = recordingOf(tracer, options);
  try {
    const report =
      module === null || wanted === null
        ? initReport(session, lines, terminal)
        : await called(
            session,
            module,
            wanted,
            options,
            lines?.pathOf(module.file) ?? path,
            terminal,
          );
    const { result } = report;
    const help = helpIn(session, options);
    const shown = options.show === undefined ? undefined : machine.tracefs(options.show);
    tracer.stop();
    await coverage.write(machine);
    const cost = traceCost(tracer, result.instructions, options.way);
    const kept = { ...keptEvents(machine, tracer, recording), cost };
    const text = await deliver(kept, format, options, `farjal ${version()}`, lines?.lineOf);
    const stop = result.exception ? stopText(result.exception, terminal.notePaint, sourceAt) : "";
    const counts = `${kept.length} of ${tracer.written} events kept, ${kept.overruns} overrun\n`;
    return {
      held: result.exception === undefined,
      json: {
        ...callJson(report, sourceAt),
        linux: help.linux,
        mend: help.mend,
        ...(options.json === true ? eventsJson(kept, lines?.lineOf) : {}),
        ...(shown === undefined ? {} : { shown }),
      },
      text: shown === undefined ? text : [shown],
      notes: `${help.note}${session.unusedProvided}${notesOf(lines).notes ?? ""}${callText(report, terminal.notePaint)}${stop}  ${counts}`,
    };
  } finally {
    recording?.close();
  }
}

/** Makes the call. */
async function called(
  { machine }: RunningSession,
  module: LoadedModule,
  wanted: CallText,
  options: TraceOptions,
  symbols: string,
  terminal: Terminal,
): Promise<CallReport> {
  const begun = beginCall(machine, module.file, wanted, options);
  const imports = importCallsFor(machine, module, begun.call, options);
  try {
    const result = await performCall(
      machine,
      module,
      begun.call,
      options,
      symbols,
      terminal,
      imports,
    );
    terminal.note(options.json === true ? "" : importsText(imports));
    return callReport(machine, begun, result, options.returns);
  } finally {
    begun.call.close();
  }
}

/** Loads the module, whose init function runs. */
function initReport(
  session: RunningSession,
  lines: SourceLines | null,
  terminal: Terminal,
): CallReport {
  const { machine } = session;
  const before = machine.instructions;
  const { name, initFunction } = loadShowingStop(session, lines, terminal);
  if (initFunction === null) throw new NothingMatches(`${name} has no init function`);
  return {
    call: `the init function of ${name}`,
    made: [],
    result: { v0: 0, v1: 0, instructions: machine.instructions - before },
    shown: { text: null, json: null },
    log: machine.log,
    outputs: [],
  };
}

/** Each word of a filter as one that waits for the module. */
function waitingFor(module: string, text: string): string {
  const words = text.split(/\s+/).filter(Boolean);
  return words.map((word) => (word.includes(":") ? word : `${word}:mod:${module}`)).join(" ");
}

/** Refuses options that the function tracer ignores. */
function refuseWhatIsGraphs({ plugin, graph, graphNotrace, maxGraphDepth }: TraceOptions): void {
  const given = {
    "-g": graph,
    "--graph-notrace": graphNotrace,
    "--max-graph-depth": maxGraphDepth,
  };
  const [option] = Object.entries(given).find(([, value]) => value !== undefined) ?? [];
  if (plugin === "function_graph" || option === undefined) return;
  throw new Misuse(`${option} is for function_graph: add -p function_graph`);
}

/** The lines of a filter file without its comments. */
function filterFileTexts({ filterFile }: TraceOptions): string[] {
  if (filterFile === undefined) return [];
  return Array.from(linesOf(readInput(filterFile, FILTER_BYTES))).filter(
    (line) => !line.startsWith("#"),
  );
}

/** Whether every event is kept, in a temporary file beside the output file. */
function keepsAll({ output, buffer, json }: TraceOptions): boolean {
  return output !== undefined && buffer === undefined && json !== true;
}

/** The number of whole records that fit, rounded down to a power of two. */
function capacityOf(options: TraceOptions): number {
  const kilobytes = keepsAll(options) ? LARGEST_BUFFER : (options.buffer ?? USUAL_BUFFER);
  return 2 ** Math.floor(Math.log2((kilobytes * 1024) / recordSize(options.plugin)));
}

function recordingOf(tracer: Tracer, options: TraceOptions): Recording | null {
  const { output } = options;
  return output !== undefined && keepsAll(options)
    ? tracer.record(temporaryPath(output), output)
    : null;
}

/** The events of the recording, or else of the tracer's ring, as the formats take them. */
function keptEvents(
  machine: Machine,
  tracer: Tracer,
  recording: Recording | null,
): Trace & { readonly length: number } {
  const { rules, release, from } = machine.kernelProfile;
  const events = recording ?? { [Symbol.iterator]: () => tracer.events() };
  return {
    task: { name: "farjal", pid: 1 },
    cpus: 1,
    clockHz: machine.clockHz,
    endian: machine.endian,
    release: from === "default" ? "" : release,
    rules,
    overruns: recording === null ? tracer.overruns : 0,
    addresses: true,
    tracer: tracer.name,
    length: recording?.length ?? tracer.entries,
    events,
    records: events,
  };
}

function eventsJson(
  { events, length, overruns, clockHz }: Trace,
  lineOf?: FunctionLineOf,
): Answer["json"] {
  const json = [...events].map((event) => recordJson(event, clockHz, lineOf));
  return { events: json, entries: length, overruns };
}
