// Events as the kernel's own `trace` file prints them: kernel/trace/trace_output.c's function line and
// trace.c's header of 6.1, byte for byte in shape. What a lab has no counterpart for (interrupt state,
// preemption) prints as the kernel prints "nothing special": dots.

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
  return new FtraceLines().line(task, line);
}

/** Pairs of callee and caller whose text is kept. */
const MOST_CALLS = 1 << 14;

/**
 * Prints lines of one trace after another; what lines share is made once. Making text out of many small
 * pieces is what printing takes its time for, so a line is three: all before the fraction of the second,
 * this, and the call.
 */
export class FtraceLines {
  #task: TraceTask | null = null;
  #cpu = -1;
  #flags = "";
  #seconds = -1;
  #head = "";
  readonly #calls = new Map<string, Map<string, string>>();
  #callCount = 0;

  /** As ftraceLine() does. */
  line(task: TraceTask, line: FunctionLine): string {
    const { cpu, microseconds, flags = "....." } = line;
    const seconds = Math.floor(microseconds / 1e6);
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
      const name = task.name.slice(0, 16).padStart(16);
      const where = `[${String(cpu).padStart(3, "0")}]`;
      const pid = String(task.pid).padEnd(7);
      this.#head = onePiece(`${name}-${pid} ${where} ${flags} ${String(seconds).padStart(5)}.`);
    }
    const fraction = sixDigits(microseconds - seconds * 1e6);
    return this.#head + fraction + this.#call(line.name, line.parentName);
  }

  #call(name: string, parentName: string): string {
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
    const text = onePiece(`: ${name} <-${parentName}\n`);
    callers.set(parentName, text);
    this.#callCount += 1;
    return text;
  }
}

/** The same text as one run of characters, where V8 would remember how it was put together. */
function onePiece(text: string): string {
  return Buffer.from(text).toString();
}

const THREE_DIGITS = Array.from({ length: 1000 }, (_, value) => String(value).padStart(3, "0"));

/** `%06lu` of a number below a million. */
function sixDigits(value: number): string {
  const thousands = Math.floor(value / 1000);
  return `${THREE_DIGITS[thousands]}${THREE_DIGITS[value - thousands * 1000]}`;
}
