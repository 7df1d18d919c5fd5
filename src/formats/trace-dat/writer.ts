// Writes a trace.dat that trace-cmd and KernelShark read, as trace-cmd would make it on a 32-bit MIPS kernel of the
// trace's release: the events' formats, the symbols, the tasks, each CPU's ring pages. Events are written one by one
// and aren't kept. What is known only at the end is written at the end or patched into earlier bytes. The same trace
// gives the same bytes: the file has neither a date nor a session id.

import { Packer } from "../../bytes/packer.ts";
import type { Sink } from "../../bytes/sink.ts";
import { utf8Bytes } from "../../bytes/text.ts";
import type { EntryEvent, FunctionEvent, ReturnEvent } from "../../ftrace/event.ts";
import { digits } from "../../hex.ts";
import type { TraceRules } from "../../kernel/rules/table.ts";
import {
  NameGatherer,
  namesOf,
  nanosecondsOf,
  type RecordedEvent,
  type Trace,
  type TraceFacts,
  type TraceNames,
  traceRules,
} from "../trace.ts";
import { type EventFormat, entryFormats, formatText, recordSize } from "./event-format.ts";
import {
  type FileVersion,
  FLYRECORD_V6,
  HEADER_EVENT,
  HEADER_PAGE,
  MAGIC,
  OPTION_BUFFER,
  OPTION_CPUCOUNT,
  OPTION_CPUSTAT,
  OPTION_DONE,
  OPTION_OFFSET,
  OPTION_TRACECLOCK,
  OPTION_UNAME,
  OPTION_VERSION,
  OPTIONS_V6,
  SECTION_BUFFER,
  SECTION_CMDLINES,
  SECTION_EVENT_FORMATS,
  SECTION_FTRACE_FORMATS,
  SECTION_HEADER,
  SECTION_HEADERS,
  SECTION_KALLSYMS,
  SECTION_OPTIONS,
  SECTION_PRINTK,
  SECTION_STRINGS,
} from "./format.ts";
import { RING_PAGE_SIZE, RingPages } from "./ring-pages.ts";

export interface TraceDatOptions {
  readonly version: FileVersion;
  /** The program that writes the file. */
  readonly writer: string;
}

/** Bytes of a long in the traced kernel and its programs. */
const LONG_SIZE = 4;
/** Times are nanoseconds of a clock that starts with the machine, which the kernel calls local. */
const CLOCK = "local";
const CLOCKS = `[${CLOCK}]\n`;

/** header_page. */
function pageFields({ F17 }: TraceRules): string {
  return `\tfield: u64 timestamp;\toffset:0;\tsize:8;\tsigned:0;
\tfield: local_t commit;\toffset:8;\tsize:${LONG_SIZE};\tsigned:1;
\tfield: int overwrite;\toffset:8;\tsize:1;\tsigned:1;
\tfield: char data;\toffset:12;\tsize:${RING_PAGE_SIZE - 12};\tsigned:${F17 === "signed" ? 1 : 0};
`;
}
/** header_event. */
const RECORD_HEADER = `# compressed entry header
\ttype_len    :    5 bits
\ttime_delta  :   27 bits
\tarray       :   32 bits

\tpadding     : type == 29
\ttime_extend : type == 30
\ttime_stamp : type == 31
\tdata max type_len  == 28
`;
const TWO_32 = 2 ** 32;

/** Events between two steps. */
const STEP = 1 << 13;

/** Writes a whole trace, in steps as traceWriting() takes them. A trace of several CPUs is read once for each CPU. */
export function* traceDatWriting(
  trace: Trace,
  sink: Sink,
  options: TraceDatOptions,
): Generator<void> {
  const { version } = options;
  const names = version === 6 ? { names: namesOf(trace) } : {};
  const writer = new TraceDatWriter(trace, sink, { ...options, ...names });
  let left = STEP;
  for (let cpu = 0; cpu < trace.cpus; cpu += 1) {
    writer.beginCpu();
    for (const event of trace.events) {
      if (event.cpu === cpu) writer.event(event);
      left -= 1;
      if (left > 0) continue;
      left = STEP;
      yield;
    }
  }
  writer.end();
}

/**
 * Takes a trace event by event, one CPU after the other: beginCpu(), its events, …, end(). Version 6 lists the events'
 * names before them, so the caller must pass the names in; version 7 lists them afterwards.
 */
