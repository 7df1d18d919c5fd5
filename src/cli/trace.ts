// `farjal trace M.ko --call NAME [ARG…]`: the same call with a tracer on. Options mean what they mean to
// trace-cmd; the trace is the kernel's text on stdout or in -o's file, and the call's result a note.

import type { Command } from "commander";
import { Option } from "commander";
import { hex } from "../hex.ts";
import { type FunctionEvent, Misuse, type Tracer, type TraceWay } from "../index.ts";
import { callText } from "../report/call-text.ts";
import { stopText } from "../report/stop-text.ts";
import type { Answer, Give } from "./answer.ts";
import { writeWhole } from "./atomic-file.ts";
import { readArguments } from "./call-arguments.ts";
import { debugged, type GdbOptions, performCall } from "./gdb.ts";
import { ARGUMENT_HELP, type CallOptions, called, moduleCommand } from "./module-options.ts";
import { countReader, gather } from "./numbers.ts";
import { callJson, callReport } from "./run.ts";
import { readSource, Session } from "./session.ts";
import type { Terminal } from "./terminal.ts";

const EXAMPLES = `${ARGUMENT_HELP}

Functions are names or the kernel's globs; FUNC:mod:MODULE names a module's.

Examples:
  farjal trace usbcore.ko --kernel vmlinuz --call usb_disabled
  farjal trace demo.ko --call demo_run 4 -l 'device_*' -n '*checksum*'
  farjal trace demo.ko --call demo_run 4 --way guest -o demo.trace`;

/** A record of the ring; the kernel's own of a function event has 20 on a 32-bit machine. */
const RECORD_SIZE = 16;
const SMALLEST_BUFFER = 1;
/** KiB of the ring's memory. */
const LARGEST_BUFFER = 16384;

interface TraceOptions extends CallOptions, GdbOptions {
  readonly plugin: string;
  readonly func?: readonly string[];
  readonly notrace?: readonly string[];
  readonly graph?: readonly string[];
  readonly output?: string;
  readonly format: string;
  readonly buffer: number;
  readonly way: TraceWay;
}

export function addTrace(program: Command, give: Give, terminal: Terminal): void {
  debugged(called(moduleCommand(program, "trace")))
    .option("-p, --plugin <TRACER>", "the tracer: function", "function")
    .option("-l, --func <FUNC>", "trace only these functions (may be given again)", gather)
    .option("-n, --notrace <FUNC>", "don't trace these functions (may be given again)", gather)
    .option("-g, --graph <FUNC>", "function_graph's functions (may be given again)", gather)
    .option("-o, --output <FILE>", "write the trace to FILE")
    .option("--format <FORMAT>", "the trace's format: ftrace", "ftrace")
    .option(
      "-b, --buffer <KB>",
      `the ring's size, ${RECORD_SIZE} bytes an event`,
      countReader(SMALLEST_BUFFER, LARGEST_BUFFER),
      1024,
    )
    .addOption(
      new Option(
        "--way <WAY>",
        "native: the emulator records a call as it passes; guest: the guest's own ftrace_caller runs",
      )
        .choices(["native", "guest"])
        .default("native"),
    )
    .summary("the same, traced as dynamic ftrace traces")
    .description(
      "Loads a module, switches its call sites on and calls one of its functions. The trace is what the " +
        "kernel's trace file would show; the call's result goes to stderr. Exit code 1: the module " +
        "doesn't load, or the call doesn't return.",
    )
    .addHelpText("after", EXAMPLES)
    .action((path: string, args: string[], options: TraceOptions) =>
      give(options, () => trace(path, args, options, terminal)),
    );
}

async function trace(
  path: string,
  texts: readonly string[],
  options: TraceOptions,
  terminal: Terminal,
): Promise<Answer> {
  refuseWhatIsNotThere(options);
  const session = await Session.open(await readSource(path, options), options);
  const { machine } = session;
  const module = session.load();
  const args = readArguments(texts, machine);
  const tracer = machine.trace({
    tracer: "function",
    filter: options.func ?? [],
    notrace: options.notrace ?? [],
    way: options.way,
    capacity: capacityOf(options.buffer),
  });
  const result = await performCall(machine, module, args.values, options, path, terminal);
  tracer.stop();
  const report = callReport(session, options.call, texts, args, result);
  const { output } = options;
  if (output !== undefined) writeWhole(output, [...tracer.text()].join(""));
  const stop = result.exception ? stopText(result.exception, terminal.notePaint) : "";
  const counts = `${tracer.entries} of ${tracer.written} events kept, ${tracer.overruns} overrun\n`;
  return {
    held: result.exception === undefined,
    json: {
      ...callJson(report),
      ...(options.json === true ? eventsJson(tracer) : {}),
    },
    text: output === undefined ? tracer.text() : [],
    notes: `${callText(report, terminal.notePaint)}${stop}  ${counts}`,
  };
}

/** Tracers and formats that trace-cmd's users know and farjal doesn't have. */
function refuseWhatIsNotThere({ plugin, graph, format }: TraceOptions): void {
  if (plugin !== "function") {
    throw new Misuse(`there is no tracer '${plugin}' here: -p function is the one there is`);
  }
  if (graph !== undefined) {
    throw new Misuse("-g names functions for function_graph, which farjal doesn't have: use -l");
  }
  if (format !== "ftrace") {
    throw new Misuse(`traces aren't written as '${format}': --format ftrace is the one there is`);
  }
}

/** Whole records that fit, rounded down to a power of two. */
function capacityOf(kilobytes: number): number {
  return 2 ** Math.floor(Math.log2((kilobytes * 1024) / RECORD_SIZE));
}

function eventsJson(tracer: Tracer): Answer["json"] {
  return {
    events: [...tracer.events()].map(eventJson),
    entries: tracer.entries,
    overruns: tracer.overruns,
  };
}

/** `ts` in seconds since the machine's reset. */
export function eventJson(event: FunctionEvent) {
  const { time, cpu, name, parentName, module, ip, parentIp } = event;
  return {
    ts: time,
    cpu,
    func: name,
    parent: parentName,
    module,
    ip: hex(ip),
    parentIp: hex(parentIp),
  };
}
