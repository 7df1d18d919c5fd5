// The MC146818 real-time clock of a PC, behind an index and a data port. Its time is a given date plus the board's
// clock, so that every run is the same. Register A's UIP is set in the last 244 us of each second. When a guest polls
// UIP to measure a second, the board advances the time to the edge at once, without running instructions. Setting the
// time moves the date. Update, periodic and alarm interrupts follow registers B and A.

import { least } from "../../extremes.ts";
import type { Device, DevicePort, Saved } from "../device.ts";

const SECONDS = 0;
const SECONDS_ALARM = 1;
const MINUTES = 2;
const MINUTES_ALARM = 3;
const HOURS = 4;
const HOURS_ALARM = 5;
const WEEKDAY = 6;
const DAY = 7;
const MONTH = 8;
const YEAR = 9;
const A = 0x0a;
const B = 0x0b;
const C = 0x0c;
const D = 0x0d;
const CENTURY = 0x32;
const REGISTERS = 128;

const A_UIP = 0x80;
const A_RESET = 0x26;
const A_RATE = 0x0f;
const B_SET = 0x80;
const B_PERIODIC = 0x40;
const B_ALARM = 0x20;
const B_UPDATE = 0x10;
const B_BINARY = 0x04;
const B_24_HOURS = 0x02;
const C_IRQ = 0x80;
const D_VALID = 0x80;
const HOUR_PM = 0x80;
/** An alarm byte that matches every value. */
const ANY = 0xc0;
/** The fraction of a second in which UIP is set: 1/4096 is 244 us. */
const UPDATE_PART = 4096;
/** After this many polls of UIP, the time is advanced. */
const POLLS = 3;
const OSCILLATOR = 32768;

export interface RtcOptions {
  /** The clock's date when the board starts, in milliseconds since 1970, UTC. */
  readonly start: number;
  /** Advances the time without running instructions. */
  readonly skip: (instructions: number) => void;
}

export class Rtc implements Device {
  readonly #start: number;
  readonly #skip: (instructions: number) => void;
  #port: DevicePort | undefined;
  #index = 0;
  #memory = new Uint8Array(REGISTERS);
  /** The difference in seconds that the guest made by setting the time. */
  #adjusted = 0;
  #polls = 0;
  #flags = 0;
  #cancel: () => void = () => undefined;

  constructor({ start, skip }: RtcOptions) {
    this.#start = start;
    this.#skip = skip;
    this.reset();
  }

  connect(port: DevicePort): void {
    this.#port = port;
  }

  reset(): void {
    this.#memory.fill(0);
    this.#memory[A] = A_RESET;
    this.#memory[B] = B_24_HOURS;
    this.#flags = 0;
    this.#index = 0;
    this.#cancel();
  }

  read(offset: number): number {
    return offset === 0 ? 0xff : this.#register(this.#index);
  }

  write(offset: number, _size: number, value: number): void {
    if (offset === 0) {
      if ((value & 127) !== this.#index) this.#polls = 0;
      this.#index = value & 127;
    } else {
      this.#set(this.#index, value & 0xff);
    }
  }

  save(): Saved {
    return {
      index: this.#index,
      memory: [...this.#memory],
      adjusted: this.#adjusted,
      polls: this.#polls,
      flags: this.#flags,
    };
  }

  restore(saved: Saved): void {
    const state = saved as {
      index: number;
      memory: number[];
      adjusted: number;
      polls: number;
      flags: number;
    };
    this.#index = state.index & 127;
    this.#memory.set(state.memory.slice(0, REGISTERS));
    this.#adjusted = state.adjusted;
    this.#polls = state.polls;
    this.#flags = state.flags;
    this.#schedule();
  }

  get #second(): number {
    return this.#port?.clockRate ?? 1;
  }

  get #now(): number {
    return this.#port?.now ?? 0;
  }

  #register(index: number): number {
    if (index === A) return ((this.#memory[A] ?? 0) & ~A_UIP) | (this.#isUpdating() ? A_UIP : 0);
    this.#polls = 0;
    if (index === C) return this.#takeFlags();
    if (index === D) return D_VALID;
    return this.#isStopped
      ? (this.#memory[index] ?? 0)
      : (this.#dateRegister(index) ?? this.#memory[index] ?? 0);
  }

  #set(index: number, value: number): void {
    if (index === C || index === D) return;
    const stopped = this.#isStopped;
    if (index === A) {
      this.#memory[A] = value & ~A_UIP;
    } else if (index === B) {
      if ((value & B_SET) !== 0 && !stopped) this.#copyDate();
      this.#memory[B] = value;
      if ((value & B_SET) === 0 && stopped) this.#adjust();
    } else {
      if (!stopped) this.#copyDate();
      this.#memory[index] = value;
      if (!stopped && isDate(index)) this.#adjust();
    }
    this.#schedule();
  }

  get #isStopped(): boolean {
    return ((this.#memory[B] ?? 0) & B_SET) !== 0;
  }

  /** Whether the registers are about to change. After a few polls, the time is advanced to the next edge. */
  #isUpdating(): boolean {
    const second = this.#second;
    const edge = second - Math.ceil(second / UPDATE_PART);
    let phase = this.#now % second;
    this.#polls += 1;
    if (this.#polls > POLLS) {
      this.#skip((phase >= edge ? second : edge) - phase);
      phase = this.#now % second;
    }
    return phase >= edge && !this.#isStopped;
  }

  #date(): Date {
    return new Date(this.#start + (Math.floor(this.#now / this.#second) + this.#adjusted) * 1000);
  }

  #dateRegister(index: number): number | undefined {
    const date = this.#date();
    switch (index) {
      case SECONDS:
        return this.#coded(date.getUTCSeconds());
      case MINUTES:
        return this.#coded(date.getUTCMinutes());
      case HOURS:
        return this.#codedHour(date.getUTCHours());
      case WEEKDAY:
        return this.#coded(date.getUTCDay() + 1);
      case DAY:
        return this.#coded(date.getUTCDate());
      case MONTH:
        return this.#coded(date.getUTCMonth() + 1);
      case YEAR:
        return this.#coded(date.getUTCFullYear() % 100);
      case CENTURY:
        return this.#coded(Math.floor(date.getUTCFullYear() / 100));
      default:
        return undefined;
    }
  }

  #copyDate(): void {
    for (let index = 0; index < REGISTERS; index += 1) {
      const value = this.#dateRegister(index);
      if (value !== undefined) this.#memory[index] = value;
    }
  }

