// Generates a trace.dat from its grammar, for the fuzzer: either version, byte order, size of a long and compression,
// and events that farjal's own writer never makes (other formats, several CPUs and buffers, long records, padding,
// absolute times). Any number in it may be false. It is changed before the data around it is compressed or measured,
// so that the false number reaches the code that uses it.

import { deflateSync } from "node:zlib";
import type { Endian } from "../../src/bytes/endian.ts";
import { Packer } from "../../src/bytes/packer.ts";
import * as dat from "../../src/formats/trace-dat/format.ts";
import { EXTREMES } from "../hostile/mutate.ts";
import type { Random } from "../support/random.ts";

type Compression = "none" | "zlib" | "zstd";

const MOST_RECORDS = 40;
const NAMES = ["work_run", "mix", "checksum", "schedule", "$mark", "a b", "<script>", ""];
const OTHERS = ["sched_switch", "print", "kmem_alloc", "bprint", "kernel_stack", "sched_wakeup"];
const TYPES = ["unsigned long", "int", "char", "__data_loc char[]", "void *", "u64", "char[16]"];

/** Names for a second buffer. */
export const INSTANCE = "instance";

/** The file's bytes. */
export function makeTraceDat(random: Random): Uint8Array {
  return new Maker(random).make();
}

/** A field of a format file. */
interface Field {
  readonly type: string;
  readonly name: string;
  readonly size: number;
  readonly signed: boolean;
}

const COMMON: readonly Field[] = [
  { type: "unsigned short", name: "common_type", size: 2, signed: false },
  { type: "unsigned char", name: "common_flags", size: 1, signed: false },
  { type: "unsigned char", name: "common_preempt_count", size: 1, signed: false },
  { type: "int", name: "common_pid", size: 4, signed: true },
];

class Maker {
  readonly #random: Random;
  readonly #endian: Endian;
  readonly #version: dat.FileVersion;
  readonly #long: 4 | 8;
  readonly #page: number;
  readonly #compression: Compression;
  /** One number in this many is false; 0 for a correct file. */
  readonly #lies: number;
  readonly #cpus: number;

  constructor(random: Random) {
    this.#random = random;
    this.#endian = random.pick(["little", "big"]);
    this.#version = random.pick([6, 7]);
    this.#long = random.pick([4, 8]);
    this.#lies = random.pick([0, 60, 300, 300, 1000]);
    this.#page = random.oneIn(4) ? random.pick([32, 64, 256, 1 << 16]) : 4096;
    this.#compression = this.#version === 6 ? "none" : random.pick(["none", "zlib", "zstd"]);
    this.#cpus = random.oneIn(3) ? random.between(0, 4) : 1;
  }

