// Parses one line of function_graph's text, as kernel/trace/trace_functions_graph.c of 5.10 to 6.18 prints it. The
// header says which columns there are; in text without a header (trace_pipe) each column is looked for in each line. A
// call's return value, return address and arguments are skipped. Each step reads the line once: no pattern backtracks
// over a long line.

import { wholeNumber } from "./context.ts";

/** The columns that a header names. */
export interface GraphColumns {
  readonly abstime: boolean;
  readonly reltime: boolean;
  readonly cpu: boolean;
  readonly proc: boolean;
  readonly flags: boolean;
  readonly duration: boolean;
}

export type GraphContent =
  /** `{`: a call begins; `;`: a whole call. */
  | {
      readonly kind: "entry" | "leaf";
      readonly name: string;
      readonly module: string | null;
    }
  | {
      readonly kind: "return";
      /** The function's name, if the line has it. */
      readonly name: string | null;
      readonly module: string | null;
    }
  | { readonly kind: "comment"; readonly text: string }
  /** Interrupt code begins or ends here. */
  | { readonly kind: "irq"; readonly begins: boolean };

export interface GraphLine {
  readonly cpu: number;
  /** Microseconds less the origin; undefined when there is no time column. */
  readonly time: number | undefined;
  readonly task: { readonly name: string; readonly pid: number } | undefined;
  readonly flags: string | undefined;
  /** Nanoseconds; undefined when the line has none. */
  readonly duration: number | undefined;
  readonly depth: number;
  readonly content: GraphContent;
}

const ABSTIME = / *(\d{1,15})\.(\d{6}) \| {0,2}/y;
const RELTIME = / *(\d{1,15}) us \| {0,2}/y;
const CPU = / *(\d{1,4})\) /y;
const PROC = / *((?:\S.{0,15}?)?)-(-?\d{1,10}) +\| /y;
const FLAGS = / *([^ |]{4,7}) +\| /y;
/** A duration, or blanks in its place, up to the bar. */
const DURATION = / {0,40}(?:[$@*#!+] ?)?(?:(\d{1,12}(?:\.\d{1,3})?) us)? {0,24}\| {0,2}/y;
const IRQ = / {0,40}(={10}>|<={10})(?: \|)? *$/y;
/** `name [module]`, up to the parenthesis. */
const SYMBOL = /([^\s()]+)(?: \[([^\s\]]{1,64})\])?\(/y;
const TAIL = /^([^\s=]+)(?: \[([^\s\]]{1,64})\])?(?: (?:ret)?= ?-?[0-9a-fx]{1,20})?$/;
const SWITCH =
  /^ *(\d{1,4})\) +((?:\S.{0,15}?)?)-(-?\d{1,10}) +=> +((?:\S.{0,15}?)?)-(-?\d{1,10}) *$/;
const LONGEST_SWITCH = 128;
const HEADER = /FUNCTION CALLS/;
const NANOSECONDS = 1000;
const MICROSECONDS = 1e6;

/** The columns that a header's title line names; undefined for any other line. */
export function readGraphHeader(line: string): GraphColumns | undefined {
  if (!line.startsWith("#") || !HEADER.test(line)) return undefined;
  return {
    abstime: /(?<!REL )TIME/.test(line),
    reltime: line.includes("REL TIME"),
    cpu: line.includes("CPU"),
    proc: line.includes("TASK/PID"),
    flags: line.includes("||||"),
    duration: line.includes("DURATION"),
  };
}

/**
 * Reads a line; null for a line of another form.
 * @param columns null when the text has no header so far.
 * @param origin seconds that times are given less.
 */
export function readGraphLine(
  line: string,
  columns: GraphColumns | null,
  origin = 0n,
): GraphLine | null {
  let at = 0;
  const take = (column: RegExp, there: boolean | undefined): RegExpExecArray | null => {
    if (there === false) return null;
    column.lastIndex = at;
    const found = column.exec(line);
    if (found !== null) at = column.lastIndex;
    return found;
  };
  const abstime = take(ABSTIME, columns?.abstime);
  const reltime = abstime === null ? take(RELTIME, columns?.reltime) : null;
  const cpu = take(CPU, columns?.cpu);
  const proc = take(PROC, columns?.proc);
  const flags = take(FLAGS, columns?.flags);
  const time =
    abstime !== null
      ? wholeNumber(abstime[1], origin) * MICROSECONDS + Number(abstime[2])
      : reltime === null
        ? undefined
        : Number(reltime[1]);
  const base = {
    cpu: Number(cpu?.[1] ?? 0),
    time,
    task: proc === null ? undefined : { name: proc[1] ?? "", pid: Number(proc[2]) },
    flags: flags?.[1],
  };
  const irq = take(IRQ, true);
  if (irq !== null) {
    const begins = irq[1]?.startsWith("=") === true;
    return { ...base, duration: undefined, depth: 0, content: { kind: "irq", begins } };
  }
  const duration = take(DURATION, columns?.duration);
  const missing =
    columns === null
      ? cpu === null && duration === null
      : (columns.cpu && cpu === null) || (columns.duration && duration === null);
  if (missing) return null;
  const start = at;
  while (line.charAt(at) === " ") at += 1;
  const content = readContent(line, at);
  if (content === null) return null;
  const took = duration?.[1];
  return {
    ...base,
    duration: took === undefined ? undefined : Math.round(Number(took) * NANOSECONDS),
    depth: (at - start) >>> 1,
    content,
  };
}

function readContent(line: string, at: number): GraphContent | null {
  if (line.charAt(at) === "}") return readReturn(line.slice(at + 1).trimEnd());
  if (line.startsWith("/*", at)) {
    const text = line.slice(at + 2).trimEnd();
    return { kind: "comment", text: (text.endsWith("*/") ? text.slice(0, -2) : text).trim() };
  }
  SYMBOL.lastIndex = at;
  const symbol = SYMBOL.exec(line);
  if (symbol === null) return null;
  const [, name = "", module] = symbol;
  let end = line.trimEnd();
  // Return value and address are inside a comment, which contains no other comment.
  if (end.endsWith("*/")) end = end.slice(0, Math.max(0, end.lastIndexOf("/*"))).trimEnd();
  const traced = { name, module: module ?? null };
  if (end.length < SYMBOL.lastIndex) return null;
  if (end.endsWith(") {")) return { kind: "entry", ...traced };
  return end.endsWith(");") ? { kind: "leaf", ...traced } : null;
}

/** Reads what follows a closing brace: nothing, or a comment with the function's name and its return value. */
function readReturn(text: string): GraphContent | null {
  if (text === "") return { kind: "return", name: null, module: null };
  if (!text.startsWith(" /*") || !text.endsWith("*/")) return null;
  const inside = text.slice(3, -2).trim();
  if (inside === "") return { kind: "return", name: null, module: null };
  const [, name, module] = TAIL.exec(inside) ?? [];
  return name === undefined ? null : { kind: "return", name, module: module ?? null };
}

/**
 * The CPU and the tasks before and after, from the line between two rules that shows a task switch; null for other
 * lines.
 */
export function readTaskSwitch(line: string): {
  readonly cpu: number;
  readonly before: { readonly name: string; readonly pid: number };
  readonly after: { readonly name: string; readonly pid: number };
} | null {
  if (line.length > LONGEST_SWITCH) return null;
  const found = SWITCH.exec(line);
  if (found === null) return null;
  const [, cpu, name = "", pid, next = "", nextPid] = found;
  return {
    cpu: Number(cpu),
    before: { name, pid: Number(pid) },
    after: { name: next, pid: Number(nextPid) },
  };
}
