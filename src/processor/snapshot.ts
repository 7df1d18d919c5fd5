// A processor's whole state as bytes, in a format that outlives the process: registers, CP0 and TLB, the page tables,
// the trace ring and memory. A processor made from it behaves exactly as the saved one would, even when saved in a
// delay slot. Breakpoints belong to the debugger and are not included. The caller can store two things with it: a note,
// which is read with the state, and an attachment, which is kept as it is.
//
// Version 8. All numbers are 32-bit, little-endian.
//
//   0   "farjal\x1a\n"
//   8   version
//   12  byte order of the guest: 0 little, 1 big
//   16  bytes of guest memory
//   20  processor: 0 24Kc, 1 4KEc, 2 4Kc
//   24  JTLB entries: 16, 32 or 64
//   28  bytes of the body
//   32  SHA-256 of the bytes before and after it
//   64  0: the body is stored as it is, which is faster to read; 1: it is deflated
//   68  bytes of the attachment, which ends the file
//   72  the body:
//         the processor's state as assembly/shared/memory-map.ts maps it, from CPU to CPU_END
//         n, then n mapped pages outside kseg0 and kseg1: guest address, physical address (+ 1: writable)
//         n, then n guest addresses: those of the pages above that are removed with their TLB entry
//         n, then n bytes: the trace ring's records
//         n, then n page numbers of memory that is not zero, then those pages, in host memory's layout
//         n, then n bytes: the note
//
// Versions 6 and 7 are read too. Their state has 50 frames of function_graph's shadow stack, and no word that says so.
// The body of version 6 is at 64, always deflated, and there is no attachment.
//
// Reading trusts nothing: sizes, checksum, and every number that the core would trust are checked before
// anything is changed.

import { host } from "#host";
import {
  CPU_COUNT,
  CPU_GPR,
  CPU_IDLE,
  CPU_LIMIT,
  CPU_RAM_SIZE,
  CPU_STOP,
} from "../../assembly/shared/cpu-state.ts";
import {
  CPU,
  CPU_CP0,
  KSEG0,
  KSEG2,
  PAGE_SIZE,
  RAM,
  RAM_SIZE_MAX,
  READ_TABLE,
  RING,
  RING_SIZE,
  WRITE_TABLE,
} from "../../assembly/shared/memory-map.ts";
import { CP0_CONFIG, CP0_CONFIG1, CP0_PRID, CP0_WIRED } from "../../assembly/shared/opcodes.ts";
import {
  TLB_PAGES,
  TLB_PAGES_CAPACITY,
  TLB_PAGES_LENGTH,
} from "../../assembly/shared/page-tables.ts";
import {
  CPU_END,
  GRAPH_DEPTH,
  GRAPH_FRAME_SIZE,
  GRAPH_FRAMES,
  GRAPH_FRAMES_MOST,
  GRAPH_LIMIT,
  GRAPH_STACK,
  RING_CAPACITY,
  RING_SLOT_SIZE,
  RING_SLOTS,
  RING_WRITTEN,
} from "../../assembly/shared/trace-ring.ts";
import { WATCH_REPORTED } from "../../assembly/shared/watches.ts";
import type { Endian } from "../bytes/endian.ts";
import { joined, latin1, latin1Bytes, sameBytes } from "../bytes/text.ts";
import { Words } from "../bytes/words.ts";
import { Misuse } from "../errors.ts";
import { SNAPSHOT_NOTE_BYTES } from "../limits.ts";
import type { Mapping } from "../translate/windows.ts";
import { type CpuModel, Processor, TLB_SIZES } from "./processor.ts";

const MAGIC = "farjal\x1a\n";
export const SNAPSHOT_VERSION = 8;
const DIGEST_AT = 32;
const DIGEST_END = 64;
const BODY_AT = 72;
const DEFLATED = 1;
/** The version without the words between the checksum and the body, and the oldest. */
const VERSION_6 = 6;
/** The frames of function_graph's shadow stack up to version 7. */
const FRAMES_7 = 50;
const WORD = 4;
/** The CPU models by their numbers in the format. */
const CPU_MODELS: readonly CpuModel[] = ["24Kc", "4KEc", "4Kc"];
/** The registers that identify a processor and that no guest can change. */
const FIXED = [CP0_PRID, CP0_CONFIG1];
/** The only field of Config that a guest can write: kseg0's cache attribute. */
const CONFIG_K0 = 7;
const PAGES = 2 ** 32 / PAGE_SIZE;
/** Each word that a run sets before it reads it, and its size. */
const SET_BY_A_RUN = [
  [CPU_LIMIT, 8],
  [CPU_STOP, 4],
] as const;

