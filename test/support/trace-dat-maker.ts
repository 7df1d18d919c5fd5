// Makes a trace.dat with events that farjal's own writer doesn't write, for tests: any formats, options and records,
// both versions, both byte orders, longs of 4 and 8 bytes. The tests compare its reading with trace-cmd's.

import type { Endian } from "../../src/bytes/endian.ts";
import { Packer } from "../../src/bytes/packer.ts";
import * as dat from "../../src/formats/trace-dat/format.ts";

/** A field as in a format file; offsets follow from the sizes. */
export type MadeField = readonly [declaration: string, size: number, signed?: boolean];

export interface MadeEvent {
  readonly system?: string;
  readonly name: string;
  readonly id: number;
  readonly fields: readonly MadeField[];
  readonly print: string;
}

export interface MadeRecord {
  readonly time: number;
  readonly cpu?: number;
  readonly id: number;
  readonly pid?: number;
  readonly body: (packer: Packer) => Packer;
}

export interface MadeFile {
  readonly version?: 6 | 7;
  readonly endian?: Endian;
  readonly longSize?: 4 | 8;
  readonly cpus?: number;
  readonly events: readonly MadeEvent[];
  readonly records: readonly MadeRecord[];
  /** Added to the time of each record; default: 0. */
  readonly started?: bigint;
  readonly kallsyms?: string;
  readonly printk?: string;
  readonly cmdlines?: string;
  /** Options beside version 6's trace clock, which a file with a TRACECLOCK needs. */
  readonly options?: readonly (readonly [id: number, content: Uint8Array])[];
}

const PAGE = 4096;

/** The file's bytes. */
export function makeTraceDatFile(made: MadeFile): Uint8Array {
  return new Maker(made).make();
}

/** An option's text. */
export function optionText(text: string): Uint8Array {
  return Buffer.from(`${text}\0`);
}

class Maker {
  readonly #made: MadeFile;
  readonly #endian: Endian;
  readonly #long: 4 | 8;
  readonly #cpus: number;

  constructor(made: MadeFile) {
    this.#made = made;
    this.#endian = made.endian ?? "little";
    this.#long = made.longSize ?? 4;
    this.#cpus = made.cpus ?? 1;
  }

