// Reads what the kernel's `trace` file prints of the function and function_graph tracers, farjal's own or a
// real machine's. Such text has no addresses. That of function_graph has no times either, only what calls
// took: their times here begin at 0 and put each call straight after what came before it, so that durations
// are as printed and the order is true.

import type { ByteSource, Opener } from "../../bytes/source.ts";
import { latin1 } from "../../bytes/words.ts";
import { Misuse } from "../../errors.ts";
import type { EntryEvent, FunctionEvent, ReturnEvent } from "../../ftrace/event.ts";
import type { TraceTask } from "../../ftrace/text/function-text.ts";
import type { Origin, Trace } from "../trace.ts";

const FIRST_LINE = "# tracer: ";
const READ_AHEAD = 1 << 18;
/** The kernel's lines are far shorter. */
const LONGEST_LINE = 1 << 16;
/** What the header says stands in the first lines. */
const HEADER_SIZE = 4096;
const NANOSECONDS = 1e9;
const MICROSECONDS = 1e6;

const FUNCTION_LINE =
  /^ *(.{1,16})-(\d{1,10}) +\[(\d{1,4})\] ([^ ]{4,5}) +(\d{1,9})\.(\d{6}): (\S+)(?: \[\S+\])? <-(\S+)(?: \[\S+\])?$/;