interface MappedPage {
  readonly address: number;
  readonly physical: number;
  readonly writable: boolean;
}

/** All that a run depends on and changes, as copies. */
export interface ProcessorState {
  readonly cpu: Uint8Array;
  readonly pages: readonly MappedPage[];
  readonly tlbPages: readonly number[];
  readonly ring: Uint8Array;
  readonly memory: readonly { readonly page: number; readonly bytes: Uint8Array }[];
}

export interface Snapshot {
  readonly endian: Endian;
  readonly ramSize: number;
  readonly model: CpuModel;
  readonly tlbEntries: number;
  /** The note and the attachment given to saveProcessor(). */
  readonly note: Uint8Array;
  readonly attachment: Uint8Array;
  readonly state: ProcessorState;
}

export interface SaveOptions {
  /** Bytes of the caller that are read with the state; default: none. */
  readonly note?: Uint8Array;
  /** Bytes of the caller that are added as they are; default: none. */
  readonly attachment?: Uint8Array;
  /** Whether to compress the state, which takes a third of the space and several times as long; default: true. */
  readonly compressed?: boolean;
}

/**
 * Copies the state of a processor between two runs.
 * @param before an earlier copy: pages of memory that are as they were then are shared with it.
 */
export function stateOf(processor: Processor, before?: ProcessorState): ProcessorState {
  const { bytes, words } = processor;
  const length = wordAt(processor, TLB_PAGES_LENGTH);
  const old = new Map(before?.memory.map((one) => [one.page, one.bytes]));
  return {
    cpu: cpuState(bytes),
    pages: mappedPages(processor),
    tlbPages: [...words.subarray(TLB_PAGES / WORD, TLB_PAGES / WORD + length)],
    ring: bytes.slice(RING, RING + ringBytes(words)),
    memory: usedPages(processor).map((page) => {
      const present = bytes.subarray(RAM + page * PAGE_SIZE, RAM + (page + 1) * PAGE_SIZE);
      const known = old.get(page);
      const same = known !== undefined && isSamePage(known, present);
      return { page, bytes: same ? known : present.slice() };
    }),
  };
}

/** The processor's words, without those that each run sets first: they would tell how the last run was cut into slices. */
function cpuState(bytes: Uint8Array): Uint8Array {
  const state = bytes.slice(CPU, CPU_END);
  for (const [at, size] of SET_BY_A_RUN) state.fill(0, at - CPU, at - CPU + size);
  return state;
}

/** The state of a processor between two runs. @throws Misuse for a note of more than 64 MiB. */
export function saveProcessor(processor: Processor, options: SaveOptions = {}): Uint8Array {
  const { note = new Uint8Array(), attachment = new Uint8Array(), compressed = true } = options;
  if (note.length > SNAPSHOT_NOTE_BYTES) {
    throw new Misuse(
      `a snapshot has room for ${SNAPSHOT_NOTE_BYTES >>> 20} MiB of the devices' state, and not for ${note.length} bytes`,
    );
  }
  const { cpu, pages, tlbPages, ring, memory } = stateOf(processor);
  const body = joined([
    cpu,
    words([
      pages.length,
      ...pages.flatMap(({ address, physical, writable }) => [address, physical + Number(writable)]),
    ]),
    words([tlbPages.length, ...tlbPages]),
    words([ring.length]),
    ring,
    words([memory.length, ...memory.map(({ page }) => page)]),
    ...memory.map(({ bytes }) => bytes),
    words([note.length]),
    note,
  ]);
  const head = joined([
    latin1Bytes(MAGIC),
    words([
      SNAPSHOT_VERSION,
      processor.endian === "big" ? 1 : 0,
      processor.ramSize,
      CPU_MODELS.indexOf(processor.model),
      processor.tlbEntries,
      body.length,
    ]),
  ]);
  const kind = words([compressed ? DEFLATED : 0, attachment.length]);
  const rest = [kind, compressed ? host.deflate(body) : body, attachment];
  return joined([head, host.sha256([head, ...rest]), ...rest]);
}

/**
 * Reads and checks what saveProcessor() wrote.
 * @throws Misuse for anything else, damaged or of another version.
 */
