// The border to the WebAssembly core: one shared memory, one instance, and numbers across. It alone
// imports the loader, makes unsigned what arrives signed, and knows how a big-endian guest's words lie in
// memory. It checks what the core trusts: sizes, alignment, and that physical ranges lie in RAM. What the
// numbers mean to a module, a call or a trace is for the files above it.

import { readFileSync } from "node:fs";
import { instantiateSync } from "@assemblyscript/loader";
import {
  CPU_COUNT,
  CPU_DEVICE_FAULT,
  CPU_EVENT_DUE,
  CPU_GPR,
  CPU_HI,
  CPU_IDLE,
  CPU_IN_DELAY_SLOT,
  CPU_LIMIT,
  CPU_LO,
  CPU_MODE,
  CPU_NEXT_PC,
  CPU_PC,
  CPU_RETURN_TO,
  CPU_STOP,
  CPU_STOP_VALUE,
  CPU_TIMER_DUE,
  ENGINE,
  HOT_AFTER,
  KSEG0,
  KSEG2,
  MODE_FARJAL_WORDS,
  MODE_STOP_ON_EXCEPTION,
  OBSERVING,
  PAGE_SIZE,
  RAM,
  RAM_SIZE_MAX,
  RING_PUBLISHED,
  RING_WRITTEN,
  SLOTS,
  STOP_ABOUT,
  STOP_CODE,
  STOP_DEVICE,
  STOP_EXITS,
  STOP_HOT,
  STOP_LIMIT,
  WATCH_EXECUTE,
  WATCH_LENGTH,
  WATCH_READ,
  WATCH_SIZE,
  WATCH_TOLD,
  WATCH_WRITE,
  WATCHES,
  WATCHES_CAPACITY,
} from "../../assembly/shared/memory-map.ts";
import { CP0_STATUS } from "../../assembly/shared/opcodes.ts";
import type { Endian } from "../bytes/endian.ts";
import { Misuse } from "../errors.ts";
import { hex } from "../hex.ts";
import type { RelocationCore } from "../module/relocation/relocation.ts";
import {
  type Linked,
  OBSERVATION,
  Translator,
  type TranslatorStatistics,
} from "../translate/translator.ts";
import type { Mapping } from "../translate/windows.ts";

const WASM_PAGE = 0x10000;
const SP = 29;
const ADDRESS_SPACE = 2 ** 32;
/** The core's word for no address. */
const NOWHERE = 0xffffffff;
/** V8 replaces a running function's code only between calls, so a long run is many calls. */
const SLICE = 2_000_000;
/** What translated code does in one call: it is faster, and interprets a slice's last instructions. */
const TRANSLATED_SLICE = 16_000_000;

/**
 * How instructions are run. `interpreter` reads one after the other. `translator` makes WebAssembly of code
 * that is come to a second time, `auto` of code that is hot. The guest can't tell them apart.
 */
export type Engine = "interpreter" | "translator" | "auto";
export const ENGINES: readonly Engine[] = ["interpreter", "translator", "auto"];
/**
 * Visits before a place is translated. A guest instruction costs as much to translate as to interpret several
 * thousand times: with 100 visits in place of 8,000 a thousand calls of zstd's compressor took three times as long.
 */
const HOT: Readonly<Record<Exclude<Engine, "interpreter">, number>> = { translator: 1, auto: 8000 };
/**
 * Instructions since reset before anything is translated. What ends within two million has its result from the
 * interpreter in the time that V8 takes for the first regions.
 */
const COLD: Readonly<Record<Exclude<Engine, "interpreter">, number>> = { translator: 0, auto: 2e6 };

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
  skip(instructions: number): void;
  unwatch(): void;
  watch(length: number): void;
  markPage(address: number): void;
  markPhysical(physical: number): void;
  emit(word: number, pc: number): number;
  emitLeave(): void;
  relocate: RelocationCore["relocate"];
  relocate64: RelocationCore["relocate64"];
  finishSection: RelocationCore["finishSection"];
}

interface CoreInstance {
  readonly exports: CoreExports;
  readonly linked: Linked;
}

/** reset()'s processors, as in assembly/cpu/cpu-model.ts. */
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

