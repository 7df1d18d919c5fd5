// A whole computer: the processor with its memory, Malta's devices on a bus, time, and the ways a run ends. This file
// decides what happens between two stretches of instructions: events that are due, waiting that lets time pass, a reset
// that boots again. Time is counted in instructions, so the same board with the same input always runs the same way,
// independently of the host's speed and load.

import { MODE_BOARD } from "../../assembly/shared/cpu-state.ts";
import { PAGE_SIZE } from "../../assembly/shared/memory-map.ts";
import {
  STOP_BREAKPOINT,
  STOP_DEVICE,
  STOP_EVENT,
  STOP_IDLE,
  STOP_LIMIT,
  STOP_WATCHPOINT,
} from "../../assembly/shared/stops.ts";
import type { Endian } from "../bytes/endian.ts";
import { Misuse } from "../errors.ts";
import { BOARD_BYTES, IDLE_WAITS } from "../limits.ts";
import { checkOptions, type OptionKeys } from "../options.ts";
import type { Engine } from "../processor/engine.ts";
import { type CpuModel, Processor } from "../processor/processor.ts";
import { AccessLog } from "./access-log.ts";
import type { BoardStop } from "./board-stop.ts";
import { Bus, type RegionOptions } from "./bus.ts";
import { Console } from "./console.ts";
import type { Device, DevicePort } from "./device.ts";
import type { Pcnet } from "./devices/pcnet.ts";
import type { Disk } from "./disk.ts";
import { type BootProgram, loadProgram } from "./loader.ts";
import { buildMalta, type Malta } from "./malta.ts";
import { Timeline } from "./timeline.ts";

const MIB = 1 << 20;
const CLOCK_RATE = 100_000_000;
/** 1 January 2025, 00:00 UTC. */
const DATE = 1_735_689_600_000;
const MEMORY = 256 * MIB;
/** Instructions between two checks of the host's clock. */
const STRETCH = 4_000_000;
const MOST_DISKS = 4;
const STATUS = 12;
const CAUSE = 13;
const INTERRUPTS = 0xff00;
const TIMER_INTERRUPT = 0x8000;
const ALL_ONES = 0xff;
/** The number of physical addresses. */
const ADDRESSES = 2 ** 32;

export interface BoardOptions {
  readonly endian: Endian;
  /**
   * Bytes of RAM, a multiple of 64 KiB, at most 2 GiB; default: 256 MiB. What is above 256 MiB is at 0x90000000, and
   * above 512 MiB at its own distance from 0 too; a kernel with CONFIG_HIGHMEM uses it.
   */
  readonly memory?: number | undefined;
  /** Default: 24Kc. */
  readonly cpu?: CpuModel | undefined;
  /** 16 (default), 32 or 64. */
  readonly tlbEntries?: number | undefined;
  /** How instructions are run; default: interpreter. Both give the same run. */
  readonly engine?: Engine | undefined;
  /** The date of the guest's clock at the start, in milliseconds since 1970, UTC; default: 1 January 2025. */
  readonly date?: number | undefined;
  /** Up to four disks: the first and second of the first IDE channel, then those of the second. */
  readonly disks?: readonly (Disk | undefined)[] | undefined;
  /** A network card with this address, such as 52:54:00:12:34:56; default: no card. */
  readonly network?: string | undefined;
}

const BOARD_OPTIONS: OptionKeys<BoardOptions> = {
  endian: true,
  memory: true,
  cpu: true,
  tlbEntries: true,
  engine: true,
  date: true,
  disks: true,
  network: true,
};

/** How a user's device is attached. */
export interface AttachOptions extends RegionOptions {
  /** The ISA interrupt line that the device's port raises, 0 to 15: Linux's interrupt of the same number. */
  readonly line?: number;
  /** Its name in snapshots; default: its address. */
  readonly name?: string;
}

const ATTACH_OPTIONS: OptionKeys<AttachOptions> = {
  line: true,
  name: true,
  byteOrder: true,
  width: true,
  log: true,
};

export interface RunOptions {
  /** Ends the run after this many instructions. */
  readonly instructions?: number | undefined;
  /** Ends the run when the console has printed this text, or one of these; `console.matched` says which. */
  readonly until?: string | readonly string[] | undefined;
  /** Ends the run after this many seconds of real time. */
  readonly timeLimit?: number | undefined;
  /** Ends the run when the board's clock reaches this time. */
  readonly clock?: number | undefined;
  /** While the processor waits, time advances to the next event (`skip`, default), or the run ends (`return`). */
  readonly idle?: "skip" | "return" | undefined;
}

