// A minimal machine for the module loader: guest memory on a core of either byte order, two address allocators, and
// the exports that a test gives it. It keeps loaded modules, so that one can import from another.

import { KSEG2, PAGE_SIZE } from "../../assembly/shared/memory-map.ts";
import { WIDTH_32 } from "../../src/address.ts";
import type { Endian } from "../../src/bytes/endian.ts";
import { alignUp, RangeAllocator } from "../../src/bytes/ranges.ts";
import { Words } from "../../src/bytes/words.ts";
import { Refusal } from "../../src/errors.ts";
import { labProcessor } from "../../src/lab/lab-processor.ts";
import { Taints } from "../../src/module/checks/taints.ts";
import type {
  Export,
  MemoryBlock,
  MemoryRequest,
  ModuleHost,
  RelocationOutcome,
  SectionRelocations,
  Taint,
} from "../../src/module/host.ts";
import type { LoadedModule } from "../../src/module/loaded.ts";
import { relocateSection } from "../../src/module/relocation/relocation.ts";
import type { Processor } from "../../src/processor/processor.ts";

const RAM_SIZE = 0x2000000;

export interface TestHostOptions {
  readonly endian?: Endian;
  readonly vermagic?: string;
  readonly exports?: Iterable<Partial<Export> & { readonly name: string }>;
  /** Provides every name that `exports` lacks. */
  readonly everything?: (name: string) => number | undefined;
  readonly ramSize?: number;
}

export class TestHost implements ModuleHost {
  readonly endian: Endian;
  readonly width = WIDTH_32;
  readonly pageSize = PAGE_SIZE;
  readonly vermagic: string | null;
  readonly core: Processor;
  readonly #taints = new Taints();
  readonly modules = new Map<string, LoadedModule>();
  readonly #exports = new Map<string, Export>();
  readonly #everything: TestHostOptions["everything"];
  readonly #physical: RangeAllocator;
  readonly #virtual = new RangeAllocator(KSEG2, 0xfffcd000);
  readonly #mapped = new Map<number, { physical: number; size: number }>();
  readonly #perCpu = new Set<number>();

  constructor(options: TestHostOptions = {}) {
    this.endian = options.endian ?? "little";
    this.vermagic = options.vermagic ?? null;
    const ramSize = options.ramSize ?? RAM_SIZE;
    this.core = labProcessor(this.endian, ramSize);
    this.#physical = new RangeAllocator(0, ramSize);
    this.#everything = options.everything;
    for (const symbol of options.exports ?? []) this.provide(symbol);
  }

  provide(symbol: Partial<Export> & { readonly name: string }): void {
    const plain = { address: 0x80001000, crc: null, gpl: false, namespace: null, owner: null };
    this.#exports.set(symbol.name, { ...plain, ...symbol });
  }

