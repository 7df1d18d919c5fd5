// Turns lines of function_graph into events: it finds each line's task, the call that a closing brace ends, and the
// times. In text without times, each CPU gets a clock of its own, the sum of its durations. A call at depth 0 is moved
// after everything that the file showed before it, and a task that changes its CPU takes its time along, so that the
// times of a stack never decrease.

import type { EntryEvent, ReturnEvent } from "../../ftrace/event.ts";
import type { TraceTask } from "../../ftrace/text/function-text.ts";
import { TEXT_DEPTH, TEXT_INTERRUPTS } from "../../limits.ts";
import { Moments } from "../moments.ts";
import type { Origin, TraceRecord } from "../trace.ts";
import { readEvent } from "./event-text.ts";
import type { GraphLine } from "./graph-line.ts";

interface OpenCall {
  readonly name: string;
  readonly module: string | null;
  readonly count: number;
}

/** A stack of calls: a task's, or a CPU's when the task is idle or unknown. */
interface Stack {
  open: (OpenCall | undefined)[];
  now: number;
  /** Interrupts that are being served: the calls they interrupted, and how much deeper their calls are than printed. */
  readonly interrupts: { readonly open: (OpenCall | undefined)[]; deeper: number | null }[];
}

type GraphEvent = (EntryEvent | ReturnEvent) & Partial<Origin>;

const NANOSECONDS = 1e9;
const NO_FLAGS = ".....";

export class GraphCalls {
  readonly #stacks = new Map<string, Stack>();
  /** The present time of each CPU, and of the last line, in nanoseconds. */
  readonly #cpus = new Map<number, number>();
  #line = 0;
  readonly #running: Map<number, TraceTask>;
  readonly #tasks: { task(name: string, pid: number): TraceTask };
  readonly #moments: Moments;