/** What answers at physical addresses past RAM, when MODE_BOARD is set. Sizes are 1, 2 or 4 bytes. */
export interface DeviceSpace {
  /** @returns the value in the low bits, or undefined where no device is: a bus error. */
  read(physical: number, size: number): number | undefined;
  /** @returns whether a device is there. */
  write(physical: number, size: number, value: number): boolean;
}

const NO_DEVICES: DeviceSpace = { read: () => undefined, write: () => false };

/** The core's imports for a device space that may change, and the word in which a bus error is reported. */
function deviceImports(space: () => DeviceSpace, words: Uint32Array) {
  return {
    deviceRead: (physical: number, size: number): number => {
      const value = space().read(physical >>> 0, size);
      if (value === undefined) words[CPU_DEVICE_FAULT / 4] = 1;
      return value ?? 0;
    },
    deviceWrite: (physical: number, size: number, value: number): void => {
      const found = space().write(physical >>> 0, size, value >>> 0);
      if (!found) words[CPU_DEVICE_FAULT / 4] = 1;
    },
  };
}

/** An instance over the memory, with a function table of its own. */
function coreInstance(
  endian: Endian,
  memory: WebAssembly.Memory,
  devices: ReturnType<typeof deviceImports>,
): CoreInstance {
  const table = new WebAssembly.Table({ initial: SLOTS, element: "anyfunc" });
  const { exports, instance } = instantiateSync<CoreExports>(coreModule(endian), {
    env: { memory, table, ...devices },
  });
  // What other modules call has to be WebAssembly's own function, not the loader's.
  const functions = instance.exports as unknown as Omit<Linked, "table">;
  return { exports, linked: { ...functions, table } };
}

