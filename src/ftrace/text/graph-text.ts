// Events of function_graph as the kernel's own `trace` file prints them: trace_functions_graph.c of 6.1, byte for byte,
// with its funcgraph- options. An entry that is directly followed by its return is one line; events of other kinds are
// comments. Interrupts and sleeping, which the lab doesn't have, produce no lines.

import { LineBuffer } from "../../bytes/line-buffer.ts";
import { utf8Bytes } from "../../bytes/text.ts";
import { CACHED_TEXTS } from "../../limits.ts";
import type { OptionKeys } from "../../options.ts";
import type { EntryEvent, ReturnEvent } from "../event.ts";
import { eventText, FtraceLines, secondsText, type TraceTask } from "./function-text.ts";
import { foldLeaves } from "./leaves.ts";

/** The tracer's options, under trace_options' names. */
export interface GraphTextOptions {
  /** The CPU's column; default: shown. */
  readonly cpu?: boolean;
  /** Marks on long durations; default: shown. */
  readonly overhead?: boolean;
  /** The duration of calls; default: shown. */
  readonly duration?: boolean;
  /** Task and pid. */
  readonly proc?: boolean;
  /** The time of each line. */
  readonly abstime?: boolean;
  /** The function's name after each closing brace. */
  readonly tail?: boolean;
  /** A line after each closing brace: the number of functions that found the shadow stack full. */
  readonly overrun?: boolean;
}

export const GRAPH_TEXT_OPTIONS: OptionKeys<GraphTextOptions> = {
  cpu: true,
  overhead: true,
  duration: true,
  proc: true,
  abstime: true,
  tail: true,
  overrun: true,
};

/** An event of another kind, which is printed as a comment. */
interface CommentEvent {
  readonly type: "other";
  readonly count: number;
  readonly microseconds: number;
  readonly cpu: number;
  readonly name: string;
  readonly fields: string;
}

type GraphTextEvent = (EntryEvent | ReturnEvent | CommentEvent) & {
  readonly task?: TraceTask;
  readonly flags?: string;
  readonly lost?: number | null;
};
type GraphCall = Exclude<GraphTextEvent, CommentEvent>;

