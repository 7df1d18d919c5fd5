// ftrace text whose calls Perfetto's text importer shows. What the kernel's tracers print it reads as lines of no
// event; what it understands are the marks that programs write into trace_marker, as Android's atrace does:
// B and E around a call, I at a moment. So graph events become B and E, and the function tracer's, which tell no
// durations, I. The columns are the kernel's; the fraction has nine digits, since a call may take ten nanoseconds.

import { bytesOf, LineBuffer } from "../../bytes/line-buffer.ts";
import { LineHead } from "../../ftrace/text/function-text.ts";
import { nanosecondsOf, type RecordedEvent, type Trace } from "../trace.ts";
import { symbolText } from "./call-tree.ts";

const HEADER = `# tracer: nop
#
#           TASK-PID     CPU#  |||||  TIMESTAMP  FUNCTION
#              | |         |   |||||     |         |
`;
const NANOSECONDS = 1e9;
/** A task's functions whose marks are kept. */
const MOST_MARKS = 1 << 14;

/** The text, some lines at a time. A return whose entry was lost closes nothing and is left out. */
export function* systrace(trace: Trace): Generator<string> {
  const nanoseconds = nanosecondsOf(trace.clockHz);
  const lines = new LineBuffer();
  const head = new LineHead();
  const tasks = new Map<number, TaskMarks>();
  yield HEADER;
  for (const event of trace.events) {
    const task = event.task ?? trace.task;
    let marks = tasks.get(task.pid);
    if (marks === undefined) {
      marks = new TaskMarks(task.pid);
      tasks.set(task.pid, marks);
    }
    const mark = marks.of(event);
    if (mark === null) continue;
    const time = nanoseconds(event.count);
    const seconds = Math.floor(time / NANOSECONDS);
    lines.add(head.of(task, event.cpu, event.flags ?? ".....", seconds));
    lines.addDigits(time - seconds * NANOSECONDS, 9);
    lines.add(mark);
    if (lines.full) yield lines.take();
  }
  yield lines.take();
}

interface Mark {
  readonly module: string | null;
  readonly bytes: Uint8Array;
}

/** What a task's lines say, made once for each function. */
class TaskMarks {
  readonly #pid: number;
  readonly #end: Uint8Array;
  readonly #marks: Record<"B" | "I", Map<string, Mark>> = { B: new Map(), I: new Map() };
  #open = 0;

  constructor(pid: number) {
    this.#pid = pid;
    this.#end = bytesOf(`: tracing_mark_write: E|${pid}\n`);
  }

  of(event: RecordedEvent): Uint8Array | null {
    if (event.type !== "funcgraph_exit") {
      if (event.type === "funcgraph_entry") this.#open += 1;
      return this.#begin(event);
    }
    if (this.#open === 0) return null;
    this.#open -= 1;
    return this.#end;
  }

  #begin({ type, name, module }: RecordedEvent): Uint8Array {
    const phase = type === "function" ? "I" : "B";
    const marks = this.#marks[phase];
    const known = marks.get(name);
    if (known?.module === module) return known.bytes;
    if (marks.size === MOST_MARKS) marks.clear();
    // As the kernel's %ps, without the mark's own separator.
    const symbol = symbolText({ name, module }).replaceAll("|", "_");
    const bytes = bytesOf(`: tracing_mark_write: ${phase}|${this.#pid}|${symbol}\n`);
    marks.set(name, { module, bytes });
    return bytes;
  }
}
