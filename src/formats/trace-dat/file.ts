// Reads a trace.dat's description of itself, versions 6 and 7: byte order, formats, symbols, tasks, and where each
// CPU's pages are. The file isn't trusted: sizes are checked against the file, options that point in a circle are
// rejected, and damage is one error with its offset. reader.ts reads the events.

import { host } from "#host";
import { Cursor, damaged } from "../../bytes/cursor.ts";
import type { Endian } from "../../bytes/endian.ts";
import { printable } from "../../bytes/printable.ts";
import { type ByteSource, memorySource } from "../../bytes/source.ts";
import { latin1, latin1Bytes, sameBytes, utf8 } from "../../bytes/text.ts";
import { Output } from "../../compression/output.ts";
import { unpackZstd } from "../../compression/zstd.ts";
import { Misuse } from "../../errors.ts";
import {
  TRACE_CPUS,
  TRACE_DESCRIPTION_BYTES,
  TRACE_EVENT_IDS,
  TRACE_PAGE_BYTES,
  TRACE_PAGES_BYTES,
} from "../../limits.ts";
import type { ClockOptions } from "./clock.ts";
import { type EventField, type EventFormat, readFields, readFormat } from "./event-format.ts";
import {
  COMPRESSED,
  type FileVersion,
  FLYRECORD_V6,
  HEADER_EVENT,
  HEADER_PAGE,
  LATENCY_V6,
  MAGIC,
  OPTION_BUFFER,
  OPTION_CPUCOUNT,
  OPTION_CPUSTAT,
  OPTION_DATE,
  OPTION_DONE,
  OPTION_OFFSET,
  OPTION_TIME_SHIFT,
  OPTION_TRACECLOCK,
  OPTION_TSC2NSEC,
  OPTION_UNAME,
  OPTIONS_V6,
  SECTION_CMDLINES,
  SECTION_EVENT_FORMATS,
  SECTION_FTRACE_FORMATS,
  SECTION_HEADER,
  SECTION_HEADERS,
  SECTION_KALLSYMS,
  SECTION_OPTIONS,
  SECTION_PRINTK,
} from "./format.ts";
import { unescaped } from "./print-format.ts";
import { Kallsyms, linesOf } from "./symbols.ts";
import { readTimeShift } from "./time-shift.ts";

/** Where a CPU's pages are. */
export interface CpuData {
  readonly cpu: number;
  readonly offset: number;
  readonly size: number;
}

/** Where the fields of a page are, from the file's header_page. */
export interface PageLayout {
  readonly size: number;
  readonly commit: EventField;
  /** Offset of the first record. */
  readonly data: number;
}

export type Compression = "none" | "zlib" | "zstd";

export interface TraceDatFile {
  readonly name: string;
  readonly version: FileVersion;
  readonly endian: Endian;
  readonly page: PageLayout;
  /** By the event id at the start of each record. */
  readonly formats: ReadonlyMap<number, EventFormat>;
  readonly symbols: Kallsyms;
  /** Strings by the addresses that the records of bprint and bputs hold. */
  readonly strings: ReadonlyMap<bigint, string>;
  readonly clock: ClockOptions;
  /** Tasks' names by pid. */
  readonly tasks: ReadonlyMap<number, string>;
  readonly uname: string;
  /** Events that the rings overwrote before they were read, according to their statistics. */
  readonly overruns: number;
  readonly cpus: readonly CpuData[];
  /** How the pages are compressed. */
  readonly compression: Compression;
}

/** trace-cmd's name for the file's own buffer, beside those of `record -B NAME`. */
const TOP = "top";
/** The most instances that an error lists. */
const MOST_NAMED = 8;

/** True for a file that begins as a trace.dat. */
export function isTraceDat(source: ByteSource): boolean {
  return sameBytes(source.read(0, MAGIC.length), MAGIC);
}

/**
 * Reads everything except the events.
 * @param name the file's name in errors.
 * @param instance whose buffer to read; optional when the file has only one buffer.
 * @throws Misuse when the file is no trace.dat of version 6 or 7, or is damaged.
 */