  make(): Uint8Array {
    const start = this.#packer().raw(dat.MAGIC).string(String(this.#version));
    start.u8(this.#endian === "big" ? 1 : 0).u8(this.#long);
    start.u32(this.#number(this.#page));
    return this.#version === 6 ? this.#version6(start) : this.#version7(start);
  }

  /** Writes one part after the other. */
  #version6(file: Packer): Uint8Array {
    for (const part of [this.#headers(), this.#ftraceFormats(), this.#eventFormats()]) {
      file.raw(part);
    }
    this.#sized(file, this.#kallsyms(), 4);
    this.#sized(file, this.#printk(), 4);
    file.raw(this.#cmdlines()).u32(this.#number(this.#cpus));
    const rings = Array.from({ length: this.#cpus }, () => this.#ring());
    const kind = this.#random.oneIn(20) ? dat.LATENCY_V6 : dat.FLYRECORD_V6;
    const ownPlaces = `${kind}\0`.length + 16 * rings.length;
    const options = this.#packer();
    if (!this.#random.oneIn(8)) {
      options.string(dat.OPTIONS_V6);
      for (const [id, content] of this.#options()) this.#option(options, id, content);
      if (this.#random.oneIn(3)) {
        // An instance has a part like the file's own, after it; here they share the pages.
        const size = 2 + 4 + 8 + INSTANCE.length + 1 + 2;
        const place = file.length + options.length + size + ownPlaces;
        const content = this.#packer().u64(this.#number(place)).string(INSTANCE).bytes();
        this.#option(options, dat.OPTION_BUFFER, content);
      }
      options.u16(dat.OPTION_DONE);
    }
    file.raw(options.bytes());
    const pages = file.length + 2 * ownPlaces;
    for (let table = 0; table < 2; table++) {
      file.string(kind);
      let offset = pages;
      for (const ring of rings) {
        file.u64(this.#number(offset)).u64(this.#number(ring.length));
        offset += ring.length;
      }
    }
    for (const ring of rings) file.raw(ring);
    return file.bytes();
  }

  /** Sections, and options that give their places. */
  #version7(file: Packer): Uint8Array {
    file.string(this.#compression).string("1.0");
    const body = this.#packer();
    const base = file.length + 8;
    const places: [id: number, place: number][] = [];
    const section = (id: number, content: Uint8Array): number => {
      const place = base + body.length;
      const packed = this.#compression !== "none" && !this.#random.oneIn(4);
      const held = packed ? this.#packed(content) : content;
      body.u16(this.#random.oneIn(200) ? id + 1 : id).u16(packed ? dat.COMPRESSED : 0);
      body.u32(0).u64(this.#number(held.length)).raw(held);
      return place;
    };
    for (const [id, content] of [
      [dat.SECTION_HEADERS, this.#headers()],
      [dat.SECTION_FTRACE_FORMATS, this.#ftraceFormats()],
      [dat.SECTION_EVENT_FORMATS, this.#eventFormats()],
      [dat.SECTION_KALLSYMS, this.#sized(this.#packer(), this.#kallsyms(), 4).bytes()],
      [dat.SECTION_PRINTK, this.#sized(this.#packer(), this.#printk(), 4).bytes()],
      [dat.SECTION_CMDLINES, this.#cmdlines()],
    ] as const) {
      if (!this.#random.oneIn(30)) places.push([id, section(id, content)]);
    }
    const options = this.#packer();
    for (const [id, place] of places) {
      const times = this.#random.oneIn(30) ? 2 : 1;
      for (let n = 0; n < times; n++) this.#option(options, id, this.#u64(place));
    }
    for (const [id, content] of this.#options()) this.#option(options, id, content);
    for (const name of this.#random.oneIn(5) ? ["", INSTANCE] : [""]) {
      this.#option(options, dat.OPTION_BUFFER, this.#buffer(body, base, name));
    }
    if (this.#random.oneIn(4)) {
      // More options in a section of their own. The last options may lead back here.
      const last = this.#packer();
      for (const [id, content] of this.#options()) this.#option(last, id, content);
      const self = this.#random.oneIn(6) ? base + body.length : 0;
      this.#option(last, dat.OPTION_DONE, this.#u64(self));
      this.#option(options, dat.OPTION_DONE, this.#u64(section(dat.SECTION_OPTIONS, last.bytes())));
    } else {
      this.#option(options, dat.OPTION_DONE, this.#u64(0));
    }
    const first = section(dat.SECTION_OPTIONS, options.bytes());
    return file.u64(this.#number(first)).raw(body.bytes()).bytes();
  }

  #buffer(body: Packer, base: number, name: string): Uint8Array {
    const place = base + body.length;
    const packed = this.#compression !== "none" && !this.#random.oneIn(4);
    const rings = Array.from({ length: this.#cpus }, () => {
      const ring = this.#ring();
      if (!packed || ring.length === 0) return ring;
      const chunks = this.#packer().u32(this.#number(1)).raw(this.#packed(ring));
      return chunks.bytes();
    });
    const size = rings.reduce((sum, ring) => sum + ring.length, 0);
    body
      .u16(dat.SECTION_BUFFER)
      .u16(packed ? dat.COMPRESSED : 0)
      .u32(0)
      .u64(this.#number(size));
    const option = this.#packer().u64(this.#number(place)).string(name).string("local");
    option.u32(this.#number(this.#page)).u32(this.#number(rings.length));
    for (const [cpu, ring] of rings.entries()) {
      option.u32(this.#number(cpu)).u64(this.#number(base + body.length));
      option.u64(this.#number(ring.length));
      body.raw(ring);
    }
    return option.bytes();
  }

  #headers(): Uint8Array {
    const [commit, data] = [this.#number(8), this.#number(8 + this.#long)];
    const fields =
      "\tfield: u64 timestamp;\toffset:0;\tsize:8;\tsigned:0;\n" +
      `\tfield: local_t commit;\toffset:${commit};\tsize:${this.#number(this.#long)};\tsigned:1;\n` +
      `\tfield: char data;\toffset:${data};\tsize:${this.#page - 8 - this.#long};\tsigned:1;\n`;
    const packer = this.#packer().string(dat.HEADER_PAGE);
    this.#sized(packer, fields, 8).string(dat.HEADER_EVENT);
    return this.#sized(packer, "# compressed entry header\n", 8).bytes();
  }

  #ftraceFormats(): Uint8Array {
    const long = (name: string): Field => ({
      type: "unsigned long",
      name,
      size: this.#long,
      signed: false,
    });
    const int = (name: string): Field => ({ type: "int", name, size: 4, signed: true });
    const time = (name: string): Field => ({
      type: "unsigned long long",
      name,
      size: 8,
      signed: false,
    });
    return this.#formats([
      ["function", 1, [long("ip"), long("parent_ip")]],
      ["funcgraph_entry", 11, [long("func"), int("depth")]],
      [
        "funcgraph_exit",
        10,
        [long("func"), int("depth"), int("overrun"), time("calltime"), time("rettime")],
      ],
    ]);
  }

  #eventFormats(): Uint8Array {
    const systems = this.#random.below(3);
    const packer = this.#packer().u32(this.#number(systems));
    for (let system = 0; system < systems; system++) {
      packer.string(this.#random.pick(["sched", "irq", ""]));
      packer.raw(
        this.#formats(
          OTHERS.slice(0, this.#random.between(0, OTHERS.length)).map((name, index) => [
            name,
            20 + index,
            Array.from({ length: this.#random.below(6) }, (_, field) => ({
              type: this.#random.pick(TYPES),
              name: this.#random.pick([
                "ip",
                "addr",
                "comm",
                "fmt",
                "buf",
                "caller",
                "prev_pid",
                "next_pid",
                `f${field}`,
              ]),
              size: this.#random.pick([1, 2, 4, 8, 16, 3]),
              signed: this.#random.oneIn(2),
            })),
          ]),
        ),
      );
    }
    return packer.bytes();
  }

  #formats(formats: readonly (readonly [string, number, readonly Field[]])[]): Uint8Array {
    const packer = this.#packer().u32(this.#number(formats.length));
    for (const [name, id, own] of formats) {
      let at = 0;
      const fields = [...COMMON, ...own].map(({ type, name: field, size, signed }) => {
        const offset = this.#number(at);
        at += size;
        const named = type.endsWith("[16]") ? `char ${field}[16]` : `${type} ${field}`;
        const sign = Number(signed);
        return `\tfield:${named};\toffset:${offset};\tsize:${this.#number(size)};\tsigned:${sign};\n`;
      });
      const text = `name: ${name}\nID: ${this.#number(id)}\nformat:\n${fields.join("")}\nprint fmt: ${this.#printFormat(own)}\n`;
      this.#sized(packer, text, 8);
    }
    return packer.bytes();
  }

  /** Generates a print fmt from its grammar, sometimes with invalid parts. */
  #printFormat(own: readonly Field[]): string {
    const field = (): string => (own.length === 0 ? "none" : this.#random.pick(own).name);
    const expression = (depth: number): string => {
      const inner = (): string => (depth > 3 ? `REC->${field()}` : expression(depth + 1));
      return this.#random.pick([
        () => `REC->${field()}`,
        () => String(this.#number(5)),
        () => `${inner()} ${this.#random.pick(["+", "/", "%", "<<", "==", "&&"])} ${inner()}`,
        () => `(${inner()})`,
        () => `${inner()} ? ${inner()} : ${inner()}`,
        () => `(${this.#random.pick(["int", "u8 *", "unsigned long"])})${inner()}`,
        () => `__print_flags(${inner()}, "|", { ${this.#number(1)}, "A" })`,
        () => `__print_symbolic(${inner()}, { 1, "ONE" })`,
        () => `__print_array(__get_dynamic_array(${field()}), ${this.#number(4)}, ${inner()})`,
        () => `__print_hex(${inner()}, ${this.#number(4)})`,
        () => `__get_str(${field()})`,
        () => `${inner()}[${inner()}]`,
        () => this.#random.pick(["(", ")", "{", '"', "f(1)", "sizeof(int)", "'x'"]),
      ])();
    };
    const count = this.#random.below(4);
    const formats = Array.from({ length: count }, () =>
      this.#random.pick(["%d", "%s", "%pS", "%-20llx", "%.*s", "%pM", "%c", "%", "%5$d"]),
    );
    const args = Array.from({ length: count }, () => `, ${expression(0)}`);
    return `"${formats.join(" ")}"${args.join("")}`;
  }

  #kallsyms(): string {
    const wide = this.#long === 8 ? "ffffffff" : "";
    const line = (at: number): string => {
      const address = (this.#number(0xc0000000 + 64 * at) >>> 0).toString(16);
      const module = this.#random.oneIn(2) ? "\t[modern]" : "";
      const digits = this.#random.oneIn(60) ? "" : `${wide}${address.padStart(8, "0")}`;
      return `${digits} ${this.#random.pick(["t", "T", "A", "d"])} ${this.#random.pick(NAMES)}${module}`;
    };
    return `${Array.from({ length: this.#random.below(8) }, (_, at) => line(at)).join("\n")}\n`;
  }

  #printk(): string {
    const address = (this.#number(0x100000) >>> 0).toString(16);
    const format = this.#random.pick(["%d %s\\n", "%*d %p %c", "%llu%hhd", '"']);
    return this.#random.oneIn(3) ? "" : `0x${address} : "${format}"\n`;
  }

  #cmdlines(): Uint8Array {
    const lines = Array.from(
      { length: this.#random.below(4) },
      (_, pid) => `${this.#number(pid)} ${this.#random.pick(["farjal", "a b", "<...>", ""])}\n`,
    );
    return this.#sized(this.#packer(), lines.join(""), 8).bytes();
  }

  #options(): [id: number, content: Uint8Array][] {
    const text = (content: string): Uint8Array => Buffer.from(`${content}\0`);
    const all: [number, Uint8Array][] = [
      [dat.OPTION_UNAME, text("Linux box 6.1.0-synthetic mips")],
      [dat.OPTION_CPUSTAT, text(`CPU: 0\nentries: 0\noverrun: ${this.#number(3)}\n`)],
      [dat.OPTION_TRACECLOCK, text(this.#random.pick(["[local] global", "[counter]", "[x86-tsc"]))],
      [dat.OPTION_DATE, text(`0x${this.#number(0x5f5e0ff).toString(16)}`)],
      [dat.OPTION_OFFSET, text(String(-this.#number(5000)))],
      [
        dat.OPTION_TSC2NSEC,
        this.#packer().u32(this.#number(3)).u32(this.#number(1)).u64(0).bytes(),
      ],
      [this.#number(77) % 0x10000, text("")],
    ];
    return all.filter(() => this.#random.oneIn(2));
  }

  #option(packer: Packer, id: number, content: Uint8Array): void {
    packer.u16(id).u32(this.#number(content.length)).raw(content);
  }

  /** The pages of one CPU. */
  #ring(): Uint8Array {
    const pages = Array.from({ length: this.#random.between(0, 3) }, (_, page) =>
      this.#ringPage(page),
    );
    const bytes = Buffer.concat(pages);
    return this.#random.oneIn(30) ? bytes.subarray(0, this.#random.below(bytes.length + 1)) : bytes;
  }

  #ringPage(index: number): Uint8Array {
    const records = this.#packer();
    const room = this.#page - 8 - this.#long;
    for (let count = this.#random.below(MOST_RECORDS); count > 0; count--) {
      const before = records.length;
      const record = this.#record();
      if (before + record.length > room) break;
      records.raw(record);
    }
    const missed = this.#random.oneIn(8) ? this.#random.pick([0x80000000, 0xc0000000]) : 0;
    const length = this.#number(records.length + missed);
    const page = this.#packer().u64(this.#number(1_000_000 * (index + 1)));
    if (this.#long === 4) page.u32(length);
    else page.u64(length);
    page.raw(records.bytes());
    const held = page.bytes();
    return Buffer.concat([held, new Uint8Array(Math.max(0, this.#page - held.length))]);
  }

  #record(): Uint8Array {
    const packer = this.#packer();
    const head = (type: number, delta: number): void => {
      const low = delta % 2 ** 27;
      packer.u32(this.#endian === "little" ? low * 32 + type : type * 2 ** 27 + low);
    };
    const delta = this.#number(this.#random.below(5000));
    const kind = this.#random.below(16);
    if (kind === 0) {
      head(30, delta);
      return packer.u32(this.#number(1)).bytes();
    }
    if (kind === 1) {
      head(31, delta);
      return packer.u32(this.#number(2)).bytes();
    }
    if (kind === 2) {
      head(29, delta);
      return packer.u32(this.#number(8)).raw(new Uint8Array(8)).bytes();
    }
    const content = this.#event();
    const words = Math.ceil(content.length / 4);
    const padded = Buffer.concat([content, new Uint8Array(words * 4 - content.length)]);
    if (kind === 3 || words > 28) {
      head(0, delta);
      return packer
        .u32(this.#number(padded.length + 4))
        .raw(padded)
        .bytes();
    }
    head(this.#number(words) & 31, delta);
    return packer.raw(padded).bytes();
  }

  #event(): Uint8Array {
    const packer = this.#packer();
    const id = this.#random.pick([1, 1, 10, 10, 11, 11, 20, 21, 22, 99]);
    packer
      .u16(this.#number(id) & 0xffff)
      .u8(this.#random.below(256))
      .u8(this.#random.below(4));
    packer.u32(this.#number(this.#random.below(4)));
    const address = (): number => 0xc0000000 + 16 * this.#random.below(40);
    const long = (value: number): void => {
      if (this.#long === 4) packer.u32(value);
      else if (this.#endian === "little") packer.u32(value).u32(0xffffffff);
      else packer.u32(0xffffffff).u32(value);
    };
    if (id === 1 || id === 10 || id === 11) long(this.#number(address()));
    if (id === 1) long(this.#number(address()));
    if (id === 10 || id === 11) packer.u32(this.#number(this.#random.below(5)));
    if (id === 10) {
      packer.u32(this.#number(0)).u64(this.#number(1_000_000)).u64(this.#number(1_002_000));
    }
    if (id >= 20) {
      for (let words = this.#random.below(12); words > 0; words--) {
        packer.u32(this.#random.oneIn(2) ? this.#random.word() : this.#random.below(0x200000));
      }
    }
    return packer.bytes();
  }

  #packed(content: Uint8Array): Uint8Array {
    const bytes = this.#compression === "zlib" ? deflateSync(content) : zstdOf(content);
    return this.#packer()
      .u32(this.#number(bytes.length))
      .u32(this.#number(content.length))
      .raw(bytes)
      .bytes();
  }

  #sized(packer: Packer, text: string, size: 4 | 8): Packer {
    const bytes = Buffer.from(text, "latin1");
    const length = this.#number(bytes.length);
    return (size === 4 ? packer.u32(length) : packer.u64(length)).raw(bytes);
  }

  #u64(value: number): Uint8Array {
    return this.#packer().u64(this.#number(value)).bytes();
  }

  #packer(): Packer {
    return new Packer(this.#endian);
  }

  /** Returns the number, or a false one: at the edge of a range, or near the true one. */
  #number(truth: number): number {
    if (this.#lies === 0 || !this.#random.oneIn(this.#lies)) return truth;
    if (this.#random.oneIn(3)) return Math.max(0, truth + this.#random.between(-9, 9));
    return this.#random.oneIn(4) ? this.#random.word() : this.#random.pick(EXTREMES);
  }
}

/** A zstd frame of one raw block. */
function zstdOf(content: Uint8Array): Uint8Array {
  const header = Buffer.alloc(9 + 3);
  header.writeUInt32LE(0xfd2fb528, 0);
  header[4] = 0xa0; // one segment, its size in four bytes
  header.writeUInt32LE(content.length, 5);
  header.writeUIntLE((content.length << 3) | 1, 9, 3);
  return Buffer.concat([header, content]);
}
