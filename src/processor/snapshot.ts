// A processor's whole state as bytes, in a format that outlives the process: registers, CP0 and TLB, the
// page tables, the trace ring and memory, so that a core made from it has the same future, wherever the
// first one stood, delay slots included. Breakpoints are the debugger's and not part of it. A note of the
// caller's own travels along (machine-state.ts's, or none).
//
// Version 3. All numbers are 32-bit, little-endian.
//
//   0   "farjal\x1a\n"
//   8   version
//   12  byte order of the guest: 0 little, 1 big
//   16  bytes of guest memory
//   20  processor: 0 24Kc, 1 4KEc, 2 4Kc
//   24  JTLB entries: 16, 32 or 64
//   28  bytes of the body
//   32  SHA-256 of what is before and behind it
//   64  the body, deflated:
//         the CPU's words as assembly/shared/memory-map.ts has them, from CPU to CPU_END
//         n, then n mapped pages outside kseg0 and kseg1: guest address, physical address (+ 1: writable)
//         n, then n guest addresses: those of the pages above that leave with their TLB entry
//         n, then n bytes: the trace ring's records
//         n, then n page numbers of memory that is not zero, then those pages, as they lie in host memory
//         n, then n bytes: the note
//
// Reading trusts nothing: sizes, checksum, and every number that the core would trust are checked before
// anything is changed.

import { createHash } from "node:crypto";
import { deflateSync, inflateSync } from "node:zlib";
import {
  CPU,
  CPU_COUNT,
  CPU_CP0,
  CPU_END,
  CPU_GPR,
  CPU_IDLE,
  CPU_RAM_SIZE,
  GRAPH_DEPTH,
  GRAPH_FRAMES_MOST,
  GRAPH_LIMIT,
  KSEG0,
  KSEG2,
  PAGE_SIZE,
  RAM,
  READ_TABLE,
  RING,
  RING_CAPACITY,
  RING_SIZE,
  RING_SLOT_SIZE,
  RING_WRITTEN,
  TLB_PAGES,
  TLB_PAGES_CAPACITY,
  TLB_PAGES_LENGTH,
  WATCH_TOLD,
  WRITE_TABLE,
} from "../../assembly/shared/memory-map.ts";
import { CP0_CONFIG, CP0_CONFIG1, CP0_PRID, CP0_WIRED } from "../../assembly/shared/opcodes.ts";
import type { Endian } from "../bytes/endian.ts";
import { Misuse } from "../errors.ts";
import type { Mapping } from "../translate/windows.ts";
import { Core, type Profile, TLB_SIZES } from "./processor.ts";

const MAGIC = "farjal\x1a\n";
export const SNAPSHOT_VERSION = 5;
const DIGEST_AT = 32;
const BODY_AT = 64;
/** Most of a guest's memory is empty or text: the fastest level packs it nearly as small. */
const DEFLATE_LEVEL = 1;
const WORD = 4;
/** By the number that the format gives each. */
const PROFILES: readonly Profile[] = ["24Kc", "4KEc", "4Kc"];
/** What a processor is known by, and no guest changes. */
const FIXED = [CP0_PRID, CP0_CONFIG1];
/** Of Config a guest writes kseg0's cache attribute alone. */
const CONFIG_K0 = 7;
const PAGES = 2 ** 32 / PAGE_SIZE;
/** The note's size has a limit too. */
const MOST_NOTE = 1 << 26;

interface MappedPage {
  readonly address: number;
  readonly physical: number;
  readonly writable: boolean;
}

interface CoreState {
  readonly cpu: Uint8Array;
  readonly pages: readonly MappedPage[];
  readonly tlbPages: readonly number[];
  readonly ring: Uint8Array;
  readonly memory: readonly { readonly page: number; readonly bytes: Uint8Array }[];
}

export interface Snapshot {
  readonly endian: Endian;
  readonly ramSize: number;
  readonly profile: Profile;
  readonly tlbEntries: number;
  /** What saveCore() was given. */
  readonly note: Uint8Array;
  readonly state: CoreState;
}

/** The state of a core that stands still, with a note of the caller's. */
export function saveCore(core: Core, note: Uint8Array = new Uint8Array()): Uint8Array {
  const pages = mappedPages(core);
  const tlbPages = core.words.slice(
    TLB_PAGES / WORD,
    TLB_PAGES / WORD + wordAt(core, TLB_PAGES_LENGTH),
  );
  const ring = core.bytes.slice(RING, RING + ringBytes(core.words));
  const used = usedPages(core);
  const body = Buffer.concat([
    core.bytes.slice(CPU, CPU_END),
    words([
      pages.length,
      ...pages.flatMap(({ address, physical, writable }) => [address, physical + Number(writable)]),
    ]),
    words([tlbPages.length, ...tlbPages]),
    words([ring.length]),
    ring,
    words([used.length, ...used]),
    ...used.map((page) => core.bytes.slice(RAM + page * PAGE_SIZE, RAM + (page + 1) * PAGE_SIZE)),
    words([note.length]),
    note,
  ]);
  const head = Buffer.concat([
    Buffer.from(MAGIC, "latin1"),
    words([
      SNAPSHOT_VERSION,
      core.endian === "big" ? 1 : 0,
      core.ramSize,
      PROFILES.indexOf(core.profile),
      core.tlbEntries,
      body.length,
    ]),
  ]);
  const packed = deflateSync(body, { level: DEFLATE_LEVEL });
  return Buffer.concat([head, digest(head, packed), packed]);
}

