// `boot --trace-functions` and `boot --profile`: what a whole kernel executes, observed from outside while it runs on the
// board. The options of the trace are those of `trace`.

import type { Command } from "commander";
import { Option } from "commander";
import { version } from "../../host/version.ts";
import {
  type AnyKernel,
  type Board,
  EventStore,
  FunctionTrace,
  isOf32Bits,
  kernelProfile,
  Misuse,
  profiledLines,
  RunningKernel,
  TRACERS,
  type TracerName,
} from "../../index.ts";
import { PLAIN } from "../../report/paint.ts";
import { profileText } from "../../report/profile-text.ts";
import { temporaryPath } from "../atomic-file.ts";
import { countReader, gather } from "./numbers.ts";
import { deliverProfile, PROFILE_NAMES, profileFormatOf } from "./profile-output.ts";
import { chosenFormat, deliver, type TraceFormatOptions, withTraceFormat } from "./trace-format.ts";

const RECORD_SIZE = EventStore.recordSize;
const SMALLEST_BUFFER = 1;
const LARGEST_BUFFER = 1 << 20;

export interface ObservationOptions extends TraceFormatOptions {
  readonly traceFunctions?: readonly string[];
  readonly notrace?: readonly string[];
  readonly plugin: TracerName;
  readonly maxGraphDepth?: number;
  readonly buffer?: number;
  readonly profile?: string;
}

export function withObservation(command: Command): Command {
  return withTraceFormat(
    command
      .option(
        "--trace-functions <FUNC>",
        "trace these functions of the kernel and of its modules, with no tracer in the guest: names, globs, " +
          "FUNC:mod:MODULE, '*' for all; needs -o (may be given again)",
        gather,
      )
      .option("-n, --notrace <FUNC>", "don't trace these functions (may be given again)", gather)
      .addOption(
        new Option("-p, --plugin <TRACER>", "the tracer").choices(TRACERS).default("function"),
      )
      .option(
        "--max-graph-depth <DEPTH>",
        "function_graph: trace only so many levels, 0 for all",
        countReader(0, 0xffffffff),
      )
      .option(
        "-b, --buffer <KB>",
        `keep only the newest events, in a ring of this size: ${RECORD_SIZE} bytes an event; default: every event`,
        countReader(SMALLEST_BUFFER, LARGEST_BUFFER),
      )
      .option(
        "--profile <FILE>",
        `write how many instructions each function executed; the name implies the format (${PROFILE_NAMES}), or text`,
      ),
    "ftrace",
  );
}

/** Observes a board's kernel, as far as the options ask for it. */
export class KernelObservation {
  readonly #running: RunningKernel;
  readonly #options: ObservationOptions;
  readonly #trace: FunctionTrace | null;
  readonly #store: EventStore | null;

  /**
   * Begins to observe; null when the options don't ask for it.
   * @param kernel reads the kernel's file; gives null when that has no symbols.
   * @throws Misuse for options that don't go together.
   */
  static async begin(
    board: Board,
    options: ObservationOptions,
    kernel: () => Promise<AnyKernel | null>,
  ): Promise<KernelObservation | null> {
    checkOptions(options);
    if (options.traceFunctions === undefined && options.profile === undefined) return null;
    const symbols = await kernel();
    if (symbols === null || !isOf32Bits(symbols)) {
      throw new Misuse(
        "--trace-functions and --profile need the kernel's symbols: name its vmlinuz or vmlinux, with --restore too",
      );
    }
    return new KernelObservation(new RunningKernel(board, symbols), options);
  }

  private constructor(running: RunningKernel, options: ObservationOptions) {
    this.#running = running;
    this.#options = options;
    const { traceFunctions, notrace, plugin, maxGraphDepth, buffer, output } = options;
    if (traceFunctions === undefined || output === undefined) {
      this.#trace = null;
      this.#store = null;
      return;
    }
    this.#store =
      buffer === undefined
        ? EventStore.file(temporaryPath(output), output)
        : EventStore.ring(Math.floor((buffer * 1024) / RECORD_SIZE));
    this.#trace = FunctionTrace.start(running, {
      tracer: plugin,
      filter: traceFunctions,
      notrace,
      maxDepth: maxGraphDepth,
      store: this.#store,
    });
  }

  /** Ends observing and writes the files. @returns notes for people. */
  async finish(): Promise<string> {
    this.#running.end();
    const { profile, output } = this.#options;
    const notes: string[] = [];
    const trace = this.#trace;
    if (trace !== null && this.#store !== null) {
      const kept = trace.trace();
      await deliver(
        kept,
        chosenFormat(this.#options, "ftrace"),
        this.#options,
        `farjal ${version()}`,
      );
      this.#store.close();
      notes.push(`${this.#store.length} of ${trace.written} events are in ${output}`);
      for (const word of trace.useless) notes.push(`no function matches ${word}`);
    }
    if (profile !== undefined) {
      const found = kernelProfile(this.#running, "the kernel on the board");
      const details = { source: false, code: false, sourceOf: () => null };
      await deliverProfile(found, profileFormatOf(profile), profile, () =>
        profileText(found, profiledLines(found), details, PLAIN),
      );
      notes.push(`the profile of ${found.instructions} instructions is in ${profile}`);
    }
    return notes.map((note) => `${note}\n`).join("");
  }
}

/** @throws Misuse for options that don't go together. */
function checkOptions(options: ObservationOptions): void {
  const { traceFunctions, output, notrace, maxGraphDepth, buffer, format, plugin } = options;
  if (traceFunctions === undefined) {
    const given = {
      ...{ "-o": output, "-n": notrace, "--max-graph-depth": maxGraphDepth },
      ...{ "-b": buffer, "--format": format },
    };
    const [option] = Object.entries(given).find(([, value]) => value !== undefined) ?? [];
    if (option !== undefined) throw new Misuse(`${option} is for a trace: add --trace-functions`);
    return;
  }
  if (output === undefined) {
    throw new Misuse("--trace-functions needs -o FILE: the console is on standard output");
  }
  if (maxGraphDepth !== undefined && plugin !== "function_graph") {
    throw new Misuse("--max-graph-depth is for function_graph: add -p function_graph");
  }
  chosenFormat(options, "ftrace");
}