export function readTraceDatFile(
  source: ByteSource,
  name: string,
  instance?: string,
): TraceDatFile {
  if (!isTraceDat(source)) throw new Misuse(`${name} is not a trace.dat`);
  const start = new Cursor(source, name, "little", MAGIC.length);
  const version = start.string("the version");
  if (version !== "6" && version !== "7") {
    throw new Misuse(`${name} is a trace.dat of version '${version}'; farjal reads 6 and 7`);
  }
  const order = start.u8("the byte order");
  if (order > 1) throw damaged(name, start.at - 1, `a byte order can't be ${order}`);
  start.u8("the size of a long");
  const endian = order === 1 ? "big" : "little";
  const cursor = new Cursor(source, name, endian, start.at, TRACE_DESCRIPTION_BYTES);
  const pageSize = cursor.u32("the page size");
  return version === "6"
    ? new Version6(source, cursor, pageSize, instance).read()
    : new Version7(source, cursor, pageSize, instance).read();
}

/** The state that both versions gather, and the readers of the parts that they share. */
class Reading {
  readonly source: ByteSource;
  readonly cursor: Cursor;
  readonly formats = new Map<number, EventFormat>();
  readonly tasks = new Map<number, string>();
  pageSize: number;
  pageFields: EventField[] = [];
  kallsyms = "";
  printk = "";
  clock: ClockOptions = {};
  uname = "";
  overruns = 0;
  cpus: CpuData[] = [];
  /** The instance to read, and all instances that have a buffer. */
  readonly #wanted: string | undefined;
  readonly #instances = new Set<string>();
  /** The sum of the format counts that the file gives. */
  #told = 0;

  constructor(source: ByteSource, cursor: Cursor, pageSize: number, instance?: string) {
    this.source = source;
    this.cursor = cursor;
    this.pageSize = pageSize;
    this.#wanted = instance;
  }

