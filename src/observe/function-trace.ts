// Traces functions of a whole kernel from outside: a record at each jump to the first instruction of a function of the
// kernel or of its modules, with or without a call site of ftrace's. The guest's memory and its time stay as they are,
// so a traced run executes what an untraced one does. function_graph keeps a stack of open calls for each thread, and
// finds a return by its address together with the stack pointer; the guest's return addresses are not replaced.
//
// A function that is entered without a jump, because the code before it runs into it, is not recorded.

import type { Board } from "../board/board.ts";
import { Misuse } from "../errors.ts";
import type { RecordedEvent, Trace } from "../formats/trace.ts";
import { TRACERS, type TracerName } from "../ftrace/event.ts";
import { type Pattern, readPattern, wordsOf } from "../ftrace/filters/pattern.ts";
import { TraceNames } from "../ftrace/trace-names.ts";
import { hex } from "../hex.ts";
import { EVENT_NAMES } from "../limits.ts";
import { checkOptions, type OptionKeys } from "../options.ts";
import { CallStacks } from "./call-stacks.ts";
import { type EventRecord, EventStore, RETURNS } from "./event-store.ts";
import type { JumpFollower, RunningKernel } from "./running-kernel.ts";
import { Tasks } from "./tasks.ts";

const RA = 31;
const SP = 29;
/** Records that are kept by default. */
const CAPACITY = 65536;
const FLAGS = ".....";

export interface FunctionTraceOptions {
  /** Default: `function`. */
  readonly tracer?: TracerName | undefined;
  /**
   * Words of set_ftrace_filter, for functions of the kernel and of every module that is or will be loaded; default: all.
   */
  readonly filter?: readonly string[] | undefined;
  /** The same for functions that are left out. */
  readonly notrace?: readonly string[] | undefined;
  /** function_graph: functions nested in this many traced ones are ignored; default: 0, no limit. */
  readonly maxDepth?: number | undefined;
  /** Where the events are kept; default: the newest 65,536 in memory. */
  readonly store?: EventStore | undefined;
}

const OPTIONS: OptionKeys<FunctionTraceOptions> = {
  tracer: true,
  filter: true,
  notrace: true,
  maxDepth: true,
  store: true,
};

export class FunctionTrace implements JumpFollower {
  readonly tracer: TracerName;
  readonly #board: Board;
  readonly #store: EventStore;
  readonly #filter: readonly Pattern[];
  readonly #notrace: readonly Pattern[];
  readonly #running: RunningKernel;
  readonly #tasks: Tasks;
  readonly #names = new TraceNames();
  readonly #stacks: CallStacks;
  /** The functions that are traced. */
  readonly #selected = new Set<number>();
  /** Patterns that have matched a function. */
  readonly #useful = new Set<Pattern>();

  /**
   * Begins to trace.
   * @throws Misuse for a pattern that isn't one.
   */
  static start(running: RunningKernel, options: FunctionTraceOptions = {}): FunctionTrace {
    checkOptions("FunctionTrace.start()", options, OPTIONS);
    return new FunctionTrace(running, options);
  }

  private constructor(running: RunningKernel, options: FunctionTraceOptions) {
    const { tracer = "function", filter = [], notrace = [], maxDepth = 0 } = options;
    if (!TRACERS.includes(tracer)) {
      throw new Misuse(`there is no tracer '${tracer}'; take ${TRACERS.join(" or ")}`);
    }
    const { board, kernel } = running;
    this.tracer = tracer;
    this.#board = board;
    this.#running = running;
    this.#store = options.store ?? EventStore.ring(CAPACITY);
    this.#filter = patternsOf(filter);
    this.#notrace = patternsOf(notrace);
    this.#stacks = new CallStacks(maxDepth);
    this.#tasks = new Tasks(board.processor, kernel);
    running.follower = this;
  }

  /** Ends tracing; the events stay readable. */
  stop(): void {
    this.#running.follower = null;
  }

  /** Events recorded so far. */
  get written(): number {
    return this.#store.written;
  }