export class Core {
  readonly endian: Endian;
  /** Bytes of guest physical memory. */
  readonly ramSize: number;
  /** The whole shared memory as assembly/shared/memory-map.ts maps it, in bytes and in words. */
  readonly bytes: Uint8Array<SharedArrayBuffer>;
  readonly words: Uint32Array<SharedArrayBuffer>;
  /** What is past RAM; it matters only while MODE_BOARD is set. */
  devices: DeviceSpace = NO_DEVICES;
  readonly #deviceImports: ReturnType<typeof deviceImports>;
  readonly #memory: WebAssembly.Memory;
  /** From RING_WRITTEN to RING_PUBLISHED. */
  readonly #ring: BigInt64Array;
  /** All state is in the memory: an instance can take another's place between two runs. */
  #instance: CoreInstance;
  #engine: Engine = "interpreter";
  #translator: Translator | undefined;
  #mappings: Mapping[] = [];
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
    this.#memory = memory;
    this.#ring = new BigInt64Array(buffer, RING_WRITTEN, (RING_PUBLISHED - RING_WRITTEN) / 8 + 1);
    this.#deviceImports = deviceImports(() => this.devices, this.words);
    this.#instance = coreInstance(endian, memory, this.#deviceImports);
    this.#exports.start();
  }

  /** The exports that relocate, for the module loader. */
  get relocator(): RelocationCore {
    const { relocate, relocate64, finishSection } = this.#exports;
    return { memory: this.#memory, relocate, relocate64, finishSection };
  }

  get #exports(): CoreExports {
    return this.#instance.exports;
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
    this.#mappings = [];
    this.#translator?.flush();
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
    return this.#wide(CPU_COUNT);
  }

  /** The clock: instructions completed, and the time that passed while the processor waited. */
  get clock(): number {
    return this.count + this.#wide(CPU_IDLE);
  }

  /** Instructions until the processor's own timer interrupts; Infinity while it is stopped. */
  get untilTimer(): number {
    return this.#until(CPU_TIMER_DUE);
  }

  /** Instructions until a run stops with STOP_EVENT; Infinity for never. */
  get untilEvent(): number {
    return this.#until(CPU_EVENT_DUE);
  }

  set untilEvent(instructions: number) {
    const due = this.count + Math.max(instructions, 0);
    const never = due > Number.MAX_SAFE_INTEGER;
    this.words[CPU_EVENT_DUE / 4] = never ? NOWHERE : due % ADDRESS_SPACE;
    this.words[CPU_EVENT_DUE / 4 + 1] = never ? NOWHERE : Math.floor(due / ADDRESS_SPACE);
  }

  /** Lets time pass without instructions. The timer and the next event come as much nearer. */
  skip(instructions: number): void {
    this.#exports.skip(instructions);
  }

  /** For a device that is being accessed: the run stops with STOP_DEVICE after the instruction. */
  stopAfterThis(): void {
    this.words[CPU_STOP / 4] = STOP_DEVICE;
  }

  /** MODE_* bits. */
  get mode(): number {
    return this.#word(CPU_MODE);
  }

  set mode(bits: number) {
    if (bits !== this.mode) this.#translator?.flush();
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

  /** How instructions are run; `interpreter` unless told. */
  get engine(): Engine {
    return this.#engine;
  }

  set engine(engine: Engine) {
    this.#engine = engine;
    if (engine === "interpreter") {
      this.#translator?.flush();
      this.#translator = undefined;
    } else {
      this.words[HOT_AFTER / 4] = HOT[engine];
      this.#translator ??= this.#makeTranslator();
    }
  }

  /** What the translator has done, if there is one. */
  get statistics(): TranslatorStatistics | null {
    return this.#translator?.statistics ?? null;
  }

  /**
   * Translates the code at pc now, however cold it is, and runs it translated from then on.
   * @returns false where the interpreter is needed, and with the engine `interpreter`.
   */
  translateCode(): boolean {
    return this.#translator?.translate(this.pc) ?? false;
  }

  /** Runs at most so many instructions; returns STOP_*, with STOP_LIMIT when all of them were completed. */
  run(limitInstructions: number): number {
    const cold = this.#engine === "interpreter" ? 0 : COLD[this.#engine] - this.count;
    if (cold <= 0) return this.#runWarm(limitInstructions);
    this.words[ENGINE / 4] = 0;
    const stop = this.#run(Math.min(limitInstructions, cold), SLICE, this.#exports.run);
    if (stop !== STOP_LIMIT || limitInstructions <= cold) return stop;
    return this.#runWarm(limitInstructions - cold);
  }

  #runWarm(limitInstructions: number): number {
    const translating = this.#mayTranslate();
    this.words[ENGINE / 4] = Number(translating);
    const slice = translating ? TRANSLATED_SLICE : SLICE;
    return this.#run(limitInstructions, slice, this.#exports.run);
  }

  /** The same by the exact reading alone: the reference for run(), some ten times slower. */
  runExactly(limitInstructions: number): number {
    return this.#run(limitInstructions, SLICE, this.#exports.runExactly);
  }

  #run(limitInstructions: number, slice: number, run: () => number): number {
    if (!(limitInstructions >= 0))
      throw new Misuse(`an instruction limit can't be ${limitInstructions}`);
    const end = Math.min(this.count + limitInstructions, Number.MAX_SAFE_INTEGER);
    for (;;) {
      const stop = this.#attend(this.#runTo(end, slice, run), end);
      if (stop === undefined) continue;
      this.#publishRecords();
      return stop;
    }
  }

  /** Lets other threads have what was recorded since the core last did. */
  #publishRecords(): void {
    const written = this.#ring[0] ?? 0n;
    const published = this.#ring.length - 1;
    if (this.#ring[published] !== written) Atomics.store(this.#ring, published, written);
  }

  #runTo(end: number, slice: number, run: () => number): number {
    for (;;) {
      const limit = Math.min(this.count + slice, end);
      this.words[CPU_LIMIT / 4] = limit % ADDRESS_SPACE;
      this.words[CPU_LIMIT / 4 + 1] = Math.floor(limit / ADDRESS_SPACE);
      const reason = run() >>> 0;
      this.#stopReason = reason;
      if (reason !== STOP_LIMIT || limit === end) return reason;
    }
  }

  // Translation

  /** Does what the translator is wanted for; returns the reason if the run is over for another one. */
  #attend(reason: number, end: number): number | undefined {
    const translator = this.#translator;
    const { pc } = this;
    const about = this.#word(STOP_ABOUT);
    if (translator === undefined) return reason;
    if (reason === STOP_CODE) {
      translator.written(about & ~3, 4);
      return undefined;
    }
    if (reason === STOP_HOT && translator.reinstall(pc)) return undefined;
    if (reason !== STOP_HOT && reason !== STOP_EXITS) return reason;
    const then = this.#observe(end);
    if (reason === STOP_HOT) translator.translate(pc);
    else translator.improve(about);
    if (then === STOP_LIMIT && this.count < end) return undefined; // only the observation is over
    return this.#attend(then, end);
  }

  /** Runs on for a while and has it noted what code does. */
  #observe(end: number): number {
    this.words[OBSERVING / 4] = 1;
    try {
      const until = Math.min(this.count + OBSERVATION, end);
      return this.#runTo(until, OBSERVATION, this.#exports.runExactly);
    } finally {
      this.words[OBSERVING / 4] = 0;
    }
  }

  /** Not while something is watched, nor when the run ends in the middle of what is translated. */
  #mayTranslate(): boolean {
    const translator = this.#translator;
    if (translator === undefined || this.#word(WATCH_LENGTH) > 0) return false;
    return this.returnTo === NOWHERE || !translator.covers(this.returnTo);
  }

  #makeTranslator(): Translator {
    const core = this;
    return new Translator({
      memory: this.#memory,
      ramSize: this.ramSize,
      get linked() {
        return core.#instance.linked;
      },
      renew: () => {
        core.#instance = coreInstance(core.endian, core.#memory, core.#deviceImports);
      },
      get sp() {
        return core.gpr(SP);
      },
      get returnTo() {
        return core.returnTo;
      },
      get mappings() {
        return core.#mappings;
      },
      emit: (word, pc) => this.#exports.emit(word, pc),
      emitLeave: () => this.#exports.emitLeave(),
      translate: (address) => this.translate(address, false),
      markPage: (address) => this.#exports.markPage(address),
      markPhysical: (physical) => this.#exports.markPhysical(physical),
    });
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
    this.#unmap(va, size);
    this.#mappings.push({ address: va, physical, size, writable });
    this.#exports.mapPages(va, physical, size, writable);
  }

  unmapPages(va: number, size: number): void {
    this.#checkPages(va, size);
    this.#unmap(va, size);
    this.#exports.unmapPages(va, size);
  }

  /** What the host has mapped, in pieces that don't overlap. */
  get mappings(): readonly Mapping[] {
    return this.#mappings;
  }

  /** Everything was written from outside, the page tables too: these are the host's pages in them now. */
  replaced(mappings: readonly Mapping[]): void {
    this.#mappings = [...mappings];
    this.#translator?.flush();
    this.#exports.watch(this.#word(WATCH_LENGTH));
  }

  /** Takes a range out of the mappings, which may leave a piece before and one behind it. */
  #unmap(address: number, size: number): void {
    const end = address + size;
    this.#mappings = this.#mappings.flatMap((mapping) => {
      const before = address - mapping.address;
      const behind = mapping.address + mapping.size - end;
      if (before >= mapping.size || behind >= mapping.size) return [mapping];
      const left = before > 0 ? [{ ...mapping, size: before }] : [];
      const physical = mapping.physical + mapping.size - behind;
      const right = behind > 0 ? [{ ...mapping, address: end, physical, size: behind }] : [];
      return [...left, ...right];
    });
    this.#translator?.remapped(address, size);
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
    this.wrote(physical, bytes.length);
    if (this.#flip === 0) {
      this.bytes.set(bytes, RAM + physical);
    } else {
      bytes.forEach((byte, i) => {
        this.bytes[RAM + ((physical + i) ^ this.#flip)] = byte;
      });
    }
  }

  /** Says that somebody wrote to physical memory through `bytes` or `words`: code there is another now. */
  wrote(physical: number, size: number): void {
    this.#translator?.written(physical, size);
  }

  /** Zeroes physical memory; both are multiples of 4. */
  clear(physical: number, size: number): void {
    this.#checkPhysical(physical, size);
    this.wrote(physical, size);
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

  #until(due: number): number {
    const at = this.#wide(due);
    return at > Number.MAX_SAFE_INTEGER ? Number.POSITIVE_INFINITY : at - this.count;
  }

  #wide(at: number): number {
    return this.#word(at) + this.#word(at + 4) * ADDRESS_SPACE;
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