  /** Records that an instance has a buffer. @returns whether it is the one to read. */
  wants(instance: string): boolean {
    this.#instances.add(instance);
    return instance === (this.#wanted ?? TOP);
  }

  /** @throws Misuse when the choice of buffer is ambiguous, or the wanted one isn't in the file. */
  #checkInstance(): void {
    const there = [...this.#instances];
    if (this.#wanted === undefined ? there.length < 2 : there.includes(this.#wanted)) return;
    const names = there.slice(0, MOST_NAMED).join(", ");
    const { name } = this.cursor;
    throw new Misuse(
      this.#wanted === undefined
        ? `${name} holds the buffers of several instances; say which one to read (--instance): ${names}`
        : `${name} holds no buffer of an instance '${this.#wanted}', but of ${names || "none"}`,
    );
  }

  headers(cursor: Cursor): void {
    cursor.expect(HEADER_PAGE);
    this.pageFields = readFields(cursor.sized(8, "the page header's format"));
    cursor.expect(HEADER_EVENT);
    cursor.sized(8, "the record header's format");
  }

  ftraceFormats(cursor: Cursor): void {
    const count = cursor.u32("the number of formats");
    this.#told += count;
    if (this.#told > TRACE_EVENT_IDS) throw damaged(cursor.name, cursor.at - 4, `${count} formats`);
    for (let left = count; left > 0; left -= 1) this.#format(cursor);
  }

  eventFormats(cursor: Cursor): void {
    const count = cursor.u32("the number of systems");
    if (count > TRACE_EVENT_IDS) throw damaged(cursor.name, cursor.at - 4, `${count} systems`);
    for (let left = count; left > 0; left -= 1) {
      cursor.string("a system's name");
      this.ftraceFormats(cursor);
    }
  }

  cmdlines(cursor: Cursor): void {
    for (const line of linesOf(cursor.sized(8, "the tasks' names"))) {
      const [, pid, task] = /^(\d+) (.*)$/.exec(line) ?? [];
      if (pid !== undefined && task !== undefined) {
        this.tasks.set(Number(pid), printable(utf8(latin1Bytes(task))));
      }
    }
  }

  /** Reads an option that both versions have. */
  option(id: number, content: Uint8Array): void {
    const text = untilNul(latin1(content));
    if (id === OPTION_UNAME) this.uname = printable(text);
    if (id === OPTION_DATE) this.clock = { ...this.clock, date: text };
    if (id === OPTION_OFFSET) this.clock = { ...this.clock, offset: text };
    if (id === OPTION_TRACECLOCK) this.clock = { ...this.clock, clocks: text };
    const { name, endian } = this.cursor;
    const numbers = new Cursor(memorySource(content), `${name}'s option`, endian);
    if (id === OPTION_TIME_SHIFT) {
      const shift = readTimeShift(numbers);
      if (shift !== undefined) this.clock = { ...this.clock, shift };
    }
    if (id === OPTION_TSC2NSEC && content.length >= 16) {
      const mult = numbers.u32("TSC2NSEC's multiplier");
      this.clock = { ...this.clock, scale: { mult, shift: numbers.u32("TSC2NSEC's shift") } };
    }
    if (id === OPTION_CPUSTAT) this.overruns += Number(/^overrun: (\d+)$/m.exec(text)?.[1] ?? 0);
  }

  finish(version: FileVersion, compression: Compression): TraceDatFile {
    this.#checkInstance();
    const { name, endian } = this.cursor;
    const page = this.#pageLayout();
    let held = 0;
    for (const { cpu, offset, size } of this.cpus) {
      if (cpu >= TRACE_CPUS) throw damaged(name, offset, `a CPU can't have the number ${cpu}`);
      if (offset > this.source.size || size > this.source.size - offset) {
        throw damaged(name, offset, `CPU ${cpu}'s ${size} bytes reach past the end`);
      }
      held += size;
      if (held > this.source.size) throw damaged(name, offset, "CPUs that share their events");
    }
    if (this.cpus.length * page.size > TRACE_PAGES_BYTES) {
      throw new Misuse(
        `${name} is damaged: ${this.cpus.length} CPUs can't have pages of ${page.size} bytes`,
      );
    }
    const symbols = new Kallsyms(this.kallsyms, page.commit.size);
    const { formats, tasks, uname, overruns, cpus } = this;
    return {
      name,
      version,
      endian,
      page,
      formats,
      symbols,
      strings: printkStrings(this.printk),
      clock: this.clock,
      tasks,
      uname,
      overruns,
      cpus,
      compression,
    };
  }

  #format(cursor: Cursor): void {
    const format = readFormat(cursor.sized(8, "an event's format"));
    if (format !== null && format.id < TRACE_EVENT_IDS) this.formats.set(format.id, format);
  }

  #pageLayout(): PageLayout {
    const field = (name: string): EventField | undefined =>
      this.pageFields.find((one) => one.name === name);
    const commit = field("commit");
    const data = field("data");
    const size = this.pageSize;
    const fits =
      commit !== undefined &&
      data !== undefined &&
      (commit.size === 4 || commit.size === 8) &&
      commit.offset >= 8 &&
      data.offset >= commit.offset + commit.size &&
      size > data.offset &&
      size <= TRACE_PAGE_BYTES &&
      size % 4 === 0;
    if (!fits) {
      throw new Misuse(`${this.cursor.name} is damaged: its pages of ${size} bytes can't be read`);
    }
    return { size, commit, data: data.offset };
  }
}

/** Version 6, whose parts are in a fixed order. */
class Version6 extends Reading {
  /** Where the wanted instance's buffer is; 0 for the file's own buffer. */
  #buffer = 0;

  read(): TraceDatFile {
    const { cursor } = this;
    this.headers(cursor);
    this.ftraceFormats(cursor);
    this.eventFormats(cursor);
    this.kallsyms = cursor.sized(4, "the symbols");
    this.printk = cursor.sized(4, "the printk formats");
    this.cmdlines(cursor);
    let cpus = cursor.u32("the number of CPUs");
    if (cpus > TRACE_CPUS) throw damaged(cursor.name, cursor.at - 4, `${cpus} CPUs`);
    let part = cursor.string("the data's kind");
    if (part === OPTIONS_V6) {
      for (;;) {
        const id = cursor.u16("an option's number");
        if (id === OPTION_DONE) break;
        const content = cursor.bytes(cursor.u32("an option's size"), "an option");
        if (id === OPTION_BUFFER) this.#instance(content);
        else if (id === OPTION_CPUCOUNT) cpus = this.#cpuCount(content);
        else this.option(id, content);
      }
      part = cursor.string("the data's kind");
    }
    if (part === LATENCY_V6) {
      throw new Misuse(`${cursor.name} holds a latency tracer's text, not events`);
    }
    if (part !== FLYRECORD_V6) throw damaged(cursor.name, cursor.at, "no events follow");
    if (this.wants(TOP)) this.#places(cursor, cpus);
    else if (this.#buffer !== 0) {
      const buffer = new Cursor(this.source, cursor.name, cursor.endian, this.#buffer);
      buffer.expect(FLYRECORD_V6);
      this.#places(buffer, cpus);
    }
    return this.finish(6, "none");
  }

  /** The number of CPUs that have data, from the option that overrides the number in the file's head. */
  #cpuCount(content: Uint8Array): number {
    const { name, endian, at } = this.cursor;
    const cpus = new Cursor(memorySource(content), `${name}'s option`, endian).u32("a CPU count");
    if (cpus > TRACE_CPUS) throw damaged(name, at, `${cpus} CPUs`);
    return cpus;
  }

