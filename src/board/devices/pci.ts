// A PCI bus as software sees it through configuration space: functions with their 64 words, the writable bits of each,
// and base address registers that place the function's ports or memory.

import type { Bus, Region } from "../bus.ts";
import type { Saved } from "../device.ts";

const WORDS = 64;
const COMMAND = 1;
const COMMAND_IO = 1;
const COMMAND_MEMORY = 2;
const BAR_0 = 4;
const BAR_IO = 1;
/** The bits of the command register that can be written. */
const COMMAND_WRITABLE = 0x0000ffff;
const INTERRUPT_LINE = 15;

/** A base address register: it gives a region its address in ports or memory, while the command register enables it. */
export interface Bar {
  /** 0 to 5. */
  readonly number: number;
  readonly space: "io" | "memory";
  /** Size in bytes, a power of two. */
  readonly size: number;
  readonly region: Region;
}

export interface PciFunctionOptions {
  /** The words that aren't 0 at reset, by index. */
  readonly words: Readonly<Record<number, number>>;
  /** The writable bits of further words. */
  readonly writable?: Readonly<Record<number, number>>;
  readonly bars?: readonly Bar[];
}

export class PciFunction {
  readonly #options: PciFunctionOptions;
  readonly #writable = new Uint32Array(WORDS);
  readonly #words = new Uint32Array(WORDS);
  /** The physical address of a base address in ports or memory. */
  #place: (bar: Bar, base: number) => number = (_bar, base) => base;
  #bus: Bus | undefined;
  /** Called when words may have changed: after a write, a reset and a restore. */
  onChange: () => void = () => undefined;

  constructor(options: PciFunctionOptions) {
    this.#options = options;
    this.#writable[COMMAND] = COMMAND_WRITABLE;
    this.#writable[INTERRUPT_LINE] = 0xff;
    for (const [index, bits] of Object.entries(options.writable ?? {})) {
      this.#writable[Number(index)] = bits;
    }
    for (const { number, space, size } of options.bars ?? []) {
      this.#writable[BAR_0 + number] = -size & (space === "io" ? ~3 : ~15);
    }
    this.reset();
  }

  /** @param place gives the physical address of a register's base address. */
  connect(bus: Bus, place: (bar: Bar, base: number) => number): void {
    this.#bus = bus;
    this.#place = place;
    for (const { region } of this.#options.bars ?? []) bus.add(region);
    this.#map();
  }

  reset(): void {
    this.#words.fill(0);
    for (const [index, value] of Object.entries(this.#options.words)) {
      this.#words[Number(index)] = value;
    }
    for (const { number, space } of this.#options.bars ?? []) {
      this.#words[BAR_0 + number] = space === "io" ? BAR_IO : 0;
    }
    this.#map();
  }

  /** Reads a word of configuration space. */
  read(word: number): number {
    return this.#words[word] ?? 0xffffffff;
  }

  write(word: number, value: number): void {
    const writable = this.#writable[word] ?? 0;
    this.#words[word] = ((this.#words[word] ?? 0) & ~writable) | (value & writable);
    this.#map();
  }

  save(): Saved {
    return [...this.#words];
  }

  restore(saved: Saved): void {
    this.#words.set((saved as number[]).slice(0, WORDS));
    this.#map();
  }

  #map(): void {
    const command = this.#words[COMMAND] ?? 0;
    for (const bar of this.#options.bars ?? []) {
      const isOn = (command & (bar.space === "io" ? COMMAND_IO : COMMAND_MEMORY)) !== 0;
      const base = ((this.#words[BAR_0 + bar.number] ?? 0) & (bar.space === "io" ? ~3 : ~15)) >>> 0;
      bar.region.address = isOn && base !== 0 ? this.#place(bar, base) : -1;
      bar.region.size = bar.size;
    }
    this.onChange();
    this.#bus?.moved();
  }
}

/** The functions of bus 0, by device * 8 + function. */
export type PciBus = Map<number, PciFunction>;

/** A function's key on its bus. */
export function pciNumber(device: number, fn: number): number {
  return device * 8 + fn;
}