const RUN_OPTIONS: OptionKeys<RunOptions> = {
  instructions: true,
  until: true,
  timeLimit: true,
  idle: true,
  clock: true,
};

/** The board's own state, besides its processor and its devices. */
export interface BoardState {
  /** Instructions that ran before the last reset. */
  readonly before: number;
  /** The processor's interrupt inputs, as the bits of Cause.IP. */
  readonly inputs: number;
  readonly waiting: boolean;
}

interface Connected {
  readonly name: string;
  readonly device: Device;
}

export class Board {
  readonly processor: Processor;
  readonly bus: Bus;
  readonly malta: Malta;
  /** The first serial port, as text. */
  readonly console: Console;
  readonly clockRate = CLOCK_RATE;
  readonly #devices: Connected[] = [];
  readonly #timeline: Timeline;
  readonly #options: { readonly cpu: CpuModel; readonly tlbEntries: number };
  #program: (() => BootProgram) | undefined;
  #inputs = 0;
  #waiting = false;
  #request: BoardStop | undefined;
  /** What is to be done before the next instruction. */
  readonly #work: (() => void)[] = [];
  /** Instructions that ran before the last reset. */
  #before = 0;

  /** A board at reset, with empty memory. */
  static create(options: BoardOptions): Board {
    checkOptions("Board.create()", options, BOARD_OPTIONS);
    return new Board(options);
  }

  private constructor(options: BoardOptions) {
    const { endian, memory = MEMORY, cpu = "24Kc", tlbEntries = 16, disks = [] } = options;
    if (disks.length > MOST_DISKS) {
      throw new Misuse(`Malta has room for ${MOST_DISKS} disks, and not for ${disks.length}`);
    }
    if (memory > BOARD_BYTES) {
      throw new Misuse(
        `Malta has at most ${BOARD_BYTES / MIB} MiB of memory, and not ${memory} bytes`,
      );
    }
    this.processor = new Processor(endian, memory, cpu, { tlbEntries, board: true });
    this.#options = { cpu, tlbEntries };
    this.#timeline = new Timeline(() => this.#arm());
    this.bus = new Bus(endian, () => ({ pc: this.processor.pc, time: this.now }));
    this.processor.devices = this.bus;
    this.malta = buildMalta({
      endian,
      bus: this.bus,
      date: options.date ?? DATE,
      disks,
      network: options.network === undefined ? undefined : networkAddress(options.network),
      skip: (instructions) => this.processor.skip(instructions),
      attach: (name, address, size, device, region, line) => {
        this.bus.attach(address, size, device, region);
        this.#connect(name, device, line);
      },
      connect: (name, device, line) => this.#connect(name, device, line),
      interrupt: (inputs, active) => this.#interrupt(inputs, active),
    });
    this.console = new Console(this.malta.serial[0], (reason) => this.#ask(reason));
    this.processor.engine = options.engine ?? "interpreter";
    this.#resetProcessor();
  }

  /** The network card; undefined when the board has none. */
  get network(): Pcnet | undefined {
    return this.malta.network;
  }

  get endian(): Endian {
    return this.processor.endian;
  }

  /** The clock: instructions since the board started, plus the time that passed while the processor waited. */
  get now(): number {
    return this.processor.clock;
  }

  /** Instructions that ran since the board started, over all resets. */
  get instructions(): number {
    return this.#before + this.processor.count;
  }

  /** Whether the processor waits for an interrupt. */
  get waiting(): boolean {
    return this.#waiting;
  }

  /**
   * Attaches a device at physical addresses, where the guest's loads and stores reach it. It takes precedence over the
   * board's own devices. Its accesses are recorded in the order in which they happen.
   * @returns the log, for a test to assert.
   */
  attach(address: number, size: number, device: Device, options: AttachOptions = {}): AccessLog {
    checkOptions("attach()", options, ATTACH_OPTIONS);
    const { line, name = `at-${address.toString(16)}`, ...region } = options;
    if (line !== undefined && !(Number.isInteger(line) && line >= 0 && line < 16)) {
      throw new Misuse(`there is no interrupt line ${line}; the board has 0 to 15`);
    }
    if (this.#devices.some((other) => other.name === name)) {
      throw new Misuse(`the board has a device '${name}' already`);
    }
    const log = region.log ?? new AccessLog();
    this.bus.attach(address, size, device, { ...region, log });
    this.#connect(
      name,
      device,
      line === undefined ? undefined : (active) => this.malta.controllers.raise(line, active),
    );
    return log;
  }