export interface GraphTextTrace {
  /** The task of events that name none. */
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
/** The columns in the header's order, with their two lines of the header. */
const COLUMNS: readonly (readonly [option: keyof GraphTextOptions, title: string, rule: string])[] =
  [
    ["abstime", "     TIME       ", "      |         "],
    ["cpu", " CPU", " |  "],
    ["proc", "  TASK/PID       ", "   |    |        "],
    ["duration", "  DURATION   ", "   |   |      "],
  ];
/** The durations, in nanoseconds, above which a call gets a mark, and the marks. */
const MARKS: readonly (readonly [nanoseconds: number, mark: string])[] = [
  [1_000_000_000, "$"],
  [100_000_000, "@"],
  [10_000_000, "*"],
  [1_000_000, "#"],
  [100_000, "!"],
  [10_000, "+"],
];
/** Entries of trace_printk: the comment consists of the message alone. */
const MESSAGES: ReadonlySet<string> = new Set(["print", "bprint", "bputs"]);
const STACKS: ReadonlySet<string> = new Set(["kernel_stack", "user_stack"]);
const NANOSECONDS = 1_000_000_000;
const NO_DURATION = utf8Bytes("              |  ");
const INDENT = "  ";
/** Width of the column for a task's name and pid, and the most characters of the name. */
const PROC_WIDTH = 14;
const PROC_NAME = 7;
const RULE = ` ${"-".repeat(42)}\n`;

/** The text, some lines at a time; a return that follows its entry directly is on the entry's line. */
export function* graphText(
  trace: GraphTextTrace,
  options: GraphTextOptions = {},
): Generator<string> {
  const shown = { ...SHOWN, ...options };
  yield header(shown);
  const lines = new GraphLines(trace, shown);
  for (const [event, leaf] of foldLeaves(trace.events)) {
    lines.add(event, leaf);
    if (lines.full) yield lines.take();
  }
  yield lines.take();
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

/** The part of a call that a line shows: all of it, its begin, its end. */
type Form = "leaf" | "entry" | "return";

class GraphLines {
  readonly #lines = new LineBuffer();
  readonly #trace: GraphTextTrace;
  readonly #shown: Required<GraphTextOptions>;
  readonly #cpuWidth: number;
  /** By CPU: the function entered at each depth, and the task of the last event. */
  readonly #entered = new Map<number, (GraphCall | undefined)[]>();
  /** By CPU: the depth at which comments are printed. */
  readonly #depths = new Map<number, number>();
  readonly #tasks = new Map<number, TraceTask>();
  /** Cached parts of lines: CPUs' columns, durations, and calls by form, depth and name. */
  readonly #cpus = new Map<number, Uint8Array>();
  readonly #durations = new Map<number, Uint8Array>();
  #calls = newCalls();
  #callCount = 0;

  constructor(trace: GraphTextTrace, shown: Required<GraphTextOptions>) {
    this.#trace = trace;
    this.#shown = shown;
    this.#cpuWidth = String(Math.max(0, trace.cpus - 1)).length;
  }

  /** Whether there are enough lines to take(). */
  get full(): boolean {
    return this.#lines.full;
  }

  /** The lines since the last take(). */
  take(): string {
    return this.#lines.take();
  }

  /** Appends an event's line. @param leaf the return that directly follows an entry. */
  add(event: GraphTextEvent, leaf: ReturnEvent | null): void {
    const { cpu, lost } = event;
    if (lost !== 0 && lost !== undefined) {
      this.#text(`CPU:${cpu} [LOST ${lost === null ? "" : `${lost} `}EVENTS]\n`);
    }
    if (event.type === "other" && STACKS.has(event.name)) {
      // print_graph_function_flags() prints stacks in the plain format.
      const lines = new FtraceLines();
      lines.addEvent(event.task ?? this.#trace.task, event);
      this.#text(lines.take());
      return;
    }
    this.#taskSwitch(event);
    this.#columns(event);
    if (event.type === "other") this.#comment(event);
    else this.#call(event, leaf);
  }

  /** As print_graph_comment(): indented one level more than the enclosing call, but not at the two outermost levels. */
  #comment(event: CommentEvent): void {
    const depth = this.#depths.get(event.cpu) ?? 0;
    const indent = depth > 0 ? INDENT.repeat(depth + 1) : "";
    const text = MESSAGES.has(event.name)
      ? event.fields.replace(/^[^\s:]+: /, "")
      : eventText(event);
    if (this.#shown.duration) this.#lines.write(NO_DURATION);
    this.#text(`${indent}/* ${text} */\n`);
  }

  #text(text: string): void {
    this.#lines.write(utf8Bytes(text));
  }

  #call(event: GraphCall, leaf: ReturnEvent | null): void {
    const { depth, type } = event;
    this.#depths.set(event.cpu, leaf === null && type === "funcgraph_entry" ? depth : depth - 1);
    const entered = this.#enteredOn(event.cpu);
    const before = entered[depth];
    entered[depth] = leaf === null && type === "funcgraph_entry" ? event : undefined;
    if (leaf !== null) {
      this.#duration(leaf);
      this.#lines.write(this.#callText("leaf", event));
    } else if (type === "funcgraph_entry") {
      if (this.#shown.duration) this.#lines.write(NO_DURATION);
      this.#lines.write(this.#callText("entry", event));
    } else {
      this.#duration(event);
      const matches = before?.name === event.name && before.module === event.module;
      if (matches && !this.#shown.tail) this.#text(`${INDENT.repeat(depth)}}\n`);
      else this.#lines.write(this.#callText("return", event));
      if (this.#shown.overrun) this.#text(` (Overruns: ${event.overrun})\n`);
    }
  }

  #callText(form: Form, { depth, name, module }: GraphCall): Uint8Array {
    const known = this.#calls[form][depth]?.get(name);
    if (known?.module === module) return known.bytes;
    if (this.#callCount === CACHED_TEXTS) {
      this.#calls = newCalls();
      this.#callCount = 0;
    }
    this.#callCount += 1;
    const symbol = module === null ? name : `${name} [${module}]`;
    const texts = { leaf: `${symbol}();`, entry: `${symbol}() {`, return: `} /* ${symbol} */` };
    const bytes = utf8Bytes(`${INDENT.repeat(depth)}${texts[form]}\n`);
    const depths = this.#calls[form];
    const names = depths[depth] ?? new Map();
    depths[depth] = names;
    names.set(name, { module, bytes });
    return bytes;
  }

  #columns(event: GraphTextEvent): void {
    const { abstime, cpu, proc } = this.#shown;
    if (abstime) this.#text(`${secondsText(event.microseconds)} |  `);
    if (cpu) this.#lines.write(this.#cpu(event.cpu));
    if (proc) this.#text(`${procText(event.task ?? this.#trace.task)} | `);
  }

  /** Three lines, if the CPU runs another task than at the last event. */
  #taskSwitch({ cpu, task = this.#trace.task }: GraphTextEvent): void {
    const before = this.#tasks.get(cpu);
    if (before === task) return;
    this.#tasks.set(cpu, task);
    if (before === undefined || before.pid === task.pid) return;
    this.#text(RULE);
    this.#lines.write(this.#cpu(cpu));
    this.#text(`${procText(before)} => ${procText(task)}\n${RULE}\n`);
  }

  #cpu(cpu: number): Uint8Array {
    let bytes = this.#cpus.get(cpu);
    if (bytes === undefined) {
      bytes = utf8Bytes(` ${String(cpu).padStart(this.#cpuWidth)}) `);
      this.#cpus.set(cpu, bytes);
    }
    return bytes;
  }

