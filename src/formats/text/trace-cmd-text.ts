// Prints events as `trace-cmd report -O parent` does (3.1, with its own plugins), so that people and scripts which read
// trace-cmd's output can read farjal's. A call and its return with nothing between them are one line.

import { padStartBytes } from "../../bytes/text.ts";
import type { FunctionEvent } from "../../ftrace/event.ts";
import { tickText } from "../../ftrace/text/function-text.ts";
import { foldLeaves } from "../../ftrace/text/leaves.ts";
import { GUESSED_DEPTH } from "../../limits.ts";
import type { RecordedEvent, Trace, TraceRecord } from "../trace.ts";

const NAME_WIDTH = 20;
const NANOSECONDS = 1_000_000_000;
/** Durations above which a call gets a mark, with the mark. */
const MARKS: readonly (readonly [nanoseconds: number, mark: string])[] = [
  [1_000_000_000, "$"],
  [1_000_000, "#"],
  [100_000, "!"],
  [10_000, "+"],
];
const NO_DURATION = `${" ".repeat(13)}|  `;

/** The report, line by line. */
export function* traceCmdReport(trace: Trace): Generator<string> {
  yield `cpus=${trace.cpus}\n`;
  const lines = new Lines(trace);
  for (const [record, leaf] of foldLeaves(trace.records)) yield lines.line(record, leaf);
}

type Return = Extract<RecordedEvent, { type: "funcgraph_exit" }>;

/**
 * The depth that trace-cmd's plugin_function.c gives a call: one more than its caller's. The plugin looks for the
 * caller among the last calls of each depth on that CPU, outermost first; a caller that isn't found starts again at
 * depth 0.
 */
class FunctionIndents {
  readonly #stacks = new Map<number, string[]>();

  of({ cpu, name, parentName }: FunctionEvent): string {
    // The plugin finds callers by their symbols.
    if (parentName.startsWith("0x")) return "";
    let stack = this.#stacks.get(cpu);
    if (stack === undefined) {
      stack = [];
      this.#stacks.set(cpu, stack);
    }
    let depth = stack.indexOf(parentName);
    if (depth < 0 || depth >= GUESSED_DEPTH) {
      depth = 0;
      stack[0] = parentName;
    }
    if (!name.startsWith("0x")) stack[depth + 1] = name;
    return "   ".repeat(depth);
  }
}

/** An address without a symbol is printed as `0x%llx`. */
function symbolText(name: string): string {
  return name.replace(/^0x0+(?=[0-9a-f])/, "0x");
}

class Lines {
  readonly #trace: Trace;
  readonly #indents = new FunctionIndents();

  constructor(trace: Trace) {
    this.#trace = trace;
  }

  /** @param leaf the return that follows its entry directly. */
  line(record: TraceRecord, leaf: Return | null): string {
    const { cpu, lost } = record;
    const task = record.task ?? this.#trace.task;
    const name = record.type === "other" ? record.name : record.type;
    const gap =
      lost === 0 || lost === undefined ? "" : `CPU:${cpu} [${lost ?? ""} EVENTS DROPPED]\n`;
    const who = `${padStartBytes(task.name, 16)}-${String(task.pid).padEnd(5)}`;
    const where = `[${String(cpu).padStart(3, "0")}]`;
    const what = `${name}:`.padEnd(NAME_WIDTH + 1);
    return `${gap.replace("[ ", "[")}${who} ${where}${this.#time(record.count)}: ${what} ${this.#content(record, leaf)}\n`;
  }

  /** Seconds with microseconds, rounded to the nearest, in a column of their own; a count of ticks in 12 digits. */
  #time(count: number): string {
    const { clockHz, ticks = false } = this.#trace;
    if (ticks) return tickText(count, this.#trace.origin);
    if (this.#trace.origin !== undefined) return this.#longTime(count, this.#trace.origin);
    const total = Math.round((count * 1e6) / clockHz);
    const seconds = Math.floor(total / 1e6);
    return ` ${String(seconds).padStart(5)}.${String(total % 1e6).padStart(6, "0")}`;
  }

  /** For a time with more nanoseconds than a number holds exactly, such as one of tai or of --date. */
  #longTime(count: number, origin: bigint): string {
    const nanoseconds = BigInt(Math.round((count * 1e9) / this.#trace.clockHz)) + origin;
    const total = (nanoseconds + 500n) / 1000n;
    const fraction = String(total % 1_000_000n).padStart(6, "0");
    return ` ${String(total / 1_000_000n).padStart(5)}.${fraction}`;
  }

  #content(record: TraceRecord, leaf: Return | null): string {
    switch (record.type) {
      case "function":
        return this.#callText(record);
      case "funcgraph_entry": {
        const indent = "  ".repeat(record.depth);
        const name = record.name.replace(/^0x/, "");
        return leaf === null
          ? `${NO_DURATION}${indent}${name}() {`
          : `${this.#duration(leaf)}${indent}${name}();`;
      }
      case "funcgraph_exit":
        return `${this.#duration(record)}${"  ".repeat(record.depth)}}`;
      default: {
        const { repeats, reported, fields } = record;
        if (repeats === undefined) return reported ?? fields;
        const { call, calls, last } = repeats;
        const time = this.#time(last);
        const when = this.#trace.ticks === true ? time : time.slice(1);
        return `${this.#callText(call)} (count: ${calls}  last_ts: ${when})`;
      }
    }
  }

  #callText(call: FunctionEvent): string {
    return `${this.#indents.of(call)}${symbolText(call.name)} <-- ${symbolText(call.parentName)}`;
  }

  #duration({ count, entryCount }: Return): string {
    const nanoseconds = Math.floor(((count - entryCount) * NANOSECONDS) / this.#trace.clockHz);
    const mark = MARKS.find(([least]) => nanoseconds > least)?.[1] ?? " ";
    const whole = String(Math.floor(nanoseconds / 1000));
    const fraction = `.${String(nanoseconds % 1000).padStart(3, "0")}`;
    const digits = whole.length < 7 ? `${whole}${fraction}` : whole;
    return `${mark} ${digits} us ${" ".repeat(Math.max(0, 7 - digits.length))}|  `;
  }
}