export function readSnapshot(bytes: Uint8Array): Snapshot {
  if (latin1(bytes.subarray(0, MAGIC.length)) !== MAGIC || bytes.length < BODY_AT) {
    throw new Misuse("this is no snapshot of farjal's");
  }
  const head = new Words(bytes.subarray(0, BODY_AT), "little");
  const version = head.u32(8);
  if (version < VERSION_6 || version > SNAPSHOT_VERSION) {
    throw new Misuse(
      `the snapshot is of version ${version}; this farjal reads ${VERSION_6} to ${SNAPSHOT_VERSION}`,
    );
  }
  const digest = host.sha256([bytes.subarray(0, DIGEST_AT), bytes.subarray(DIGEST_END)]);
  if (!sameBytes(digest, bytes.subarray(DIGEST_AT, DIGEST_END))) {
    throw new Misuse("the snapshot is damaged: its checksum is wrong");
  }
  const endian = head.u32(12) === 1 ? "big" : "little";
  const ramSize = Processor.checkedSize(head.u32(16), RAM_SIZE_MAX);
  const model = CPU_MODELS[head.u32(20)];
  const tlbEntries = head.u32(24);
  if (model === undefined || !TLB_SIZES.includes(tlbEntries)) throw damaged("its processor");
  const size = head.u32(28);
  // Bounds the body by what this memory size can need, so that a small file can't request a large allocation.
  const most =
    ramSize + (ramSize / PAGE_SIZE) * WORD + PAGES * 2 * WORD + RING_SIZE + SNAPSHOT_NOTE_BYTES;
  if (size > most) throw damaged("its size");
  const [kind, attached, bodyAt] =
    version === VERSION_6 ? [DEFLATED, 0, DIGEST_END] : [head.u32(64), head.u32(68), BODY_AT];
  if (kind > DEFLATED) throw damaged("its compression");
  const bodyEnd = bytes.length - attached;
  if (bodyEnd < bodyAt) throw damaged("its attachment");
  const stored = bytes.subarray(bodyAt, bodyEnd);
  const reader = new BodyReader(kind === DEFLATED ? inflated(stored, size) : whole(stored, size));
  const state = reader.state(ramSize, version);
  const note = reader.bytes(reader.count(SNAPSHOT_NOTE_BYTES));
  reader.end();
  const attachment = bytes.subarray(bodyEnd);
  return { endian, ramSize, model, tlbEntries, note, attachment, state };
}

/**
 * Restores a snapshot's state into a processor of the same byte order and memory size; breakpoints remain.
 * @param isNew the processor's memory is still zero and need not be cleared, which would take most of the time.
 * @throws Misuse when the snapshot is of another kind of processor; the processor is then unchanged.
 */
export function restoreProcessor(
  processor: Processor,
  snapshot: Snapshot,
  { isNew = false }: { readonly isNew?: boolean } = {},
): void {
  checkFits(processor, snapshot);
  putState(processor, snapshot.state, isNew);
}

/** Puts a state in place of the processor's. It must be of the same kind of processor. */
export function putState(processor: Processor, state: ProcessorState, isNew = false): void {
  processor.bytes.set(state.cpu, CPU);
  // mtc0 keeps Wired below the TLB's size, on which the core's arithmetic relies.
  const wired = wordAt(processor, CPU_CP0 + WORD * CP0_WIRED);
  processor.words[(CPU_CP0 + WORD * CP0_WIRED) / WORD] = 0;
  processor.setCp0(CP0_WIRED >>> 3, CP0_WIRED & 7, wired);
  if (!isNew) processor.words.fill(0, READ_TABLE / WORD, WRITE_TABLE / WORD + PAGES);
  for (const { address, physical, writable } of state.pages) {
    const page = address / PAGE_SIZE;
    const entry = physical - address + 1;
    processor.words[READ_TABLE / WORD + page] = entry;
    processor.words[WRITE_TABLE / WORD + page] = writable ? entry : 0;
  }
  processor.words[TLB_PAGES_LENGTH / WORD] = state.tlbPages.length;
  processor.words.set(state.tlbPages, TLB_PAGES / WORD);
  processor.bytes.set(state.ring, RING);
  if (!isNew) processor.clear(0, processor.ramSize);
  for (const { page, bytes } of state.memory) processor.bytes.set(bytes, RAM + page * PAGE_SIZE);
  processor.words[WATCH_REPORTED / WORD] = 0;
  processor.untilEvent = Number.POSITIVE_INFINITY; // the host knows its events and sets it again
  const fromTlb = new Set(state.tlbPages);
  processor.replaced(mappings(state.pages.filter(({ address }) => !fromTlb.has(address))));
}

