// Which device answers at a physical address, and with which bytes. A region is a range of addresses with a
// device behind it; it may move, as a PCI function's does. An access that no region has is a bus error, but in
// a space that is open, such as ISA's ports, it reads as all ones.
//
// A device's registers are little-endian, as PCI's and ISA's are, or native: then a word is the same number on
// both sides whatever the processor's byte order. A little-endian register of a big-endian board arrives swapped,
// and swapped back it is what the device holds; a byte is the same byte at the same address in both.

import type { Endian } from "../bytes/endian.ts";
import { Misuse } from "../errors.ts";
import { hex } from "../hex.ts";
import type { Access, AccessLog } from "./access-log.ts";
import type { Device } from "./device.ts";

/** How a device is reached. */
export interface RegionOptions {
  /** `little` (default): registers as PCI and ISA have them. `native`: words of the processor's own order. */
  readonly byteOrder?: "little" | "native";
  /** Bytes of the widest access that the device takes (default: 4); wider ones become several, low address first. */
  readonly width?: 1 | 2 | 4;
  /** Where its accesses are recorded. */
  readonly log?: AccessLog;
}

/** A device at its place. `address` may change; -1 while it answers nowhere. */
export interface Region extends RegionOptions {
  address: number;
  size: number;
  readonly device: Device;
}

/** What a log entry says besides the access. */
export type Stamp = () => Pick<Access, "pc" | "time">;

/** Addresses that are remembered: a guest that scans the bus must not fill the memory. */
const MOST_FOUND = 4096;

export class Bus {
  readonly #swaps: boolean;
  readonly #stamp: Stamp;
  readonly #regions: Region[] = [];
  /** What find() found, by address: a guest comes to few addresses, and to these often. */
  readonly #found = new Map<number, Region | undefined>();

  constructor(endian: Endian, stamp: Stamp) {
    this.#swaps = endian === "big";
    this.#stamp = stamp;
  }

  /** Puts a device at a range. Where ranges overlap, the one that was attached last answers. */
  attach(address: number, size: number, device: Device, options: RegionOptions = {}): Region {
    if (
      !Number.isInteger(address) ||
      !(Number.isInteger(size) && size > 0) ||
      address + size > 2 ** 32
    ) {
      throw new Misuse(`a device can't have ${size} bytes at physical address ${hex(address)}`);
    }
    const region = { ...options, address, size, device };
    this.add(region);
    return region;
  }

  add(region: Region): void {
    this.#regions.unshift(region);
    this.moved();
  }

  /** After a region's address or size changed. */
  moved(): void {
    this.#found.clear();
  }

  /** The region that answers at an address. */
  find(physical: number): Region | undefined {
    const known = this.#found.get(physical);
    if (known !== undefined) return known;
    const found = this.#regions.find((region) => isIn(region, physical));
    if (this.#found.size >= MOST_FOUND) this.#found.clear();
    this.#found.set(physical, found);
    return found;
  }

  /** @returns undefined where no device is. */
  read(physical: number, size: number): number | undefined {
    const region = this.find(physical);
    if (region === undefined) return undefined;
    const value = this.#read(region, physical - region.address, size);
    return this.#swaps && region.byteOrder !== "native" ? swapped(value, size) : value;
  }

  /** @returns whether a device is there. */
  write(physical: number, size: number, value: number): boolean {
    const region = this.find(physical);
    if (region === undefined) return false;
    const swaps = this.#swaps && region.byteOrder !== "native";
    this.#write(region, physical - region.address, size, swaps ? swapped(value, size) : value);
    return true;
  }

  #read(region: Region, offset: number, size: number): number {
    const width = region.width ?? 4;
    if (size > width) {
      let value = 0;
      for (let at = 0; at < size; at += width) {
        value |= this.#read(region, offset + at, width) << (8 * at);
      }
      return value >>> 0;
    }
    const value = masked(region.device.read(offset, size), size);
    this.#note(region, "read", offset, size, value);
    return value;
  }

  #write(region: Region, offset: number, size: number, value: number): void {
    const width = region.width ?? 4;
    if (size > width) {
      for (let at = 0; at < size; at += width) {
        this.#write(region, offset + at, width, masked(value >>> (8 * at), width));
      }
      return;
    }
    this.#note(region, "write", offset, size, value);
    region.device.write(offset, size, value);
  }

  #note({ log }: Region, kind: Access["kind"], offset: number, size: number, value: number): void {
    log?.add({ kind, offset, size, value, ...this.#stamp() });
  }
}

function isIn({ address, size }: Region, physical: number): boolean {
  return address >= 0 && physical >= address && physical < address + size;
}

/** The low `size` bytes, unsigned. */
export function masked(value: number, size: number): number {
  return size === 4 ? value >>> 0 : value & (size === 2 ? 0xffff : 0xff);
}

/** The same bytes in the other order. */
export function swapped(value: number, size: number): number {
  if (size === 1) return value;
  if (size === 2) return ((value & 0xff) << 8) | ((value >>> 8) & 0xff);
  const word = (value << 24) | ((value & 0xff00) << 8) | ((value >>> 8) & 0xff00) | (value >>> 24);
  return word >>> 0;
}
