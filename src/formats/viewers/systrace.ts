// Writes ftrace text whose calls Perfetto's text importer shows. Perfetto doesn't recognize the lines of the function
// and function_graph tracers; it understands the marks that programs write into trace_marker, as Android's atrace does:
// B and E around a call, I for an instant. So graph events become B and E, and the function tracer's events, which have
// no durations, I. Events of other kinds, such as sched_switch, are lines as the kernel prints them. The columns are
// the kernel's; the fraction has nine digits, since a call may take ten nanoseconds.

import { LineBuffer } from "../../bytes/line-buffer.ts";
import { utf8Bytes } from "../../bytes/text.ts";
import { eventText, LineHead, type TraceTask } from "../../ftrace/text/function-text.ts";
import { VIEWER_MARKS } from "../../limits.ts";
import { nanosecondsOf, type RecordedEvent, type Trace, type TraceRecord } from "../trace.ts";
import { symbolText } from "./call-tree.ts";
import { OpenCalls } from "./open-calls.ts";
import { type Thread, Threads } from "./threads.ts";

const HEADER = `# tracer: nop
#
#           TASK-PID     CPU#  |||||  TIMESTAMP  FUNCTION
#              | |         |   |||||     |         |
`;
const NANOSECONDS = 1e9;

/** The text, some lines at a time. A return whose entry was lost is left out. */
export function* systrace(trace: Trace): Generator<string> {
  const nanoseconds = nanosecondsOf(trace.clockHz);
  const { origin = 0n } = trace;
  const added = Number(origin % BigInt(NANOSECONDS));
  const whole = Number(origin / BigInt(NANOSECONDS));
  const lines = new LineBuffer();
  const head = new LineHead();
  const threads = new Threads(trace);
  const tasks = new Map<Thread, TaskMarks>();
  yield HEADER;
  for (const event of trace.records) {
    const thread = threads.of(event);
    let marks = tasks.get(thread);
    if (marks === undefined) {
      marks = new TaskMarks(thread);
      tasks.set(thread, marks);
    }
    const time = Math.floor(nanoseconds(event.count)) + added;
    const seconds = Math.floor(time / NANOSECONDS);
    for (const mark of marks.of(event)) {
      lines.write(head.of(marks.task, event.cpu, event.flags ?? ".....", whole + seconds));
      lines.digits(time - seconds * NANOSECONDS, 9);
      lines.write(mark);
    }
    if (lines.full) yield lines.take();
  }
  yield lines.take();
}

interface Mark {
  readonly module: string | null;
  readonly bytes: Uint8Array;
}

const NOTHING: readonly Uint8Array[] = [];

/** The mark texts of a thread, made once for each function. */
class TaskMarks {
  /** Perfetto distinguishes threads by their pids. */
  readonly task: TraceTask;
  readonly #end: Uint8Array;
  readonly #marks: Record<"B" | "I", Map<string, Mark>> = { B: new Map(), I: new Map() };
  readonly #open = new OpenCalls<RecordedEvent>();

  constructor({ task, id }: Thread) {
    this.task = id === task.pid ? task : { name: task.name, pid: id };
    this.#end = utf8Bytes(`: tracing_mark_write: E|${id}\n`);
  }

  /** The marks of an event. Calls whose returns were lost end at the event that reveals it. */
  of(event: TraceRecord): readonly Uint8Array[] {
    if (event.type === "other") return [utf8Bytes(`: ${eventText(event)}\n`)];
    if (event.type === "function") return [this.#begin(event)];
    const ends: Uint8Array[] = [];
    const lose = (): number => ends.push(this.#end);
    if (event.type === "funcgraph_entry") {
      this.#open.closeFrom(event.depth, lose);
      this.#open.enter(event.depth, event);
      return [...ends, this.#begin(event)];
    }
    const { name, module, depth } = event;
    const isIts = (call: RecordedEvent): boolean => call.name === name && call.module === module;
    if (this.#open.leave(depth, isIts, lose) !== undefined) ends.push(this.#end);
    return ends.length === 0 ? NOTHING : ends;
  }

  #begin({ type, name, module }: RecordedEvent): Uint8Array {
    const phase = type === "function" ? "I" : "B";
    const marks = this.#marks[phase];
    const known = marks.get(name);
    if (known?.module === module) return known.bytes;
    if (marks.size === VIEWER_MARKS) marks.clear();
    // Printed like the kernel's %ps, without the mark's own separator.
    const symbol = symbolText({ name, module }).replaceAll("|", "_");
    const bytes = utf8Bytes(`: tracing_mark_write: ${phase}|${this.task.pid}|${symbol}\n`);
    marks.set(name, { module, bytes });
    return bytes;
  }
}
