// Reads the kernel's `trace` and `trace_pipe` files, of farjal or of a real machine, for the tracers that print calls
// or events in the common form. The latency tracers print calls as function does, or as function_graph does with the
// option display-graph. Such text has no addresses. The text of function_graph has times only with funcgraph-abstime;
// otherwise it has only durations. Times then begin at 0 and put each call directly after the previous one of its CPU
// and task, so that durations are as printed. Other events are kept as events of their own. Lines that are no event are
// counted and skipped, since one unexpected line shouldn't make the whole trace unreadable.

import type { ByteSource, Opener } from "../../bytes/source.ts";
import { latin1 } from "../../bytes/text.ts";
import { Misuse } from "../../errors.ts";
import type { FunctionEvent } from "../../ftrace/event.ts";
import { columnsOf, type TraceTask } from "../../ftrace/text/function-text.ts";
import { REPEATED_CALLS, TEXT_LINE, TEXT_STACK_FRAMES } from "../../limits.ts";
import { Moments } from "../moments.ts";
import { repeatsNote } from "../repeats.ts";
import {
  type Origin,
  type OtherEvent,
  type Trace,
  type TraceRecord,
  traceRules,
} from "../trace.ts";
import { type ContextLine, readContext } from "./context.ts";
import { readCall, readEvent, stackLine, stackName } from "./event-text.ts";
import { GraphCalls } from "./graph-calls.ts";
import { type GraphColumns, readGraphHeader, readGraphLine, readTaskSwitch } from "./graph-line.ts";
import { dumpedLines } from "./kernel-log.ts";
import { textLines } from "./lines.ts";

const FIRST_LINE = /^# tracer: (\S+)/;
/** The header is within the first bytes of the file. */
const HEADER_SIZE = 4096;
/** The lines that show the tracer of a text without a header. */
const HEADER_LINES = 32;
const NANOSECONDS = 1e9;
const MICROSECONDS = 1e6;
/** Times below this many nanoseconds, about 26 days, are kept as they are. */
const SMALL = 2 ** 51;
/** Tracers that use the common form; mmiotrace and blk have their own. */
const TRACERS = [
  ...["function", "function_graph", "nop", "irqsoff", "preemptoff", "preemptirqsoff"],
  ...["wakeup", "wakeup_rt", "wakeup_dl", "hwlat", "osnoise", "timerlat"],
];
type LineForm = "function" | "function_graph";
/** Gives the text's lines from the first one; null for a line that is too long. */
type Lines = () => Iterable<string | null>;