export class TraceDatWriter {
  readonly #facts: TraceFacts;
  readonly #records: RecordWriter;
  readonly #sink: CountingSink;
  readonly #options: TraceDatOptions;
  readonly #gatherer: NameGatherer;
  readonly #nanoseconds: (count: number) => number;
  readonly #strings = new Packer("little");
  /** The start of each CPU's pages and their size in bytes. */
  readonly #cpus: { readonly offset: number; readonly size: number }[] = [];
  /** Version 7: the offset of each section, for the options. */
  readonly #sections: { readonly id: number; readonly offset: number }[] = [];
  /** Version 6: the offset at which the CPUs' offsets and sizes are patched in. */
  #places = 0;
  /** Version 7: the offset of the buffer's section. */
  #buffer = 0;
  #firstOptions = 0;
  #pages: RingPages | null = null;
  #start = 0;

  constructor(
    facts: TraceFacts,
    sink: Sink,
    options: TraceDatOptions & { readonly names?: TraceNames },
  ) {
    this.#facts = facts;
    this.#records = new RecordWriter(entryFormats(traceRules(facts)));
    this.#gatherer = new NameGatherer(facts.task);
    this.#sink = new CountingSink(sink);
    this.#options = options;
    this.#nanoseconds = nanosecondsOf(facts.clockHz);
    this.#head(options.names ?? this.#gatherer.names());
  }

  /** Begins the next CPU, from 0 on, to which the following events belong. */
  beginCpu(): void {
    this.#endCpu();
    const { endian, overruns } = this.#facts;
    this.#start = this.#sink.length;
    this.#pages = new RingPages(this.#sink, endian, this.#cpus.length === 0 ? overruns : 0);
  }

  /** Writes an event. @throws Misuse when it is earlier than the previous event. */
  event(event: RecordedEvent): void {
    const pages = this.#pages as RingPages;
    if (this.#options.version === 7) this.#gatherer.add(event);
    if (event.lost !== undefined && event.lost !== 0) pages.lose(event.lost);
    const pid = event.task === undefined ? this.#facts.task.pid : event.task.pid;
    const time = this.#nanoseconds(event.count);
    const records = this.#records;
    if (event.type === "function") records.call(pages, time, pid, event);
    else if (event.type === "funcgraph_entry") records.entry(pages, time, pid, event);
    else records.exit(pages, time, this.#nanoseconds(event.entryCount), pid, event);
  }

  /** Ends the file. */
  end(): void {
    this.#endCpu();
    if (this.#options.version === 6) this.#patchPlaces();
    else this.#tail();
  }

  #packer(): Packer {
    return new Packer(this.#facts.endian);
  }

  #endCpu(): void {
    if (this.#pages === null) return;
    this.#pages.end();
    this.#cpus.push({ offset: this.#start, size: this.#pages.size });
    this.#pages = null;
  }

  #head(names: TraceNames): void {
    const { version } = this.#options;
    const start = this.#packer().raw(MAGIC).string(String(version));
    start
      .u8(this.#facts.endian === "big" ? 1 : 0)
      .u8(LONG_SIZE)
      .u32(RING_PAGE_SIZE);
    if (version === 7) {
      start.string("none").string("");
      this.#firstOptions = start.length;
      start.u64(0);
    }
    this.#sink.write(start.bytes());
    this.#section(SECTION_HEADERS, "headers", this.#headers());
    this.#section(SECTION_FTRACE_FORMATS, "ftrace events", this.#formats());
    this.#section(SECTION_EVENT_FORMATS, "events format", this.#packer().u32(0));
    if (version === 7) {
      this.#beginDataV7();
      return;
    }
    this.#names(names);
    this.#beginDataV6();
  }

  #names(names: TraceNames): void {
    this.#section(SECTION_KALLSYMS, "kallsyms", this.#packer().sized(kallsyms(names), 4));
    this.#section(SECTION_PRINTK, "printk", this.#packer().u32(0));
    this.#section(SECTION_CMDLINES, "command lines", this.#packer().sized(cmdlines(names), 8));
  }

  /** Writes a part of the file, in version 7 with a section header. */
  #section(id: number, name: string, content: Packer): void {
    if (this.#options.version === 7) {
      this.#sections.push({ id, offset: this.#sink.length });
      this.#sink.write(this.#sectionHeader(id, name, content.length));
    }
    this.#sink.write(content.bytes());
  }

  #sectionHeader(id: number, name: string, size: number): Uint8Array {
    const place = this.#strings.length;
    this.#strings.string(name);
    return this.#packer().u16(id).u16(0).u32(place).u64(size).bytes();
  }