  #instance(content: Uint8Array): void {
    const { name, endian } = this.cursor;
    const option = new Cursor(memorySource(content), `${name}'s option`, endian);
    const offset = option.u64("a buffer's place");
    if (this.wants(option.string("a buffer's name"))) this.#buffer = offset;
  }

  #places(cursor: Cursor, cpus: number): void {
    for (let cpu = 0; cpu < cpus; cpu += 1) {
      const offset = cursor.u64("a CPU's place");
      this.cpus.push({ cpu, offset, size: cursor.u64("a CPU's size") });
    }
  }
}

/** Version 7, whose sections are found through options. */
class Version7 extends Reading {
  #compression: Compression = "none";
  /** Bytes of the sections read so far, packed and unpacked. */
  #held = 0;
  #described = 0;

  read(): TraceDatFile {
    const { cursor } = this;
    const compression = cursor.string("the compression's name");
    cursor.string("the compression's version");
    if (compression !== "none" && compression !== "zlib" && compression !== "zstd") {
      throw new Misuse(
        `${cursor.name} is compressed by '${compression}'; farjal reads zlib and zstd`,
      );
    }
    this.#compression = compression;
    const seen = new Set<number>();
    let next = cursor.u64("the options' place");
    while (next !== 0) {
      if (seen.has(next)) throw damaged(cursor.name, next, "options that lead to themselves");
      seen.add(next);
      next = this.#options(this.#section(next, SECTION_OPTIONS, "options"));
    }
    if (seen.size === 0) throw damaged(cursor.name, cursor.at - 8, "there are no options");
    return this.finish(7, this.#dataCompression);
  }

  #dataCompression: Compression = "none";

  /** @returns the offset of the next options; 0 for none. */
  #options(options: Cursor): number {
    while (options.left > 0) {
      const id = options.u16("an option's number");
      const size = options.u32("an option's size");
      const at = options.at;
      const content = options.bytes(size, "an option");
      const inside = new Cursor(memorySource(content), `${options.name}'s option`, options.endian);
      if (id === OPTION_DONE) return inside.u64("the next options' place");
      if (id === OPTION_BUFFER) this.#buffer(inside, at);
      else if (id >= SECTION_HEADERS && id <= SECTION_CMDLINES) this.#part(id, inside);
      else this.option(id, content);
    }
    return 0;
  }

  #part(id: number, option: Cursor): void {
    const readers: Readonly<Record<number, (cursor: Cursor) => void>> = {
      [SECTION_HEADERS]: (cursor) => this.headers(cursor),
      [SECTION_FTRACE_FORMATS]: (cursor) => this.ftraceFormats(cursor),
      [SECTION_EVENT_FORMATS]: (cursor) => this.eventFormats(cursor),
      [SECTION_KALLSYMS]: (cursor) => {
        this.kallsyms = cursor.sized(4, "the symbols");
      },
      [SECTION_PRINTK]: (cursor) => {
        this.printk = cursor.sized(4, "the printk formats");
      },
      [SECTION_CMDLINES]: (cursor) => this.cmdlines(cursor),
    };
    readers[id]?.(this.#section(option.u64("a section's place"), id, "a section"));
  }

