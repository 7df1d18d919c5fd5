// The processor: one shared memory and the WebAssembly core that works on it, presented as registers, memory, mappings
// and runs. It converts the core's signed results to unsigned, places a big-endian guest's bytes in host memory, and
// checks what the core trusts: sizes, alignment, and that physical ranges are in RAM. engine.ts controls a run,
// wasm-core.ts holds the instance. Modules, calls and traces belong to the files above: the processor knows no kernel
// and no module lab.

import {
  CPU_COUNT,
  CPU_EVENT_DUE,
  CPU_GPR,
  CPU_HI,
  CPU_IDLE,
  CPU_IN_DELAY_SLOT,
  CPU_LO,
  CPU_MODE,
  CPU_NEXT_PC,
  CPU_PC,
  CPU_RETURN_TO,
  CPU_STOP,
  CPU_STOP_VALUE,
  CPU_TIMER_DUE,
  MODE_BOARD,
} from "../../assembly/shared/cpu-state.ts";
import {
  BOARD_LOW_RAM,
  DIRECT_SIZE,
  PAGE_SIZE,
  RAM,
  RAM_SIZE_MAX,
} from "../../assembly/shared/memory-map.ts";
import { STOP_DEVICE } from "../../assembly/shared/stops.ts";
import {
  WATCH_LENGTH,
  WATCH_REPORTED,
  WATCH_SIZE,
  WATCHES,
} from "../../assembly/shared/watches.ts";
import type { Endian } from "../bytes/endian.ts";
import { Misuse } from "../errors.ts";
import { hex } from "../hex.ts";
import type { TranslatorStatistics } from "../translate/translator.ts";
import type { Mapping } from "../translate/windows.ts";
import type { DeviceSpace } from "./devices.ts";
import { type Engine, RunLoop } from "./engine.ts";
import type { ExecutionCounts } from "./execution-counts.ts";
import { Mappings } from "./mappings.ts";
import type { Reached } from "./marks.ts";
import { type Relocator, WasmCore } from "./wasm-core.ts";
import { type Watch, watchRecords } from "./watches.ts";

const WASM_PAGE = 0x10000;
const ADDRESS_SPACE = 2 ** 32;
/** The core's word for no address. */
const NOWHERE = 0xffffffff;

/** The CPU models by reset()'s numbers, as in assembly/cpu/cpu-model.ts. */
const CPU_MODELS = { "24Kc": 0, "4KEc": 1, "4Kc": 2 } as const;
export type CpuModel = keyof typeof CPU_MODELS;
/** The supported CPU models. */
export const CPU_MODEL_NAMES = Object.keys(CPU_MODELS) as readonly CpuModel[];

export interface ProcessorOptions {
  /** JTLB entries: 16, 32 or 64; default: 16, as in QEMU. */
  readonly tlbEntries?: number;
  /** Whether it is a board's, whose memory may be larger than kseg0; default: false. */
  readonly board?: boolean;
}
export const TLB_SIZES: readonly number[] = [16, 32, 64];

export class Processor {
  readonly endian: Endian;
  /** Bytes of guest physical memory. */
  readonly ramSize: number;
  /** The whole shared memory as assembly/shared/memory-map.ts maps it, in bytes and in words. */
  readonly bytes: Uint8Array<SharedArrayBuffer>;
  readonly words: Uint32Array<SharedArrayBuffer>;
  readonly #core: WasmCore;
  readonly #loop: RunLoop;
  readonly #mappings = new Mappings();
  /** XORed with a byte's address to find it in host memory. */
  readonly #flip: number;
  #model: CpuModel = "24Kc";
  #tlbEntries = 16;