  /** Sets the present time to the date in the registers. */
  #adjust(): void {
    const at = (index: number): number => this.#decoded(this.#memory[index] ?? 0);
    const year = at(CENTURY) * 100 + at(YEAR);
    const time = Date.UTC(
      year,
      at(MONTH) - 1,
      at(DAY),
      this.#decodedHour(),
      at(MINUTES),
      at(SECONDS),
    );
    if (Number.isNaN(time)) return;
    this.#adjusted = Math.round((time - this.#start) / 1000) - Math.floor(this.#now / this.#second);
  }

  get #isBinary(): boolean {
    return ((this.#memory[B] ?? 0) & B_BINARY) !== 0;
  }

  #coded(value: number): number {
    return this.#isBinary ? value : (Math.floor(value / 10) << 4) | (value % 10);
  }

  #decoded(value: number): number {
    return this.#isBinary ? value : (value >>> 4) * 10 + (value & 15);
  }

  #codedHour(hour: number): number {
    if (((this.#memory[B] ?? 0) & B_24_HOURS) !== 0) return this.#coded(hour);
    return this.#coded(hour % 12 === 0 ? 12 : hour % 12) | (hour >= 12 ? HOUR_PM : 0);
  }

  #decodedHour(): number {
    const value = this.#memory[HOURS] ?? 0;
    if (((this.#memory[B] ?? 0) & B_24_HOURS) !== 0) return this.#decoded(value);
    return (this.#decoded(value & ~HOUR_PM) % 12) + ((value & HOUR_PM) !== 0 ? 12 : 0);
  }

  // Interrupts

  #takeFlags(): number {
    const flags = this.#flags;
    this.#flags = 0;
    this.#port?.raise(false);
    return flags;
  }

  /** Requests an event at the next moment at which an enabled flag may be set. */
  #schedule(): void {
    this.#cancel();
    this.#cancel = () => undefined;
    const port = this.#port;
    const enabled = this.#memory[B] ?? 0;
    if (port === undefined) return;
    const times: number[] = [];
    const after = (period: number): number => (Math.floor(port.now / period) + 1) * period;
    if ((enabled & (B_UPDATE | B_ALARM)) !== 0) times.push(after(this.#second));
    const period = this.#period;
    if ((enabled & B_PERIODIC) !== 0 && period > 0) times.push(after(period));
    if (times.length > 0) this.#cancel = port.at(least(times), () => this.#tick());
  }

  /** Instructions between periodic interrupts; 0 when they are off. */
  get #period(): number {
    const rate = (this.#memory[A] ?? 0) & A_RATE;
    if (rate === 0) return 0;
    const ticks = 1 << ((rate < 3 ? rate + 7 : rate) - 1);
    return (this.#second * ticks) / OSCILLATOR;
  }

  #tick(): void {
    const enabled = this.#memory[B] ?? 0;
    let flags = (enabled & B_PERIODIC) !== 0 ? B_PERIODIC : 0;
    const inSecond = this.#now % this.#second;
    if (inSecond < this.#second / OSCILLATOR && !this.#isStopped) {
      flags |= B_UPDATE | (this.#isAlarm() ? B_ALARM : 0);
    }
    this.#flags |= flags;
    if ((this.#flags & enabled) !== 0) {
      this.#flags |= C_IRQ;
      this.#port?.raise(true);
    }
    this.#schedule();
  }

  #isAlarm(): boolean {
    const pairs = [
      [SECONDS, SECONDS_ALARM],
      [MINUTES, MINUTES_ALARM],
      [HOURS, HOURS_ALARM],
    ] as const;
    return pairs.every(([now, alarm]) => {
      const value = this.#memory[alarm] ?? 0;
      return (value & ANY) === ANY || value === this.#dateRegister(now);
    });
  }
}

function isDate(index: number): boolean {
  const isTime = index === SECONDS || index === MINUTES || index === HOURS;
  return isTime || (index >= WEEKDAY && index <= YEAR) || index === CENTURY;
}
