// An IDE channel with up to two ATA disks: the task file's registers, transfers of sectors by the processor (PIO) and by
// the bus master (DMA), with 28 and 48 bits of address. A command takes time, as on a disk: the channel is busy until
// the alarm at which data is there and the interrupt is requested. Packet devices are missing. (ATA/ATAPI-6, INCITS
// 361-2002; QEMU's is the reference.)

import type { Device, DevicePort, Saved } from "../device.ts";
import { type Disk, SECTOR_SIZE } from "../disk.ts";
import { BusMaster } from "./bus-master.ts";
import { identity } from "./ide-identity.ts";

/** Offsets in the task file. */
const DATA = 0;
const FEATURES = 1;
const COUNT = 2;
const LBA_LOW = 3;
const DRIVE = 6;
const COMMAND = 7;

const BUSY = 0x80;
const READY = 0x40;
const SEEK_DONE = 0x10;
const DATA_REQUEST = 0x08;
const ERROR = 0x01;
const ABORTED = 0x04;
const NOT_FOUND = 0x10;
const DRIVE_LBA = 0x40;
const DRIVE_SECOND = 0x10;
/** Bits of the drive register that always read as ones. */
const DRIVE_ONES = 0xa0;
/** The device control register: no interrupts, reset, and the high-order bytes for reading. */
const NO_INTERRUPT = 0x02;
const SOFT_RESET = 0x04;
const HIGH_ORDER = 0x80;
const DIAGNOSED = 0x01;

/** The most sectors that a command transfers between two interrupts. */
const MULTIPLE_MOST = 16;
/** Seconds that a command takes, and each of its sectors. */
const COMMAND_TIME = 50e-6;
const SECTOR_TIME = 5e-6;

/** A command that transfers sectors. */
interface Transfer {
  readonly direction: "read" | "write";
  readonly way: "pio" | "multiple" | "dma";
  readonly wide: boolean;
}

const TRANSFERS: ReadonlyMap<number, Transfer> = new Map<number, Transfer>([
  [0x20, { direction: "read", way: "pio", wide: false }],
  [0x21, { direction: "read", way: "pio", wide: false }],
  [0x24, { direction: "read", way: "pio", wide: true }],
  [0x29, { direction: "read", way: "multiple", wide: true }],
  [0x30, { direction: "write", way: "pio", wide: false }],
  [0x31, { direction: "write", way: "pio", wide: false }],
  [0x34, { direction: "write", way: "pio", wide: true }],
  [0x39, { direction: "write", way: "multiple", wide: true }],
  [0xc4, { direction: "read", way: "multiple", wide: false }],
  [0xc5, { direction: "write", way: "multiple", wide: false }],
  [0xc8, { direction: "read", way: "dma", wide: false }],
  [0xc9, { direction: "read", way: "dma", wide: false }],
  [0x25, { direction: "read", way: "dma", wide: true }],
  [0xca, { direction: "write", way: "dma", wide: false }],
  [0xcb, { direction: "write", way: "dma", wide: false }],
  [0x35, { direction: "write", way: "dma", wide: true }],
]);
const IDENTIFY = 0xec;
const SET_MULTIPLE = 0xc6;
const SET_FEATURES = 0xef;
const DIAGNOSE = 0x90;
const VERIFY = new Map([
  [0x40, false],
  [0x41, false],
  [0x42, true],
]);
const NATIVE_MOST = new Map([
  [0xf8, false],
  [0x27, true],
]);
const CHECK_POWER = 0xe5;
const POWER_ACTIVE = 0xff;
/** Flushing, seeking, recalibrating, setting the geometry and the power modes: nothing is left to do. */
const WITHOUT_DATA: ReadonlySet<number> = new Set([
  ...[0xe7, 0xea, 0x70, 0x10, 0x91, 0xe0, 0xe1, 0xe2, 0xe3],
]);
/** SET FEATURES: the write cache, the transfer mode, the look-ahead. */
const FEATURES_KNOWN: ReadonlySet<number> = new Set([0x02, 0x82, 0x03, 0x55, 0xaa, 0x66, 0xcc]);
const FEATURE_MODE = 0x03;

/** What the channel is doing. */
type Work =
  | { readonly kind: "idle" }
  /** The alarm ends it. */
  | { readonly kind: "busy"; readonly until: number; readonly next: "data" | "done" | "dma" }
  | { readonly kind: "data" };

