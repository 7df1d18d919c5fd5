// Events of function_graph as the kernel's own `trace` file prints them: trace_functions_graph.c of 6.1, byte
// for byte in shape, with its funcgraph- options. An entry that its return follows at once is one line. What
// a lab has no counterpart for (interrupts, sleeping) has no lines.

import type { EntryEvent, ReturnEvent } from "../ftrace/event.ts";
import type { TraceTask } from "./ftrace-text.ts";

/** The tracer's options, under trace_options' names. */
export interface GraphTextOptions {
  /** The CPU's column; shown unless told. */
  readonly cpu?: boolean;
  /** Marks on long durations; shown unless told. */
  readonly overhead?: boolean;
  /** What calls took; shown unless told. */
  readonly duration?: boolean;
  /** Task and pid. */
  readonly proc?: boolean;
  /** The time of each line. */
  readonly abstime?: boolean;
  /** The function's name behind each closing brace. */
  readonly tail?: boolean;
  /** A line behind each closing brace: functions that found the shadow stack full. */
  readonly overrun?: boolean;
}

type GraphTextEvent = (EntryEvent | ReturnEvent) & {
  readonly task?: TraceTask;
  readonly lost?: number | null;
};

export interface GraphTextTrace {
  /** Whose events those are that name no task. */
  readonly task: TraceTask;
  readonly cpus: number;
  readonly clockHz: number;
  readonly events: Iterable<GraphTextEvent>;
}

const SHOWN: Required<GraphTextOptions> = {
  cpu: true,
  overhead: true,
  duration: true,
  proc: false,
  abstime: false,
  tail: false,
  overrun: false,
};
/** Columns in the order of the header, with their two lines of it. */
const COLUMNS: readonly (readonly [option: keyof GraphTextOptions, title: string, rule: string])[] =
  [
    ["abstime", "     TIME       ", "      |         "],
    ["cpu", " CPU", " |  "],
    ["proc", "  TASK/PID       ", "   |    |        "],
    ["duration", "  DURATION   ", "   |   |      "],
  ];
/** What a call took more than, in nanoseconds, and its mark. */
const MARKS: readonly (readonly [nanoseconds: number, mark: string])[] = [
  [1_000_000_000, "$"],
  [100_000_000, "@"],
  [10_000_000, "*"],
  [1_000_000, "#"],
  [100_000, "!"],
  [10_000, "+"],
];
const NANOSECONDS = 1_000_000_000;
const NO_DURATION = "              |  ";
const INDENT = "  ";
/** Characters of a task's name and pid, and how many of its name are shown. */
const PROC_WIDTH = 14;
const PROC_NAME = 7;
const RULE = ` ${"-".repeat(42)}\n`;

/** The text, line by line; a return that came at once is in its entry's. */
export function* graphText(
  trace: GraphTextTrace,
  options: GraphTextOptions = {},
): Generator<string> {
  const shown = { ...SHOWN, ...options };
  yield header(shown);
  const lines = new GraphLines(trace, shown);
  let waiting: GraphTextEvent | null = null;
  for (const event of trace.events) {
    if (waiting === null) {
      waiting = event;
    } else if (isReturnOf(waiting, event)) {
      yield lines.line(waiting, event);
      waiting = null;
    } else {
      yield lines.line(waiting, null);
      waiting = event;
    }
  }
  if (waiting !== null) yield lines.line(waiting, null);
}

function header(shown: Required<GraphTextOptions>): string {
  const columns = COLUMNS.filter(([option]) => shown[option]);
  const titles = columns.map(([, title]) => title).join("");
  const rules = columns.map(([, , rule]) => rule).join("");
  const room = " ".repeat(15);
  return (
    "# tracer: function_graph\n#\n" +
    `#${titles}${room}FUNCTION CALLS\n#${rules}${room}|   |   |   |\n`
  );
}

function isReturnOf(entry: GraphTextEvent, event: GraphTextEvent): event is ReturnEvent {
  return (
    entry.type === "funcgraph_entry" &&
    event.type === "funcgraph_exit" &&
    entry.cpu === event.cpu &&
    entry.ip === event.ip &&
    entry.name === event.name &&
    entry.task?.pid === event.task?.pid
  );
}

class GraphLines {
  readonly #trace: GraphTextTrace;
  readonly #shown: Required<GraphTextOptions>;
  readonly #cpuWidth: number;
  /** By CPU: which function was entered at each depth, and whose event came last. */
  readonly #entered = new Map<number, (string | undefined)[]>();
  readonly #tasks = new Map<number, TraceTask>();