/**
 * Reads and checks what saveCore() wrote.
 * @throws Misuse for anything else, damaged or of another version.
 */
export function readSnapshot(bytes: Uint8Array): Snapshot {
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (file.toString("latin1", 0, MAGIC.length) !== MAGIC || file.length < BODY_AT) {
    throw new Misuse("this is no snapshot of farjal's");
  }
  const version = file.readUInt32LE(8);
  if (version !== SNAPSHOT_VERSION) {
    throw new Misuse(
      `the snapshot is of version ${version}; this farjal reads ${SNAPSHOT_VERSION}`,
    );
  }
  const packed = file.subarray(BODY_AT);
  if (!digest(file.subarray(0, DIGEST_AT), packed).equals(file.subarray(DIGEST_AT, BODY_AT))) {
    throw new Misuse("the snapshot is damaged: its checksum is wrong");
  }
  const endian = file.readUInt32LE(12) === 1 ? "big" : "little";
  const ramSize = Core.checkedSize(file.readUInt32LE(16));
  const profile = PROFILES[file.readUInt32LE(20)];
  const tlbEntries = file.readUInt32LE(24);
  if (profile === undefined || !TLB_SIZES.includes(tlbEntries)) throw damaged("its processor");
  const size = file.readUInt32LE(28);
  // What a body of this much memory can have, so that a small file can't ask for a large one.
  const most = ramSize + (ramSize / PAGE_SIZE) * WORD + PAGES * 2 * WORD + RING_SIZE + MOST_NOTE;
  if (size > most) throw damaged("its size");
  const reader = new BodyReader(inflated(packed, size));
  const state = reader.state(ramSize);
  const note = reader.bytes(reader.count(MOST_NOTE));
  reader.end();
  return { endian, ramSize, profile, tlbEntries, note, state };
}

/**
 * Puts a snapshot's state into a core of the same byte order and memory; breakpoints stay.
 * @throws Misuse when it is another's, with the core as it was.
 */
export function restoreCore(core: Core, snapshot: Snapshot): void {
  checkFits(core, snapshot);
  const { state } = snapshot;
  core.bytes.set(state.cpu, CPU);
  // mtc0 keeps Wired below the TLB's size, on which the core's arithmetic relies.
  const wired = wordAt(core, CPU_CP0 + WORD * CP0_WIRED);
  core.words[(CPU_CP0 + WORD * CP0_WIRED) / WORD] = 0;
  core.setCp0(CP0_WIRED >>> 3, CP0_WIRED & 7, wired);
  core.words.fill(0, READ_TABLE / WORD, WRITE_TABLE / WORD + PAGES);
  for (const { address, physical, writable } of state.pages) {
    const page = address / PAGE_SIZE;
    const entry = physical - address + 1;
    core.words[READ_TABLE / WORD + page] = entry;
    core.words[WRITE_TABLE / WORD + page] = writable ? entry : 0;
  }
  core.words[TLB_PAGES_LENGTH / WORD] = state.tlbPages.length;
  core.words.set(state.tlbPages, TLB_PAGES / WORD);
  core.bytes.set(state.ring, RING);
  core.clear(0, core.ramSize);
  for (const { page, bytes } of state.memory) core.bytes.set(bytes, RAM + page * PAGE_SIZE);
  core.words[WATCH_TOLD / WORD] = 0;
  core.untilEvent = Number.POSITIVE_INFINITY; // the host's, who knows its events
  const fromTlb = new Set(state.tlbPages);
  core.replaced(mappings(state.pages.filter(({ address }) => !fromTlb.has(address))));
}

/** Pages that follow one another, as one piece. */
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

/** A new core with a snapshot's state. */
export function coreOf(snapshot: Snapshot): Core {
  const { endian, ramSize, profile, tlbEntries } = snapshot;
  const core = Core.create(endian, ramSize, profile, { tlbEntries });
  restoreCore(core, snapshot);
  return core;
}

/** @throws Misuse when a snapshot is of another kind of processor than the core. */
export function checkFits(core: Core, snapshot: Snapshot): void {
  const [saved, here] = [description(snapshot), description(core)];
  if (saved !== here) throw new Misuse(`the snapshot is of a ${saved}; this is a ${here}`);
  checkProcessor(core, snapshot.state.cpu);
}