  /**
   * A CPU after a cold reset, with `ramSize` bytes of zeroed memory.
   * @param ramSize a multiple of 64 KiB, at most 512 MiB, or 2 GiB for a board
   * @throws Misuse for another memory size, an unknown CPU model, or an unsupported TLB size.
   */
  constructor(
    endian: Endian,
    ramSize: number,
    model: CpuModel = "24Kc",
    options: ProcessorOptions = {},
  ) {
    this.endian = endian;
    this.ramSize = Processor.checkedSize(ramSize, options.board ? RAM_SIZE_MAX : DIRECT_SIZE);
    this.#flip = endian === "big" ? 3 : 0;
    this.#core = new WasmCore(endian, (RAM + ramSize) / WASM_PAGE);
    this.bytes = new Uint8Array(this.#core.buffer);
    this.words = new Uint32Array(this.#core.buffer);
    this.#loop = new RunLoop(this.#core, this);
    this.reset(model, options);
  }

  /** Returns the size if it is valid for a processor's memory of at most `most` bytes. @throws Misuse if it isn't. */
  static checkedSize(ramSize: number, most: number): number {
    if (ramSize % WASM_PAGE !== 0 || !(ramSize > 0 && ramSize <= most)) {
      throw new Misuse(
        `guest memory must be a multiple of 64 KiB up to ${most >>> 20} MiB, not ${ramSize} bytes`,
      );
    }
    return ramSize;
  }

  /** The exports that relocate, for the module loader. */
  get relocator(): Relocator {
    return this.#core.relocator;
  }

  /** A cold reset: pc at the reset vector, no pages mapped, no mode bits, no limit; memory is kept. */
  reset(model: CpuModel, { tlbEntries = 16 }: ProcessorOptions = {}): void {
    if (!CPU_MODEL_NAMES.includes(model)) {
      throw new Misuse(`there is no processor '${model}'; take ${CPU_MODEL_NAMES.join(", ")}`);
    }
    if (!TLB_SIZES.includes(tlbEntries)) {
      throw new Misuse(`a TLB has ${TLB_SIZES.join(", ")} entries, not ${tlbEntries}`);
    }
    this.#core.exports.reset(this.ramSize, CPU_MODELS[model], tlbEntries);
    this.#model = model;
    this.#tlbEntries = tlbEntries;
    this.#mappings.replace([]);
    this.#loop.translator?.flush();
    this.words[WATCH_REPORTED / 4] = 0;
  }

  /** The CPU model since the last reset. */
  get model(): CpuModel {
    return this.#model;
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

  /** Continues at an address; cancels a pending branch or delay slot. */
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

  /** The value that mfc0 would read. */
  cp0(register: number, select = 0): number {
    return this.#core.exports.getCp0(cp0Number(register, select)) >>> 0;
  }

  /** Writes a CP0 register as mtc0 does. */
  setCp0(register: number, select: number, value: number): void {
    this.#core.exports.setCp0(cp0Number(register, select), value);
  }

  // Running

  /** Instructions completed since reset. If exceptions go to vectors, instructions that raised one count too. */
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

  /** Advances time without instructions; the timer and the next event come nearer by as much. */
  skip(instructions: number): void {
    this.#core.exports.skip(instructions);
  }

  /** For a device that is being accessed: the run stops with STOP_DEVICE after the instruction. */
  stopAfterThis(): void {
    this.words[CPU_STOP / 4] = STOP_DEVICE;
  }

  /** The devices past RAM, used only while MODE_BOARD is set; default: none. */
  get devices(): DeviceSpace {
    return this.#core.devices;
  }

  set devices(space: DeviceSpace) {
    this.#core.devices = space;
  }

  /** MODE_* bits. */
  get mode(): number {
    return this.#word(CPU_MODE);
  }

  set mode(bits: number) {
    if (bits !== this.mode) this.#loop.translator?.flush();
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
    return this.#loop.stopReason;
  }

  /** The value of the last stop reason: the hypercall's or the exception's code. */
  get stopValue(): number {
    return this.#word(CPU_STOP_VALUE);
  }

  /** How instructions are executed; default: `interpreter`. */
  get engine(): Engine {
    return this.#loop.engine;
  }

  set engine(engine: Engine) {
    this.#loop.engine = engine;
  }

  /** The translator's statistics; null with the engine `interpreter`, which has no translator. */
  get statistics(): TranslatorStatistics | null {
    return this.#loop.statistics;
  }

  /**
   * Translates the code at pc now, even if it is cold.
   * @returns false for code that only the interpreter can run, and with the engine `interpreter`.
   */
  translateCode(): boolean {
    return this.#loop.translator?.translate(this.pc) ?? false;
  }

  /**
   * Whether executed instructions are counted by their addresses, exactly and on each engine; default: false. Changing
   * it drops translated code.
   */
  get counting(): boolean {
    return this.#loop.counting;
  }

  set counting(counting: boolean) {
    this.#loop.counting = counting;
  }

  /** What was executed while `counting` was on. It is brought up to date each time this is read. */
  get executionCounts(): ExecutionCounts {
    return this.#loop.counts;
  }

  /**
   * Calls `reached` at each jump or taken branch to an address that mark() has marked, as long as `counting` is on; null
   * ends that. It starts without marks. Meanwhile code is interpreted.
   */
  follow(reached: Reached | null): void {
    if (reached !== null) this.counting = true;
    this.#core.marks.follow(reached);
  }

  /** Marks an address for follow(). */
  mark(address: number): void {
    this.#core.marks.add(address);
  }

  /** Runs at most this many instructions; returns STOP_*, STOP_LIMIT when all of them were completed. */
  run(limitInstructions: number): number {
    return this.#loop.run(limitInstructions);
  }

  /** The same with the exact reading only: the reference for run(), about ten times slower. */
  runExactly(limitInstructions: number): number {
    return this.#loop.runExactly(limitInstructions);
  }

  /**
   * Replaces the breakpoints and watchpoints. A run stops with STOP_BREAKPOINT or STOP_WATCHPOINT before
   * the instruction; the next run continues past it. Without watches runs keep their full speed; with watches, code
   * on their pages is run by the exact reading.
   * @throws Misuse for more than 1024 of them, more than 256 MiB, and ranges outside the address space.
   */
  setWatches(watches: readonly Watch[]): void {
    const records = watchRecords(watches);
    this.#core.exports.unwatch();
    for (const [index, record] of records.entries()) {
      this.words.set(record, (WATCHES + index * WATCH_SIZE) / 4);
    }
    this.#core.exports.watch(records.length);
  }

  /** The interrupt lines that devices hold, at Cause's bits 15..10. */
  setInterrupts(lines: number): void {
    this.#core.exports.setInterrupts(lines);
  }

  // Memory. A physical address is an offset in RAM here, from 0 to ramSize, also where a board has RAM elsewhere.

  /**
   * Maps `size` bytes at guest address `va` (useg, kseg2 or kseg3) to physical memory. All three are
   * multiples of 4 KiB. Host pages win over the guest's TLB.
   */
  mapPages(va: number, physical: number, size: number, writable: boolean): void {
    Mappings.check(va, size);
    if (physical % PAGE_SIZE !== 0) throw new Misuse(`${hex(physical)} is not at a page boundary`);
    this.#checkPhysical(physical, size);
    this.#loop.translator?.remapped(va, size);
    this.#mappings.add({ address: va, physical, size, writable });
    this.#core.exports.mapPages(va, physical, size, writable);
  }

  unmapPages(va: number, size: number): void {
    Mappings.check(va, size);
    this.#mappings.remove(va, size);
    this.#loop.translator?.remapped(va, size);
    this.#core.exports.unmapPages(va, size);
  }

  /** What the host has mapped, in pieces that don't overlap. */
  get mappings(): readonly Mapping[] {
    return this.#mappings.all;
  }

  /**
   * Must be called after all state, including the page tables, was written directly.
   * @param mappings the host's mappings that the page tables now contain.
   */
  replaced(mappings: readonly Mapping[]): void {
    this.#mappings.replace(mappings);
    this.#loop.translator?.flush();
    this.#core.exports.watch(this.#word(WATCH_LENGTH));
  }

  /** Bytes of kseg0, and of kseg1, that are RAM. */
  get directSize(): number {
    const isBoard = (this.mode & MODE_BOARD) !== 0;
    return isBoard ? Math.min(this.ramSize, BOARD_LOW_RAM) : this.ramSize;
  }

  /** The offset in RAM of a physical address, as a board's devices use it; undefined when no RAM is there. */
  ramAt(physical: number): number | undefined {
    const at = this.#core.exports.ramAt(physical) >>> 0;
    return at === NOWHERE ? undefined : at;
  }

  /** The offset in RAM that kernel mode reaches at `va`, or undefined; changes no state. */
  physicalOf(va: number, write: boolean): number | undefined {
    const physical = this.#core.exports.probe(va, write) >>> 0;
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

  /** The word at a physical address, a multiple of 4 in RAM. */
  ramWord(physical: number): number {
    return this.words[(RAM + physical) / 4] ?? 0;
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

  /** Must be called after physical memory was written through `bytes` or `words`; drops translations of it. */
  wrote(physical: number, size: number): void {
    this.#loop.translator?.written(physical, size);
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
