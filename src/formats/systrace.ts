// ftrace text whose calls Perfetto's text importer shows. What the kernel's tracers print it reads as lines of no
// event; what it understands are the marks that programs write into trace_marker, as Android's atrace does:
// B and E around a call, I at a moment. So graph events become B and E, and the function tracer's, which tell no
// durations, I. The columns are the kernel's; the fraction has nine digits, since a call may take ten nanoseconds.

import { symbolText } from "./call-tree.ts";
import { nanosecondsOf, type RecordedEvent, type Trace } from "./trace.ts";

const HEADER = `# tracer: nop
#
#           TASK-PID     CPU#  |||||  TIMESTAMP  FUNCTION
#              | |         |   |||||     |         |
`;
const NANOSECONDS = 1e9;

/** The text, line by line. A return whose entry was lost closes nothing and is left out. */
export function* systrace(trace: Trace): Generator<string> {
  const nanoseconds = nanosecondsOf(trace.clockHz);
  /** Calls that are open, of each task. */
  const open = new Map<number, number>();
  yield HEADER;
  for (const event of trace.events) {
    const { pid, name } = event.task ?? trace.task;
    const mark = markOf(event, pid, open);
    if (mark === null) continue;
    const time = nanoseconds(event.count);
    const seconds = Math.floor(time / NANOSECONDS);
    const fraction = String(time - seconds * NANOSECONDS).padStart(9, "0");
    const who = `${name.slice(0, 16).padStart(16)}-${String(pid).padEnd(7)}`;
    const where = `[${String(event.cpu).padStart(3, "0")}] ${event.flags ?? "....."}`;
    yield `${who} ${where} ${String(seconds).padStart(5)}.${fraction}: tracing_mark_write: ${mark}\n`;
  }
}

function markOf(event: RecordedEvent, pid: number, open: Map<number, number>): string | null {
  if (event.type === "function") return `I|${pid}|${nameOf(event)}`;
  const depth = open.get(pid) ?? 0;
  if (event.type === "funcgraph_entry") {
    open.set(pid, depth + 1);
    return `B|${pid}|${nameOf(event)}`;
  }
  if (depth === 0) return null;
  open.set(pid, depth - 1);
  return `E|${pid}`;
}

/** As the kernel's %ps, without the mark's own separator. */
function nameOf({ name, module }: RecordedEvent): string {
  return symbolText({ name, module }).replaceAll("|", "_");
}
