// The memory of 64-bit modules on a machine that executes nothing. Their blocks are placed from CKSSEG up, as a kernel
// built with -msym32 places them, or at requested addresses. Their bytes are in a processor's physical memory, where
// the relocator works on them.

import { distance, plus, WIDTH_64 } from "../address.ts";
import { AddressRanges } from "../bytes/address-ranges.ts";
import type { Endian } from "../bytes/endian.ts";
import { alignUp, RangeAllocator } from "../bytes/ranges.ts";
import { Misuse, Refusal } from "../errors.ts";
import { hex } from "../hex.ts";
import type { KernelImage } from "../kernel/kernel.ts";
import type {
  MemoryBlock,
  MemoryRequest,
  RelocationOutcome,
  SectionRelocations,
} from "../module/host.ts";
import { relocateSection64 } from "../module/relocation/relocation.ts";
import { Processor } from "../processor/processor.ts";
import type { TableMemory } from "./module-table.ts";

/** CKSSEG, where a -msym32 kernel's module space begins (MODULE_START). */
const CKSSEG = 0xffffffff_c0000000n;
/** The end of a 64-bit kernel's fixmap; the module space ends below the fixmap. */
const FIXMAP_END = 0xffffffff_fffe0000n;
/** Pages of the fixmap, and the two pages below it that MODULE_END excludes. */
const FIXMAP_PAGES = 19;
/** The start of per-CPU areas, in CKSEG0 above any kernel, so that two instructions reach them as they do its data. */
const PER_CPU = 0xffffffff_98000000n;

interface Block {
  readonly base: bigint;
  /** Bytes, whole pages. */
  readonly size: number;
  readonly physical: number;
}

export class StillMemory implements TableMemory<bigint> {
  readonly endian: Endian;
  readonly width = WIDTH_64;
  readonly pageSize: number;
  readonly #processor: Processor;
  readonly #physical: RangeAllocator;
  readonly #addresses = new AddressRanges();
  readonly #blocks = new Map<bigint, Block>();
  /** The last block used: a cache, since modules are read and written in small pieces. */
  #recent: Block | undefined;

  /** The kernel's memory, which is readable. */
  readonly #image: KernelImage<bigint> | null;

  /** @param size bytes of it, a multiple of 64 KiB up to 512 MiB. @throws Misuse for another size. */
  constructor(endian: Endian, size: number, pageSize: number, image: KernelImage<bigint> | null) {
    this.endian = endian;
    this.pageSize = pageSize;
    this.#image = image;
    this.#processor = new Processor(endian, size);
    this.#physical = new RangeAllocator(0, this.#processor.ramSize);
  }

  /** ModuleHost.allocate(). */
  allocate({ size, base: wanted, from = CKSSEG }: MemoryRequest<bigint>): MemoryBlock<bigint> {
    const { pageSize } = this;
    const bytes = alignUp(size, pageSize);
    if (wanted !== undefined && wanted % BigInt(pageSize) !== 0n) {
      throw new Misuse(
        `a module's base is page-aligned (${pageSize} bytes); ${hex(wanted)} is not`,
      );
    }
    const end = FIXMAP_END - BigInt(FIXMAP_PAGES * pageSize);
    const base =
      wanted === undefined
        ? this.#addresses.allocate(bytes + pageSize, pageSize, from, end)
        : this.#addresses.reserve(wanted, bytes + pageSize)
          ? wanted
          : undefined;
    if (base === undefined) {
      throw noRoom(
        size,
        wanted === undefined ? "the module space is full" : `${hex(wanted)} is in use`,
      );
    }
    try {
      const physical = this.#takePhysical(bytes, pageSize);
      this.#blocks.set(base, { base, size: bytes, physical });
    } catch (error) {
      this.#addresses.free(base);
      throw error;
    }
    return { base, size };
  }

  #takePhysical(size: number, alignment: number): number {
    const physical = this.#physical.allocate(size, Math.max(alignment, 4));
    if (physical === undefined) {
      throw noRoom(size, "the machine's memory is full; give it more (--memory MIB)");
    }
    this.#processor.clear(physical, alignUp(size, 4));
    return physical;
  }

  free({ base }: MemoryBlock<bigint>): void {
    const block = this.#blocks.get(base);
    if (block === undefined) return;
    this.#blocks.delete(base);
    this.#recent = undefined;
    this.#physical.free(block.physical);
    this.#addresses.free(base);
  }

  allocatePerCpu(size: number, alignment: number): bigint {
    return plus(PER_CPU, this.#takePhysical(size, alignment));
  }

  freePerCpu(address: bigint): void {
    this.#physical.free(distance(PER_CPU, address));
  }

  read(address: bigint, size: number): Uint8Array | undefined {
    if (this.#image !== null) {
      const into = distance(this.#image.address, address);
      const { bytes } = this.#image;
      if (into >= 0 && into + size <= bytes.length) return bytes.slice(into, into + size);
    }
    const physical = this.#physicalOf(address, size);
    return physical === undefined ? undefined : this.#processor.readBytes(physical, size);
  }

  write(address: bigint, bytes: Uint8Array): void {
    const physical = this.#physicalOf(address, bytes.length);
    if (physical === undefined) throw new Misuse(`${hex(address)} is not in a module's block`);
    this.#processor.writeBytes(physical, bytes);
  }

  relocate(section: SectionRelocations<bigint>): RelocationOutcome {
    const physical = this.#physicalOf(section.address, section.size);
    if (physical === undefined) {
      throw new Misuse(`${hex(section.address)} is not in a module's block`);
    }
    return relocateSection64(this.#processor.relocator, physical, section);
  }

  /** The physical address of bytes that are within one block or per-CPU area. */
  #physicalOf(address: bigint, size: number): number | undefined {
    const holds = ({ base, size: length }: Block): boolean => {
      const into = distance(base, address);
      return into >= 0 && into + size <= length;
    };
    if (this.#recent === undefined || !holds(this.#recent)) {
      this.#recent = [...this.#blocks.values()].find(holds);
    }
    if (this.#recent !== undefined) {
      return this.#recent.physical + distance(this.#recent.base, address);
    }
    const area = distance(PER_CPU, address);
    const inArea = this.#physical.used.some(
      ({ start, size: length }) => area >= start && area + size <= start + length,
    );
    return inArea ? area : undefined;
  }
}

function noRoom(size: number, why: string): Refusal {
  return new Refusal({
    errno: "ENOMEM",
    dmesg: [],
    explanation: `no room for ${size} bytes of the module: ${why}`,
  });
}