function description({ endian, ramSize, profile, tlbEntries }: Core | Snapshot): string {
  return `${endian}-endian ${profile} with ${tlbEntries} TLB entries and ${ramSize} bytes of memory`;
}

/** Compares the registers that say what the processor is. The core shows what the header says. */
function checkProcessor(core: Core, cpu: Uint8Array): void {
  const file = Buffer.from(cpu.buffer, cpu.byteOffset, cpu.byteLength);
  const differs = (register: number): number => {
    const at = CPU_CP0 + WORD * register;
    return file.readUInt32LE(at - CPU) ^ wordAt(core, at);
  };
  const same = FIXED.every((register) => differs(register) === 0);
  if (!same || (differs(CP0_CONFIG) & ~CONFIG_K0) !== 0) throw damaged("its processor");
}

/** What the tables hold beyond kseg0 and kseg1, whose pages are found again as they are needed. */
function mappedPages(core: Core): MappedPage[] {
  const found: MappedPage[] = [];
  for (let page = 0; page < PAGES; page += 1) {
    if (page === KSEG0 / PAGE_SIZE) page = KSEG2 / PAGE_SIZE;
    const entry = core.words[READ_TABLE / WORD + page] ?? 0;
    if (entry === 0) continue;
    const address = page * PAGE_SIZE;
    // The low bits say whether a breakpoint is on the page.
    const physical = (address + entry - (entry % PAGE_SIZE)) % 2 ** 32;
    found.push({ address, physical, writable: core.words[WRITE_TABLE / WORD + page] !== 0 });
  }
  return found;
}

/** Numbers of the pages of memory in which not every byte is 0. */
function usedPages(core: Core): number[] {
  const words = new BigUint64Array(core.bytes.buffer, RAM, core.ramSize / 8);
  const perPage = PAGE_SIZE / 8;
  const used: number[] = [];
  for (let page = 0; page < core.ramSize / PAGE_SIZE; page += 1) {
    const end = (page + 1) * perPage;
    for (let at = page * perPage; at < end; at += 1) {
      if (words[at] !== 0n) {
        used.push(page);
        break;
      }
    }
  }
  return used;
}

/** Bytes of the ring that have been written. `words` begins where the shared memory does. */
function ringBytes(words: Uint32Array): number {
  const written =
    (words[RING_WRITTEN / WORD] ?? 0) + (words[RING_WRITTEN / WORD + 1] ?? 0) * 2 ** 32;
  return Math.min(written, words[RING_CAPACITY / WORD] ?? 0) * RING_SLOT_SIZE;
}

class BodyReader {
  readonly #body: Buffer;
  #at = 0;

  constructor(body: Buffer) {
    this.#body = body;
  }

  state(ramSize: number): CoreState {
    const cpu = this.bytes(CPU_END - CPU);
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
    return Buffer.from(this.bytes(WORD)).readUInt32LE();
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

/** Checks the words that the core relies on. @returns the bytes of the ring that they speak of. */
function checkCpu(cpu: Uint8Array, ramSize: number): number {
  const file = Buffer.from(cpu);
  const word = (at: number): number => file.readUInt32LE(at - CPU);
  const capacity = word(RING_CAPACITY);
  const powerOfTwo = (capacity & (capacity - 1)) === 0;
  if (!powerOfTwo || capacity > RING_SIZE / RING_SLOT_SIZE) throw damaged("its trace ring");
  if (word(CPU_RAM_SIZE) !== ramSize || word(CPU_GPR) !== 0) throw damaged("its registers");
  const depth = Math.max(word(GRAPH_DEPTH), word(GRAPH_LIMIT));
  if (depth > GRAPH_FRAMES_MOST) throw damaged("its shadow stack");
  // The clock's arithmetic has 64 bits and the host's 53.
  const wide = (at: number): bigint => file.readBigUInt64LE(at - CPU);
  for (const at of [CPU_COUNT, CPU_IDLE, RING_WRITTEN]) {
    if (wide(at) > BigInt(Number.MAX_SAFE_INTEGER)) throw damaged("its clock");
  }
  return Math.min(Number(wide(RING_WRITTEN)), capacity) * RING_SLOT_SIZE;
}

function inflated(packed: Uint8Array, size: number): Buffer {
  try {
    const body = inflateSync(packed, { maxOutputLength: Math.max(size, 1) });
    if (body.length === size) return body;
  } catch {
    // Told below.
  }
  throw damaged("its body");
}

function digest(head: Uint8Array, packed: Uint8Array): Buffer {
  return createHash("sha256").update(head).update(packed).digest();
}

function words(values: readonly number[]): Uint8Array {
  const bytes = Buffer.alloc(WORD * values.length);
  values.forEach((value, index) => {
    bytes.writeUInt32LE(value, WORD * index);
  });
  return bytes;
}

function wordAt(core: Core, at: number): number {
  return core.words[at / WORD] ?? 0;
}

function damaged(what: string): Misuse {
  return new Misuse(`the snapshot is damaged: ${what} can't be`);
}
