// Reads a trace.dat's events, of all CPUs in the order of time. The three ftrace entries become events of the same form
// as farjal's own tracers make, for any kernel, since the file's formats say where their fields are. Other events get
// their name and the text of their print fmt. Counts are nanoseconds here: a real machine doesn't count instructions.

import type { Opener } from "../../bytes/source.ts";
import { greatest } from "../../extremes.ts";
import type { EntryEvent, FunctionEvent, ReturnEvent } from "../../ftrace/event.ts";
import { secondsText, type TraceTask, tickText } from "../../ftrace/text/function-text.ts";
import type { TraceRules } from "../../kernel/rules/table.ts";
import { REPEATED_CALLS, TRACE_DAT_DEPTH, TRACE_TASKS, TRACE_TEXTS } from "../../limits.ts";
import { Moments } from "../moments.ts";
import { repeatsNote } from "../repeats.ts";
import {
  type Origin,
  type OtherEvent,
  type RecordedEvent,
  type Trace,
  type TraceRecord,
  traceRules,
} from "../trace.ts";
import { type Clock, clockOf } from "./clock.ts";
import type { EventField, EventFormat } from "./event-format.ts";
import { FUNCGRAPH_ENTRY, FUNCGRAPH_EXIT, FUNCTION, packed, recordSize } from "./event-format.ts";
import { eventPrinter } from "./event-printer.ts";
import { readTraceDatFile, type TraceDatFile } from "./file.ts";
import { latencyFlags } from "./latency-flags.ts";
import type { PrintContext, Printer } from "./print-format.ts";
import { RecordView } from "./record-view.ts";
import { firstStamps, RingReader } from "./ring-reader.ts";

const NANOSECONDS = 1e9;
const TWO_32 = 2 ** 32;
/**
 * The entry of 6.13 and later in place of funcgraph_entry when funcgraph-retaddr is on (kernel/trace/trace_entries.h).
 */
const RETADDR_ENTRY = "fgraph_retaddr_entry";
/** The entry of 5.14 and later that stands for repeated calls (kernel/trace/trace_entries.h). */
const REPEATS = "func_repeats";
/** Characters of texts, besides TRACE_TEXTS, for each byte of their records. */
const TEXT_SHARE = 32;
const NO_ROOM = "(not printed: the texts of this file are longer than those of any trace)";
/** trace-cmd's names for tasks that aren't in the file's list. */
const IDLE = "<idle>";
const UNKNOWN = "<...>";

/**
 * Reads a trace.dat's description. Each pass over the events reads them from the file again.
 * @param name the file's name in errors.
 * @param instance as readTraceDatFile() takes it.
 * @throws Misuse when the file is no trace.dat or is damaged; damage may also be found while events are read.
 */
export function readTraceDat(open: Opener, name: string, instance?: string): Trace {
  const source = open();
  let file: TraceDatFile;
  let clock: Clock;
  try {
    file = readTraceDatFile(source, name, instance);
    clock = clockOf(file.clock, firstStamps(source, file));
  } finally {
    source.close();
  }
  const task = firstTask(file);
  let skipped = new Skipped();
  return {
    task,
    cpus: greatest(
      file.cpus.map(({ cpu }) => cpu + 1),
      1,
    ),
    clockHz: NANOSECONDS,
    endian: file.endian,
    release: releaseOf(file),
    overruns: file.overruns,
    addresses: true,
    ...(clock.ticks ? { ticks: true } : {}),
    ...(clock.origin === 0n ? {} : { origin: clock.origin }),
    records: { [Symbol.iterator]: () => recordsOf(open, file, clock, null) },
    events: {
      [Symbol.iterator]: () => {
        skipped = new Skipped();
        // With somewhere to count other records, they are not among those given.
        return recordsOf(open, file, clock, skipped) as Generator<RecordedEvent>;
      },
    },
    others: () => skipped.others,
    notes: () => skipped.notes(name),
  };
}

/** What a pass over the calls alone leaves out. */
class Skipped {
  others = 0;
  repeats = 0;

  notes(name: string): string[] {
    return this.repeats === 0 ? [] : [repeatsNote(name, this.repeats)];
  }
}

/** The kernel's release; empty if the file doesn't name one. */
function releaseOf({ uname }: TraceDatFile): string {
  return /^\S+ \S+ (\S+)/.exec(uname)?.[1] ?? "";
}