  /**
   * @param firstTasks each CPU's task before its first task switch, if it has one.
   * @param tasks gives the same object for the same task.
   * @param origin nanoseconds that the lines' times are less.
   */
  constructor(
    firstTasks: ReadonlyMap<number, TraceTask>,
    tasks: { task(name: string, pid: number): TraceTask },
    origin: bigint,
  ) {
    this.#tasks = tasks;
    this.#moments = new Moments(NANOSECONDS, origin);
    this.#running = new Map(
      [...firstTasks].map(([cpu, { name, pid }]) => [cpu, tasks.task(name, pid)]),
    );
  }

  /** Records that another task runs on the CPU from here on. */
  switch(cpu: number, { name, pid }: TraceTask): void {
    this.#running.set(cpu, this.#tasks.task(name, pid));
  }

  /** A CPU's present time in nanoseconds. */
  now(cpu: number): number {
    return this.#cpus.get(cpu) ?? this.#line;
  }

  /** The events of a line: none, one, or two for a call that returns on the same line. */
  records(line: GraphLine, lost: number | null): TraceRecord[] {
    const { cpu, content, flags } = line;
    const task =
      line.task === undefined
        ? this.#running.get(cpu)
        : this.#tasks.task(line.task.name, line.task.pid);
    const origin: Partial<Origin> = {
      ...(task === undefined ? {} : { task }),
      ...(flags === undefined ? {} : { flags: flags.padEnd(NO_FLAGS.length, ".") }),
      ...(lost === 0 ? {} : { lost }),
    };
    const stack = this.#stackOf(cpu, task);
    const now = this.#timeOf(line, stack);
    if (content.kind === "irq") {
      if (content.begins) interrupt(stack);
      else resume(stack);
      return [];
    }
    if (content.kind === "comment") {
      const { name, fields } = readEvent(content.text) ?? { name: "print", fields: content.text };
      this.#advance(cpu, stack, now);
      const whose = { task: task ?? this.#tasks.task("<...>", 0), flags: NO_FLAGS, lost };
      return [{ type: "other", ...this.#moment(now, cpu), ...whose, ...origin, name, fields }];
    }
    if (content.kind === "return") return [this.#leave(line, stack, now, origin)];
    const { kind, name, module } = content;
    const depth = depthOf(line, stack);
    stack.open.length = Math.min(stack.open.length, depth);
    const entry: GraphEvent = {
      type: "funcgraph_entry",
      ...this.#moment(now, cpu),
      ip: 0,
      depth,
      name,
      module,
      ...origin,
    };
    if (kind === "entry") {
      while (stack.open.length < depth) stack.open.push(undefined);
      stack.open.push({ name, module, count: now });
      this.#advance(cpu, stack, now);
      return [entry];
    }
    const end = now + (line.duration ?? 0);
    this.#advance(cpu, stack, end);
    const { lost: _lost, ...whose } = origin;
    const exit: GraphEvent = {
      type: "funcgraph_exit",
      ...this.#moment(end, cpu),
      ip: 0,
      depth,
      name,
      module,
      overrun: 0,
      entryCount: now,
      ...whose,
    };
    return [entry, exit];
  }

  #leave(line: GraphLine, stack: Stack, now: number, origin: Partial<Origin>): GraphEvent {
    const { cpu, content, duration } = line;
    const stated = content.kind === "return" ? content : { name: null, module: null };
    const depth = depthOf(line, stack);
    const entered = stack.open[depth];
    stack.open.length = Math.min(stack.open.length, depth);
    const end =
      line.time === undefined ? Math.max(now, (entered?.count ?? now) + (duration ?? 0)) : now;
    this.#advance(cpu, stack, end);
    const matches = stated.name === null || stated.name === entered?.name;
    const called = matches && entered !== undefined ? entered : stated;
    return {
      type: "funcgraph_exit",
      ...this.#moment(end, cpu),
      ip: 0,
      depth,
      name: called.name ?? "<...>",
      module: called.module,
      overrun: 0,
      // Without durations, the time since the entry is the best estimate.
      entryCount: duration === undefined ? (entered?.count ?? end) : end - duration,
      ...origin,
    };
  }

  #stackOf(cpu: number, task: TraceTask | undefined): Stack {
    const key = task === undefined || task.pid === 0 ? `cpu ${cpu}` : `task ${task.pid}`;
    let stack = this.#stacks.get(key);
    if (stack === undefined) {
      stack = { open: [], now: 0, interrupts: [] };
      this.#stacks.set(key, stack);
    }
    return stack;
  }

  #timeOf({ time, cpu, depth, content }: GraphLine, stack: Stack): number {
    const least = Math.max(stack.now, this.#cpus.get(cpu) ?? 0);
    if (time !== undefined) return Math.max(least, time * 1000);
    return depth === 0 && content.kind !== "return" ? Math.max(least, this.#line) : least;
  }

  #moment(count: number, cpu: number) {
    const moments = this.#moments;
    return {
      count,
      time: moments.seconds(count),
      microseconds: moments.microseconds(count),
      cpu,
    };
  }

  #advance(cpu: number, stack: Stack, now: number): void {
    stack.now = now;
    this.#cpus.set(cpu, now);
    this.#line = Math.max(this.#line, now);
  }
}

function interrupt({ interrupts, open }: Stack): void {
  if (interrupts.length < TEXT_INTERRUPTS) interrupts.push({ open: [...open], deeper: null });
}

/** Reopens the calls that were open before the interrupt. */
function resume(stack: Stack): void {
  const interrupted = stack.interrupts.pop();
  if (interrupted !== undefined) stack.open = interrupted.open;
}

/** The depth of a call. In an interrupt it is below the interrupted calls, although its text restarts at depth 0. */
function depthOf({ depth, content }: GraphLine, { interrupts }: Stack): number {
  const interrupted = interrupts.at(-1);
  let deeper = interrupted?.deeper ?? 0;
  if (interrupted !== undefined && interrupted.deeper === null && content.kind !== "return") {
    deeper = Math.max(0, interrupted.open.length - depth);
    interrupted.deeper = deeper;
  }
  return Math.min(depth + deeper, TEXT_DEPTH - 1);
}
