// One IDE channel's half of PIIX4's bus master: its registers, and the table of memory regions between which and the
// disk it moves bytes. (Intel 82371AB, PIIX4, section 2.7.3, and "Programming Interface for Bus Master IDE Controller".)

import type { Device, DeviceMemory } from "../device.ts";

const COMMAND = 0;
const STATUS = 2;
const TABLE = 4;
/** Bytes of a channel's registers. */
const SIZE = 8;
const START = 0x01;
const TO_MEMORY = 0x08;
const ACTIVE = 0x01;
const ERROR = 0x02;
const INTERRUPT = 0x04;
/** Software notes here that a disk is set up for DMA. */
const CAPABLE = 0x60;
/** A table doesn't cross a boundary of 64 KiB. */
const TABLE_SIZE = 0x10000;
const ENTRY_SIZE = 8;
const ENTRY_LAST = 0x80000000;
const ENTRY_BYTES = 0xfffe;
const REGION_MOST = 0x10000;

export class BusMaster implements Device {
  readonly #started: () => void;
  #command = 0;
  #status = 0;
  #table = 0;

  /** @param started called when software starts it. */
  constructor(started: () => void) {
    this.#started = started;
  }

  get isActive(): boolean {
    return (this.#status & ACTIVE) !== 0;
  }

  read(offset: number): number {
    const at = offset % SIZE;
    if (at === COMMAND) return this.#command;
    if (at === STATUS) return this.#status;
    return at === TABLE ? this.#table : 0;
  }

  write(offset: number, size: number, value: number): void {
    const at = offset % SIZE;
    if (at === COMMAND) {
      const isStarting = (value & ~this.#command & START) !== 0;
      this.#command = value & (START | TO_MEMORY);
      if ((value & START) === 0) this.#status &= ~ACTIVE;
      if (!isStarting) return;
      this.#status |= ACTIVE;
      this.#started();
    } else if (at === STATUS) {
      const kept = this.#status & ~(value & (ERROR | INTERRUPT)) & ~CAPABLE;
      this.#status = kept | (value & CAPABLE);
    } else if (at === TABLE && size === 4) {
      this.#table = (value & ~3) >>> 0;
    }
  }

  /** The disk has requested an interrupt. */
  noteInterrupt(): void {
    this.#status |= INTERRUPT;
  }

  /**
   * Goes through the table until `size` bytes have found a region. The work is bounded: a table has at most 8,192
   * entries.
   * @param move moves bytes between the disk and a region of physical memory.
   * @returns the bytes moved; fewer when the table ends before, which is an error.
   */
  transfer(
    size: number,
    memory: DeviceMemory,
    move: (address: number, length: number) => void,
  ): number {
    const end = this.#table - (this.#table % TABLE_SIZE) + TABLE_SIZE;
    let done = 0;
    let isLast = false;
    for (let entry = this.#table; done < size && !isLast && entry < end; entry += ENTRY_SIZE) {
      const { buffer, byteOffset } = memory.read(entry, ENTRY_SIZE);
      const words = new DataView(buffer, byteOffset);
      const second = words.getUint32(4, true);
      const length = Math.min(second & ENTRY_BYTES || REGION_MOST, size - done);
      move((words.getUint32(0, true) & ~1) >>> 0, length);
      done += length;
      isLast = second >= ENTRY_LAST;
    }
    // Regions that have more room than the transfer has bytes leave the master active.
    if (done < size) this.#status |= ERROR;
    if (done < size || isLast) this.#status &= ~ACTIVE;
    return done;
  }

  reset(): void {
    this.restore([0, 0, 0]);
  }

  save(): readonly number[] {
    return [this.#command, this.#status, this.#table];
  }

  restore([command = 0, status = 0, table = 0]: readonly number[]): void {
    this.#command = command & (START | TO_MEMORY);
    this.#status = status & 0xff;
    this.#table = (table & ~3) >>> 0;
  }
}
