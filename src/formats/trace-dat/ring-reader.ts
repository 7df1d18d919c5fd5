// Reads one CPU's ring pages of a trace.dat record by record: it adds up times, skips padding and counts losses. It
// holds a few pages at a time, unpacked if the file is compressed, and gives each record as a range of a view, without
// interpreting it.

import { Cursor, damaged } from "../../bytes/cursor.ts";
import type { ByteSource } from "../../bytes/source.ts";
import { TRACE_CHUNK_BYTES, TRACE_CHUNKS_BYTES } from "../../limits.ts";
import type { Clock, FirstStamp } from "./clock.ts";
import { type CpuData, type TraceDatFile, unpackChunk } from "./file.ts";
import {
  MISSED_EVENTS,
  MISSED_STORED,
  PADDING,
  TIME_BITS,
  TIME_EXTEND,
  TIME_STAMP,
} from "./ring-pages.ts";

const TWO_27 = 2 ** TIME_BITS;
const TIME_MASK = TWO_27 - 1;
/** The bits of an absolute time; the higher bits are the last time's. */
const ABSOLUTE_BITS = 59n;
const LENGTH_MASK = 0x07ffffff;
/** Bytes of a CPU that are read at once, and the largest unpacked chunk; less per CPU if there are many. */
const READ_AHEAD = 1 << 18;
/** The same limit for all CPUs together. */
const READ_AHEAD_OF_ALL = 1 << 26;

export class RingReader {
  readonly cpu: number;
  /** The present record: its time less the clock's origin, and its bytes in `view`. */
  time = 0;
  at = 0;
  size = 0;
  /** Events that the ring lost before the present record; null when it didn't count them. */
  lost: number | null = 0;
  view: DataView = new DataView(new ArrayBuffer(0));
  readonly #file: TraceDatFile;
  readonly #little: boolean;
  readonly #blocks: Generator<Block>;
  #block: Block = { bytes: new Uint8Array(0), offset: 0 };
  readonly #base: bigint;
  readonly #time: (count: number) => number;
  /** The present time in the ring's own counts, less the clock's base. */
  #count = 0;
  #page = 0;
  #next = 0;
  #end = 0;

  constructor(source: ByteSource, file: TraceDatFile, clock: Clock, data: CpuData) {
    this.#file = file;
    this.#little = file.endian === "little";
    this.#base = clock.base;
    this.#time = clock.timeOn(data.cpu);
    this.cpu = data.cpu;
    this.#blocks = blocks(source, file, data);
  }

