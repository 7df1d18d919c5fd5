// Events as the kernel's own `trace` file prints them: the function line of kernel/trace/trace_output.c and the header
// of trace.c, in the same format byte for byte. The header and the number of flag columns differ by release: rule F1
// names them. Flags that have no counterpart in the lab (interrupt state, preemption) are printed as dots, the kernel's
// mark for "nothing special".

import { LineBuffer } from "../../bytes/line-buffer.ts";
import { padStartBytes, utf8Bytes } from "../../bytes/text.ts";
import type { TraceRules } from "../../kernel/rules/table.ts";
import { CACHED_TEXTS } from "../../limits.ts";

/** The parts of a function event that a line shows. */
export interface FunctionLine {
  /** Whole microseconds since the machine's reset. */
  readonly microseconds: number;
  readonly cpu: number;
  /** The function that was entered, and its caller; a raw address when no symbol contains it. */
  readonly name: string;
  readonly parentName: string;
  /** The flags, five columns or, up to 5.14, four and a dot; default: dots. */
  readonly flags?: string;
}

export interface TraceTask {
  /** As in /proc/PID/comm, at most 16 characters shown. */
  readonly name: string;
  readonly pid: number;
}

/** A rule's value: the flag columns of a trace's lines. */
export type FlagColumns = TraceRules["F1"];
/** The columns of a text that is no kernel's. */
const USUAL_COLUMNS: FlagColumns = "bh";

const FIVE_COLUMNS = `#                               / _----=> need-resched
#                              | / _---=> hardirq/softirq
#                              || / _--=> preempt-depth
#                              ||| / _-=> migrate-disable
#                              |||| /     delay
#           TASK-PID     CPU#  |||||  TIMESTAMP  FUNCTION
#              | |         |   |||||     |         |
`;
const HEADERS: Readonly<Record<FlagColumns, string>> = {
  four: `#                                _-----=> irqs-off
#                               / _----=> need-resched
#                              | / _---=> hardirq/softirq
#                              || / _--=> preempt-depth
#                              ||| /     delay
#           TASK-PID     CPU#  ||||   TIMESTAMP  FUNCTION
#              | |         |   ||||      |         |
`,
  five: `#                                _-----=> irqs-off\n${FIVE_COLUMNS}`,
  bh: `#                                _-----=> irqs-off/BH-disabled\n${FIVE_COLUMNS}`,
};

/** What a header says. */
export interface TraceHeader {
  /** The tracer; default: function. */
  readonly tracer?: string;
  readonly entries: number;
  /** Overwritten entries too. */
  readonly written: number;
  /** Default: 1. */
  readonly cpus?: number;
}

/** The head of a trace of function or nop. */
export function ftraceHeader(
  { tracer = "function", entries, written, cpus = 1 }: TraceHeader,
  columns: FlagColumns = USUAL_COLUMNS,
): string {
  return (
    `# tracer: ${tracer}\n#\n` +
    `# entries-in-buffer/entries-written: ${entries}/${written}   #P:${cpus}\n#\n${HEADERS[columns]}`
  );
}

/** The columns that a header names. */
export function columnsOf(header: string): FlagColumns {
  if (header.includes("irqs-off/BH-disabled")) return "bh";
  return header.includes("migrate-disable") ? "five" : "four";
}

/** One line, with its newline: `"%16s-%-7d [%03d] ..... %5lu.%06lu: %s <-%s"`. */
export function ftraceLine(task: TraceTask, line: FunctionLine): string {
  const lines = new FtraceLines();
  lines.add(task, line);
  return lines.take();
}

/** An event of another kind, as a line. */
export interface EventLine extends Pick<FunctionLine, "microseconds" | "cpu" | "flags"> {
  readonly name: string;
  readonly fields: string;
}

/** ftrace's own entries that the kernel prints without a name (kernel/trace/trace_output.c). */
const NAMELESS: ReadonlySet<string> = new Set([
  "print",
  "bprint",
  "bputs",
  "kernel_stack",
  "user_stack",
  "func_repeats",
]);

/** The kernel's text after an event's time. */
export function eventText({ name, fields }: Pick<EventLine, "name" | "fields">): string {
  return NAMELESS.has(name) ? fields : `${name}: ${fields}`;
}

/** The part of a line before the fraction of the second, made once for each task, CPU and second. */
export class LineHead {
  #task: TraceTask | null = null;
  #cpu = -1;
  #flags = "";
  #seconds = -1;
  #bytes = utf8Bytes("");