  get taints(): ReadonlySet<Taint> {
    return new Set(this.#taints.all);
  }

  /** Registers a module as loaded. */
  keep(module: LoadedModule): LoadedModule {
    this.modules.set(module.name, module);
    for (const symbol of module.exports) this.provide(symbol);
    return module;
  }

  /** Blocks and areas that haven't been returned. */
  get allocations(): number {
    return this.#mapped.size + this.#perCpu.size;
  }

  findExport(name: string): Export | undefined {
    const known = this.#exports.get(name);
    if (known !== undefined) return known;
    const address = this.#everything?.(name);
    if (address === undefined) return undefined;
    return { name, address, crc: null, gpl: false, namespace: null, owner: null };
  }

  whyMissing(names: readonly string[]): string {
    return `nobody exports ${names.join(", ")} to this module`;
  }

  isLoaded(name: string): boolean {
    return this.modules.has(name);
  }

  taint(taint: Taint): boolean {
    return this.#taints.add(taint);
  }

  isTainted(taint: Taint): boolean {
    return this.#taints.all.includes(taint);
  }

  /** That of the first module that is kept. */
  get structModuleSize(): number | null {
    const [first] = this.modules.values();
    return first?.file.thisModule?.shape.size ?? null;
  }

  isFirst(kind: string): boolean {
    return this.#taints.isFirst(kind);
  }

  debugLocksOff(): boolean {
    return this.#taints.debugLocksOff();
  }

  allocate({ size, base: wanted, from = KSEG2 }: MemoryRequest): MemoryBlock {
    const bytes = alignUp(size, PAGE_SIZE);
    const base = wanted ?? this.#virtual.allocate(bytes + PAGE_SIZE, PAGE_SIZE, from);
    const physical = this.#physical.allocate(bytes, PAGE_SIZE);
    if (base === undefined || physical === undefined) throw noRoom(size);
    if (wanted !== undefined && !this.#virtual.reserve(base, bytes + PAGE_SIZE)) throw noRoom(size);
    this.core.writeBytes(physical, new Uint8Array(bytes));
    this.core.mapPages(base, physical, bytes, true);
    this.#mapped.set(base, { physical, size: bytes });
    return { base, size };
  }

  free({ base, size }: MemoryBlock): void {
    const block = this.#mapped.get(base);
    if (block === undefined || block.size !== alignUp(size, PAGE_SIZE)) {
      throw new Error(`no block of ${size} bytes at ${base.toString(16)}`);
    }
    this.core.unmapPages(base, block.size);
    this.#physical.free(block.physical);
    this.#virtual.free(base);
    this.#mapped.delete(base);
  }

  /** Per-CPU areas are in kseg0, as on a real kernel. */
  allocatePerCpu(size: number, alignment: number): number {
    const physical = this.#physical.allocate(size, alignment);
    if (physical === undefined) throw noRoom(size);
    const address = 0x80000000 + physical;
    this.#perCpu.add(address);
    return address;
  }

  freePerCpu(address: number): void {
    if (!this.#perCpu.delete(address)) throw new Error(`no area at ${address.toString(16)}`);
    this.#physical.free(address - 0x80000000);
  }

  read(address: number, size: number): Uint8Array | undefined {
    const bytes = new Uint8Array(size);
    for (const piece of pieces(address, size)) {
      const physical = this.core.physicalOf(piece.address, false);
      if (physical === undefined || physical + piece.size > this.core.ramSize) return undefined;
      bytes.set(this.core.readBytes(physical, piece.size), piece.offset);
    }
    return bytes;
  }

  write(address: number, bytes: Uint8Array): void {
    for (const piece of pieces(address, bytes.length)) {
      const physical = this.core.physicalOf(piece.address, true);
      if (physical === undefined)
        throw new Error(`nothing is mapped at ${piece.address.toString(16)}`);
      this.core.writeBytes(physical, bytes.subarray(piece.offset, piece.offset + piece.size));
    }
  }

  relocate(section: SectionRelocations): RelocationOutcome {
    const physical = this.core.physicalOf(section.address, true);
    if (physical === undefined)
      throw new Error(`nothing is mapped at ${section.address.toString(16)}`);
    return relocateSection(this.core.relocator, physical, section);
  }

  /** Words of guest memory, in the guest's byte order. */
  words(address: number, count: number): number[] {
    const words = new Words(this.read(address, 4 * count) ?? new Uint8Array(0), this.endian);
    return Array.from({ length: count }, (_, index) => words.u32(4 * index));
  }
}

function noRoom(size: number): Refusal {
  return new Refusal({ errno: "ENOMEM", dmesg: [], explanation: `no room for ${size} bytes` });
}

function pieces(
  address: number,
  size: number,
): { address: number; offset: number; size: number }[] {
  const result = [];
  for (let offset = 0; offset < size; ) {
    const at = address + offset;
    const length = Math.min(size - offset, PAGE_SIZE - (at % PAGE_SIZE));
    result.push({ address: at >>> 0, offset, size: length });
    offset += length;
  }
  return result;
}
