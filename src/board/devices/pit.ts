// The i8254 interval timer: three counters at the oscillator's 1.193182 MHz, of which counter 0 interrupts. It has
// modes 0 (one interrupt), 2 and 3 (periodic), the only ones that drivers use; a counter can be latched and read back.
// Malta's Linux takes its time from the processor and only stops this timer.

import type { Device, DevicePort, Saved } from "../device.ts";

const RATE = 1_193_182;
const CONTROL = 3;
const COUNTERS = 3;

interface Counter {
  mode: number;
  /** 1: low byte, 2: high byte, 3: both. */
  access: number;
  reload: number;
  /** Board time when the counter was loaded; -1 before that. */
  loaded: number;
  /** Which byte of a pair is next. */
  writesHigh: boolean;
  readsHigh: boolean;
  written: number;
  /** The latched value, or -1. */
  latch: number;
}

export class Pit implements Device {
  #port: DevicePort | undefined;
  #counters = fresh();
  #cancel: () => void = () => undefined;

  connect(port: DevicePort): void {
    this.#port = port;
  }

  reset(): void {
    this.#counters = fresh();
    this.#cancel();
    this.#port?.raise(false);
  }

  read(offset: number): number {
    const counter = this.#counters[offset];
    if (counter === undefined) return 0;
    const value = counter.latch >= 0 ? counter.latch : this.#value(counter);
    const isHigh = counter.access === 2 || (counter.access === 3 && counter.readsHigh);
    if (counter.access === 3) counter.readsHigh = !counter.readsHigh;
    if (counter.access !== 3 || isHigh) counter.latch = -1;
    return isHigh ? value >>> 8 : value & 0xff;
  }

  write(offset: number, _size: number, value: number): void {
    if (offset === CONTROL) this.#control(value);
    else this.#load(offset, value & 0xff);
  }

  save(): Saved {
    return this.#counters.map((counter) => ({ ...counter }));
  }

  restore(saved: Saved): void {
    this.#counters = (saved as unknown as Counter[])
      .slice(0, COUNTERS)
      .map((counter) => ({ ...counter }));
    this.#schedule();
  }

  #control(value: number): void {
    const counter = this.#counters[value >>> 6];
    if (counter === undefined) return; // 3 is read-back, which this timer lacks
    const access = (value >>> 4) & 3;
    if (access === 0) {
      if (counter.latch < 0) counter.latch = this.#value(counter);
      return;
    }
    const mode = (value >>> 1) & 7;
    Object.assign(counter, { access, mode: mode > 5 ? mode & 3 : mode, loaded: -1 });
    Object.assign(counter, { writesHigh: false, readsHigh: false, latch: -1 });
    if (counter === this.#counters[0]) {
      this.#cancel();
      this.#port?.raise(counter.mode !== 0);
    }
  }

  #load(offset: number, byte: number): void {
    const counter = this.#counters[offset];
    if (counter === undefined) return;
    if (counter.access === 3 && !counter.writesHigh) {
      counter.written = byte;
      counter.writesHigh = true;
      return;
    }
    const isHigh = counter.access !== 1;
    const low = counter.access === 3 ? counter.written : 0;
    counter.reload = isHigh ? (byte << 8) | low : byte;
    counter.writesHigh = false;
    counter.loaded = this.#port?.now ?? 0;
    if (offset === 0) this.#schedule();
  }

  #period({ reload }: Counter): number {
    return ((reload === 0 ? 0x10000 : reload) * (this.#port?.clockRate ?? RATE)) / RATE;
  }

  #value(counter: Counter): number {
    if (counter.loaded < 0) return 0;
    const ticks = Math.floor(
      (((this.#port?.now ?? 0) - counter.loaded) * RATE) / (this.#port?.clockRate ?? RATE),
    );
    const period = counter.reload === 0 ? 0x10000 : counter.reload;
    const isPeriodic = counter.mode === 2 || counter.mode === 3;
    return (isPeriodic ? period - (ticks % period) : period - ticks) & 0xffff;
  }

  #schedule(): void {
    this.#cancel();
    this.#cancel = () => undefined;
    const port = this.#port;
    const counter = this.#counters[0];
    if (port === undefined || counter === undefined || counter.loaded < 0) return;
    const period = this.#period(counter);
    const passed = port.now - counter.loaded;
    const isPeriodic = counter.mode === 2 || counter.mode === 3;
    if (!isPeriodic && (counter.mode !== 0 || passed >= period)) return;
    const rounds = isPeriodic ? Math.floor(passed / period) + 1 : 1;
    if (counter.mode === 0) port.raise(false);
    this.#cancel = port.at(counter.loaded + rounds * period, () => {
      // A periodic counter's output is low for one tick only, so it is modelled as high from one interrupt to the next.
      port.raise(false);
      port.raise(true);
      if (isPeriodic) this.#schedule();
    });
  }
}

function fresh(): Counter[] {
  return Array.from({ length: COUNTERS }, () => ({
    ...{ mode: 3, access: 3, reload: 0, loaded: -1 },
    ...{ writesHigh: false, readsHigh: false, written: 0, latch: -1 },
  }));
}
