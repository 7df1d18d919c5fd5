// Writes the kernel's ring buffer pages, as a trace.dat holds them (kernel/trace/ring_buffer.c and
// events/header_event): a page's time and length, then records, each with the time since the record before. A
// difference of 27 bits or more takes a record of its own, time_extend. The unused end of a page is zero. This file
// knows the layout only; the writer and the reader know what the records contain.

import type { Endian } from "../../bytes/endian.ts";
import type { Sink } from "../../bytes/sink.ts";
import { Misuse } from "../../errors.ts";

export const RING_PAGE_SIZE = 4096;
/** Values of a record's type field above those that are a length in words. */
export const PADDING = 29;
export const TIME_EXTEND = 30;
export const TIME_STAMP = 31;
export const TIME_BITS = 27;
/** Flags beside a page's length: events were lost before it; their number follows its data. */
export const MISSED_EVENTS = 0x80000000;
export const MISSED_STORED = 0x40000000;

const TWO_32 = 2 ** 32;
const TWO_27 = 2 ** TIME_BITS;
/** u64 timestamp; local_t commit, of 4 bytes on a 32-bit kernel. */
const PAGE_HEADER = 12;
/** Pages that are written together. */
const PAGES = 64;

/** Writes the pages of one CPU's ring of a 32-bit kernel; a bounded number of them is in memory. */
export class RingPages {
  /** The memory for the records' bytes. */
  readonly view: DataView;
  readonly little: boolean;
  readonly #bytes = new Uint8Array(PAGES * RING_PAGE_SIZE);
  readonly #sink: Sink;
  /** The start of the current page and of its free part; -1 before the first record. */
  #page = -RING_PAGE_SIZE;
  #at = 0;
  #end = 0;
  #time = 0;
  /** Events that were lost before the current page; null when they weren't counted. */
  #lost: number | null;
  #written = 0;

  /** @param lost events that the ring lost before the first one. */
  constructor(sink: Sink, endian: Endian, lost: number | null) {
    this.#sink = sink;
    this.#lost = lost;
    this.little = endian === "little";
    this.view = new DataView(this.#bytes.buffer);
  }

  /** Bytes of all pages so far. */
  get size(): number {
    return this.#written + this.#page + RING_PAGE_SIZE;
  }

  /**
   * Begins a record.
   * @param nanoseconds its time, not before the previous record's.
   * @param size a multiple of 4 up to 112: a size that the header's type field can hold.
   * @returns the offset in `view` for its bytes.
   */
  add(nanoseconds: number, size: number): number {
    let delta = nanoseconds - this.#time;
    if (delta < 0) throw new Misuse("the events of a CPU are not in the order of their times");
    const extended = delta >= TWO_27;
    if (this.#at + size + (extended ? 12 : 4) > this.#end) {
      this.#nextPage(nanoseconds);
      delta = 0;
    } else if (extended) {
      this.#header(TIME_EXTEND, delta % TWO_27);
      this.view.setUint32(this.#at, Math.floor(delta / TWO_27), this.little);
      this.#at += 4;
      delta = 0;
    }
    this.#time = nanoseconds;
    this.#header(size >>> 2, delta);
    const at = this.#at;
    this.#at += size;
    return at;
  }

  /**
   * Records that events were lost before the next record. It begins a new page, since a page states the loss before it.
   */
  lose(events: number | null): void {
    this.#closePage();
    this.#end = 0;
    this.#at = 0;
    this.#lost = events;
  }

  /** Writes the pages that are still in memory. */
  end(): void {
    this.#closePage();
    this.#flush();
  }

  #header(type: number, delta: number): void {
    const word = this.little ? (delta << 5) | type : (type << TIME_BITS) | delta;
    this.view.setUint32(this.#at, word, this.little);
    this.#at += 4;
  }

  #nextPage(nanoseconds: number): void {
    this.#closePage();
    if (this.#page + 2 * RING_PAGE_SIZE > this.#bytes.length) this.#flush();
    this.#page += RING_PAGE_SIZE;
    const high = Math.floor(nanoseconds / TWO_32);
    this.view.setUint32(this.#page + (this.little ? 4 : 0), high, this.little);
    this.view.setUint32(this.#page + (this.little ? 0 : 4), nanoseconds, this.little);
    this.#at = this.#page + PAGE_HEADER;
    this.#end = this.#page + RING_PAGE_SIZE - (this.#lost === 0 ? 0 : 4);
  }

  #closePage(): void {
    if (this.#at === 0) return;
    let length = this.#at - this.#page - PAGE_HEADER;
    this.#bytes.fill(0, this.#at, this.#page + RING_PAGE_SIZE);
    if (this.#lost === null) {
      length += MISSED_EVENTS;
    } else if (this.#lost > 0) {
      this.view.setUint32(this.#at, this.#lost, this.little);
      length += MISSED_EVENTS + MISSED_STORED;
    }
    this.#lost = 0;
    this.view.setUint32(this.#page + 8, length, this.little);
  }

  #flush(): void {
    const length = this.#page + RING_PAGE_SIZE;
    this.#sink.write(this.#bytes.subarray(0, length));
    this.#written += length;
    this.#page = -RING_PAGE_SIZE;
    this.#at = 0;
    this.#end = 0;
  }
}