/** Joins consecutive pages into one piece. */
function mappings(pages: readonly MappedPage[]): Mapping[] {
  const found: (Mapping & { size: number })[] = [];
  for (const { address, physical, writable } of pages) {
    const last = found.at(-1);
    const follows =
      last !== undefined &&
      last.address + last.size === address &&
      last.physical + last.size === physical &&
      last.writable === writable;
    if (follows) last.size += PAGE_SIZE;
    else found.push({ address, physical, size: PAGE_SIZE, writable });
  }
  return found;
}

/** @throws Misuse when a snapshot is of another kind of processor. */
export function checkFits(processor: Processor, snapshot: Snapshot): void {
  const [saved, here] = [description(snapshot), description(processor)];
  if (saved !== here) throw new Misuse(`the snapshot is of a ${saved}; this is a ${here}`);
  checkProcessor(processor, snapshot.state.cpu);
}

function description({ endian, ramSize, model, tlbEntries }: Processor | Snapshot): string {
  return `${endian}-endian ${model} with ${tlbEntries} TLB entries and ${ramSize} bytes of memory`;
}

/** Compares the identifying registers with those of the processor, which matches the header. */
function checkProcessor(processor: Processor, cpu: Uint8Array): void {
  const file = new Words(cpu, "little");
  const differs = (register: number): number => {
    const at = CPU_CP0 + WORD * register;
    return file.u32(at - CPU) ^ wordAt(processor, at);
  };
  const same = FIXED.every((register) => differs(register) === 0);
  if (!same || (differs(CP0_CONFIG) & ~CONFIG_K0) !== 0) throw damaged("its processor");
}

/** The tables' entries outside kseg0 and kseg1, whose entries are recreated on demand. */
function mappedPages(processor: Processor): MappedPage[] {
  const found: MappedPage[] = [];
  for (let page = 0; page < PAGES; page += 1) {
    if (page === KSEG0 / PAGE_SIZE) page = KSEG2 / PAGE_SIZE;
    const entry = processor.words[READ_TABLE / WORD + page] ?? 0;
    if (entry === 0) continue;
    const address = page * PAGE_SIZE;
    // The low bits mark pages with a breakpoint.
    const physical = (address + entry - (entry % PAGE_SIZE)) % 2 ** 32;
    found.push({ address, physical, writable: processor.words[WRITE_TABLE / WORD + page] !== 0 });
  }
  return found;
}

/** Both are pages, at addresses that are multiples of 4. */
function isSamePage(one: Uint8Array, other: Uint8Array): boolean {
  const [a, b] = [one, other].map(
    ({ buffer, byteOffset, length }) => new Uint32Array(buffer, byteOffset, length / WORD),
  ) as [Uint32Array, Uint32Array];
  for (let index = 0; index < a.length; index += 1) if (a[index] !== b[index]) return false;
  return true;
}

/** Numbers of the memory pages that are not all zero. */
function usedPages(processor: Processor): number[] {
  const { words } = processor;
  const perPage = PAGE_SIZE / WORD;
  const used: number[] = [];
  for (let page = 0; page < processor.ramSize / PAGE_SIZE; page += 1) {
    const start = RAM / WORD + page * perPage;
    const end = start + perPage;
    let at = start;
    while (at < end && words[at] === 0) at += 1;
    if (at < end) used.push(page);
  }
  return used;
}

/** The ring's written bytes. `words` begins at the start of the shared memory. */
function ringBytes(words: Uint32Array): number {
  const written =
    (words[RING_WRITTEN / WORD] ?? 0) + (words[RING_WRITTEN / WORD + 1] ?? 0) * 2 ** 32;
  return Math.min(written, words[RING_SLOTS / WORD] ?? 0) * RING_SLOT_SIZE;
}

class BodyReader {
  readonly #body: Uint8Array;
  #at = 0;

  constructor(body: Uint8Array) {
    this.#body = body;
  }

