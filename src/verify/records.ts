// Reads the records that guest.c wrote into the guest's RAM, which the host has as a file. A record is
// {kind, moment, module, size, value} and `size` bytes, padded to eight; `value` has 64 bits, the others have 32. Two words
// precede the first record: the size of all records in bytes, and whether the guest finished. All are in the guest's byte
// order.

import type { Address, Width } from "../address.ts";
import type { Endian } from "../bytes/endian.ts";
import { Words } from "../bytes/words.ts";

/** The records' address in the guest's RAM, and the space for them. guest.c has the same numbers. */
export const RECORDS = { offset: 128 << 20, size: 64 << 20 } as const;

/** Kinds of records; guest.c has the same numbers. */
const ANSWER = 1;
const LINES = 2;
const MEMORY = 3;
const SECTION = 4;
const MODULES = 5;
const TROUBLE = 6;
const ENABLED = 7;
const UNPAUSED = 8;
const TRACE = 9;
/** The module of a record that is about no single one. */
const EVERY = 0xffffffff;

const HEADER_SIZE = 24;
const SIZE = 12;
const VALUE = 16;
const FIRST = 8;

/** Moments of a module's memory: relocated before any code has run; loaded; loaded and traced. */
export const MOMENTS = ["relocated", "off", "traced"] as const;
export type Moment = (typeof MOMENTS)[number];

export interface GuestMemoryBlock<A extends Address = number> {
  readonly moment: Moment;
  readonly address: A;
  readonly bytes: Uint8Array;
}

/** The kernel's answers for one module. */
export interface GuestModule<A extends Address = number> {
  /** 0, or the errno of finit_module(); null if the guest didn't get that far. */
  readonly errno: number | null;
  /** Whether the kernel was paused before any code of the module ran; it has no userfaultfd(2) otherwise. */
  readonly paused: boolean;
  /** The kernel's lines while it loaded the module, without levels and times. */
  readonly lines: readonly string[];
  readonly memory: readonly GuestMemoryBlock<A>[];
  /** From /sys/module/NAME/sections; empty if the module is not loaded. */
  readonly sections: readonly { readonly name: string; readonly address: A }[];
  /** The text of tracefs' trace after it was loaded with its functions traced; null if there is none. */
  readonly trace: string | null;
}

export interface GuestRecords<A extends Address = number> {
  /** Whether the guest completed all its work. */
  readonly whole: boolean;
  /** Steps that failed in the guest, with the kernel's errno. */
  readonly trouble: readonly string[];
  /** One for each module that the guest was given, in the same order. */
  readonly modules: readonly GuestModule<A>[];
  /** The lines of /proc/modules after all of them. */
  readonly listed: readonly string[];
  /** The lines of tracefs' enabled_functions while all modules were traced; null if none has a call site. */
  readonly enabled: readonly string[] | null;
}

/** The number of modules answered for so far, while the guest runs. */
export function answered(bytes: Uint8Array, endian: Endian): number {
  let count = 0;
  for (const { kind } of records(bytes, endian)) if (kind === ANSWER) count++;
  return count;
}

/**
 * @param width that of the kernel's addresses.
 * @param count the number of modules that the guest was given.
 */
export function readRecords<A extends Address>(
  bytes: Uint8Array,
  endian: Endian,
  width: Width<A>,
  count: number,
): GuestRecords<A> {
  const modules = Array.from({ length: count }, () => ({
    errno: null as number | null,
    paused: true,
    lines: [] as string[],
    memory: [] as GuestMemoryBlock<A>[],
    sections: [] as { name: string; address: A }[],
    trace: null as string | null,
  }));
  const trouble: string[] = [];
  const areas: GuestMemoryBlock<A>[] = [];
  let listed: string[] = [];
  let enabled: string[] | null = null;
  for (const { kind, moment, module, value, body } of records(bytes, endian)) {
    const text = (): string => Buffer.from(body).toString("latin1");
    const name = MOMENTS[moment - 1];
    if (kind === TROUBLE) trouble.push(value === 0n ? text() : `${text()} (errno ${value})`);
    if (kind === MODULES) listed = lines(text());
    if (kind === ENABLED) enabled = lines(text());
    if (kind === MEMORY && module === EVERY && name !== undefined) {
      areas.push({ moment: name, address: width.of(value), bytes: body });
    }
    const one = modules[module];
    if (one === undefined) continue;
    if (kind === UNPAUSED) one.paused = false;
    if (kind === ANSWER) one.errno = Number(value);
    if (kind === TRACE) one.trace = text();
    if (kind === LINES) for (const line of kernelLines(text())) one.lines.push(line);
    if (kind === SECTION) one.sections.push({ name: text(), address: width.of(value) });
    if (kind === MEMORY && name !== undefined) {
      one.memory.push({ moment: name, address: width.of(value), bytes: body });
    }
  }
  // The later moments' memory is recorded for all loaded modules at once; a module finds its own by the addresses.
  for (const one of modules.filter(({ errno }) => errno === 0)) {
    for (const area of areas) one.memory.push(area);
  }
  const whole = new Words(bytes, endian).u32(4) === 1;
  return { whole, trouble, modules, listed, enabled };
}

interface GuestRecord {
  readonly kind: number;
  readonly moment: number;
  readonly module: number;
  readonly value: bigint;
  readonly body: Uint8Array;
}

function* records(bytes: Uint8Array, endian: Endian): Generator<GuestRecord> {
  const words = new Words(bytes, endian);
  const end = Math.min(words.u32(0), bytes.length);
  for (let at = FIRST; at + HEADER_SIZE <= end; ) {
    const size = words.u32(at + SIZE);
    const body = at + HEADER_SIZE;
    if (size > end - body) return;
    yield {
      kind: words.u32(at),
      moment: words.u32(at + 4),
      module: words.u32(at + 8),
      value: words.u64(at + VALUE),
      body: bytes.subarray(body, body + size),
    };
    at = body + Math.ceil(size / 8) * 8;
  }
}

/** Lines as syslog(2) returns them: `<6>[    2.038255] usbcore: registered …`. */
function kernelLines(text: string): string[] {
  return lines(text).map((line) => line.replace(/^<\d+>/, "").replace(/^\[ *\d+\.\d+\] /, ""));
}

function lines(text: string): string[] {
  return text.split("\n").filter((line) => line !== "");
}
