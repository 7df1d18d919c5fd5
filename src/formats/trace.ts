// A trace as formats take it: facts about the run, and events in the order of time. A tracer's ring, a
// trace.dat of a real machine and a text file all become one of these; what an event alone can't say
// (another task than the trace's, latency flags, events of other kinds) stands beside it and may be absent.

import type { Endian } from "../bytes/endian.ts";
import type { FunctionEvent, TraceEvent, TracerName } from "../ftrace/event.ts";
import type { TraceTask } from "../ftrace/text/function-text.ts";

/** What only a real machine tells of an event. */
export interface Origin {
  readonly task: TraceTask;
  /** The kernel's five columns: irqs-off, need-resched, context, preempt-depth, migrate-disable. */
  readonly flags: string;
  /** Events that this CPU's ring lost just before; null when it lost some and didn't count them. */
  readonly lost: number | null;
}

/** An event, with its origin where that is known. */
export type RecordedEvent = TraceEvent & Partial<Origin>;

/** An event of a kind that farjal's tracers don't make, as a real machine's file may hold. */
export interface OtherEvent
  extends Pick<FunctionEvent, "count" | "time" | "microseconds" | "cpu">,
    Origin {
  readonly type: "other";
  readonly name: string;
  /** Its text, as the kernel prints it behind the name. */
  readonly fields: string;
  /** The same as trace-cmd prints it, where that differs. */
  readonly reported?: string;
}

export type TraceRecord = RecordedEvent | OtherEvent;

/** A trace's facts, without its events. */
export interface TraceFacts {
  /** The trace's only task, or what to call one that an event doesn't name. */
  readonly task: TraceTask;
  readonly cpus: number;
  /** What events' counts count a second. */
  readonly clockHz: number;
  readonly endian: Endian;
  /** As `uname -r` gives it; empty when nobody knows. */
  readonly release: string;
  /** Events that the ring lost before the oldest one here. */
  readonly overruns: number;
  /** Whether events' ips are known; in text they aren't, and are 0. */
  readonly addresses: boolean;
  /** The tracer of an empty trace; default: function. */
  readonly tracer?: TracerName;
  /**
   * True where times count a clock whose rate isn't known, such as the trace clocks counter and x86-tsc. They are printed as
   * the counts that they are; formats that need a time take a count as a nanosecond.
   */
  readonly ticks?: boolean;
  /** Nanoseconds to be added to all times where they are printed: what --date recorded. */
  readonly origin?: bigint;
  /** Which times the file has; default: all, exactly. */
  readonly carried?: CarriedTimes;
}

/** What of a trace's times its file holds; the rest is made up so that the order is true. */
export interface CarriedTimes {
  /** When events happened, to the microsecond at least. */
  readonly moments: boolean;
  /** What calls took; `printed`: cut to the digits that function_graph's text has. */
  readonly durations: "exact" | "printed" | "none";
}

export interface Trace extends TraceFacts {
  /** What tracing took, where that is known: rows of a name and a figure, and what they rest on. */
  readonly cost?: {
    readonly rows: readonly (readonly [name: string, figure: string])[];
    readonly note: string;
  };
  /** How many events there are, where that is known without going through them. */
  readonly length?: number;
  /** Oldest first; may be gone through again. */
  readonly events: Iterable<RecordedEvent>;
  /** The same, with events of other kinds between them. */
  readonly records: Iterable<TraceRecord>;
  /** How many records the last pass over `events` has left out, which are of other kinds. */
  readonly others?: () => number;
  /** What of the file was passed over, a sentence each; known when its records have been gone through. */
  readonly notes?: () => readonly string[];
}

const NANOSECONDS = 1e9;

/** Makes the reckoning from counts to whole nanoseconds, rounded down. */
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

/** How many events there are. */
export function traceLength({ length, events }: Trace): number {
  if (length !== undefined) return length;
  let count = 0;
  for (const _ of events) count += 1;
  return count;
}

/** An address with its name, as a line of /proc/kallsyms. */
export interface TraceSymbol {
  readonly address: number;
  readonly name: string;
  readonly module: string | null;
}

/** What a trace's events name: what a file of them says before it comes to them. */
export interface TraceNames {
  /** Every task, the trace's own first. */
  readonly tasks: readonly TraceTask[];
  /**
   * Each address that an event holds with the name that it has there, ascending. A file of these resolves
   * the trace's addresses and no others.
   */
  readonly symbols: readonly TraceSymbol[];
}

/** Gathers the names as events go by. */
export class NameGatherer {
  readonly #tasks: Map<number, TraceTask>;
  readonly #symbols = new Map<number, TraceSymbol>();
  readonly #modules = new Map<string, string | null>();
  readonly #callers = new Map<number, string>();
  #task: TraceTask | undefined;

  /** @param task the trace's own. */
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

/** Goes through a trace for its names. */
export function namesOf(trace: Trace): TraceNames {
  const gatherer = new NameGatherer(trace.task);
  for (const event of trace.events) gatherer.add(event);
  return gatherer.names();
}
