// The host's access to guest memory: by guest address, in the guest's byte order, through the same page tables as the
// guest's loads and stores, but without alignment rules or access rights. Every byte goes through translate(), so an
// unmapped address is an error and never a read of farjal's own memory. Available as `machine.memory`.

import { KSEG0, PAGE_SIZE } from "../../assembly/shared/memory-map.ts";
import type { Endian } from "../bytes/endian.ts";
import { alignUp, type RangeAllocator } from "../bytes/ranges.ts";
import { latin1 } from "../bytes/text.ts";
import { Misuse, Refusal } from "../errors.ts";
import { hex } from "../hex.ts";
import { GUEST_STRING } from "../limits.ts";
import type { Processor } from "./processor.ts";

/** alloc()'s granularity, for sizes and addresses. */
const GRAIN = 16;

/** Thrown for an unmapped guest address. */
export class Unmapped extends Misuse {
  readonly address: number;
  readonly write: boolean;

  constructor(address: number, write: boolean) {
    super(`nothing is mapped at guest address ${hex(address)}`);
    this.address = address;
    this.write = write;
  }
}

export class GuestMemory {
  readonly #processor: Processor;
  readonly #physical: RangeAllocator;

  constructor(processor: Processor, physical: RangeAllocator) {
    this.#processor = processor;
    this.#physical = physical;
  }

  /** The guest's byte order. */
  get endian(): Endian {
    return this.#processor.endian;
  }

  /** The byte at a guest address. @throws Unmapped when nothing is mapped there (so do all accessors). */
  u8(address: number): number {
    return this.read(address, 1)[0] ?? 0;
  }

  u16(address: number): number {
    return this.#view(address, 2).getUint16(0, this.#little);
  }

  u32(address: number): number {
    return this.#view(address, 4).getUint32(0, this.#little);
  }

  u64(address: number): bigint {
    return this.#view(address, 8).getBigUint64(0, this.#little);
  }

  setU8(address: number, value: number): void {
    this.write(address, Uint8Array.of(value));
  }

  setU16(address: number, value: number): void {
    const bytes = new Uint8Array(2);
    new DataView(bytes.buffer).setUint16(0, value, this.#little);
    this.write(address, bytes);
  }

  setU32(address: number, value: number): void {
    const bytes = new Uint8Array(4);
    new DataView(bytes.buffer).setUint32(0, value, this.#little);
    this.write(address, bytes);
  }

  setU64(address: number, value: bigint): void {
    const bytes = new Uint8Array(8);
    new DataView(bytes.buffer).setBigUint64(0, value, this.#little);
    this.write(address, bytes);
  }

  /** A copy of `size` bytes, in guest byte order. */
  read(address: number, size: number): Uint8Array<ArrayBuffer> {
    checkRange(address, size);
    if (size > this.#processor.ramSize) {
      throw new Misuse(`${size} bytes are more than the guest's memory`);
    }
    const bytes = new Uint8Array(size);
    for (const piece of pieces(address, size)) {
      const physical = this.#translate(piece.address);
      bytes.set(this.#processor.readBytes(physical, piece.size), piece.offset);
    }
    return bytes;
  }

  /** Writes bytes in the guest's byte order. Like a debugger, it also writes read-only pages. */
  write(address: number, bytes: Uint8Array): void {
    checkRange(address, bytes.length);
    for (const piece of pieces(address, bytes.length)) {
      const physical = this.#translate(piece.address, true);
      this.#processor.writeBytes(physical, bytes.subarray(piece.offset, piece.offset + piece.size));
    }
  }

  /**
   * The NUL-terminated string at an address, bytes read as Latin-1.
   * @param limit the most bytes read, if no NUL comes before.
   */
  string(address: number, limit = GUEST_STRING): string {
    checkRange(address, limit);
    let text = "";
    for (const piece of pieces(address, Math.min(limit, GUEST_STRING))) {
      const bytes = this.#processor.readBytes(this.#translate(piece.address), piece.size);
      const end = bytes.indexOf(0);
      text += latin1(end < 0 ? bytes : bytes.subarray(0, end));
      if (end >= 0) break;
    }
    return text;
  }

  /**
   * Allocates zeroed guest memory in kseg0, until free().
   * @param alignment a power of two, at least 16; default: 16.
   * @returns its guest address, a multiple of the alignment.
   * @throws Refusal (ENOMEM) when the machine's RAM has no room.
   */
  alloc(size: number, alignment = GRAIN): number {
    checkRange(0, size);
    if (!(alignment >= 1 && alignment <= KSEG0 && Number.isInteger(Math.log2(alignment)))) {
      throw new Misuse(`an alignment is a power of two; ${alignment} is not`);
    }
    const bytes = alignUp(Math.max(size, 1), GRAIN);
    const physical = this.#physical.allocate(bytes, Math.max(alignment, GRAIN));
    if (physical === undefined) {
      throw new Refusal({
        errno: "ENOMEM",
        dmesg: [],
        explanation:
          `no room for ${size} bytes in ${this.#processor.ramSize >>> 20} MiB of guest memory; ` +
          "give the machine more (memory: bytes, --memory MIB)",
      });
    }
    this.#processor.clear(physical, bytes);
    return KSEG0 + physical;
  }

  /** Frees memory from alloc(). */
  free(address: number): void {
    if (!this.#physical.free(address - KSEG0)) {
      throw new Misuse(`${hex(address)} is not an address that alloc() returned`);
    }
  }

  /** True when every byte of the range can be read. */
  mapped(address: number, size: number): boolean {
    checkRange(address, size);
    for (const piece of pieces(address, size)) {
      if (this.#processor.physicalOf(piece.address, false) === undefined) return false;
    }
    return true;
  }

  get #little(): boolean {
    return this.#processor.endian === "little";
  }

  #view(address: number, size: number): DataView {
    return new DataView(this.read(address, size).buffer);
  }

  /** @param write for the error only: the host writes read-only pages too. */
  #translate(address: number, write = false): number {
    const physical = this.#processor.physicalOf(address, false);
    if (physical === undefined) throw new Unmapped(address, write);
    return physical;
  }
}

/** @throws Misuse unless both are whole numbers, and the address is one of 32 bits. */
function checkRange(address: number, size: number): void {
  if (!(Number.isInteger(address) && address >= 0 && address < 2 ** 32)) {
    throw new Misuse(`${address} is not an address of 32 bits`);
  }
  if (!(Number.isSafeInteger(size) && size >= 0)) {
    throw new Misuse(`a number of bytes can't be ${size}`);
  }
}

/** Splits a range at page boundaries, since adjacent guest pages need not be adjacent in physical memory. */
function* pieces(
  address: number,
  size: number,
): Generator<{ address: number; offset: number; size: number }> {
  let offset = 0;
  while (offset < size) {
    const at = address + offset;
    const length = Math.min(size - offset, PAGE_SIZE - (at % PAGE_SIZE));
    yield { address: at >>> 0, offset, size: length };
    offset += length;
  }
}