  /** Loads a kernel with its initramfs and arguments; the next run starts it, and so does a reset. */
  load(program: BootProgram): void {
    if (program.kernel.endian !== this.endian) {
      throw new Misuse(
        `the kernel is ${program.kernel.endian}-endian, and the board ${this.endian}-endian`,
      );
    }
    loadProgram(this.processor, program);
    this.#program = () => program;
  }

  /** What a reset boots; undefined when no kernel was loaded. @throws Misuse when a snapshot's kernel is damaged. */
  get program(): BootProgram | undefined {
    return this.#program?.();
  }

  /** Whether a reset can boot, because a kernel was loaded. */
  get canReset(): boolean {
    return this.#program !== undefined;
  }

  /**
   * Resets the processor and the devices, and loads the kernel again if there is one. Memory is kept, as on the real
   * board.
   */
  reset(): void {
    this.#timeline.clear();
    this.#waiting = false;
    this.#inputs = 0;
    const { clock, count } = this.processor;
    this.#before += count;
    this.#resetProcessor();
    this.processor.skip(clock); // the clock isn't reset
    for (const { device } of this.#devices) device.reset?.();
    const { program } = this;
    if (program !== undefined) loadProgram(this.processor, program);
  }

  /** Ends the present run, or the next one at its start. For callbacks of devices and of the console. */
  stop(): void {
    this.#ask("stopped");
  }

  /**
   * Calls `work` after the instruction that is being executed, before the next one. The guest doesn't notice. For
   * callbacks that are called in the middle of an instruction.
   */
  afterThis(work: () => void): void {
    this.#work.push(work);
    this.processor.stopAfterThis();
  }

  /** Runs until one of the conditions ends the run. */
  run(options: RunOptions = {}): BoardStop {
    checkOptions("run()", options, RUN_OPTIONS);
    const { instructions = Number.POSITIVE_INFINITY, until = [], timeLimit } = options;
    const { clock = Number.POSITIVE_INFINITY } = options;
    const end = this.processor.count + instructions;
    const endTime =
      timeLimit === undefined ? Number.POSITIVE_INFINITY : performance.now() + timeLimit * 1000;
    this.console.await(typeof until === "string" ? [until] : until);
    let waits = 0;
    for (;;) {
      const request = this.#request;
      this.#request = undefined;
      if (request !== undefined) return request;
      const { count } = this.processor;
      const left = clock - this.now;
      if (count >= end || left <= 0) return "instructions";
      if (performance.now() >= endTime) return "time";
      if (this.#waiting) {
        waits += 1;
        const ended = this.#wait(options.idle ?? "skip", waits, left);
        if (ended !== undefined) return ended;
        continue;
      }
      const stop = this.processor.run(Math.min(STRETCH, end - count, left));
      if (this.processor.count !== count) waits = 0;
      for (const work of this.#work.splice(0)) work();
      const ended = this.#attend(stop);
      if (ended !== undefined) return ended;
    }
  }

  /** Advances the clock while the processor waits, and then handles the events that are due. */
  passTime(instructions: number): void {
    this.processor.skip(instructions);
    this.#timeline.pass(this.now);
    this.#waiting &&= !this.#isWoken();
  }

  /** Instructions until the next event that may end the waiting: the timer, or a device's event. */
  get untilDue(): number {
    const timer = this.#hasTimer() ? this.processor.untilTimer : Number.POSITIVE_INFINITY;
    return Math.min(timer, Math.ceil(this.#timeline.next - this.now));
  }

  /** The devices by name, in the order in which they were attached; used by snapshots. */
  get devices(): readonly Connected[] {
    return this.#devices;
  }

  /** The board's own state, for a snapshot. */
  get state(): BoardState {
    return { before: this.#before, inputs: this.#inputs, waiting: this.#waiting };
  }

  /**
   * Restores the rest of a snapshot, after processor and memory were replaced.
   * @param program gives what a reset boots; default: as before.
   */
  resume(
    state: BoardState,
    program: (() => BootProgram) | undefined,
    restoreDevices: () => void,
  ): void {
    this.#before = state.before;
    this.#program = program ?? this.#program;
    this.#timeline.clear();
    restoreDevices();
    this.#inputs = state.inputs;
    this.processor.setInterrupts(this.#inputs);
    this.#waiting = state.waiting;
    this.#request = undefined;
    this.#arm();
  }

  #attend(stop: number): BoardStop | undefined {
    switch (stop) {
      case STOP_LIMIT:
      case STOP_DEVICE:
        return undefined;
      case STOP_EVENT:
        this.#timeline.pass(this.now);
        return undefined;
      case STOP_IDLE:
        this.#waiting = true;
        return undefined;
      case STOP_BREAKPOINT:
        return "breakpoint";
      case STOP_WATCHPOINT:
        return "watchpoint";
      default:
        return "fault";
    }
  }

  /** Handles a waiting processor: advances time to the event that wakes it, or returns why there is none. */
  #wait(idle: "skip" | "return", waits: number, left: number): BoardStop | undefined {
    if (this.#isWoken()) {
      this.#waiting = false;
      return undefined;
    }
    const due = Math.min(this.untilDue, left);
    if (due === Number.POSITIVE_INFINITY || waits > IDLE_WAITS) return "halted";
    if (idle === "return") return "idle";
    this.passTime(Math.max(due, 0));
    return undefined;
  }

  #isWoken(): boolean {
    return (this.processor.cp0(CAUSE) & this.processor.cp0(STATUS) & INTERRUPTS) !== 0;
  }

  #hasTimer(): boolean {
    return (this.processor.cp0(STATUS) & TIMER_INTERRUPT) !== 0;
  }

  #resetProcessor(): void {
    const { cpu, tlbEntries } = this.#options;
    this.processor.reset(cpu, { tlbEntries });
    this.processor.mode = MODE_BOARD;
  }

  #connect(name: string, device: Device, line: (active: boolean) => void = () => undefined): void {
    const board = this;
    const owner = this.#devices.length;
    this.#devices.push({ name, device });
    const port: DevicePort = {
      get now() {
        return board.now;
      },
      clockRate: CLOCK_RATE,
      raise: line,
      at: (time, callback) => this.#timeline.at(time, owner, callback),
      memory: {
        read: (physical, size) => this.#readMemory(physical, size),
        write: (physical, bytes) => this.#writeMemory(physical, bytes),
      },
      stop: (reason) => this.#ask(reason),
    };
    device.connect?.(port);
  }

