// The memory of 32-bit modules: kseg2 from 0xc0000000, as on a real 32-bit kernel, backed by parts of the machine's
// RAM. An unmapped guard page follows each block. A block in kseg0 (the lab kernel, or a module whose requested base
// is there, as with OpenWrt's loader) is RAM itself. This is the memory half of the loader's ModuleHost;
// kernel-space.ts provides the symbols.

import { KSEG0, KSEG1, KSEG2, PAGE_SIZE } from "../../assembly/shared/memory-map.ts";
import { WIDTH_32 } from "../address.ts";
import type { Endian } from "../bytes/endian.ts";
import { alignUp, RangeAllocator } from "../bytes/ranges.ts";
import { Misuse, Refusal } from "../errors.ts";
import { hex } from "../hex.ts";
import type {
  MemoryBlock,
  MemoryRequest,
  RelocationOutcome,
  SectionRelocations,
} from "../module/host.ts";
import { relocateSection } from "../module/relocation/relocation.ts";
import type { GuestMemory } from "../processor/guest-memory.ts";
import type { Processor } from "../processor/processor.ts";
import type { TableMemory } from "./module-table.ts";

/** VMALLOC_END of a 32-bit kernel: FIXADDR_START less two pages. */
const MODULE_END = 0xfffcd000;

export class ModuleSpace implements TableMemory<number> {
  readonly width = WIDTH_32;
  readonly pageSize = PAGE_SIZE;
  readonly #processor: Processor;
  readonly #memory: GuestMemory;
  readonly #physical: RangeAllocator;
  readonly #addresses = new RangeAllocator(KSEG2, MODULE_END);
  /** Guest base of each kseg2 block → its physical address. */
  readonly #mapped = new Map<number, number>();

  /** @param physical the allocator of RAM, shared with `memory`. */
  constructor(processor: Processor, memory: GuestMemory, physical: RangeAllocator) {
    this.#processor = processor;
    this.#memory = memory;
    this.#physical = physical;
  }

  /** ModuleHost.allocate(). */
  allocate({ type, size, base: wanted, from = KSEG2, direct }: MemoryRequest): MemoryBlock {
    const bytes = alignUp(size, PAGE_SIZE);
    if (direct === true && wanted === undefined) {
      const page = this.#physical.allocate(bytes, PAGE_SIZE);
      if (page !== undefined) {
        this.#processor.clear(page, bytes);
        return { base: KSEG0 + page, size };
      }
    }
    const base = wanted ?? this.#addresses.allocate(bytes + PAGE_SIZE, PAGE_SIZE, from);
    if (base === undefined) throw noRoom(size, type, "the module space is full");
    if (base % PAGE_SIZE !== 0)
      throw new Misuse(`a module's base is page-aligned; ${hex(base)} is not`);
    if (base >= KSEG0 && base + bytes <= KSEG1) return this.#takeRam(base, size, bytes, type);
    if (wanted !== undefined && !this.#addresses.reserve(base, bytes + PAGE_SIZE)) {
      const why = `${hex(base)} up to ${hex(base + bytes)} and its guard page are not all free`;
      throw noRoom(size, type, `${why} between ${hex(KSEG2)} and ${hex(MODULE_END)}`);
    }
    const physical = this.#physical.allocate(bytes, PAGE_SIZE);
    if (physical === undefined) {
      this.#addresses.free(base);
      throw noRoom(size, type, "the machine's RAM is full; give it more (--memory MIB)");
    }
    this.#processor.clear(physical, bytes);
    this.#processor.mapPages(base, physical, bytes, true);
    this.#mapped.set(base, physical);
    return { base, size };
  }

  /** Frees the block that allocate() placed at this base. */
  free({ base, size }: MemoryBlock): void {
    const physical = this.#mapped.get(base);
    if (physical === undefined) {
      this.#physical.free(base - KSEG0);
      return;
    }
    this.#processor.unmapPages(base, alignUp(size, PAGE_SIZE));
    this.#mapped.delete(base);
    this.#physical.free(physical);
    this.#addresses.free(base);
  }

  get endian(): Endian {
    return this.#processor.endian;
  }

  allocatePerCpu(size: number, alignment: number): number {
    return this.#memory.alloc(size, alignment);
  }

  freePerCpu(address: number): void {
    this.#memory.free(address);
  }

  read(address: number, size: number): Uint8Array | undefined {
    return this.#memory.mapped(address, size) ? this.#memory.read(address, size) : undefined;
  }

  write(address: number, bytes: Uint8Array): void {
    this.#memory.write(address, bytes);
  }

  relocate(section: SectionRelocations): RelocationOutcome {
    const physical = this.#processor.physicalOf(section.address, true);
    if (physical === undefined)
      throw new Misuse(`${hex(section.address)} is not in a module's block`);
    return relocateSection(this.#processor.relocator, physical, section);
  }

  /** A block in kseg0: the physical pages under that address. */
  #takeRam(base: number, size: number, bytes: number, block: string): MemoryBlock {
    if (!this.#physical.reserve(base - KSEG0, bytes)) {
      throw noRoom(size, block, `RAM at ${hex(base)} is in use or beyond the machine's memory`);
    }
    this.#processor.clear(base - KSEG0, bytes);
    return { base, size };
  }
}

function noRoom(size: number, block: string, why: string): Refusal {
  return new Refusal({
    errno: "ENOMEM",
    dmesg: [],
    explanation: `no room for the module's ${block} block of ${size} bytes: ${why}`,
  });
}
