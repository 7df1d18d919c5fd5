// Events as the kernel's own `trace` file prints them: kernel/trace/trace_output.c's function line and
// trace.c's header of 6.1, byte for byte in shape. What a lab has no counterpart for (interrupt state,
// preemption) prints as the kernel prints "nothing special": dots.

import { bytesOf, LineBuffer } from "../../bytes/line-buffer.ts";

/** What a line needs to know of one function event. */
export interface FunctionLine {
  /** Whole microseconds since the machine's reset. */
  readonly microseconds: number;
  readonly cpu: number;
  /** Function that was entered, and its caller; a raw address when no symbol holds it. */
  readonly name: string;
  readonly parentName: string;
  /** The five flag columns; dots unless told. */
  readonly flags?: string;
}

export interface TraceTask {
  /** As in /proc/PID/comm, at most 16 characters shown. */
  readonly name: string;
  readonly pid: number;
}

const HEADER = `#                                _-----=> irqs-off/BH-disabled
#                               / _----=> need-resched
#                              | / _---=> hardirq/softirq
#                              || / _--=> preempt-depth
#                              ||| / _-=> migrate-disable
#                              |||| /     delay
#           TASK-PID     CPU#  |||||  TIMESTAMP  FUNCTION
#              | |         |   |||||     |         |
`;

/** The head of a function trace. `written` counts overwritten entries too, as in the kernel. */
export function ftraceHeader(entries: number, written: number, cpus = 1): string {
  return (
    "# tracer: function\n#\n" +
    `# entries-in-buffer/entries-written: ${entries}/${written}   #P:${cpus}\n#\n${HEADER}`
  );
}

/** One line, with its newline: `"%16s-%-7d [%03d] ..... %5lu.%06lu: %s <-%s"`. */
export function ftraceLine(task: TraceTask, line: FunctionLine): string {
  const lines = new FtraceLines();
  lines.add(task, line);
  return lines.take();
}

/** What lines have before the fraction of the second, made once for each task, CPU and second that comes. */
export class LineHead {
  #task: TraceTask | null = null;
  #cpu = -1;
  #flags = "";
  #seconds = -1;
  #bytes = bytesOf("");

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
      const who = task.name.slice(0, 16).padStart(16);
      const where = `[${String(cpu).padStart(3, "0")}]`;
      const pid = String(task.pid).padEnd(7);
      this.#bytes = bytesOf(`${who}-${pid} ${where} ${flags} ${String(seconds).padStart(5)}.`);
    }
    return this.#bytes;
  }
}

/** Pairs of callee and caller whose text is kept. */
const MOST_CALLS = 1 << 14;

/**
 * Prints lines of one trace after another. A line is three pieces, of which two are made once: all before the fraction
 * of the second, and the call.
 */
export class FtraceLines {
  readonly #lines = new LineBuffer();
  readonly #head = new LineHead();
  readonly #calls = new Map<string, Map<string, Uint8Array>>();
  #callCount = 0;

  /** Whether there are enough lines for take(). */
  get full(): boolean {
    return this.#lines.full;
  }

  /** Appends the line that ftraceLine() gives. */
  add(
    task: TraceTask,
    { cpu, microseconds, name, parentName, flags = "....." }: FunctionLine,
  ): void {
    const seconds = Math.floor(microseconds / 1e6);
    this.#lines.add(this.#head.of(task, cpu, flags, seconds));
    this.#lines.addDigits(microseconds - seconds * 1e6, 6);
    this.#lines.add(this.#call(name, parentName));
  }

  /** The lines since the last time. */
  take(): string {
    return this.#lines.take();
  }

  #call(name: string, parentName: string): Uint8Array {
    let callers = this.#calls.get(name);
    const known = callers?.get(parentName);
    if (known !== undefined) return known;
    if (callers === undefined || this.#callCount === MOST_CALLS) {
      if (this.#callCount === MOST_CALLS) {
        this.#calls.clear();
        this.#callCount = 0;
      }
      callers = new Map();
      this.#calls.set(name, callers);
    }
    const bytes = bytesOf(`: ${name} <-${parentName}\n`);
    callers.set(parentName, bytes);
    this.#callCount += 1;
    return bytes;
  }
}