  /** Reads memory for DMA. */
  #readMemory(physical: number, size: number): Uint8Array {
    const bytes = new Uint8Array(size).fill(ALL_ONES);
    this.#inRam(physical, size, (at, first, part) =>
      bytes.set(this.processor.readBytes(at, part), first),
    );
    return bytes;
  }

  #writeMemory(physical: number, bytes: Uint8Array): void {
    this.#inRam(physical, bytes.length, (at, first, part) =>
      this.processor.writeBytes(at, bytes.subarray(first, first + part)),
    );
  }

  /** Calls `transfer` for the parts of a physical range that are RAM, each within a page. */
  #inRam(
    physical: number,
    size: number,
    transfer: (ramAt: number, first: number, part: number) => void,
  ): void {
    if (!(Number.isInteger(physical) && physical >= 0)) return;
    for (let first = 0; first < size && physical + first < ADDRESSES; ) {
      const part = Math.min(size - first, PAGE_SIZE - ((physical + first) % PAGE_SIZE));
      const at = this.processor.ramAt(physical + first);
      if (at !== undefined) transfer(at, first, part);
      first += part;
    }
  }

  #interrupt(inputs: number, active: boolean): void {
    const now = active ? this.#inputs | inputs : this.#inputs & ~inputs;
    if (now === this.#inputs) return;
    this.#inputs = now;
    this.processor.setInterrupts(now);
  }

  #ask(reason: BoardStop): void {
    this.#request ??= reason;
    this.processor.stopAfterThis();
  }

  /** Makes the processor stop when the first event is due. */
  #arm(): void {
    this.processor.untilEvent = Math.ceil(this.#timeline.next - this.now);
  }
}

/** The bytes of an address such as 52:54:00:12:34:56. */
function networkAddress(text: string): Uint8Array {
  const bytes = Uint8Array.from(text.split(":"), (part) => Number.parseInt(part, 16));
  if (!/^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/i.test(text) || ((bytes[0] ?? 0) & 1) !== 0) {
    throw new Misuse(`${text} is no address of a network card, such as 52:54:00:12:34:56`);
  }
  return bytes;
}