function firstTask({ tasks }: TraceDatFile): TraceTask {
  const [[pid, name] = [0, IDLE]] = tasks;
  return { pid, name };
}

/**
 * The records of all CPUs, the earliest first; of two at the same time, the lower CPU's. A single generator makes them:
 * each generator around it would cost as much as reading a record.
 * @param skipped null for all records; otherwise only calls are given, and this counts the others.
 */
function* recordsOf(
  open: Opener,
  file: TraceDatFile,
  clock: Clock,
  skipped: Skipped | null,
): Generator<TraceRecord> {
  const source = open();
  try {
    const decoder = new Decoder(file, clock, skipped === null);
    let repeated = 0;
    const rings = file.cpus
      .map((data) => new RingReader(source, file, clock, data))
      .filter((ring) => ring.next());
    while (rings.length > 0) {
      let first = 0;
      for (let i = 1; i < rings.length; i += 1) {
        if ((rings[i] as RingReader).time < (rings[first] as RingReader).time) first = i;
      }
      const ring = rings[first] as RingReader;
      const record = decoder.record(ring);
      if (skipped === null || record.type !== "other") yield record;
      else if (record.repeats === undefined) skipped.others += 1;
      else {
        const { call, calls } = record.repeats;
        const given = Math.min(calls, REPEATED_CALLS - repeated);
        repeated += given;
        skipped.repeats += calls - given;
        for (let left = given; left > 0; left -= 1) yield call;
      }
      if (!ring.next()) rings.splice(first, 1);
    }
  } finally {
    source.close();
  }
}

/** The record's task and CPU, and its flag columns. */
interface Whose {
  readonly task: TraceTask;
  readonly flags: string;
}

/** Each kind of record is one object literal: V8 takes several times as long to build one by spreading. */
type Decode = (ring: RingReader, whose: Whose) => TraceRecord;

/** Reads a field of at most 8 bytes. */
type NumberAt = (ring: RingReader) => number;

class Decoder {
  readonly #file: TraceDatFile;
  readonly #little: boolean;
  readonly #decoders = new Map<number, Decode>();
  readonly #tasks = new Map<number, TraceTask>();
  readonly #flags = new Map<number, string>();
  readonly #rules: TraceRules;
  readonly #print: PrintContext;
  readonly #record: RecordView;
  readonly #clock: Clock;
  readonly #moments: Moments;

  readonly #withTexts: boolean;
  /** The characters that texts may still use. */
  #room = TRACE_TEXTS;
  /** Tasks' names: the file's, and those from scheduler events. */
  readonly #names: Map<number, string>;

  constructor(file: TraceDatFile, clock: Clock, withTexts: boolean) {
    this.#file = file;
    this.#clock = clock;
    this.#moments = new Moments(NANOSECONDS, clock.origin);
    this.#withTexts = withTexts;
    this.#names = new Map(file.tasks);
    this.#rules = traceRules({ release: releaseOf(file) });
    this.#little = file.endian === "little";
    const { symbols, strings, page } = file;
    const longSize = page.commit.size;
    this.#print = { symbols, strings, longSize };
    this.#record = new RecordView(this.#little, longSize);
  }

  record(ring: RingReader): TraceRecord {
    const { view, at } = ring;
    const id = view.getUint16(at, this.#little);
    let decode = this.#decoders.get(id);
    if (decode === undefined) {
      decode = this.#decoderOf(id);
      this.#decoders.set(id, decode);
    }
    return decode(ring, {
      task: this.#task(view.getInt32(at + 4, this.#little)),
      flags: this.#flagsOf(view.getUint16(at + 2, false)),
    });
  }

  #task(pid: number): TraceTask {
    let task = this.#tasks.get(pid);
    if (task === undefined) {
      task = { pid, name: pid === 0 ? IDLE : (this.#names.get(pid) ?? UNKNOWN) };
      this.#tasks.set(pid, task);
    }
    return task;
  }

  #flagsOf(word: number): string {
    let flags = this.#flags.get(word);
    if (flags === undefined) {
      flags = latencyFlags(word >>> 8, word & 0xff, this.#rules);
      this.#flags.set(word, flags);
    }
    return flags;
  }

  #decoderOf(id: number): Decode {
    const format = this.#file.formats.get(id);
    if (format === undefined) return this.#other({ name: `event ${id}`, id, fields: [] });
    const own = format.name === FUNCGRAPH_EXIT ? packed(format) : format;
    return this.#own(own) ?? this.#other(format);
  }

