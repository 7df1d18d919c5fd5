// The border to the WebAssembly core: one shared memory, one instance, and numbers across. It alone
// imports the loader, makes unsigned what arrives signed, and knows how a big-endian guest's words lie in
// memory. It checks what the core trusts: sizes, alignment, and that physical ranges lie in RAM. What the
// numbers mean to a module, a call or a trace is for the files above it.

import { readFileSync } from "node:fs";
import { instantiateSync } from "@assemblyscript/loader";
import {
  CPU_COUNT,
  CPU_GPR,
  CPU_HI,
  CPU_IN_DELAY_SLOT,
  CPU_LIMIT,
  CPU_LO,
  CPU_MODE,
  CPU_NEXT_PC,
  CPU_PC,
  CPU_RETURN_TO,
  CPU_STOP_VALUE,
  KSEG0,
  KSEG2,
  MODE_FARJAL_WORDS,
  MODE_STOP_ON_EXCEPTION,
  PAGE_SIZE,
  RAM,
  RAM_SIZE_MAX,
  STOP_LIMIT,
  WATCH_EXECUTE,
  WATCH_LENGTH,
  WATCH_READ,
  WATCH_SIZE,
  WATCH_TOLD,
  WATCH_WRITE,
  WATCHES,
  WATCHES_CAPACITY,
} from "../../assembly/layout.ts";
import { CP0_STATUS } from "../../assembly/opcodes.ts";
import type { Endian } from "../elf/object.ts";
import { Misuse } from "../errors.ts";
import { hex } from "../hex.ts";
import type { RelocationCore } from "../module/relocation.ts";

const WASM_PAGE = 0x10000;
const ADDRESS_SPACE = 2 ** 32;
/** The core's word for no address. */
const NOWHERE = 0xffffffff;
/** V8 replaces a running function's code only between calls, so a long run is many calls. */
const SLICE = 2_000_000;

/** What the core exports; every result that is an address or a register arrives signed. */
interface CoreExports {
  [name: string]: unknown;
  start(): void;
  reset(ramSize: number, profile: number, tlbEntries: number): void;
  run(): number;
  runExactly(): number;
  mapPages(va: number, physical: number, size: number, writable: boolean): void;
  unmapPages(va: number, size: number): void;
  probe(va: number, write: boolean): number;
  getCp0(register: number): number;
  setCp0(register: number, value: number): void;
  setInterrupts(lines: number): void;
  unwatch(): void;
  watch(length: number): void;
  relocate: RelocationCore["relocate"];
  relocate64: RelocationCore["relocate64"];
  finishSection: RelocationCore["finishSection"];
}

/** reset()'s processors, as in assembly/profile.ts. */
const PROFILES = { "24Kc": 0, "4KEc": 1, "4Kc": 2 } as const;
export type Profile = keyof typeof PROFILES;
/** The processors there are. */
export const PROFILE_NAMES = Object.keys(PROFILES) as readonly Profile[];

export interface ProcessorOptions {
  /** JTLB entries: 16, as QEMU's have, 32 or 64. */
  readonly tlbEntries?: number;
}
export const TLB_SIZES: readonly number[] = [16, 32, 64];

/** What a watch stops a run before: an instruction there, or an access to it. */
export type WatchKind = "execute" | "read" | "write" | "access";

export interface Watch {
  /** Guest address, as the guest uses it: another address of the same memory is not watched. */
  readonly address: number;
  /** Bytes, at least 1. */
  readonly size: number;
  readonly kind: WatchKind;
}

const WATCH_BITS: Readonly<Record<WatchKind, number>> = {
  execute: WATCH_EXECUTE,
  read: WATCH_READ,
  write: WATCH_WRITE,
  access: WATCH_READ | WATCH_WRITE,
};
/** Pages that all watches together may lie in: a guest's whole kseg0 of 256 MiB. */
const MOST_WATCHED_PAGES = 0x10000;

const compiled = new Map<Endian, WebAssembly.Module>();

/** The core of a byte order, compiled once in a process. */
function coreModule(endian: Endian): WebAssembly.Module {
  const known = compiled.get(endian);
  if (known !== undefined) return known;
  const module = new WebAssembly.Module(
    readFileSync(new URL(`../../core/${endian}.wasm`, import.meta.url)),
  );
  compiled.set(endian, module);
  return module;
}

