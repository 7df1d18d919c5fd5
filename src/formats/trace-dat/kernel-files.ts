// A running kernel's own files about a trace, put together as a trace.dat of version 6, as `trace-cmd extract` does on
// the machine itself: the formats of its events, its symbols and tasks, and the raw pages of its ring. So the reader of
// trace.dat gives the events with their addresses and exact times (kernel-trace.ts).

import type { Endian } from "../../bytes/endian.ts";
import { Packer } from "../../bytes/packer.ts";
import {
  FLYRECORD_V6,
  HEADER_EVENT,
  HEADER_PAGE,
  MAGIC,
  OPTION_CPUSTAT,
  OPTION_DONE,
  OPTION_TRACECLOCK,
  OPTION_UNAME,
  OPTIONS_V6,
} from "./format.ts";

/** The content of the kernel's files; the names are those of tracefs, unless another one is given. */
export interface KernelTraceFiles {
  readonly endian: Endian;
  /** The trace file, read before the pages are taken. */
  readonly trace: string;
  /** events/header_page and events/header_event. */
  readonly headerPage: string;
  readonly headerEvent: string;
  /** events/ftrace/EVENT/format of the tracers' events. */
  readonly formats: readonly string[];
  /** /proc/kallsyms. */
  readonly kallsyms: string;
  readonly printkFormats: string;
  readonly savedCmdlines: string;
  readonly traceClock: string;
  /** /proc/sys/kernel/osrelease. */
  readonly release: string;
  /** per_cpu/cpuN/stats and trace_pipe_raw, whole pages, for each CPU. */
  readonly cpus: readonly { readonly stats: string; readonly pages: Uint8Array }[];
  /** The size of a page in bytes, the kernel's own. */
  readonly pageSize: number;
}

/** Bytes of a long on a 32-bit machine. */
const LONG_SIZE = 4;
const PLACE_SIZE = 16;

/** The files as a trace.dat's bytes. */
export function traceDatOf(files: KernelTraceFiles): Uint8Array {
  const { endian, pageSize } = files;
  const head = new Packer(endian).raw(MAGIC).string("6");
  head
    .u8(endian === "big" ? 1 : 0)
    .u8(LONG_SIZE)
    .u32(pageSize);
  head.string(HEADER_PAGE).sized(files.headerPage, 8);
  head.string(HEADER_EVENT).sized(files.headerEvent, 8);
  head.u32(files.formats.length);
  for (const format of files.formats) head.sized(format, 8);
  head.u32(0); // no further event systems
  head.sized(files.kallsyms, 4).sized(files.printkFormats, 4).sized(files.savedCmdlines, 8);
  head.u32(files.cpus.length).string(OPTIONS_V6);
  const option = (id: number, text: string): void => void head.u16(id).sized(text, 4);
  option(OPTION_TRACECLOCK, files.traceClock);
  option(OPTION_UNAME, `Linux (none) ${files.release} mips`);
  for (const { stats } of files.cpus) option(OPTION_CPUSTAT, stats);
  head.u16(OPTION_DONE).string(FLYRECORD_V6);
  let at = aligned(head.length + PLACE_SIZE * files.cpus.length, pageSize);
  const first = at;
  for (const { pages } of files.cpus) {
    head.u64(at).u64(pages.length);
    at = aligned(at + pages.length, pageSize);
  }
  const whole = new Uint8Array(at);
  whole.set(head.bytes());
  let place = first;
  for (const { pages } of files.cpus) {
    whole.set(pages, place);
    place = aligned(place + pages.length, pageSize);
  }
  return whole;
}

function aligned(offset: number, size: number): number {
  return Math.ceil(offset / size) * size;
}