  of(task: TraceTask, cpu: number, flags: string, seconds: number): Uint8Array {
    if (
      seconds !== this.#seconds ||
      task !== this.#task ||
      cpu !== this.#cpu ||
      flags !== this.#flags
    ) {
      this.#task = task;
      this.#cpu = cpu;
      this.#flags = flags;
      this.#seconds = seconds;
      this.#bytes = utf8Bytes(`${contextText(task, cpu, flags)} ${String(seconds).padStart(5)}.`);
    }
    return this.#bytes;
  }
}

/** `"%16s-%-7d [%03d] %s"` */
function contextText({ name, pid }: TraceTask, cpu: number, flags: string): string {
  const who = `${padStartBytes(name.slice(0, 16), 16)}-${String(pid).padEnd(7)}`;
  return `${who} [${String(cpu).padStart(3, "0")}] ${flags}`;
}

/** `%5llu.%06lu` */
export function secondsText(microseconds: number): string {
  const seconds = Math.floor(microseconds / 1e6);
  return `${String(seconds).padStart(5)}.${String(microseconds - seconds * 1e6).padStart(6, "0")}`;
}

/** A time of a clock that isn't in nanoseconds, as trace_print_time() prints it. @param origin added to the count. */
export function tickText(count: number, origin = 0n): string {
  return String(origin === 0n ? count : BigInt(count) + origin).padStart(12);
}

/**
 * Prints the lines of a trace in order. A line has three pieces, two of which are cached: the part before the fraction
 * of the second, and the call.
 */
export class FtraceLines {
  readonly #lines = new LineBuffer();
  readonly #head = new LineHead();
  readonly #calls = new Map<string, Map<string, Uint8Array>>();
  readonly #ticks: boolean;
  readonly #origin: bigint;
  readonly #hasFour: boolean;
  #callCount = 0;

  /**
   * @param options ticks: the clock has no rate, and the events' `microseconds` are its counts; `origin` is added to them.
   */
  constructor({
    ticks = false,
    origin = 0n,
    columns = USUAL_COLUMNS,
  }: {
    readonly ticks?: boolean;
    readonly origin?: bigint;
    readonly columns?: FlagColumns;
  } = {}) {
    this.#ticks = ticks;
    this.#origin = origin;
    this.#hasFour = columns === "four";
  }

  /** Whether there are enough lines to take(). */
  get full(): boolean {
    return this.#lines.full;
  }

  /** Appends the line that ftraceLine() gives. */
  add(task: TraceTask, line: FunctionLine): void {
    this.#context(task, line);
    this.#lines.write(this.#call(line.name, line.parentName));
  }

  /** Appends the line of an event of another kind. */
  addEvent(task: TraceTask, line: EventLine): void {
    this.#context(task, line);
    this.#lines.write(utf8Bytes(`: ${eventText(line)}\n`));
  }

  /** `"%16s-%-7d [%03d] %s %5lu.%06lu"`; a count is `%12llu`. */
  #context(
    task: TraceTask,
    {
      cpu,
      microseconds,
      flags: five = ".....",
    }: Pick<FunctionLine, "cpu" | "microseconds" | "flags">,
  ): void {
    const flags = this.#hasFour && five.endsWith(".") ? five.slice(0, -1) : five;
    if (this.#ticks) {
      const time = tickText(microseconds, this.#origin);
      this.#lines.write(utf8Bytes(`${contextText(task, cpu, flags)} ${time}`));
      return;
    }
    const seconds = Math.floor(microseconds / 1e6);
    this.#lines.write(this.#head.of(task, cpu, flags, seconds));
    this.#lines.digits(microseconds - seconds * 1e6, 6);
  }

  /** The lines since the last take(). */
  take(): string {
    return this.#lines.take();
  }

  #call(name: string, parentName: string): Uint8Array {
    let callers = this.#calls.get(name);
    const known = callers?.get(parentName);
    if (known !== undefined) return known;
    if (callers === undefined || this.#callCount === CACHED_TEXTS) {
      if (this.#callCount === CACHED_TEXTS) {
        this.#calls.clear();
        this.#callCount = 0;
      }
      callers = new Map();
      this.#calls.set(name, callers);
    }
    const bytes = utf8Bytes(`: ${name} <-${parentName}\n`);
    callers.set(parentName, bytes);
    this.#callCount += 1;
    return bytes;
  }
}