/** A disk's own registers; the others are written in both disks of the channel. */
interface Unit {
  readonly disk: Disk;
  /** Sectors between two interrupts of READ MULTIPLE; 0: not set. */
  multiple: number;
  mode: number;
}

export class IdeChannel {
  readonly #units: readonly (Unit | undefined)[];
  #port: DevicePort | undefined;
  #cancel: () => void = () => undefined;
  /** Features, count and three bytes of address; the second one is what was written before: the high-order bytes. */
  #now = [0, 1, 1, 0, 0];
  #before = [0, 0, 0, 0, 0];
  #drive = DRIVE_ONES;
  #control = 0;
  #status = READY | SEEK_DONE;
  #error = DIAGNOSED;
  #raised = false;
  #work: Work = { kind: "idle" };
  #command = 0;
  /** The disk of the command: the guest may select the other one before it is done. */
  #target = 0;
  /** The place of the next sector, and how many are left with it. */
  #sector = 0;
  #left = 0;
  /** The data that the processor transfers, and how much of it is done. */
  #buffer: Uint8Array = new Uint8Array();
  #at = 0;
  /** The channel's half of the bus master. */
  readonly master = new BusMaster(() => {
    if (this.#isWaitingForMaster) this.#wait();
  });

  constructor(disks: readonly (Disk | undefined)[]) {
    this.#units = [disks[0], disks[1]].map((disk) =>
      disk === undefined ? undefined : { disk, multiple: MULTIPLE_MOST, mode: 0 },
    );
  }

  /** The eight registers from the channel's first port on. */
  get registers(): Device {
    return {
      read: (offset, size) => (offset === DATA ? this.#readData(size) : this.#read(offset)),
      write: (offset, size, value) => {
        if (offset === DATA) this.#writeData(size, value);
        else this.#write(offset, value & 0xff);
      },
      connect: (port) => {
        this.#port = port;
      },
      save: () => this.#save(),
      restore: (saved) => this.#restore(saved),
      reset: () => this.#reset(),
    };
  }

  /** The alternate status and device control register. */
  get control(): Device {
    return {
      read: () => this.#statusOfDrive(),
      write: (_offset, _size, value) => this.#setControl(value & 0xff),
    };
  }

  // The task file

  get #unit(): Unit | undefined {
    return this.#units[(this.#drive & DRIVE_SECOND) === 0 ? 0 : 1];
  }