const LOST_LINE = /^CPU:(\d{1,4}) \[LOST (?:(\d{1,15}) )?EVENTS\]$/;
const OVERRUNS_LINE = /^ *\(Overruns: (\d{1,10})\)$/;
/** Required of function_graph's text without a header, since tables of other texts also contain bars. */
const CPU_COLUMN = /^ {0,24}(?:\d{1,15}\.\d{6} \| {1,24})?\d{1,4}\) /;
/** Comments, annotations and rules: lines that are no events. */
const PASSED_LINE = /^(?:#.*|CPU:\d{1,4} .*| *-{8,}|[ |]*)$/;
/** The longest part of a line that a note quotes. */
const LONGEST_QUOTE = 60;

/** True for a file that begins as a tracer's trace file, or as trace_pipe, which has no header. */
export function isFtraceText(source: ByteSource): boolean {
  return tracerOf(latin1(source.read(0, HEADER_SIZE))) !== undefined;
}

function tracerOf(head: string): string | undefined {
  const named = FIRST_LINE.exec(head)?.[1];
  if (named !== undefined) return named;
  for (const line of head.split(/\r?\n/, HEADER_LINES)) {
    if (readContext(line) !== null) return "function";
    if (!CPU_COLUMN.test(line)) continue;
    if (readGraphLine(line, null) !== null || readTaskSwitch(line) !== null) {
      return "function_graph";
    }
  }
  return undefined;
}

/**
 * Reads ftrace text. Each pass over the events reads the file again.
 * @throws Misuse for the text of a tracer that isn't supported.
 */
export function readFtraceText(open: Opener, name: string): Trace {
  const source = open();
  let header: string;
  try {
    header = latin1(source.read(0, HEADER_SIZE));
  } finally {
    source.close();
  }
  return textTrace(() => textLines(open), header, name);
}

/** Reads the dumps of ftrace's buffer in a log of the kernel's. */
export function readKernelLog(open: Opener, name: string): Trace {
  const head: string[] = [];
  for (const line of dumpedLines(open)) {
    if (line !== null) head.push(line);
    if (head.length === HEADER_LINES) break;
  }
  // A dump has no header; one without events is as good as nop's.
  const text = head.join("\n");
  const header = tracerOf(text) === undefined ? "# tracer: nop\n" : text;
  return textTrace(() => dumpedLines(open), header, name);
}

/** @param header the text's beginning. */
function textTrace(lines: Lines, header: string, name: string): Trace {
  const tracer = tracerOf(header);
  if (tracer === undefined || !TRACERS.includes(tracer)) {
    throw new Misuse(`${name} is the text of '${tracer}'; farjal reads ${TRACERS.join(", ")}`);
  }
  const form = formOf(tracer, header);
  const [, entries, written] =
    /^# entries-in-buffer\/entries-written: (\d{1,15})\/(\d{1,15}) /m.exec(header) ?? [];
  const cpus = /^# .*#P:(\d{1,4})\)?\r?$/m.exec(header)?.[1];
  const survey = surveyOf(lines, form);
  const text = new FtraceText(lines, name, form, survey);
  const [first] = text.records();
  const graph = form === "function_graph";
  return {
    task: first?.task ?? { name: "<...>", pid: 0 },
    cpus: Math.max(Number(cpus ?? 1), survey.cpus),
    clockHz: graph || survey.ticks ? NANOSECONDS : MICROSECONDS,
    endian: "little",
    release: "",
    ...rulesOf(header),
    overruns: Math.max(0, Number(written ?? 0) - Number(entries ?? 0)),
    addresses: false,
    ...(survey.ticks ? { ticks: true } : {}),
    ...(survey.origin === 0n ? {} : { origin: originNanoseconds(survey) }),
    carried: graph
      ? { moments: survey.timed, durations: survey.durations ? "printed" : "none" }
      : { moments: true, durations: "none" },
    ...(graph ? { tracer: form } : {}),
    events: { [Symbol.iterator]: () => text.events() },
    records: { [Symbol.iterator]: () => text.records() },
    others: () => text.others,
    notes: () => text.notes(),
  };
}

/** Text doesn't name its release; a header with flag columns shows how they are written. */
function rulesOf(header: string): Pick<Trace, "rules"> {
  if (!header.includes("need-resched")) return {};
  return { rules: { ...traceRules({ release: "" }), F1: columnsOf(header) } };
}

function formOf(tracer: string, header: string): LineForm {
  const titled = header.split("\n").some((line) => readGraphHeader(line) !== undefined);
  return tracer === "function_graph" || titled ? "function_graph" : "function";
}

/** With nofuncgraph-cpu, the mark of a long duration is the line's first character, which may be `#`. */
function isComment(line: string): boolean {
  return line.startsWith("#") && !/^# \d{1,12}(?:\.\d{1,3})? us/.test(line);
}

/** Facts about the whole file that must be known before its first event. */
interface Survey {
  readonly cpus: number;
  /** function_graph: each CPU's task before its first task switch. */
  readonly firstTasks: ReadonlyMap<number, TraceTask>;
  /** Whether times are counts of a clock that isn't in nanoseconds. */
  readonly ticks: boolean;
  /** What times are read less: the least one's whole seconds, or its count with `ticks`; 0 when they are small. */
  readonly origin: bigint;
  /** function_graph: whether lines have times, and whether calls have durations. */
  readonly timed: boolean;
  readonly durations: boolean;
}

/** Reads the file once for the tasks before the first switches, the number of CPUs, and the kinds of times. */
function surveyOf(lines: Lines, form: LineForm): Survey {
  const firstTasks = new Map<number, TraceTask>();
  let cpus = 1;
  let ticks: boolean | undefined;
  let timed = false;
  let durations = false;
  let columns: GraphColumns | null = null;
  let least = Number.POSITIVE_INFINITY;
  for (const line of lines()) {
    if (line === null) continue;
    columns = readGraphHeader(line) ?? columns;
    if (isComment(line)) continue;
    const change = form === "function_graph" ? readTaskSwitch(line) : null;
    if (change !== null) {
      if (!firstTasks.has(change.cpu)) firstTasks.set(change.cpu, change.before);
      cpus = Math.max(cpus, change.cpu + 1);
      continue;
    }
    const graph = form === "function_graph" ? readGraphLine(line, columns) : null;
    if (graph !== null) {
      timed ||= graph.time !== undefined;
      durations ||= graph.duration !== undefined;
      least = Math.min(least, graph.time ?? least);
      cpus = Math.max(cpus, graph.cpu + 1);
      continue;
    }
    const context = readContext(line);
    if (context === null) continue;
    ticks ??= context.ticks;
    least = Math.min(least, context.time);
    cpus = Math.max(cpus, context.cpu + 1);
  }
  const counts = ticks === true && form !== "function_graph";
  return {
    cpus,
    firstTasks,
    ticks: counts,
    origin: originOf(least, counts),
    timed,
    durations,
  };
}

/** @param least microseconds or counts. */
function originOf(least: number, ticks: boolean): bigint {
  const nanoseconds = ticks ? least : least * 1000;
  if (!Number.isFinite(least) || nanoseconds < SMALL) return 0n;
  // A count of this size is read as the nearest number that can be held, which may be above it.
  return ticks ? BigInt(least) - (1n << 20n) : BigInt(Math.floor(least / MICROSECONDS));
}

/** The origin of all times: nanoseconds, or counts with `ticks`. */
function originNanoseconds({ origin, ticks }: Survey): bigint {
  return ticks ? origin : origin * BigInt(NANOSECONDS);
}

/** The file's records, and what the last pass over them skipped. */
class FtraceText {
  readonly #lines: Lines;
  readonly #name: string;
  readonly #form: LineForm;
  readonly #survey: Survey;
  #passed = new Passed();
  #others = 0;

  constructor(lines: Lines, name: string, form: LineForm, survey: Survey) {
    this.#lines = lines;
    this.#name = name;
    this.#form = form;
    this.#survey = survey;
  }

  *events(): Generator<Exclude<TraceRecord, OtherEvent>> {
    let others = 0;
    for (const record of this.records()) {
      if (record.type === "other") others += 1;
      else yield record;
    }
    this.#others = others;
  }

  /** The number of records that are no calls, in the last complete pass over events(). */
  get others(): number {
    return this.#others;
  }

  *records(): Generator<TraceRecord> {
    const passed = new Passed();
    const reading = new Reading(this.#form, this.#survey, passed);
    for (const line of this.#lines()) yield* reading.line(line);
    yield* reading.end();
    this.#passed = passed;
  }

  /** What the last complete pass skipped. */
  notes(): string[] {
    return this.#passed.notes(this.#name);
  }
}

/** Counts what is skipped. */
class Passed {
  lines = 0;
  frames = 0;
  repeats = 0;
  #number = 0;
  #first = { number: 0, text: "" };

  /** Counts the file's lines, to give the number of the first quoted line. */
  next(): void {
    this.#number += 1;
  }

  line(text: string): void {
    if (this.lines === 0) this.#first = { number: this.#number, text };
    this.lines += 1;
  }

  notes(name: string): string[] {
    const notes: string[] = [];
    if (this.lines > 0) {
      const { number, text } = this.#first;
      const quote = text.length > LONGEST_QUOTE ? `${text.slice(0, LONGEST_QUOTE)}…` : text;
      const count = this.lines === 1 ? "1 line that is" : `${this.lines} lines that are`;
      notes.push(`${name}: passed over ${count} no event, line ${number} first: ${quote}`);
    }
    if (this.frames > 0) {
      notes.push(
        `${name}: left out ${this.frames} frames of stacks deeper than ${TEXT_STACK_FRAMES}`,
      );
    }
    if (this.repeats > 0) notes.push(repeatsNote(name, this.repeats));
    return notes;
  }
}

/** One pass over the lines. */
class Reading {
  readonly #graph: boolean;
  readonly #timed: boolean;
  readonly #origin: bigint;
  readonly #moments: Moments;
  readonly #passed: Passed;
  readonly #tasks = new Tasks();
  readonly #calls: GraphCalls;
  readonly #lost = new Map<number, number | null>();
  #columns: GraphColumns | null = null;
  /** A stack whose lines are still being read, and the number of lines so far. */
  #stack: OtherEvent | null = null;
  #frames: string[] = [];
  /** A return that may be followed by a line with its overruns. */
  #waiting: TraceRecord[] = [];
  #repeated = 0;

  constructor(form: LineForm, survey: Survey, passed: Passed) {
    const { firstTasks, timed, origin, ticks } = survey;
    this.#graph = form === "function_graph";
    this.#timed = timed;
    this.#origin = origin;
    const nanoseconds = originNanoseconds(survey);
    this.#moments = new Moments(this.#graph || ticks ? NANOSECONDS : MICROSECONDS, nanoseconds);
    this.#passed = passed;
    this.#calls = new GraphCalls(firstTasks, this.#tasks, nanoseconds);
  }

  /** The records that a line completes. @param line null for a line that is too long. */
  *line(line: string | null): Generator<TraceRecord> {
    this.#passed.next();
    if (line === null) {
      this.#passed.line(`longer than ${TEXT_LINE} bytes`);
      return;
    }
    if (this.#stack !== null) {
      const frame = stackLine(line);
      if (frame !== undefined) {
        if (this.#frames.length < TEXT_STACK_FRAMES) this.#frames.push(frame);
        else this.#passed.frames += 1;
        return;
      }
    }
    const overruns = this.#waiting.length > 0 ? OVERRUNS_LINE.exec(line) : null;
    if (overruns !== null) {
      const [, text] = overruns;
      this.#waiting = this.#waiting.map((record) =>
        record.type === "funcgraph_exit" ? { ...record, overrun: Number(text) } : record,
      );
      return;
    }
    yield* this.end();
    this.#columns = readGraphHeader(line) ?? this.#columns;
    if (isComment(line) || line === "") return;
    if (this.#graph && this.#graphLine(line)) return;
    const context = readContext(line, this.#origin);
    if (context !== null) yield* this.#contextLine(context);
    else if (!this.#graph && this.#bareCall(line)) yield* this.end();
    else this.#other(line);
  }

  /** The records that were waiting for the next line. */
  *end(): Generator<TraceRecord> {
    if (this.#stack !== null) {
      const frames = this.#frames.map((frame) => `\n => ${frame}`).join("");
      yield { ...this.#stack, fields: `${this.#stack.fields}${frames}` };
      this.#stack = null;
      this.#frames = [];
    }
    if (this.#waiting.length === 0) return;
    yield* this.#waiting;
    this.#waiting = [];
  }

  /** @returns whether the line is function_graph's. */
  #graphLine(line: string): boolean {
    const change = readTaskSwitch(line);
    if (change !== null) {
      this.#calls.switch(change.cpu, change.after);
      return true;
    }
    const found = readGraphLine(line, this.#columns, this.#origin);
    if (found === null) return false;
    this.#waiting = this.#calls.records(found, this.#takeLost(found.cpu));
    return true;
  }

  *#contextLine(context: ContextLine): Generator<TraceRecord> {
    const { cpu, comm, pid, flags, time, text } = context;
    const origin = { task: this.#tasks.task(comm, pid), flags, lost: this.#takeLost(cpu) };
    // function_graph's lines may have no times; this event then gets the present time, between its neighbours.
    const count = !this.#graph ? time : this.#timed ? time * 1000 : this.#calls.now(cpu);
    const [seconds, microseconds] = [
      this.#moments.seconds(count),
      this.#moments.microseconds(count),
    ];
    const moment = { count, time: seconds, microseconds, cpu };
    const stack = stackName(text);
    if (stack !== undefined) {
      this.#stack = { type: "other", ...moment, ...origin, name: stack, fields: text };
      return;
    }
    const event = readEvent(text);
    if (event !== null) {
      yield { type: "other", ...moment, ...origin, ...event };
      return;
    }
    const call = this.#graph ? null : readCall(text);
    if (call === null) {
      yield { type: "other", ...moment, ...origin, name: "print", fields: text };
      return;
    }
    const { name, parent, calls } = call;
    const entered = functionEvent({ ...moment, ...origin }, name, parent);
    yield entered;
    if (calls === 1) return;
    const given = Math.min(calls - 1, REPEATED_CALLS - this.#repeated);
    this.#repeated += given;
    this.#passed.repeats += calls - 1 - given;
    for (let left = given; left > 0; left -= 1) yield { ...entered, lost: 0 };
  }

  /** Reads a line that is only a call, as nocontext-info prints it. */
  #bareCall(line: string): boolean {
    if (!line.includes(" <-")) return false;
    const call = readCall(line);
    if (call === null) return false;
    const task = this.#tasks.task("<...>", 0);
    const moment = { count: 0, time: 0, microseconds: 0, cpu: 0 };
    const origin = { task, flags: ".....", lost: this.#takeLost(0) };
    this.#waiting = [functionEvent({ ...moment, ...origin }, call.name, call.parent)];
    return true;
  }

  /**
   * Handles a line that is no event: a loss, which is kept for the CPU's next event, an annotation, or unknown text.
   */
  #other(line: string): void {
    const loss = LOST_LINE.exec(line);
    if (loss !== null) {
      this.#lost.set(Number(loss[1]), loss[2] === undefined ? null : Number(loss[2]));
    } else if (!PASSED_LINE.test(line)) {
      this.#passed.line(line);
    }
  }

  #takeLost(cpu: number): number | null {
    const found = this.#lost.get(cpu);
    if (found !== undefined) this.#lost.delete(cpu);
    return found === undefined ? 0 : found;
  }
}

type Whence = Pick<FunctionEvent, "count" | "time" | "microseconds" | "cpu"> & Origin;

function functionEvent(whence: Whence, name: string, parent: string): FunctionEvent & Origin {
  const parentName = parent === "" ? "<...>" : parent;
  return { type: "function", ...whence, name, module: null, parentName, ip: 0, parentIp: 0 };
}

/** Gives one object for each task, however many events name it. */
export class Tasks {
  readonly #tasks = new Map<string, TraceTask>();

  task(name: string, pid: number): TraceTask {
    const key = `${pid} ${name}`;
    const known = this.#tasks.get(key);
    if (known !== undefined) return known;
    const task = { name, pid };
    this.#tasks.set(key, task);
    return task;
  }
}