  #duration({ count, entryCount }: ReturnEvent): void {
    const { duration, overhead } = this.#shown;
    if (!duration) return;
    const nanoseconds = Math.floor(((count - entryCount) * NANOSECONDS) / this.#trace.clockHz);
    let bytes = this.#durations.get(nanoseconds);
    if (bytes === undefined) {
      if (this.#durations.size === CACHED_TEXTS) this.#durations.clear();
      const mark = overhead ? markOf(nanoseconds) : " ";
      bytes = utf8Bytes(`${mark} ${durationText(nanoseconds)}|  `);
      this.#durations.set(nanoseconds, bytes);
    }
    this.#lines.write(bytes);
  }

  #enteredOn(cpu: number): (GraphCall | undefined)[] {
    let entered = this.#entered.get(cpu);
    if (entered === undefined) {
      entered = [];
      this.#entered.set(cpu, entered);
    }
    return entered;
  }
}

/** By depth and name, with the function's module. */
type CallTexts = Map<string, { readonly module: string | null; readonly bytes: Uint8Array }>[];

function newCalls(): Record<Form, CallTexts> {
  return { leaf: [], entry: [], return: [] };
}

function markOf(nanoseconds: number): string {
  return MARKS.find(([least]) => nanoseconds > least)?.[1] ?? " ";
}

/** The number of decimals of a duration with these whole microseconds. */
function fractionDigits(whole: string): number {
  return Math.max(0, Math.min(3, 7 - whole.length));
}

/** A duration as durationText() prints it, in nanoseconds. */
export function printedDuration(nanoseconds: number): number {
  const step = 10 ** (3 - fractionDigits(String(Math.floor(nanoseconds / 1000))));
  return nanoseconds - (nanoseconds % step);
}

/** Microseconds in seven digits or more, as trace_print_graph_duration() prints them: truncated, not rounded. */
export function durationText(nanoseconds: number): string {
  const whole = String(Math.floor(nanoseconds / 1000));
  const digits = fractionDigits(whole);
  const fraction = String(nanoseconds % 1000).padStart(3, "0");
  const number = digits > 0 ? `${whole}.${fraction.slice(0, digits)}` : whole;
  return `${number} us ${" ".repeat(Math.max(0, 8 - number.length))}`;
}

/** Name and pid, centred in their column, whose width is in bytes. */
function procText({ name, pid }: TraceTask): string {
  const text = `${name.slice(0, PROC_NAME)}-${pid}`;
  const spaces = Math.max(0, PROC_WIDTH - utf8Bytes(text).length);
  const before = Math.floor(spaces / 2);
  return `${" ".repeat(before)}${text}${" ".repeat(spaces - before)}`;
}
