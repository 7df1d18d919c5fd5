// Finds the device at a physical address and transfers bytes in its byte order. A region is a range of addresses with a
// device behind it; it may move, as a PCI function's does. An access outside all regions is a bus error, except in an
// open space, such as ISA's ports, which reads as all ones.
//
// A device's registers are little-endian, as PCI's and ISA's are, or native: a native word is the same number for the
// processor and the device in either byte order. A big-endian board sees a little-endian register's bytes swapped, and
// the bus swaps them back to the value that the device holds. A byte has the same address in both orders.

import type { Endian } from "../bytes/endian.ts";
import { Misuse } from "../errors.ts";
import { hex } from "../hex.ts";
import { FOUND_ADDRESSES } from "../limits.ts";
import type { Access, AccessLog } from "./access-log.ts";
import type { Device } from "./device.ts";

/** How the bus accesses a device. */
export interface RegionOptions {
  /** `little` (default): registers as PCI and ISA have them. `native`: words in the processor's byte order. */
  readonly byteOrder?: "little" | "native";
  /** The device's widest access in bytes (default: 4). Wider accesses are split, the low address first. */
  readonly width?: 1 | 2 | 4;
  /** The log that records the device's accesses. */
  readonly log?: AccessLog;
}

/** An attached device. `address` may change; it is -1 while the device has no address. */
export interface Region extends RegionOptions {
  address: number;
  size: number;
  readonly device: Device;
}

/** The part of a log entry that isn't known to the bus. */
export type Stamp = () => Pick<Access, "pc" | "time">;

export class Bus {
  readonly #swaps: boolean;
  readonly #stamp: Stamp;
  readonly #regions: Region[] = [];
  /** Cache of find() by address: a guest uses few addresses, and these often. */
  readonly #found = new Map<number, Region | undefined>();

  constructor(endian: Endian, stamp: Stamp) {
    this.#swaps = endian === "big";
    this.#stamp = stamp;
  }

  /** Attaches a device to a range. If ranges overlap, the one that was attached last answers. */
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

  /** Must be called after a region's address or size changed. */
  moved(): void {
    this.#found.clear();
  }

  /** The region that answers at an address. */
  find(physical: number): Region | undefined {
    const known = this.#found.get(physical);
    if (known !== undefined) return known;
    const found = this.#regions.find((region) => isIn(region, physical));
    if (this.#found.size >= FOUND_ADDRESSES) this.#found.clear();
    this.#found.set(physical, found);
    return found;
  }

  /** @returns undefined when no device has the address. */
  read(physical: number, size: number): number | undefined {
    const region = this.find(physical);
    if (region === undefined) return undefined;
    const value = this.#read(region, physical - region.address, size);
    return this.#swaps && region.byteOrder !== "native" ? swapped(value, size) : value;
  }

  /** @returns whether a device has the address. */
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

/** The bytes in reverse order. */
export function swapped(value: number, size: number): number {
  if (size === 1) return value;
  if (size === 2) return ((value & 0xff) << 8) | ((value >>> 8) & 0xff);
  const word = (value << 24) | ((value & 0xff00) << 8) | ((value >>> 8) & 0xff00) | (value >>> 24);
  return word >>> 0;
}