export class Core {
  readonly endian: Endian;
  /** Bytes of guest physical memory. */
  readonly ramSize: number;
  /** The whole shared memory as assembly/layout.ts maps it, in bytes and in words. */
  readonly bytes: Uint8Array<SharedArrayBuffer>;
  readonly words: Uint32Array<SharedArrayBuffer>;
  readonly #exports: CoreExports;
  /** The exports that relocate, for the module loader. */
  readonly relocator: RelocationCore;
  /** Flips the low address bits of a byte to where it lies. */
  readonly #flip: number;
  #profile: Profile = "24Kc";
  #tlbEntries = 16;
  #stopReason = STOP_LIMIT;

  /**
   * A CPU in kernel mode with an empty TLB and `ramSize` bytes of zeroed memory, set up for the module
   * lab: exceptions stop run(), and farjal's own words are instructions. reset() makes it a board's CPU.
   * @param ramSize a multiple of 64 KiB, at most 512 MiB
   */
  static create(
    endian: Endian,
    ramSize: number,
    profile: Profile = "24Kc",
    options: ProcessorOptions = {},
  ): Core {
    const core = new Core(endian, Core.checkedSize(ramSize));
    core.reset(profile, options);
    core.setCp0(CP0_STATUS / 8, 0, 0);
    core.mode = MODE_STOP_ON_EXCEPTION | MODE_FARJAL_WORDS;
    return core;
  }

  /** The size, if a core can have it. */
  static checkedSize(ramSize: number): number {
    if (ramSize % WASM_PAGE !== 0 || !(ramSize > 0 && ramSize <= RAM_SIZE_MAX)) {
      throw new Misuse(
        `guest memory must be a multiple of 64 KiB up to 512 MiB, not ${ramSize} bytes`,
      );
    }
    return ramSize;
  }