  /** The decoder of one of ftrace's own entries, if the format has the entry's fields. */
  #own(format: EventFormat): Decode | undefined {
    const { symbols } = this.#file;
    const moments = this.#moments;
    const number = (name: string): NumberAt | undefined => this.#number(format, name);
    const need = recordSize(format);
    const checked = (decode: Decode): Decode => {
      const short = this.#other(format);
      return (ring, whose) => (ring.size < need ? short(ring, whose) : decode(ring, whose));
    };
    if (format.name === FUNCTION || format.name === REPEATS) {
      const [ip, parent] = [number("ip"), number("parent_ip")];
      if (!ip || !parent) return undefined;
      const call = (ring: RingReader, { task, flags }: Whose): FunctionEvent & Origin => {
        const { time, cpu, lost } = ring;
        const at = ip(ring);
        const parentIp = parent(ring);
        const { name, module } = symbols.nameOf(at);
        return {
          type: "function",
          count: time,
          time: moments.seconds(time),
          microseconds: moments.microseconds(time),
          cpu,
          task,
          flags,
          lost,
          name,
          module,
          parentName: symbols.nameOf(parentIp).name,
          ip: at,
          parentIp,
        };
      };
      return format.name === FUNCTION ? checked(call) : this.#repeats(format, call, checked);
    }
    const [func, stated] = [number("func"), number("depth")];
    if (!func || !stated) return undefined;
    const depth = (ring: RingReader): number => {
      const calls = stated(ring);
      if (calls >= 0 && calls < TRACE_DAT_DEPTH) return calls;
      throw ring.damage(`a call can't be ${calls} deep`);
    };
    if (format.name === FUNCGRAPH_ENTRY || format.name === RETADDR_ENTRY) {
      return checked((ring, { task, flags }): EntryEvent & Origin => {
        const { time, cpu, lost } = ring;
        const ip = func(ring);
        const { name, module } = symbols.nameOf(ip);
        return {
          type: "funcgraph_entry",
          count: time,
          time: moments.seconds(time),
          microseconds: moments.microseconds(time),
          cpu,
          task,
          flags,
          lost,
          name,
          module,
          ip,
          depth: depth(ring),
        };
      });
    }
    const overrun = number("overrun");
    const took = this.#difference(format, "rettime", "calltime");
    if (format.name !== FUNCGRAPH_EXIT || !overrun || !took) return undefined;
    return checked((ring, { task, flags }): ReturnEvent & Origin => {
      const { time, cpu, lost } = ring;
      const ip = func(ring);
      const { name, module } = symbols.nameOf(ip);
      return {
        type: "funcgraph_exit",
        count: time,
        time: moments.seconds(time),
        microseconds: moments.microseconds(time),
        cpu,
        task,
        flags,
        lost,
        name,
        module,
        ip,
        depth: depth(ring),
        overrun: overrun(ring),
        // The record is written a moment after the return that it describes.
        entryCount: time - took(ring),
      };
    });
  }

