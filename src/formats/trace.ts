// The trace that all formats share: facts about the run, and events in the order of time. A tracer's ring, a real
// machine's trace.dat and a text file all become a value of this type. Facts that only some events have (a task other
// than the trace's, latency flags, events of other kinds) are optional.

import type { Endian } from "../bytes/endian.ts";
import type { FunctionEvent, TraceEvent, TracerName } from "../ftrace/event.ts";
import type { TraceTask } from "../ftrace/text/function-text.ts";
import { profileFor } from "../kernel/rules/profile.ts";
import type { TraceRules } from "../kernel/rules/table.ts";

/** Facts about an event that only a real machine's trace has. */
export interface Origin {
  readonly task: TraceTask;
  /** The kernel's five columns: irqs-off, need-resched, context, preempt-depth, migrate-disable (a dot up to 5.14). */
  readonly flags: string;
  /** Events that this CPU's ring lost just before; null when it lost some without counting them. */
  readonly lost: number | null;
}

/** An event, with its origin if that is known. */
export type RecordedEvent = TraceEvent & Partial<Origin>;

/** An event of a kind that farjal's tracers don't make, from a real machine's file. */
export interface OtherEvent
  extends Pick<FunctionEvent, "count" | "time" | "microseconds" | "cpu">,
    Origin {
  readonly type: "other";
  readonly name: string;
  /** Its text, as the kernel prints it after the name. */
  readonly fields: string;
  /** The text as trace-cmd prints it, when that differs. */
  readonly reported?: string;
  /** For func_repeats, an entry that stands for repeated calls: one of them, their number, and the last one's count. */
  readonly repeats?: {
    readonly call: FunctionEvent & Origin;
    readonly calls: number;
    readonly last: number;
  };
}

export type TraceRecord = RecordedEvent | OtherEvent;

/** A trace's facts, without its events. */
export interface TraceFacts {
  /** The trace's only task, or the one for events that name none. */
  readonly task: TraceTask;
  readonly cpus: number;
  /** The rate of the events' counts in Hz. */
  readonly clockHz: number;
  readonly endian: Endian;
  /** As `uname -r` gives it; empty when it isn't known. */
  readonly release: string;
  /** The rules of the kernel in whose form the trace is written; default: those of `release`. */
  readonly rules?: TraceRules;
  /** Events that the ring lost before the oldest one here. */
  readonly overruns: number;
  /** Whether events' ips are known; text has none, and they are 0. */
  readonly addresses: boolean;
  /** The tracer of an empty trace; default: function. */
  readonly tracer?: TracerName;
  /**
   * True when times are counts of a clock whose rate isn't known, such as the trace clocks counter and x86-tsc. They
   * are printed as counts; formats that need a time take a count as a nanosecond.
   */
  readonly ticks?: boolean;
  /**
   * What the events' counts are kept less, so that a number holds them exactly: nanoseconds, or counts of a clock without
   * a rate. Events' `time` and `microseconds` include it. Default: 0.
   */
  readonly origin?: bigint;
  /** Which times the file has; default: all, exactly. */
  readonly carried?: CarriedTimes;
}

/** Which of a trace's times its file holds; the others are made up so that the order is right. */
export interface CarriedTimes {
  /** Whether the file has the events' times, to at least a microsecond. */
  readonly moments: boolean;
  /** The precision of the calls' durations; `printed`: cut to the digits that function_graph's text has. */
  readonly durations: "exact" | "printed" | "none";
}

export interface Trace extends TraceFacts {
  /** The cost of tracing, if it is known: rows of a name and a figure, and their basis. */
  readonly cost?: {
    readonly rows: readonly (readonly [name: string, figure: string])[];
    readonly note: string;
  };
  /** The number of events, if it is known without reading them. */
  readonly length?: number;
  /** Calls, oldest first, repeated ones each; can be iterated more than once. */
  readonly events: Iterable<RecordedEvent>;
  /** The same, with events of other kinds between them. */
  readonly records: Iterable<TraceRecord>;
  /** The number of records of other kinds that the last pass over `events` left out. */
  readonly others?: () => number;
  /** What was skipped in the file, a sentence each; complete once its records have been read. */
  readonly notes?: () => readonly string[];
}

const NANOSECONDS = 1e9;

/** The rules by which a trace is written, and a file of its release is read. */
export function traceRules({ rules, release }: Pick<TraceFacts, "rules" | "release">): TraceRules {
  return rules ?? profileFor({}, null, release).rules;
}

/** Makes the conversion from counts to whole nanoseconds, rounded down. */
export function nanosecondsOf(clockHz: number): (count: number) => number {
  const each = NANOSECONDS / clockHz;
  if (Number.isInteger(each)) return (count) => count * each;
  return (count) => {
    const seconds = Math.floor(count / clockHz);
    return (
      seconds * NANOSECONDS + Math.floor(((count - seconds * clockHz) * NANOSECONDS) / clockHz)
    );
  };
}

/** An address with its name, as a line of /proc/kallsyms. */
export interface TraceSymbol {
  readonly address: number;
  readonly name: string;
  readonly module: string | null;
}

/** The names that a trace's events use; a file may list them before its events. */
export interface TraceNames {
  /** Every task, the trace's own first. */
  readonly tasks: readonly TraceTask[];
  /**
   * Each address that an event holds, with the name of that address, ascending. A file with this list resolves the
   * trace's addresses and no others.
   */
  readonly symbols: readonly TraceSymbol[];
}

/** Gathers the names from the events that are passed to it. */
export class NameGatherer {
  readonly #tasks: Map<number, TraceTask>;
  readonly #symbols = new Map<number, TraceSymbol>();
  readonly #modules = new Map<string, string | null>();
  readonly #callers = new Map<number, string>();
  #task: TraceTask | undefined;

  /** @param task the trace's own task. */
  constructor(task: TraceTask) {
    this.#tasks = new Map([[task.pid, task]]);
  }

  add(event: RecordedEvent): void {
    if (event.task !== this.#task) {
      this.#task = event.task;
      const { task } = event;
      if (task !== undefined && !this.#tasks.has(task.pid)) this.#tasks.set(task.pid, task);
    }
    const { ip, name, module } = event;
    if (!this.#symbols.has(ip)) {
      this.#symbols.set(ip, { address: ip, name, module });
      this.#modules.set(name, module);
    }
    if (event.type === "function" && !this.#callers.has(event.parentIp)) {
      this.#callers.set(event.parentIp, event.parentName);
    }
  }

  names(): TraceNames {
    const symbols = new Map(this.#symbols);
    for (const [address, name] of this.#callers) {
      if (!symbols.has(address)) {
        symbols.set(address, { address, name, module: this.#modules.get(name) ?? null });
      }
    }
    return {
      tasks: [...this.#tasks.values()],
      symbols: [...symbols.values()].sort((a, b) => a.address - b.address),
    };
  }
}

/** Reads a trace once for its names. */
export function namesOf(trace: Trace): TraceNames {
  const gatherer = new NameGatherer(trace.task);
  for (const event of trace.events) gatherer.add(event);
  return gatherer.names();
}