const GRAPH_LINE =
  /^(?: *[\d.]+ \|)? *(\d{1,4})\) [$@*#!+ ]?(?: *(\d{1,12}(?:\.\d{1,3})?) us)? *\| {2}( *)(?:(\S+?)(?: \[(\S+)\])?\(\)( \{|;)|\}(?: \/\* (\S+?)(?: \[(\S+)\])? \*\/)?(?: \(Overruns: (\d{1,10})\))?)$/;
const LOST_LINE = /^CPU:(\d{1,4}) \[LOST (?:(\d{1,15}) )?EVENTS\]$/;
/** Comments, and what function_graph prints where tasks change. */
const PASSED_LINE = /^(#.*| *-+| *\d+\) +\S+ +=> +\S+ *|)$/;

/** True for a file that begins as the trace file of a tracer does. */
export function isFtraceText(source: ByteSource): boolean {
  return latin1(source.read(0, FIRST_LINE.length)) === FIRST_LINE;
}

/**
 * Reads ftrace text; its events are read from the file each time they are gone through.
 * @throws Misuse for another tracer's text, and for a line that is none of the tracer's while reading.
 */
export function readFtraceText(open: Opener, name: string): Trace {
  const source = open();
  let header: string;
  try {
    header = latin1(source.read(0, HEADER_SIZE));
  } finally {
    source.close();
  }
  const tracer = /^# tracer: (\S+)/.exec(header)?.[1];
  if (tracer !== "function" && tracer !== "function_graph") {
    throw new Misuse(
      `${name} is the text of '${tracer}'; farjal reads function and function_graph`,
    );
  }
  const [, entries, written, cpus] =
    /^# entries-in-buffer\/entries-written: (\d{1,15})\/(\d{1,15}) +#P:(\d{1,4})$/m.exec(header) ??
    [];
  const events = {
    [Symbol.iterator]: () =>
      tracer === "function" ? functionEvents(open, name) : graphEvents(open, name),
  };
  const [first] = events;
  return {
    task: first?.task ?? { name: "<...>", pid: 0 },
    cpus: Number(cpus ?? 1),
    clockHz: tracer === "function" ? MICROSECONDS : NANOSECONDS,
    endian: "little",
    release: "",
    overruns: Number(written ?? 0) - Number(entries ?? 0),
    addresses: false,
    events,
    records: events,
  };
}

function* functionEvents(open: Opener, name: string): Generator<FunctionEvent & Origin> {
  const tasks = new Tasks();
  const lost = new Map<number, number | null>();
  for (const { line, number } of lines(open, name)) {
    const found = FUNCTION_LINE.exec(line);
    if (found === null) {
      takeOther(line, lost, name, number);
      continue;
    }
    const [, comm = "", pid, cpuText, flags = "", seconds, fraction, func = "", parent = ""] =
      found;
    const cpu = Number(cpuText);
    const microseconds = Number(seconds) * MICROSECONDS + Number(fraction);
    yield {
      type: "function",
      count: microseconds,
      time: microseconds / MICROSECONDS,
      microseconds,
      cpu,
      task: tasks.task(comm, Number(pid)),
      flags: flags.padEnd(5, "."),
      lost: takeLost(lost, cpu),
      name: func,
      module: null,
      parentName: parent,
      ip: 0,
      parentIp: 0,
    };
  }
}

/** A CPU's open calls, and how far its time has come. */
interface Calls {
  readonly open: {
    readonly name: string;
    readonly module: string | null;
    readonly count: number;
  }[];
  now: number;
}

type GraphEvent = (EntryEvent | ReturnEvent) & Partial<Origin>;

function* graphEvents(open: Opener, name: string): Generator<GraphEvent> {
  const cpus = new Map<number, Calls>();
  const lost = new Map<number, number | null>();
  for (const { line, number } of lines(open, name)) {
    const found = GRAPH_LINE.exec(line);
    if (found === null) {
      takeOther(line, lost, name, number);
      continue;
    }
    const [, cpuText, took, indent = "", func, module, form, tail, tailModule, overrun] = found;
    const cpu = Number(cpuText);
    const calls = cpus.get(cpu) ?? { open: [], now: 0 };
    cpus.set(cpu, calls);
    const depth = indent.length >>> 1;
    const duration = Math.round(Number(took ?? 0) * 1000);
    const at = (count: number) => ({
      count,
      time: count / NANOSECONDS,
      microseconds: Math.floor(count / 1000),
      cpu,
      ip: 0,
      depth,
    });
    const gap = takeLost(lost, cpu);
    const origin = gap === 0 ? {} : { lost: gap };
    if (func !== undefined) {
      const traced = { name: func, module: module ?? null };
      yield { type: "funcgraph_entry", ...at(calls.now), ...traced, ...origin };
      calls.open.push({ ...traced, count: calls.now });
      if (form === " {") continue;
    }
    const entered = calls.open.pop();
    const end = Math.max(calls.now, (entered?.count ?? calls.now) + duration);
    calls.now = end;
    yield {
      type: "funcgraph_exit",
      ...at(end),
      name: entered?.name ?? tail ?? "<...>",
      module: entered?.module ?? tailModule ?? null,
      overrun: Number(overrun ?? 0),
      entryCount: end - duration,
      ...(func === undefined ? origin : {}),
    };
  }
}

/** A line that is no event: passed over, a loss that is kept for the CPU's next event, or an error. */
function takeOther(
  line: string,
  lost: Map<number, number | null>,
  name: string,
  number: number,
): void {
  const loss = LOST_LINE.exec(line);
  if (loss !== null) lost.set(Number(loss[1]), loss[2] === undefined ? null : Number(loss[2]));
  else if (!PASSED_LINE.test(line)) {
    throw new Misuse(`${name}, line ${number}: not a line of this tracer: ${line.slice(0, 80)}`);
  }
}

function takeLost(lost: Map<number, number | null>, cpu: number): number | null {
  const found = lost.get(cpu);
  if (found !== undefined) lost.delete(cpu);
  return found === undefined ? 0 : found;
}

/** One object a task, however many events name it. */
class Tasks {
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

function* lines(open: Opener, name: string): Generator<{ line: string; number: number }> {
  const source = open();
  try {
    let rest = "";
    let number = 0;
    for (let offset = 0; offset < source.size; ) {
      const bytes = source.read(offset, READ_AHEAD);
      if (bytes.length === 0) break;
      offset += bytes.length;
      const whole = (rest + latin1(bytes)).split("\n");
      rest = whole.pop() ?? "";
      for (const line of whole) yield { line, number: ++number };
      if (rest.length > LONGEST_LINE) {
        throw new Misuse(`${name}, line ${number + 1}: too long for a line of ftrace`);
      }
    }
    if (rest !== "") yield { line: rest, number: number + 1 };
  } finally {
    source.close();
  }
}