  state(ramSize: number, version: number): ProcessorState {
    const cpu = version === SNAPSHOT_VERSION ? this.bytes(CPU_END - CPU) : this.#olderCpu();
    const ringSize = checkCpu(cpu, ramSize);
    const pages = Array.from({ length: this.count(PAGES) }, () => this.#page(ramSize));
    const tlbPages = Array.from({ length: this.count(TLB_PAGES_CAPACITY) }, () => this.#address());
    const ring = this.bytes(this.count(RING_SIZE));
    if (ring.length !== ringSize) throw damaged("its trace ring");
    const numbers = Array.from({ length: this.count(ramSize / PAGE_SIZE) }, () => this.#word());
    const memory = numbers.map((page) => {
      if (page >= ramSize / PAGE_SIZE) throw damaged("its memory");
      return { page, bytes: this.bytes(PAGE_SIZE) };
    });
    return { cpu, pages, tlbPages, ring, memory };
  }

  /** The processor's state of a version with fewer frames. */
  #olderCpu(): Uint8Array {
    const cpu = new Uint8Array(CPU_END - CPU);
    cpu.set(this.bytes(GRAPH_FRAMES + FRAMES_7 * GRAPH_FRAME_SIZE - CPU));
    const words = new Words(cpu, "little");
    const hasRun = words.u32(GRAPH_LIMIT - CPU) > 0 || words.u32(GRAPH_DEPTH - CPU) > 0;
    words.setU32(GRAPH_STACK - CPU, hasRun ? FRAMES_7 : 0);
    return cpu;
  }

  count(most: number): number {
    const count = this.#word();
    if (count > most) throw damaged("a count");
    return count;
  }

  bytes(size: number): Uint8Array {
    if (this.#at + size > this.#body.length) throw damaged("its length");
    const bytes = this.#body.subarray(this.#at, this.#at + size);
    this.#at += size;
    return bytes;
  }

  end(): void {
    if (this.#at !== this.#body.length) throw damaged("its length");
  }

  #word(): number {
    return new Words(this.bytes(WORD), "little").u32(0);
  }

  #address(): number {
    const address = this.#word();
    if (address % PAGE_SIZE !== 0) throw damaged("a page's address");
    return address;
  }

  #page(ramSize: number): MappedPage {
    const address = this.#address();
    const second = this.#word();
    const writable = second % 2 === 1;
    const physical = second - Number(writable);
    const direct = address >= KSEG0 && address < KSEG2;
    if (direct || physical % PAGE_SIZE !== 0 || physical >= ramSize) throw damaged("a mapped page");
    return { address, physical, writable };
  }
}

/** Checks the words that the core relies on. @returns the size of the ring in bytes according to them. */
function checkCpu(cpu: Uint8Array, ramSize: number): number {
  const file = new Words(cpu, "little");
  const word = (at: number): number => file.u32(at - CPU);
  const slots = word(RING_SLOTS);
  const powerOfTwo = (slots & (slots - 1)) === 0;
  if (!powerOfTwo || slots > RING_SIZE / RING_SLOT_SIZE) throw damaged("its trace ring");
  // 0 while tracing_on is.
  if (![0, slots].includes(word(RING_CAPACITY))) throw damaged("its trace ring");
  if (word(CPU_RAM_SIZE) !== ramSize || word(CPU_GPR) !== 0) throw damaged("its registers");
  const depth = Math.max(word(GRAPH_DEPTH), word(GRAPH_LIMIT), word(GRAPH_STACK));
  if (depth > GRAPH_FRAMES_MOST) throw damaged("its shadow stack");
  // The clock's arithmetic has 64 bits and the host's 53.
  const wide = (at: number): bigint => file.u64(at - CPU);
  for (const at of [CPU_COUNT, CPU_IDLE, RING_WRITTEN]) {
    if (wide(at) > BigInt(Number.MAX_SAFE_INTEGER)) throw damaged("its clock");
  }
  return Math.min(Number(wide(RING_WRITTEN)), slots) * RING_SLOT_SIZE;
}

function inflated(packed: Uint8Array, size: number): Uint8Array {
  try {
    const body = host.inflate(packed, size);
    if (body.length === size) return body;
  } catch {
    // The error below reports it.
  }
  throw damaged("its body");
}

function whole(body: Uint8Array, size: number): Uint8Array {
  if (body.length !== size) throw damaged("its body");
  return body;
}

function words(values: readonly number[]): Uint8Array {
  const bytes = new Words(new Uint8Array(WORD * values.length), "little");
  for (const [index, value] of values.entries()) bytes.setU32(WORD * index, value);
  return bytes.bytes;
}

function wordAt(processor: Processor, at: number): number {
  return processor.words[at / WORD] ?? 0;
}

function damaged(what: string): Misuse {
  return new Misuse(`the snapshot is damaged (${what})`);
}