  #headers(): Packer {
    return this.#packer()
      .string(HEADER_PAGE)
      .sized(pageFields(traceRules(this.#facts)), 8)
      .string(HEADER_EVENT)
      .sized(RECORD_HEADER, 8);
  }

  #formats(): Packer {
    const { formats } = this.#records;
    const packer = this.#packer().u32(formats.length);
    for (const format of formats) packer.sized(formatText(format), 8);
    return packer;
  }

  /** The options of both versions: number and content. */
  #optionList(): [id: number, content: Uint8Array][] {
    const { cpus, release, overruns, origin = 0n } = this.#facts;
    const text = (content: string): Uint8Array => utf8Bytes(`${content}\0`);
    const stats = Array.from({ length: cpus }, (_, cpu): [number, Uint8Array] => [
      OPTION_CPUSTAT,
      text(
        `CPU: ${cpu}\nentries: 0\noverrun: ${cpu === 0 ? overruns : 0}\ncommit overrun: 0\n` +
          "dropped events: 0\n",
      ),
    ]);
    return [
      [OPTION_TRACECLOCK, text(CLOCKS)],
      [OPTION_UNAME, text(`Linux farjal ${release} mips`)],
      [OPTION_VERSION, text(this.#options.writer)],
      ...(origin === 0n ? [] : [[OPTION_OFFSET, text(String(origin))] as [number, Uint8Array]]),
      ...stats,
    ];
  }

  #beginDataV6(): void {
    const { cpus } = this.#facts;
    const part = this.#packer().u32(cpus).string(OPTIONS_V6);
    for (const [id, content] of this.#optionList()) part.u16(id).u32(content.length).raw(content);
    part.u16(OPTION_DONE).string(FLYRECORD_V6);
    this.#places = this.#sink.length + part.length;
    part.raw(new Uint8Array(cpus * 16)).sized(`[${CLOCK}]\0`, 8);
    this.#sink.write(part.bytes());
    this.#align();
  }

  #beginDataV7(): void {
    this.#buffer = this.#sink.length;
    this.#sink.write(this.#sectionHeader(SECTION_BUFFER, "buffer flyrecord", 0));
    this.#align();
  }

  /** Pages begin at multiples of their size, so that a reader can map them. */
  #align(): void {
    const rest = this.#sink.length % RING_PAGE_SIZE;
    if (rest > 0) this.#sink.write(new Uint8Array(RING_PAGE_SIZE - rest));
  }

  #patchPlaces(): void {
    const places = this.#packer();
    for (const { offset, size } of this.#cpus) places.u64(offset).u64(size);
    this.#sink.patch(this.#places, places.bytes());
  }