  private constructor(endian: Endian, ramSize: number) {
    const pages = (RAM + ramSize) / WASM_PAGE;
    const memory = new WebAssembly.Memory({
      initial: pages,
      maximum: pages,
      shared: true,
    });
    const buffer = memory.buffer as SharedArrayBuffer;
    this.endian = endian;
    this.ramSize = ramSize;
    this.bytes = new Uint8Array(buffer);
    this.words = new Uint32Array(buffer);
    this.#flip = endian === "big" ? 3 : 0;
    this.#exports = instantiateSync<CoreExports>(coreModule(endian), {
      env: { memory },
    }).exports;
    this.#exports.start();
    const { relocate, relocate64, finishSection } = this.#exports;
    this.relocator = { memory, relocate, relocate64, finishSection };
  }

  /** A cold reset: pc at the reset vector, no pages mapped, no mode bits, no limit; memory is kept. */
  reset(profile: Profile, { tlbEntries = 16 }: ProcessorOptions = {}): void {
    if (!PROFILE_NAMES.includes(profile)) {
      throw new Misuse(`there is no processor '${profile}'; take ${PROFILE_NAMES.join(", ")}`);
    }
    if (!TLB_SIZES.includes(tlbEntries)) {
      throw new Misuse(`a TLB has ${TLB_SIZES.join(", ")} entries, not ${tlbEntries}`);
    }
    this.#exports.reset(this.ramSize, PROFILES[profile], tlbEntries);
    this.#profile = profile;
    this.#tlbEntries = tlbEntries;
    this.words[WATCH_TOLD / 4] = 0;
  }

  /** Which processor it is since the last reset. */
  get profile(): Profile {
    return this.#profile;
  }

  get tlbEntries(): number {
    return this.#tlbEntries;
  }

  // Registers

  gpr(number: number): number {
    return this.#word(CPU_GPR + 4 * registerNumber(number));
  }

  setGpr(number: number, value: number): void {
    if (registerNumber(number) !== 0) this.words[CPU_GPR / 4 + number] = value;
  }

  get hi(): number {
    return this.#word(CPU_HI);
  }

  set hi(value: number) {
    this.words[CPU_HI / 4] = value;
  }

  get lo(): number {
    return this.#word(CPU_LO);
  }

  set lo(value: number) {
    this.words[CPU_LO / 4] = value;
  }

  /** The next instruction's address. */
  get pc(): number {
    return this.#word(CPU_PC);
  }

  /** Goes on at an address; a delay slot or branch that was pending is forgotten. */
  set pc(address: number) {
    this.words[CPU_PC / 4] = address;
    this.words[CPU_NEXT_PC / 4] = address + 4;
    this.words[CPU_IN_DELAY_SLOT / 4] = 0;
  }

  get nextPc(): number {
    return this.#word(CPU_NEXT_PC);
  }

  /** Whether pc is the delay slot of the branch at pc - 4. */
  get inDelaySlot(): boolean {
    return this.#word(CPU_IN_DELAY_SLOT) !== 0;
  }

  /** What mfc0 would read. */
  cp0(register: number, select = 0): number {
    return this.#exports.getCp0(cp0Number(register, select)) >>> 0;
  }

  /** What mtc0 would do. */
  setCp0(register: number, select: number, value: number): void {
    this.#exports.setCp0(cp0Number(register, select), value);
  }

  // Running

  /** Instructions completed since reset; with exceptions in vectors, those that ended in one too. */
  get count(): number {
    return this.#word(CPU_COUNT) + this.#word(CPU_COUNT + 4) * ADDRESS_SPACE;
  }

  /** MODE_* bits. */
  get mode(): number {
    return this.#word(CPU_MODE);
  }

  set mode(bits: number) {
    this.words[CPU_MODE / 4] = bits;
  }

  /** run() stops with STOP_RETURN when pc is this address; 0xffffffff, where no instruction is, for none. */
  get returnTo(): number {
    return this.#word(CPU_RETURN_TO);
  }

  set returnTo(address: number) {
    this.words[CPU_RETURN_TO / 4] = address;
  }

  /** STOP_* of the last run. */
  get stopReason(): number {
    return this.#stopReason;
  }

  /** What goes with the last stop reason: the hypercall's or the exception's code. */
  get stopValue(): number {
    return this.#word(CPU_STOP_VALUE);
  }

  /** Runs at most so many instructions; returns STOP_*, with STOP_LIMIT when all of them were completed. */
  run(limitInstructions: number): number {
    return this.#run(limitInstructions, this.#exports.run);
  }

  /** The same by the exact reading alone: the reference for run(), some ten times slower. */
  runExactly(limitInstructions: number): number {
    return this.#run(limitInstructions, this.#exports.runExactly);
  }

  #run(limitInstructions: number, run: () => number): number {
    if (!(limitInstructions >= 0))
      throw new Misuse(`an instruction limit can't be ${limitInstructions}`);
    const end = Math.min(this.count + limitInstructions, Number.MAX_SAFE_INTEGER);
    for (;;) {
      const limit = Math.min(this.count + SLICE, end);
      this.words[CPU_LIMIT / 4] = limit % ADDRESS_SPACE;
      this.words[CPU_LIMIT / 4 + 1] = Math.floor(limit / ADDRESS_SPACE);
      const reason = run() >>> 0;
      this.#stopReason = reason;
      if (reason !== STOP_LIMIT || limit === end) return reason;
    }
  }

  /**
   * Replaces the breakpoints and watchpoints. A run stops with STOP_BREAKPOINT or STOP_WATCHPOINT before
   * the instruction, and once told, passes it. Without any, runs are as fast as ever; with some, those
   * pages are read exactly.
   * @throws Misuse for more than 1024 of them, more than 256 MiB, and addresses that are none.
   */
  setWatches(watches: readonly Watch[]): void {
    let pages = 0;
    for (const { address, size } of watches) {
      if (!isAddress(address) || !Number.isInteger(size) || size < 1) {
        throw new Misuse(`${size} bytes at ${address} can't be watched`);
      }
      if (address + size > ADDRESS_SPACE) {
        throw new Misuse(`${size} bytes from ${hex(address)} on leave the guest's address space`);
      }
      pages += Math.floor((address + size - 1) / PAGE_SIZE) - Math.floor(address / PAGE_SIZE) + 1;
    }
    if (watches.length > WATCHES_CAPACITY || pages > MOST_WATCHED_PAGES) {
      throw new Misuse(
        `at most ${WATCHES_CAPACITY} breakpoints and watchpoints in ${MOST_WATCHED_PAGES} pages are ` +
          `possible, not ${watches.length} in ${pages}`,
      );
    }
    this.#exports.unwatch();
    watches.forEach(({ address, size, kind }, index) => {
      const words = [address, address + size - 1, WATCH_BITS[kind]];
      this.words.set(words, (WATCHES + index * WATCH_SIZE) / 4);
    });
    this.#exports.watch(watches.length);
  }

  /** After the page tables were written from outside: marks the watched pages in them again. */
  rewatch(): void {
    this.#exports.watch(this.#word(WATCH_LENGTH));
  }

  /** The interrupt lines that devices hold, at Cause's bits 15..10. */
  setInterrupts(lines: number): void {
    this.#exports.setInterrupts(lines);
  }

  // Memory

  /**
   * Maps `size` bytes at guest address `va` (useg, kseg2 or kseg3) to physical memory. All three are
   * multiples of 4 KiB. Host pages win over the guest's TLB.
   */
  mapPages(va: number, physical: number, size: number, writable: boolean): void {
    this.#checkPages(va, size);
    if (physical % PAGE_SIZE !== 0) throw new Misuse(`${hex(physical)} is not at a page boundary`);
    this.#checkPhysical(physical, size);
    this.#exports.mapPages(va, physical, size, writable);
  }

  unmapPages(va: number, size: number): void {
    this.#checkPages(va, size);
    this.#exports.unmapPages(va, size);
  }

  /** The physical address kernel mode reaches at `va`, or undefined; no state changes. */
  translate(va: number, write: boolean): number | undefined {
    const physical = this.#exports.probe(va, write) >>> 0;
    return physical === NOWHERE ? undefined : physical;
  }

  /** A copy of physical memory, in guest byte order. */
  readBytes(physical: number, size: number): Uint8Array<ArrayBuffer> {
    this.#checkPhysical(physical, size);
    const copy = new Uint8Array(size);
    if (this.#flip === 0) {
      copy.set(this.bytes.subarray(RAM + physical, RAM + physical + size));
    } else {
      for (let i = 0; i < size; i++) copy[i] = this.bytes[RAM + ((physical + i) ^ this.#flip)] ?? 0;
    }
    return copy;
  }

  /** Writes bytes in guest byte order to physical memory. */
  writeBytes(physical: number, bytes: Uint8Array): void {
    this.#checkPhysical(physical, bytes.length);
    if (this.#flip === 0) {
      this.bytes.set(bytes, RAM + physical);
    } else {
      bytes.forEach((byte, i) => {
        this.bytes[RAM + ((physical + i) ^ this.#flip)] = byte;
      });
    }
  }

  /** Zeroes physical memory; both are multiples of 4. */
  clear(physical: number, size: number): void {
    this.#checkPhysical(physical, size);
    this.words.fill(0, (RAM + physical) / 4, (RAM + physical + size) / 4);
  }

  #checkPhysical(physical: number, size: number): void {
    if (
      !(
        physical >= 0 &&
        size >= 0 &&
        physical + size <= this.ramSize &&
        Number.isInteger(physical + size)
      )
    ) {
      throw new Misuse(
        `${size} bytes at physical ${hex(physical)} are not all in ${this.ramSize >>> 20} MiB of memory`,
      );
    }
  }

  #checkPages(va: number, size: number): void {
    if (
      va % PAGE_SIZE !== 0 ||
      size % PAGE_SIZE !== 0 ||
      !(va >= 0 && size > 0 && va + size <= ADDRESS_SPACE)
    ) {
      throw new Misuse(
        `${size} bytes at ${hex(va)} are not whole pages of the guest's address space`,
      );
    }
    if (va < KSEG2 && va + size > KSEG0) {
      throw new Misuse(`${size} bytes at ${hex(va)} touch kseg0 or kseg1, which are never mapped`);
    }
  }

  #word(at: number): number {
    return this.words[at / 4] ?? 0;
  }
}

function isAddress(value: number): boolean {
  return Number.isInteger(value) && value >= 0 && value < ADDRESS_SPACE;
}

function registerNumber(number: number): number {
  if (!Number.isInteger(number) || number < 0 || number > 31)
    throw new Misuse(`there is no register ${number}`);
  return number;
}

function cp0Number(register: number, select: number): number {
  if (!Number.isInteger(select) || select < 0 || select > 7)
    throw new Misuse(`there is no CP0 select ${select}`);
  return registerNumber(register) * 8 + select;
}