  /** The decoder of the entry that stands for repeated calls, which the option func-no-repeats makes. */
  #repeats(
    format: EventFormat,
    call: (ring: RingReader, whose: Whose) => FunctionEvent & Origin,
    checked: (decode: Decode) => Decode,
  ): Decode | undefined {
    const number = (name: string): NumberAt | undefined => this.#number(format, name);
    const [count, top, bottom] = [
      number("count"),
      number("top_delta_ts"),
      number("bottom_delta_ts"),
    ];
    if (!count || !top || !bottom) return undefined;
    const other = this.#other(format);
    return checked((ring, whose): OtherEvent => {
      const event = call(ring, whose);
      const calls = count(ring);
      const last = ring.time - (top(ring) * TWO_32 + bottom(ring));
      const fields = `${event.name} <-${event.parentName} (repeats: ${calls}, last_ts: ${this.#timeText(last)})`;
      return {
        ...other(ring, whose),
        fields,
        repeats: { call: { ...event, lost: 0 }, calls, last },
      };
    });
  }

  /** As trace_print_time() prints it. */
  #timeText(time: number): string {
    const { ticks, origin } = this.#clock;
    return ticks ? tickText(time, origin) : secondsText(this.#moments.microseconds(time));
  }

  #number({ fields }: EventFormat, name: string): NumberAt | undefined {
    const field = fields.find((one) => one.name === name);
    return field === undefined ? undefined : numberAt(field, this.#little);
  }

  /** Reads a field less another one, exactly where the difference is small although both are above 2^53. */
  #difference(format: EventFormat, from: string, less: string): NumberAt | undefined {
    const fields = [from, less].map((name) => format.fields.find((one) => one.name === name));
    const [a, b] = fields;
    if (a === undefined || b === undefined) return undefined;
    const [high, low] = this.#little ? [4, 0] : [0, 4];
    if (a.size === 8 && b.size === 8) {
      const little = this.#little;
      return ({ view, at }) => {
        const [one, other] = [at + a.offset, at + b.offset];
        const highs = view.getUint32(one + high, little) - view.getUint32(other + high, little);
        return (
          highs * TWO_32 + (view.getUint32(one + low, little) - view.getUint32(other + low, little))
        );
      };
    }
    const [one, other] = [this.#number(format, from), this.#number(format, less)];
    return one && other && ((ring) => one(ring) - other(ring));
  }

  /** Takes a task's name from an event when the file has none for it, as trace-cmd's plugin does. */
  #learn(record: RecordView, comm: EventField, pid: EventField): void {
    const number = Number(record.number(pid.offset, pid.size)) | 0;
    if (number === 0 || this.#names.has(number) || this.#names.size >= TRACE_TASKS) return;
    this.#names.set(number, record.text(comm.offset, comm.size));
    this.#tasks.delete(number);
  }

  #other(format: EventFormat): (ring: RingReader, whose: Whose) => OtherEvent {
    const { kernel, traceCmd } = eventPrinter(format, this.#print);
    const record = this.#record;
    const moments = this.#moments;
    const named = schedulerTasks(format);
    return (ring, { task, flags }): OtherEvent => {
      record.look(ring);
      for (const { comm, pid } of named) this.#learn(record, comm, pid);
      const event: OtherEvent = {
        type: "other",
        count: ring.time,
        time: moments.seconds(ring.time),
        microseconds: moments.microseconds(ring.time),
        cpu: ring.cpu,
        task,
        flags,
        lost: ring.lost,
        name: format.name,
        fields: this.#textOf(kernel),
      };
      return traceCmd === undefined ? event : { ...event, reported: this.#textOf(traceCmd) };
    };
  }

  /** The text of the present record, as long as there is room for it. */
  #textOf(print: Printer): string {
    if (!this.#withTexts) return "";
    if (this.#room < 0) return NO_ROOM;
    const text = print(this.#record);
    this.#room += TEXT_SHARE * this.#record.size - text.length;
    return text;
  }
}

/** The fields of a scheduler event that name tasks, each with its pid. */
function schedulerTasks({ name, fields }: EventFormat) {
  if (!/^sched_(?:switch|wakeup|wakeup_new)$/.test(name)) return [];
  const field = (wanted: string): EventField | undefined =>
    fields.find((one) => one.name === wanted);
  return ["prev_", "next_", ""].flatMap((prefix) => {
    const [comm, pid] = [field(`${prefix}comm`), field(`${prefix}pid`)];
    return comm === undefined || pid === undefined ? [] : [{ comm, pid }];
  });
}

/**
 * Makes the reader of an integer field. 8-byte values are exact below 2^53; addresses of a 64-bit kernel are read as
 * signed, as Kallsyms expects them.
 */
function numberAt(
  { type, offset, size, signed }: EventField,
  little: boolean,
): NumberAt | undefined {
  switch (size) {
    case 1:
      return signed
        ? ({ view, at }) => view.getInt8(at + offset)
        : ({ view, at }) => view.getUint8(at + offset);
    case 2:
      return signed
        ? ({ view, at }) => view.getInt16(at + offset, little)
        : ({ view, at }) => view.getUint16(at + offset, little);
    case 4:
      return signed
        ? ({ view, at }) => view.getInt32(at + offset, little)
        : ({ view, at }) => view.getUint32(at + offset, little);
    case 8:
      if (signed || type === "unsigned long") {
        return ({ view, at }) => Number(view.getBigInt64(at + offset, little));
      }
      return ({ view, at }) =>
        view.getUint32(at + offset + (little ? 4 : 0), little) * TWO_32 +
        view.getUint32(at + offset + (little ? 0 : 4), little);
    default:
      return undefined;
  }
}