  make(): Uint8Array {
    const { version = 6 } = this.#made;
    const file = this.#packer().raw(dat.MAGIC).string(String(version));
    file
      .u8(this.#endian === "big" ? 1 : 0)
      .u8(this.#long)
      .u32(PAGE);
    return version === 6 ? this.#version6(file) : this.#version7(file);
  }

  #packer(): Packer {
    return new Packer(this.#endian);
  }

  #version6(file: Packer): Uint8Array {
    const { options = [] } = this.#made;
    for (const [, content] of this.#sections()) file.raw(content);
    file.u32(this.#cpus).string(dat.OPTIONS_V6);
    for (const [id, content] of options) file.u16(id).u32(content.length).raw(content);
    file.u16(dat.OPTION_DONE).string(dat.FLYRECORD_V6);
    const clock = options.find(([id]) => id === dat.OPTION_TRACECLOCK)?.[1];
    const tail = this.#packer();
    if (clock !== undefined) tail.u64(clock.length).raw(clock);
    const end = file.length + 16 * this.#cpus + tail.length;
    const start = Math.ceil(end / PAGE) * PAGE;
    for (let cpu = 0; cpu < this.#cpus; cpu++) file.u64(start + cpu * PAGE).u64(PAGE);
    file.raw(tail.bytes()).raw(new Uint8Array(start - end));
    for (let cpu = 0; cpu < this.#cpus; cpu++) file.raw(this.#page(cpu));
    return file.bytes();
  }

  #version7(file: Packer): Uint8Array {
    file.string("none").string("");
    const first = file.length + 8;
    const body = this.#packer();
    const options = this.#packer();
    const option = (id: number, content: Uint8Array): void => {
      options.u16(id).u32(content.length).raw(content);
    };
    const section = (id: number, content: Uint8Array): number => {
      const place = first + body.length;
      body.u16(id).u16(0).u32(0).u64(content.length).raw(content);
      return place;
    };
    for (const [id, content] of this.#sections()) {
      option(id, this.#packer().u64(section(id, content)).bytes());
    }
    for (const [id, content] of this.#made.options ?? []) option(id, content);
    option(dat.OPTION_CPUCOUNT, this.#packer().u32(this.#cpus).bytes());
    const place = first + body.length;
    const start = Math.ceil((place + dat.SECTION_HEADER) / PAGE) * PAGE;
    const gap = start - place - dat.SECTION_HEADER;
    body
      .u16(dat.SECTION_BUFFER)
      .u16(0)
      .u32(0)
      .u64(gap + this.#cpus * PAGE)
      .raw(new Uint8Array(gap));
    const buffer = this.#packer().u64(place).string("").string("local").u32(PAGE).u32(this.#cpus);
    for (let cpu = 0; cpu < this.#cpus; cpu++) {
      buffer
        .u32(cpu)
        .u64(start + cpu * PAGE)
        .u64(PAGE);
      body.raw(this.#page(cpu));
    }
    option(dat.OPTION_BUFFER, buffer.bytes());
    option(dat.OPTION_DONE, this.#packer().u64(0).bytes());
    const last = section(dat.SECTION_OPTIONS, options.bytes());
    section(dat.SECTION_STRINGS, Buffer.from("\0"));
    return file.u64(last).raw(body.bytes()).bytes();
  }

  #sections(): (readonly [id: number, content: Uint8Array])[] {
    const { events, kallsyms = "", printk = "", cmdlines = "" } = this.#made;
    const ours = events.filter(({ system }) => system === undefined);
    const systems = [...new Set(events.flatMap(({ system }) => system ?? []))];
    const formats = (list: readonly MadeEvent[]): Uint8Array => {
      const packer = this.#packer().u32(list.length);
      for (const event of list) packer.sized(this.#format(event), 8);
      return packer.bytes();
    };
    const others = this.#packer().u32(systems.length);
    for (const name of systems) {
      others.string(name).raw(formats(events.filter(({ system }) => system === name)));
    }
    return [
      [dat.SECTION_HEADERS, this.#headers()],
      [dat.SECTION_FTRACE_FORMATS, formats(ours)],
      [dat.SECTION_EVENT_FORMATS, others.bytes()],
      [dat.SECTION_KALLSYMS, this.#packer().sized(kallsyms, 4).bytes()],
      [dat.SECTION_PRINTK, this.#packer().sized(printk, 4).bytes()],
      [dat.SECTION_CMDLINES, this.#packer().sized(cmdlines, 8).bytes()],
    ];
  }

  #headers(): Uint8Array {
    const data = 8 + this.#long;
    const fields =
      "\tfield: u64 timestamp;\toffset:0;\tsize:8;\tsigned:0;\n" +
      `\tfield: local_t commit;\toffset:8;\tsize:${this.#long};\tsigned:1;\n` +
      "\tfield: int overwrite;\toffset:8;\tsize:1;\tsigned:1;\n" +
      `\tfield: char data;\toffset:${data};\tsize:${PAGE - data};\tsigned:1;\n`;
    const event =
      "# compressed entry header\n\ttype_len    :    5 bits\n\ttime_delta  :   27 bits\n\tarray       :   32 bits\n\n" +
      "\tpadding     : type == 29\n\ttime_extend : type == 30\n\ttime_stamp : type == 31\n\tdata max type_len  == 28\n";
    return this.#packer()
      .string(dat.HEADER_PAGE)
      .sized(fields, 8)
      .string(dat.HEADER_EVENT)
      .sized(event, 8)
      .bytes();
  }

  #format({ name, id, fields, print }: MadeEvent): string {
    const common: readonly MadeField[] = [
      ["unsigned short common_type", 2],
      ["unsigned char common_flags", 1],
      ["unsigned char common_preempt_count", 1],
      ["int common_pid", 4, true],
    ];
    let at = 0;
    const lines = [...common, ...fields].map(([declaration, size, signed = false], index) => {
      const offset = at;
      at += size;
      const gap = index === common.length ? "\n" : "";
      return `${gap}\tfield:${declaration};\toffset:${offset};\tsize:${size};\tsigned:${Number(signed)};\n`;
    });
    return `name: ${name}\nID: ${id}\nformat:\n${lines.join("")}\nprint fmt: ${print}\n`;
  }

  /** All records of a CPU in one page, each with an absolute time. */
  #page(cpu: number): Uint8Array {
    const records = this.#made.records.filter((record) => (record.cpu ?? 0) === cpu);
    const data = this.#packer();
    const start = records[0]?.time ?? 0;
    let time = start;
    const word = (type: number, delta: number): void => {
      const low = delta % 2 ** 27;
      data.u32(this.#endian === "little" ? low * 32 + type : type * 2 ** 27 + low);
    };
    for (const { time: at, id, pid = 77, body } of records) {
      let delta = at - time;
      time = at;
      if (delta >= 2 ** 27) {
        word(30, delta);
        data.u32(Math.floor(delta / 2 ** 27));
        delta = 0;
      }
      const content = body(this.#packer().u16(id).u8(0).u8(0).u32(pid)).bytes();
      const size = Math.ceil(content.length / 4) * 4;
      word(0, delta);
      data
        .u32(size + 4)
        .raw(content)
        .raw(new Uint8Array(size - content.length));
    }
    const page = this.#packer().u64(BigInt(start) + (this.#made.started ?? 0n));
    if (this.#long === 4) page.u32(data.length);
    else page.u64(data.length);
    page.raw(data.bytes());
    return page.raw(new Uint8Array(PAGE - page.length)).bytes();
  }
}