  constructor(trace: GraphTextTrace, shown: Required<GraphTextOptions>) {
    this.#trace = trace;
    this.#shown = shown;
    this.#cpuWidth = String(Math.max(0, trace.cpus - 1)).length;
  }

  /** @param leaf the return of an entry that nothing came between. */
  line(event: GraphTextEvent, leaf: ReturnEvent | null): string {
    const { cpu, lost } = event;
    const gap =
      lost === 0 || lost === undefined
        ? ""
        : `CPU:${cpu} [LOST ${lost === null ? "" : `${lost} `}EVENTS]\n`;
    const switched = this.#taskSwitch(event);
    return `${gap}${switched}${this.#columns(event)}${this.#call(event, leaf)}`;
  }

  #call(event: GraphTextEvent, leaf: ReturnEvent | null): string {
    const entered = this.#enteredOn(event.cpu);
    const indent = INDENT.repeat(event.depth);
    const name = nameOf(event);
    if (leaf !== null) {
      entered[event.depth] = undefined;
      return `${this.#duration(leaf)}${indent}${name}();\n`;
    }
    if (event.type === "funcgraph_entry") {
      entered[event.depth] = name;
      return `${this.#shown.duration ? NO_DURATION : ""}${indent}${name}() {\n`;
    }
    const matches = entered[event.depth] === name;
    entered[event.depth] = undefined;
    const tail = matches && !this.#shown.tail ? "" : ` /* ${name} */`;
    const overrun = this.#shown.overrun ? ` (Overruns: ${event.overrun})\n` : "";
    return `${this.#duration(event)}${indent}}${tail}\n${overrun}`;
  }

  #columns(event: GraphTextEvent): string {
    const { abstime, cpu, proc } = this.#shown;
    return (
      (abstime ? this.#time(event.count) : "") +
      (cpu ? this.#cpu(event.cpu) : "") +
      (proc ? `${procText(event.task ?? this.#trace.task)} | ` : "")
    );
  }

  /** Three lines where another task than the last one's runs on the CPU. */
  #taskSwitch({ cpu, task = this.#trace.task }: GraphTextEvent): string {
    const before = this.#tasks.get(cpu);
    this.#tasks.set(cpu, task);
    if (before === undefined || before.pid === task.pid) return "";
    return `${RULE}${this.#cpu(cpu)}${procText(before)} => ${procText(task)}\n${RULE}\n`;
  }

  #cpu(cpu: number): string {
    return ` ${String(cpu).padStart(this.#cpuWidth)}) `;
  }

  #time(count: number): string {
    const { clockHz } = this.#trace;
    const seconds = Math.floor(count / clockHz);
    const rest = Math.floor(((count - seconds * clockHz) * 1e6) / clockHz);
    return `${String(seconds).padStart(5)}.${String(rest).padStart(6, "0")} |  `;
  }

  #duration({ count, entryCount }: ReturnEvent): string {
    const { duration, overhead } = this.#shown;
    if (!duration) return "";
    const nanoseconds = Math.floor(((count - entryCount) * NANOSECONDS) / this.#trace.clockHz);
    const mark = overhead ? markOf(nanoseconds) : " ";
    return `${mark} ${durationText(nanoseconds)}|  `;
  }

  #enteredOn(cpu: number): (string | undefined)[] {
    let entered = this.#entered.get(cpu);
    if (entered === undefined) {
      entered = [];
      this.#entered.set(cpu, entered);
    }
    return entered;
  }
}

function markOf(nanoseconds: number): string {
  return MARKS.find(([least]) => nanoseconds > least)?.[1] ?? " ";
}

/** Microseconds in seven digits or more, as trace_print_graph_duration() prints them: cut off, not rounded. */
export function durationText(nanoseconds: number): string {
  const whole = String(Math.floor(nanoseconds / 1000));
  const digits = Math.min(3, 7 - whole.length);
  const fraction = String(nanoseconds % 1000).padStart(3, "0");
  const number = digits > 0 ? `${whole}.${fraction.slice(0, digits)}` : whole;
  return `${number} us ${" ".repeat(Math.max(0, 8 - number.length))}`;
}

/** `%ps`: with its module. */
function nameOf({ name, module }: GraphTextEvent): string {
  return module === null ? name : `${name} [${module}]`;
}

/** Name and pid in the middle of their column. */
function procText({ name, pid }: TraceTask): string {
  const text = `${name.slice(0, PROC_NAME)}-${pid}`;
  const spaces = Math.max(0, PROC_WIDTH - text.length);
  const before = Math.floor(spaces / 2);
  return `${" ".repeat(before)}${text}${" ".repeat(spaces - before)}`;
}