  get #targetUnit(): Unit | undefined {
    return this.#units[this.#target];
  }

  #read(offset: number): number {
    if (this.#units.every((unit) => unit === undefined)) return 0;
    if (offset === COMMAND) {
      this.#interrupt(false);
      return this.#statusOfDrive();
    }
    if (offset === DRIVE) return this.#drive;
    if (this.#unit === undefined) return 0;
    const isHigh = (this.#control & HIGH_ORDER) !== 0;
    if (offset === FEATURES) return this.#error;
    return (isHigh ? this.#before : this.#now)[offset - FEATURES] ?? 0;
  }

  #statusOfDrive(): number {
    return this.#unit === undefined ? 0 : this.#status;
  }

  #write(offset: number, value: number): void {
    if (offset === COMMAND) {
      this.#interrupt(false);
      if ((this.#status & BUSY) === 0 && (this.#unit !== undefined || value === DIAGNOSE)) {
        this.#begin(value);
      }
    } else if (offset === DRIVE) {
      this.#drive = value | DRIVE_ONES;
    } else if (offset >= FEATURES) {
      this.#control &= ~HIGH_ORDER;
      this.#before[offset - FEATURES] = this.#now[offset - FEATURES] ?? 0;
      this.#now[offset - FEATURES] = value;
    }
  }

  #setControl(value: number): void {
    const ended = (this.#control & SOFT_RESET) !== 0 && (value & SOFT_RESET) === 0;
    this.#control = value;
    if ((value & SOFT_RESET) !== 0) this.#stop();
    if ((value & SOFT_RESET) !== 0) this.#status = BUSY;
    if (ended) this.#signature();
    this.#line();
  }

  // Commands

  #begin(command: number): void {
    const unit = this.#unit;
    this.#target = (this.#drive & DRIVE_SECOND) === 0 ? 0 : 1;
    this.#command = command;
    this.#error = 0;
    this.#status = READY | SEEK_DONE;
    const transfer = TRANSFERS.get(command);
    if (command === DIAGNOSE) {
      this.#signature();
      this.#later("done", COMMAND_TIME);
    } else if (unit === undefined) {
      this.#fail(ABORTED);
    } else if (transfer !== undefined) {
      this.#transfer(unit, transfer);
    } else if (command === IDENTIFY) {
      this.#buffer = identity(unit.disk, { multiple: unit.multiple, mode: unit.mode });
      this.#at = 0;
      this.#left = 0;
      this.#later("data", COMMAND_TIME);
    } else if (VERIFY.has(command)) {
      const { first, count } = this.#range(VERIFY.get(command) === true);
      if (first + count > unit.disk.sectors) this.#fail(NOT_FOUND);
      else this.#later("done", COMMAND_TIME);
    } else if (NATIVE_MOST.has(command)) {
      this.#setAddress(unit.disk.sectors - 1, NATIVE_MOST.get(command) === true);
      this.#later("done", COMMAND_TIME);
    } else if (command === SET_MULTIPLE) {
      const count = this.#now[COUNT - FEATURES] ?? 0;
      if (count > MULTIPLE_MOST || (count & (count - 1)) !== 0) this.#fail(ABORTED);
      else {
        unit.multiple = count;
        this.#later("done", COMMAND_TIME);
      }
    } else if (command === SET_FEATURES && FEATURES_KNOWN.has(this.#now[0] ?? 0)) {
      if (this.#now[0] === FEATURE_MODE) unit.mode = this.#now[COUNT - FEATURES] ?? 0;
      this.#later("done", COMMAND_TIME);
    } else if (command === CHECK_POWER) {
      this.#now[COUNT - FEATURES] = POWER_ACTIVE;
      this.#later("done", COMMAND_TIME);
    } else if (WITHOUT_DATA.has(command)) {
      this.#later("done", COMMAND_TIME);
    } else {
      this.#fail(ABORTED);
    }
  }

  #transfer({ disk, multiple }: Unit, { direction, way, wide }: Transfer): void {
    const { first, count } = this.#range(wide);
    if (way === "multiple" && multiple === 0) {
      this.#fail(ABORTED);
      return;
    }
    if (first + count > disk.sectors) {
      this.#fail(NOT_FOUND);
      return;
    }
    this.#sector = first;
    this.#left = count;
    if (way === "dma") this.#wait();
    else if (direction === "read") this.#nextRead(COMMAND_TIME);
    else this.#offer(); // the first data of a write is asked for without an interrupt
  }

  /** The sectors that the registers name: by their number, or by cylinder, head and sector. */
  #range(wide: boolean): { readonly first: number; readonly count: number } {
    const [, count = 0, low = 0, mid = 0, high = 0] = this.#now;
    const [, countBefore = 0, lowBefore = 0, midBefore = 0, highBefore = 0] = this.#before;
    if (wide) {
      const upper = lowBefore + midBefore * 2 ** 8 + highBefore * 2 ** 16;
      const first = upper * 2 ** 24 + low + mid * 2 ** 8 + high * 2 ** 16;
      return { first, count: countBefore * 256 + count || 65536 };
    }
    const head = this.#drive & 0x0f;
    const cylinder = high * 256 + mid;
    const first =
      (this.#drive & DRIVE_LBA) !== 0
        ? head * 2 ** 24 + cylinder * 256 + low
        : (cylinder * 16 + head) * 63 + low - 1;
    return { first: first < 0 ? Number.POSITIVE_INFINITY : first, count: count || 256 };
  }

  #setAddress(sector: number, wide: boolean): void {
    const byte = (index: number): number => Math.floor(sector / 256 ** index) % 256;
    this.#now.splice(LBA_LOW - FEATURES, 3, byte(0), byte(1), byte(2));
    if (wide) this.#before.splice(LBA_LOW - FEATURES, 3, byte(3), byte(4), byte(5));
    else this.#drive = (this.#drive & 0xf0) | (byte(3) & 0x0f);
  }

  // Transfers by the processor

  #readData(size: number): number {
    let value = 0;
    for (let byte = 0; byte < size; byte += 1) {
      value += (this.#isReading ? (this.#buffer[this.#at + byte] ?? 0) : 0) * 256 ** byte;
    }
    if (this.#isReading) this.#advance(size);
    return value;
  }

  #writeData(size: number, value: number): void {
    if (this.#work.kind !== "data" || TRANSFERS.get(this.#command)?.direction !== "write") return;
    for (let byte = 0; byte < size && this.#at + byte < this.#buffer.length; byte += 1) {
      this.#buffer[this.#at + byte] = Math.floor(value / 256 ** byte) % 256;
    }
    this.#advance(size);
  }

  get #isReading(): boolean {
    return this.#work.kind === "data" && TRANSFERS.get(this.#command)?.direction !== "write";
  }

  /** Counts transferred bytes; at the end of the buffer the command goes on. */
  #advance(size: number): void {
    this.#at += size;
    if (this.#at < this.#buffer.length) return;
    const transfer = TRANSFERS.get(this.#command);
    this.#status &= ~DATA_REQUEST;
    this.#work = { kind: "idle" };
    if (transfer === undefined) return; // IDENTIFY has one sector, and no interrupt after it
    if (transfer.direction === "read") {
      if (this.#left > 0) this.#nextRead(0);
      return;
    }
    this.#targetUnit?.disk.write(this.#sector * SECTOR_SIZE, this.#buffer);
    this.#moved(this.#buffer.length / SECTOR_SIZE);
    this.#later(this.#left > 0 ? "data" : "done", COMMAND_TIME);
  }

  /** Sectors of the next piece of a transfer. */
  get #piece(): number {
    const isMultiple = TRANSFERS.get(this.#command)?.way === "multiple";
    return Math.min(this.#left, isMultiple ? (this.#targetUnit?.multiple ?? 1) : 1);
  }

  #nextRead(time: number): void {
    const count = this.#piece;
    const bytes = this.#targetUnit?.disk.read(this.#sector * SECTOR_SIZE, count * SECTOR_SIZE);
    this.#buffer = bytes ?? new Uint8Array();
    this.#at = 0;
    this.#moved(count);
    this.#later("data", time + count * SECTOR_TIME);
  }

  /** Asks the processor for the next piece of a write. */
  #offer(): void {
    this.#buffer = new Uint8Array(this.#piece * SECTOR_SIZE);
    this.#at = 0;
    this.#status = READY | SEEK_DONE | DATA_REQUEST;
    this.#work = { kind: "data" };
  }

  #moved(count: number): void {
    this.#sector += count;
    this.#left -= count;
  }

  // Transfers by the bus master

  /** Begins a transfer once both the command and the bus master's start are given. */
  #wait(): void {
    this.#status = READY | SEEK_DONE | BUSY;
    this.#work = { kind: "idle" };
    if (this.master.isActive) this.#later("dma", COMMAND_TIME + this.#left * SECTOR_TIME);
  }

  get #isWaitingForMaster(): boolean {
    return this.#work.kind === "idle" && (this.#status & BUSY) !== 0 && this.#left > 0;
  }

  /** Transfers between the disk and the regions of memory that the table names. */
  #transferByMaster(): void {
    const transfer = TRANSFERS.get(this.#command);
    const port = this.#port;
    const unit = this.#targetUnit;
    if (transfer === undefined || port === undefined || unit === undefined) return;
    let offset = this.#sector * SECTOR_SIZE;
    const size = this.#left * SECTOR_SIZE;
    const done = this.master.transfer(size, port.memory, (address, length) => {
      if (transfer.direction === "read") {
        port.memory.write(address, unit.disk.read(offset, length));
      } else {
        unit.disk.write(offset, port.memory.read(address, length));
      }
      offset += length;
    });
    this.#moved(Math.floor(done / SECTOR_SIZE));
    if (done < size) this.#fail(ABORTED);
    else this.#finish();
  }

  // Time and interrupts

  #later(next: "data" | "done" | "dma", seconds: number): void {
    this.#status = (this.#status & ~DATA_REQUEST) | BUSY;
    const { now = 0, clockRate = 1 } = this.#port ?? {};
    this.#schedule({ kind: "busy", until: now + Math.round(seconds * clockRate), next });
  }

  #schedule(work: Extract<Work, { kind: "busy" }>): void {
    this.#cancel();
    this.#work = work;
    this.#cancel = this.#port?.at(work.until, () => this.#due(work.next)) ?? this.#cancel;
  }

  #due(next: "data" | "done" | "dma"): void {
    this.#work = { kind: "idle" };
    if (next === "dma") this.#transferByMaster();
    else if (next === "done") this.#finish();
    else {
      if (TRANSFERS.get(this.#command)?.direction === "write") this.#offer();
      else {
        this.#status = READY | SEEK_DONE | DATA_REQUEST;
        this.#work = { kind: "data" };
      }
      this.#interrupt(true);
    }
  }

  #finish(): void {
    this.#status = READY | SEEK_DONE;
    this.#interrupt(true);
  }

  #fail(error: number): void {
    this.#error = error;
    this.#left = 0;
    this.#status = READY | SEEK_DONE | ERROR;
    this.#work = { kind: "idle" };
    this.#interrupt(true);
  }

  #interrupt(active: boolean): void {
    this.#raised = active;
    if (active) this.master.noteInterrupt();
    this.#line();
  }

  #line(): void {
    this.#port?.raise(this.#raised && (this.#control & NO_INTERRUPT) === 0);
  }

  #stop(): void {
    this.#cancel();
    this.#work = { kind: "idle" };
    this.#left = 0;
    this.#raised = false;
  }

  /** The registers after a reset or a diagnosis: the signature of an ATA disk. */
  #signature(): void {
    this.#now = [0, 1, 1, 0, 0];
    this.#before = [0, 0, 0, 0, 0];
    this.#drive = DRIVE_ONES;
    this.#error = DIAGNOSED;
    this.#status = READY | SEEK_DONE;
  }

  #reset(): void {
    this.#stop();
    this.#signature();
    this.#control = 0;
    this.master.reset();
    for (const unit of this.#units) {
      if (unit === undefined) continue;
      unit.multiple = MULTIPLE_MOST;
      unit.mode = 0;
    }
    this.#line();
  }

  #save(): Saved {
    const work = this.#work;
    return {
      now: [...this.#now],
      before: [...this.#before],
      registers: [this.#drive, this.#control, this.#status, this.#error, this.#command],
      raised: this.#raised,
      work: work.kind,
      until: work.kind === "busy" ? work.until : 0,
      next: work.kind === "busy" ? work.next : "",
      transfer: [this.#sector, this.#left, this.#at, this.#target],
      buffer: Array.from(this.#buffer),
      master: this.master.save(),
      units: this.#units.map((unit) => [unit?.multiple ?? 0, unit?.mode ?? 0]),
    };
  }

  #restore(value: Saved): void {
    const saved = value as unknown as SavedChannel;
    this.#cancel();
    this.#now = five(saved.now);
    this.#before = five(saved.before);
    const [drive = 0, control = 0, status = 0, error = 0, command = 0] = saved.registers;
    this.#drive = drive & 0xff;
    this.#control = control & 0xff;
    this.#status = status & 0xff;
    this.#error = error & 0xff;
    this.#command = command & 0xff;
    this.#raised = saved.raised;
    const [sector = 0, left = 0, at = 0, target = 0] = saved.transfer;
    this.#target = target === 1 ? 1 : 0;
    const { disk } = this.#targetUnit ?? {};
    const fits = isCount(sector) && isCount(left) && sector + left <= (disk?.sectors ?? 0);
    [this.#sector, this.#left] = fits ? [sector, left] : [0, 0];
    this.#at = isCount(at) ? at : 0;
    this.#buffer = Uint8Array.from(saved.buffer.slice(0, MULTIPLE_MOST * SECTOR_SIZE));
    this.master.restore(saved.master);
    this.#units.forEach((unit, index) => {
      const [multiple = 0, mode = 0] = saved.units[index] ?? [];
      if (unit === undefined) return;
      unit.multiple = Math.min(multiple & 0xff, MULTIPLE_MOST);
      unit.mode = mode & 0xff;
    });
    const { work, until, next } = saved;
    if (work === "busy") this.#schedule({ kind: "busy", until, next });
    else this.#work = work === "data" ? { kind: "data" } : { kind: "idle" };
    this.#line();
  }
}

interface SavedChannel {
  readonly now: readonly number[];
  readonly before: readonly number[];
  readonly registers: readonly number[];
  readonly raised: boolean;
  readonly work: Work["kind"];
  readonly until: number;
  readonly next: "data" | "done" | "dma";
  readonly transfer: readonly number[];
  readonly buffer: readonly number[];
  readonly master: readonly number[];
  readonly units: readonly (readonly number[])[];
}

function five(values: readonly number[]): number[] {
  return Array.from({ length: 5 }, (_, index) => (values[index] ?? 0) & 0xff);
}

function isCount(value: number): boolean {
  return Number.isInteger(value) && value >= 0;
}