  /** Reads the place of the wanted instance's buffer; the trace's own buffer has no name. */
  #buffer(option: Cursor, at: number): void {
    const offset = option.u64("the buffer's place");
    const instance = option.string("the buffer's name");
    if (!this.wants(instance || TOP)) return;
    option.string("the buffer's clock");
    this.pageSize = option.u32("the page size");
    const cpus = option.u32("the number of CPUs");
    if (cpus > TRACE_CPUS) throw damaged(this.cursor.name, at, `${cpus} CPUs`);
    const header = new Cursor(this.source, this.cursor.name, this.cursor.endian, offset);
    header.u16("the buffer's section");
    const flags = header.u16("the buffer's flags");
    this.#dataCompression = (flags & COMPRESSED) === 0 ? "none" : this.#compression;
    this.cpus = Array.from({ length: cpus }, () => ({
      cpu: option.u32("a CPU's number"),
      offset: option.u64("a CPU's place"),
      size: option.u64("a CPU's size"),
    }));
  }

  /** A section's content, unpacked if it is compressed. */
  #section(offset: number, id: number, what: string): Cursor {
    const { name, endian } = this.cursor;
    const header = new Cursor(this.source, name, endian, offset);
    const found = header.u16(what);
    if (found !== id) {
      throw damaged(name, offset, `section ${found} where ${id} should be`);
    }
    const flags = header.u16(what);
    header.u32(what);
    const size = header.u64(what);
    if (size > header.left) {
      throw damaged(name, offset, `a section of ${size} bytes, and ${header.left} are left`);
    }
    this.#held += SECTION_HEADER + size;
    if (this.#held > this.source.size) {
      throw damaged(name, offset, "a section that is listed twice, or overlaps another");
    }
    const packed = (flags & COMPRESSED) !== 0;
    const most = TRACE_DESCRIPTION_BYTES - this.#described;
    const bytes = packed ? unpackChunk(header, this.#compression, most) : null;
    this.#described += bytes?.length ?? size;
    if (this.#described > TRACE_DESCRIPTION_BYTES) {
      throw damaged(name, offset, "sections that hold more than describes any trace");
    }
    if (bytes === null) {
      return new Cursor(this.source, name, endian, header.at, offset + SECTION_HEADER + size);
    }
    return new Cursor(memorySource(bytes), `${name}, in the section at ${offset},`, endian);
  }
}

/** Reads lines `0xADDRESS : "text\n"`, the kernel's printk_formats file. */
function printkStrings(text: string): Map<bigint, string> {
  const strings = new Map<bigint, string>();
  for (const line of linesOf(text)) {
    const [, address, quoted = ""] = /^\s*(?:0x)?([0-9a-f]{1,16})\s*:\s?(.*)$/.exec(line) ?? [];
    if (address === undefined) continue;
    const content = quoted.replace(/^"/, "").replace(/"\s*$/, "").replace(/\\n$/, "");
    strings.set(BigInt(`0x${address}`), unescaped(content));
  }
  return strings;
}

/** The text before the first NUL. */
export function untilNul(text: string): string {
  const end = text.indexOf("\0");
  return end < 0 ? text : text.slice(0, end);
}

/**
 * Unpacks the compressed bytes that follow, which begin with their two sizes.
 * @throws Misuse when they are damaged or unpack to more than `most` bytes.
 */
export function unpackChunk(cursor: Cursor, compression: Compression, most: number): Uint8Array {
  const at = cursor.at;
  const packed = cursor.u32("a packed size");
  const size = cursor.u32("an unpacked size");
  if (size > most) throw damaged(cursor.name, at, `packed data of ${size} bytes is too much`);
  const bytes = cursor.bytes(packed, "packed data");
  const unpacked = unpack(bytes, compression, size, (why) => damaged(cursor.name, at, why));
  if (unpacked.length !== size) {
    throw damaged(cursor.name, at, `packed data makes ${unpacked.length} bytes, not ${size}`);
  }
  return unpacked;
}

function unpack(
  bytes: Uint8Array,
  compression: Compression,
  size: number,
  failure: (why: string) => Misuse,
): Uint8Array {
  try {
    if (compression === "zlib") return host.inflate(bytes, size);
    if (compression === "zstd") {
      const output = new Output(size);
      unpackZstd(bytes, output);
      return output.bytes();
    }
  } catch (error) {
    throw failure(`packed data can't be unpacked (${(error as Error).message})`);
  }
  throw failure("packed data in a file that names no compression");
}
