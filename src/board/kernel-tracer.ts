// The kernel's own tracer: sets a running Linux' tracefs up, lets a task run, and reads the trace file, which is the
// text that the kernel prints. farjal's part is the order of the writes: a filter for a module's functions has to be
// there before the module is loaded, so that its init function is traced, and the kernel keeps such a filter
// (FUNC:mod:MODULE) until then (Documentation/trace/ftrace.rst).

import { utf8 } from "../bytes/text.ts";
import { Misuse } from "../errors.ts";
import type { KernelTraceFiles } from "../formats/trace-dat/kernel-files.ts";
import { checkOptions, type OptionKeys } from "../options.ts";
import type { Linux } from "./linux.ts";

const TRACEFS = "/sys/kernel/tracing";
/** Where kernels before 4.1 have it. */
const OLD_TRACEFS = "/sys/kernel/debug/tracing";
/** The events of the tracers and of trace_printk(). */
const EVENTS = ["function", "funcgraph_entry", "funcgraph_exit", "print", "bprint", "bputs"];
const PAGE_SIZE = 0x1000;

export interface KernelTraceOptions {
  /** As current_tracer takes it. */
  readonly tracer: string;
  /** The name of the module that will be loaded. */
  readonly module: string;
  /**
   * Words of set_ftrace_filter; a word without a colon selects functions of the kernel, and of the module. Default:
   * all functions of the module; with `graph`, all functions.
   */
  readonly filter?: readonly string[] | undefined;
  /** The same for set_ftrace_notrace. */
  readonly notrace?: readonly string[] | undefined;
  /** Words of set_graph_function and set_graph_notrace: functions of the kernel, or of a module that is loaded. */
  readonly graph?: readonly string[] | undefined;
  readonly graphNotrace?: readonly string[] | undefined;
  /** Levels that function_graph follows; default: 0, all. */
  readonly maxDepth?: number | undefined;
  /** KiB of the ring; default: the kernel's. */
  readonly buffer?: number | undefined;
  /** Words of trace_options, such as funcgraph-tail. */
  readonly options?: readonly string[] | undefined;
}

const KERNEL_TRACE_OPTIONS: OptionKeys<KernelTraceOptions> = {
  tracer: true,
  module: true,
  filter: true,
  notrace: true,
  graph: true,
  graphNotrace: true,
  maxDepth: true,
  buffer: true,
  options: true,
};

export class KernelTracer {
  readonly #linux: Linux;
  readonly #directory: string;

  /**
   * Starts tracing.
   * @throws Misuse when the kernel has no such tracer or refuses a word.
   */
  static start(linux: Linux, options: KernelTraceOptions): KernelTracer {
    checkOptions("KernelTracer.start()", options, KERNEL_TRACE_OPTIONS);
    const tracer = new KernelTracer(linux);
    tracer.#configure(options);
    return tracer;
  }

  private constructor(linux: Linux) {
    this.#linux = linux;
    this.#directory = hasFile(linux, `${TRACEFS}/trace`) ? TRACEFS : OLD_TRACEFS;
    if (!hasFile(linux, `${this.#directory}/trace`)) {
      throw new Misuse("the kernel has no tracefs (CONFIG_FTRACE)");
    }
  }

  /** Stops tracing. @returns the trace file's text. */
  stop(): string {
    this.#write("tracing_on", "0");
    return this.#read("trace");
  }

  /** After stop(): takes the events out of the kernel's ring, with all that gives them a meaning. */
  files(): KernelTraceFiles {
    const formats = EVENTS.flatMap((event) => this.#try(`events/ftrace/${event}/format`));
    return {
      trace: this.#read("trace"),
      endian: this.#linux.board.endian,
      headerPage: this.#read("events/header_page"),
      headerEvent: this.#read("events/header_event"),
      formats,
      kallsyms: this.#text("/proc/kallsyms"),
      printkFormats: this.#try("printk_formats").join(""),
      savedCmdlines: this.#read("saved_cmdlines"),
      traceClock: this.#read("trace_clock"),
      release: this.#text("/proc/sys/kernel/osrelease").trim(),
      cpus: [
        {
          stats: this.#read("per_cpu/cpu0/stats"),
          pages: this.#linux.read(`${this.#directory}/per_cpu/cpu0/trace_pipe_raw`),
        },
      ],
      pageSize: PAGE_SIZE,
    };
  }

  #configure(options: KernelTraceOptions): void {
    const { tracer, module, filter = [], notrace = [], graph = [], graphNotrace = [] } = options;
    const available = this.#read("available_tracers");
    if (!available.split(/\s+/).includes(tracer)) {
      throw new Misuse(`the kernel has no tracer '${tracer}'; it has ${available.trim()}`);
    }
    this.#write("tracing_on", "0");
    const wanted = filter.length > 0 || graph.length > 0 ? filter : [`*:mod:${module}`];
    for (const word of wanted) this.#select("set_ftrace_filter", word, module);
    for (const word of notrace) this.#select("set_ftrace_notrace", word, module);
    for (const word of graph) this.#append("set_graph_function", word);
    for (const word of graphNotrace) this.#append("set_graph_notrace", word);
    if (options.maxDepth !== undefined) this.#write("max_graph_depth", String(options.maxDepth));
    if (options.buffer !== undefined) this.#write("buffer_size_kb", String(options.buffer));
    this.#write("current_tracer", tracer);
    for (const option of options.options ?? []) this.#write("trace_options", option);
    this.#write("tracing_on", "1");
  }

  /** Adds a word to a filter: for the kernel's functions if it has any of that name, and for the module's. */
  #select(file: string, word: string, module: string): void {
    if (word.includes(":")) {
      this.#append(file, word);
      return;
    }
    this.#append(file, `${word}:mod:${module}`);
    try {
      this.#append(file, word);
    } catch (error) {
      if (!(error instanceof Misuse)) throw error; // the kernel itself has no such function
    }
  }

  #read(file: string): string {
    return this.#text(`${this.#directory}/${file}`);
  }

  #text(path: string): string {
    return utf8(this.#linux.read(path));
  }

  /** A file's content, or nothing when the kernel doesn't have it. */
  #try(file: string): string[] {
    return hasFile(this.#linux, `${this.#directory}/${file}`) ? [this.#read(file)] : [];
  }

  #write(file: string, text: string): void {
    this.#linux.write(`${this.#directory}/${file}`, `${text}\n`);
  }

  #append(file: string, text: string): void {
    this.#linux.write(`${this.#directory}/${file}`, `${text}\n`, { append: true });
  }
}

function hasFile(linux: Linux, path: string): boolean {
  try {
    linux.read(path);
    return true;
  } catch (error) {
    if (error instanceof Misuse) return false;
    throw error;
  }
}
