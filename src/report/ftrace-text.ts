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
  const name = task.name.slice(0, 16).padStart(16);
  const pid = String(task.pid).padEnd(7);
  const cpu = String(line.cpu).padStart(3, "0");
  return `${name}-${pid} [${cpu}] ${line.flags ?? "....."} ${ftraceTime(line.microseconds)}: ${line.name} <-${line.parentName}\n`;
}

/** `%5lu.%06lu`: seconds, then microseconds. */
function ftraceTime(microseconds: number): string {
  const seconds = Math.floor(microseconds / 1e6);
  return `${String(seconds).padStart(5)}.${String(microseconds % 1e6).padStart(6, "0")}`;
}