  /** Steps to the next record. @returns false at the end. @throws Misuse when the ring is damaged. */
  next(): boolean {
    this.lost = 0;
    for (;;) {
      if (this.#next >= this.#end) {
        if (!this.#nextPage()) return false;
        continue;
      }
      const word = this.#u32(this.#next);
      const type = this.#little ? word & 31 : word >>> TIME_BITS;
      const delta = this.#little ? word >>> 5 : word & TIME_MASK;
      const body = this.#next + 4;
      if (type === PADDING && delta === 0) {
        this.#next = this.#end;
        continue;
      }
      const extra = type === 0 || type >= PADDING ? this.#u32(body) : 0;
      if (type === TIME_EXTEND) {
        this.#count += delta + extra * TWO_27;
        this.#next = body + 4;
      } else if (type === TIME_STAMP) {
        this.#count = this.#absolute(BigInt(extra) * BigInt(TWO_27) + BigInt(delta));
        this.#next = body + 4;
      } else if (type === PADDING) {
        this.#count += delta;
        this.#step(body, extra);
      } else {
        this.#count += delta;
        this.at = type === 0 ? body + 4 : body;
        this.size = type === 0 ? extra - 4 : type * 4;
        this.#step(body, type === 0 ? extra : this.size);
        if (this.size < 8) throw this.damage("a record of fewer than 8 bytes");
        this.time = this.#time(this.#count);
        return true;
      }
    }
  }

  /** @param stamp the lower bits of a time. */
  #absolute(stamp: bigint): number {
    const now = this.#base + BigInt(this.#count);
    return Number(((now >> ABSOLUTE_BITS) << ABSOLUTE_BITS) + stamp - this.#base);
  }

  #step(body: number, length: number): void {
    const next = body + Math.ceil(length / 4) * 4;
    if (next > this.#end) throw this.damage(`a record of ${length} bytes reaches past its page`);
    this.#next = next;
  }

  #u32(at: number): number {
    if (at + 4 > this.#end) throw this.damage("a record reaches past its page");
    return this.view.getUint32(at, this.#little);
  }

  /** The error for an impossible record. Its offset is the one up to which the ring was read without error. */
  damage(why: string): Error {
    const { name, compression } = this.#file;
    const packed = compression === "none" ? "" : `, unpacked byte ${this.#next}`;
    const offset = this.#block.offset + (compression === "none" ? this.#next : 0);
    return damaged(name, offset, `CPU ${this.cpu}${packed}: ${why}`);
  }

  #nextPage(): boolean {
    const { page } = this.#file;
    if (this.#page + page.size > this.#block.bytes.length) {
      const { value, done } = this.#blocks.next();
      if (done === true) return false;
      this.#block = value;
      const { bytes } = value;
      this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
      this.#page = 0;
    }
    const start = this.#page;
    this.#page += page.size;
    const little = this.#little;
    this.#count = Number(this.view.getBigUint64(start, little) - this.#base);
    const { commit } = page;
    const low = start + commit.offset + (little ? 0 : commit.size - 4);
    const word = this.view.getUint32(low, little);
    const length = word & LENGTH_MASK;
    this.#next = start + page.data;
    this.#end = this.#next + length;
    if (length > page.size - page.data) {
      this.#next = start;
      throw this.damage(`a page that holds ${length} bytes in ${page.size}`);
    }
    if ((word & MISSED_EVENTS) !== 0) this.#readLoss(word);
    return true;
  }

  /** Reads the number of lost events, which follows the page's records if there is room. */
  #readLoss(word: number): void {
    const { commit, size } = this.#file.page;
    const at = this.#end + (this.#little ? 0 : commit.size - 4);
    const stored = (word & MISSED_STORED) !== 0 && this.#end + commit.size <= this.#page;
    if (stored && size > 0) this.lost = this.view.getUint32(at, this.#little);
    else this.lost = null;
  }
}

/** Whole pages, and their offset in the file, packed or not. */
interface Block {
  readonly bytes: Uint8Array;
  readonly offset: number;
}

/** The time stamps with which the CPUs' first pages begin. */
export function firstStamps(source: ByteSource, file: TraceDatFile): FirstStamp[] {
  return file.cpus.flatMap((data) => {
    if (data.size < 8) return [];
    const packed = file.compression !== "none";
    const bytes = packed ? blocks(source, file, data).next().value?.bytes : undefined;
    const stamp = bytes ?? source.read(data.offset, 8);
    if (stamp.length < 8) return [];
    const view = new DataView(stamp.buffer, stamp.byteOffset);
    return { cpu: data.cpu, count: view.getBigUint64(0, file.endian === "little") };
  });
}

function* blocks(source: ByteSource, file: TraceDatFile, data: CpuData): Generator<Block> {
  const { page, compression, name, endian } = file;
  const whole = (bytes: Uint8Array, offset: number): Block => {
    if (bytes.length % page.size === 0) return { bytes, offset };
    throw damaged(name, offset, `CPU ${data.cpu}'s pages end within one`);
  };
  if (compression === "none") {
    const share = Math.min(READ_AHEAD, READ_AHEAD_OF_ALL / file.cpus.length);
    const ahead = Math.ceil(share / page.size) * page.size;
    for (let done = 0; done < data.size; done += ahead) {
      const offset = data.offset + done;
      yield whole(source.read(offset, Math.min(ahead, data.size - done)), offset);
    }
  } else if (data.size > 0) {
    // The size that trace-cmd states excludes the number of chunks; each chunk has its own size.
    const cursor = new Cursor(source, name, endian, data.offset);
    const most = Math.min(TRACE_CHUNK_BYTES, TRACE_CHUNKS_BYTES / file.cpus.length);
    for (let chunks = cursor.u32("the number of chunks"); chunks > 0; chunks -= 1) {
      const offset = cursor.at;
      yield whole(unpackChunk(cursor, compression, most), offset);
    }
  }
}