  #tail(): void {
    const size = this.#sink.length - this.#buffer - SECTION_HEADER;
    this.#sink.patch(this.#buffer + 8, this.#packer().u64(size).bytes());
    this.#names(this.#gatherer.names());
    const options = this.#packer();
    const add = (id: number, content: Uint8Array) =>
      options.u16(id).u32(content.length).raw(content);
    for (const { id, offset } of this.#sections) add(id, this.#packer().u64(offset).bytes());
    for (const [id, content] of this.#optionList()) add(id, content);
    add(OPTION_CPUCOUNT, this.#packer().u32(this.#facts.cpus).bytes());
    const buffer = this.#packer().u64(this.#buffer).string("").string(CLOCK);
    buffer.u32(RING_PAGE_SIZE).u32(this.#cpus.length);
    for (const [cpu, { offset, size }] of this.#cpus.entries()) {
      buffer.u32(cpu).u64(offset).u64(size);
    }
    add(OPTION_BUFFER, buffer.bytes());
    add(OPTION_DONE, this.#packer().u64(0).bytes());
    this.#sink.patch(this.#firstOptions, this.#packer().u64(this.#sink.length).bytes());
    this.#sink.write(this.#sectionHeader(SECTION_OPTIONS, "options", options.length));
    this.#sink.write(options.bytes());
    const header = this.#sectionHeader(SECTION_STRINGS, "strings", 0);
    new DataView(header.buffer, header.byteOffset).setBigUint64(
      8,
      BigInt(this.#strings.length),
      this.#facts.endian === "little",
    );
    this.#sink.write(header);
    this.#sink.write(this.#strings.bytes());
  }
}

/** The symbols in the form of /proc/kallsyms. Readers take the last line as the end of the named range. */
function kallsyms({ symbols }: TraceNames): string {
  const lines = symbols.map(({ address, name, module }) => {
    return `${digits(address)} t ${name}${module === null ? "" : `\t[${module}]`}\n`;
  });
  const last = symbols.at(-1);
  if (last !== undefined) lines.push(`${digits(last.address + 4)} t _end\n`);
  return lines.join("");
}

function cmdlines({ tasks }: TraceNames): string {
  return tasks.map(({ pid, name }) => `${pid} ${name}\n`).join("");
}

class CountingSink implements Sink {
  readonly #sink: Sink;
  length = 0;

  constructor(sink: Sink) {
    this.#sink = sink;
  }

  write(bytes: Uint8Array): void {
    this.#sink.write(bytes);
    this.length += bytes.length;
  }

  patch(offset: number, bytes: Uint8Array): void {
    this.#sink.patch(offset, bytes);
  }
}

/** Writes common_type, common_flags and the preempt count as 0, and common_pid. */
function writeCommon({ view, little }: RingPages, at: number, id: number, pid: number): void {
  view.setUint32(at, little ? id : id << 16, little);
  view.setInt32(at + 4, pid, little);
}

/** Where a format has its own fields, and how many bytes its records have. */
interface Place {
  readonly id: number;
  readonly size: number;
  /** The offset of a field. */
  readonly at: (field: string) => number;
}

/** Writes events in the formats that one kernel has for them. */
class RecordWriter {
  readonly formats: readonly EventFormat[];
  readonly #call: Place;
  readonly #entry: Place;
  readonly #exit: Place;
  /** Offsets of the fields of a return, which differ by release. */
  readonly #depth: number;
  readonly #overrun: number;
  readonly #calltime: number;
  readonly #rettime: number;

  constructor(formats: ReturnType<typeof entryFormats>) {
    this.formats = formats;
    const [call, entry, exit] = formats;
    this.#call = placeOf(call);
    this.#entry = placeOf(entry);
    this.#exit = placeOf(exit);
    this.#depth = this.#exit.at("depth");
    this.#overrun = this.#exit.at("overrun");
    this.#calltime = this.#exit.at("calltime");
    this.#rettime = this.#exit.at("rettime");
  }

  call(pages: RingPages, time: number, pid: number, event: FunctionEvent): void {
    const { view, little } = pages;
    const at = pages.add(time, this.#call.size);
    writeCommon(pages, at, this.#call.id, pid);
    view.setUint32(at + 8, event.ip, little);
    view.setUint32(at + 12, event.parentIp, little);
  }

  entry(pages: RingPages, time: number, pid: number, event: EntryEvent): void {
    const { view, little } = pages;
    const at = pages.add(time, this.#entry.size);
    writeCommon(pages, at, this.#entry.id, pid);
    view.setUint32(at + 8, event.ip, little);
    view.setInt32(at + 12, event.depth, little);
  }

  exit(pages: RingPages, time: number, entered: number, pid: number, event: ReturnEvent): void {
    const { view, little } = pages;
    const at = pages.add(time, this.#exit.size);
    writeCommon(pages, at, this.#exit.id, pid);
    view.setUint32(at + 8, event.ip, little);
    view.setInt32(at + this.#depth, event.depth, little);
    view.setUint32(at + this.#overrun, event.overrun, little);
    writeTime(view, at + this.#calltime, entered, little);
    writeTime(view, at + this.#rettime, time, little);
  }
}

function placeOf(format: EventFormat): Place {
  const offsets = new Map(format.fields.map(({ name, offset }) => [name, offset]));
  return {
    id: format.id,
    size: recordSize(format),
    at: (field) => offsets.get(field) as number,
  };
}

function writeTime(view: DataView, at: number, nanoseconds: number, little: boolean): void {
  view.setUint32(at + (little ? 4 : 0), Math.floor(nanoseconds / TWO_32), little);
  view.setUint32(at + (little ? 0 : 4), nanoseconds, little);
}
