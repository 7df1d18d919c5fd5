// The Galileo GT-64120 system controller, as far as Malta's Linux uses it: address decoders, which are only registers
// here since the board's map is fixed, PCI configuration cycles, and the interrupt acknowledge of the controllers
// behind PCI. Its registers are little-endian words in both byte orders, unless CPU Interface Configuration disables
// swapping. Configuration data of other devices is swapped once more while PCI 0 Command requests it. (Galileo's
// manual, sections 5 and 17; QEMU's Malta is the reference.)

import type { Endian } from "../../bytes/endian.ts";
import { swapped } from "../bus.ts";
import type { Device, Saved } from "../device.ts";
import type { PciBus, PciFunction } from "./pci.ts";

const SPACE = 0x1000;
const CPU_CONFIG = 0x000;
const CPU_CONFIG_LITTLE = 1 << 12;
const PCI_COMMAND = 0xc00;
const PCI_COMMAND_MASTERS_SWAP = 1 << 0;
const INTERRUPT_CAUSE = 0xc18;
const INTERRUPT_ACKNOWLEDGE = 0xc34;
const CONFIG_ADDRESS = 0xcf8;
const CONFIG_DATA = 0xcfc;
const CONFIG_ENABLE = 2 ** 31;
/** The configuration address's bus and device number; all these bits are 0 for the controller itself. */
const OTHER_THAN_ITSELF = 0x00fff800;

/** The decoders' values as Malta's monitor sets them, and the chip's own reset values. */
const DECODERS: readonly (readonly [number, number])[] = [
  [0x048, 0xc0],
  [0x050, 0x40],
  [0x058, 0x80],
  [0x060, 0x3f],
  [0x068, 0x5e], // internal space at 1be00000
  [0x080, 0xc1],
  [0x088, 0x5e],
  [0x0f0, 0xc0],
  [0x0f8, 0x80],
  [0x100, 0xc1],
];

export interface Gt64120Options {
  readonly endian: Endian;
  readonly pci: PciBus;
  readonly acknowledge: () => number;
}

/** Its internal registers. The bus region is native, since the controller swaps by itself. */
export class Gt64120 implements Device {
  readonly #endian: Endian;
  readonly #pci: PciBus;
  readonly #acknowledge: () => number;
  readonly #registers = new Uint32Array(SPACE / 4);

  constructor({ endian, pci, acknowledge }: Gt64120Options) {
    this.#endian = endian;
    this.#pci = pci;
    this.#acknowledge = acknowledge;
    this.reset();
  }

  reset(): void {
    this.#registers.fill(0);
    for (const [at, value] of DECODERS) this.#registers[at / 4] = value;
    const isLittle = this.#endian === "little";
    this.#registers[CPU_CONFIG / 4] = isLittle ? CPU_CONFIG_LITTLE : 0;
    this.#registers[PCI_COMMAND / 4] = isLittle ? 0x00010001 : 0;
  }

  read(offset: number, size: number): number {
    const at = offset & ~3;
    const word = this.#swaps(at) ? swapped(this.#read(at), 4) : this.#read(at);
    return this.#part(word, offset, size);
  }

  write(offset: number, size: number, value: number): void {
    if (size !== 4) return; // the chip's registers are words
    const word = this.#swaps(offset) ? swapped(value, 4) : value;
    if (offset === CONFIG_DATA) this.#function()?.write(this.#configWord, word);
    else if (offset !== INTERRUPT_CAUSE) this.#registers[offset / 4] = word;
  }

  save(): Saved {
    return [...this.#registers];
  }

  restore(saved: Saved): void {
    this.#registers.set((saved as number[]).slice(0, SPACE / 4));
  }

  #read(at: number): number {
    if (at === INTERRUPT_ACKNOWLEDGE) return this.#acknowledge();
    if (at === CONFIG_DATA) return this.#function()?.read(this.#configWord) ?? 0xffffffff;
    return this.#registers[at / 4] ?? 0;
  }

  /** The bytes of a word that a narrower access selects, in the processor's byte order. */
  #part(word: number, offset: number, size: number): number {
    if (size === 4) return word;
    const lane = offset & 3;
    const shift = this.#endian === "little" ? 8 * lane : 8 * (4 - size - lane);
    return (word >>> shift) & (size === 2 ? 0xffff : 0xff);
  }

  #swaps(at: number): boolean {
    const once = ((this.#registers[CPU_CONFIG / 4] ?? 0) & CPU_CONFIG_LITTLE) === 0;
    const again =
      at === CONFIG_DATA &&
      ((this.#registers[PCI_COMMAND / 4] ?? 0) & PCI_COMMAND_MASTERS_SWAP) === 0 &&
      (this.#configAddress & OTHER_THAN_ITSELF) !== 0;
    return once !== again;
  }

  get #configAddress(): number {
    return this.#registers[CONFIG_ADDRESS / 4] ?? 0;
  }

  get #configWord(): number {
    return (this.#configAddress >>> 2) & 63;
  }

  /** The function that is addressed. All functions are on bus 0. */
  #function(): PciFunction | undefined {
    const address = this.#configAddress;
    if (address < CONFIG_ENABLE || ((address >>> 16) & 0xff) !== 0) return undefined;
    return this.#pci.get((address >>> 8) & 0xff);
  }
}