  /** Words of the filters that no function has matched. */
  get useless(): readonly string[] {
    return [...this.#filter, ...this.#notrace]
      .filter((pattern) => !this.#useful.has(pattern))
      .map(({ text }) => text);
  }

  /** The events as a trace, which all formats take. */
  trace(): Trace {
    const events = { [Symbol.iterator]: () => this.#events() };
    return {
      task: { name: "<idle>", pid: 0 },
      cpus: 1,
      clockHz: this.#board.clockRate,
      endian: this.#board.endian,
      release: this.#running.kernel.release ?? "",
      overruns: this.#store.overruns,
      addresses: true,
      tracer: this.tracer,
      length: this.#store.length,
      events,
      records: events,
    };
  }

  *#events(): Generator<RecordedEvent> {
    const named = new Map<number, { readonly name: string; readonly module: string | null }>();
    const nameOf = (address: number) => {
      const known = named.get(address);
      if (known !== undefined) return known;
      const found = this.#names.at(address);
      const name = { name: found?.name ?? hex(address), module: found?.module ?? null };
      if (named.size >= EVENT_NAMES) named.clear();
      named.set(address, name);
      return name;
    };
    for (const record of this.#store) yield this.#event(record, nameOf);
  }

  #event(
    { ip, parent, time: count, entered, returns, depth, task: number }: EventRecord,
    nameOf: (address: number) => { readonly name: string; readonly module: string | null },
  ): RecordedEvent {
    const rate = this.#board.clockRate;
    const time = count / rate;
    const microseconds = Math.floor((count * 1e6) / rate);
    const { name, module } = nameOf(ip);
    const task = this.#tasks.task(number);
    const common = { count, time, microseconds, cpu: 0, name, module, ip, task, flags: FLAGS };
    if (this.tracer === "function") {
      const parentName = nameOf(parent).name;
      return { type: "function", ...common, parentName, parentIp: parent };
    }
    if (!returns) return { type: "funcgraph_entry", ...common, depth };
    return { type: "funcgraph_exit", ...common, depth, overrun: 0, entryCount: entered };
  }

  arrive(address: number): void {
    if (this.tracer === "function_graph") this.#leave(address);
    if (this.#selected.has(address)) this.#enter(address);
  }

  #enter(address: number): void {
    const { processor, now } = this.#board;
    const back = processor.gpr(RA);
    if (this.tracer === "function") {
      this.#store.add(address, back, now, now, 0, this.#tasks.current);
      return;
    }
    const depth = this.#stacks.enter(this.#tasks.thread, processor.gpr(SP), back, address, now);
    if (depth === undefined) return;
    processor.mark(back);
    this.#store.add(address, back, now, now, depth, this.#tasks.current);
  }

  #leave(address: number): void {
    const { processor, now } = this.#board;
    const task = this.#tasks;
    this.#stacks.leave(task.thread, processor.gpr(SP), address, (call, depth) => {
      this.#store.add(call.ip, address, now, call.entered, depth + RETURNS, task.current);
    });
  }

  /** Selects anew from the functions that there are now. */
  changed(): void {
    const { processor } = this.#board;
    this.#tasks.slide = this.#running.slide;
    this.#selected.clear();
    for (const one of this.#running.functions()) {
      if (!this.#takes(one)) continue;
      this.#selected.add(one.address);
      processor.mark(one.address);
    }
    this.#names.update(this.#running.tables, this.#store.written, this.#store.overruns);
  }

  #takes(one: { readonly name: string; readonly module: string | null }): boolean {
    let taken = this.#filter.every(({ removes }) => removes);
    for (const pattern of this.#filter) {
      if (!pattern.matches(one)) continue;
      this.#useful.add(pattern);
      taken = !pattern.removes;
    }
    const left = this.#notrace.filter((pattern) => pattern.matches(one));
    for (const pattern of left) this.#useful.add(pattern);
    return taken && left.length === 0;
  }
}

/** @throws Misuse for a word that is no pattern, or a number, which stands for a place in a list that isn't there. */
function patternsOf(texts: readonly string[]): Pattern[] {
  return texts.flatMap(wordsOf).map((word) => {
    const pattern = readPattern(word);
    if (pattern.index !== null) {
      throw new Misuse(`'${word}' is a number of available_filter_functions: write the name`);
    }
    return pattern;
  });
}
