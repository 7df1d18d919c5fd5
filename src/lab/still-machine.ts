// A 64-bit machine that stands still: memory, a kernel to import from and modules loaded into it, and no
// processor, since farjal has none of 64 bits. Modules are placed where a kernel built with -msym32 places
// them, in the segment of sign-extended 32-bit addresses, or wherever they are asked to be; their bytes lie
// in a processor's physical memory, where the relocator finds them.

import { distance, plus, WIDTH_64 } from "../address.ts";
import { AddressRanges } from "../bytes/address-ranges.ts";
import type { Endian } from "../bytes/endian.ts";
import { alignUp, RangeAllocator } from "../bytes/ranges.ts";
import { Words } from "../bytes/words.ts";
import { SHN_UNDEF } from "../elf/numbers.ts";
import { Misuse, Refusal } from "../errors.ts";
import { sitePatch } from "../ftrace/sites/site.ts";
import { hex } from "../hex.ts";
import type { Kernel } from "../kernel/kernel.ts";
import { Taints } from "../module/checks/taints.ts";
import type { ModuleFile } from "../module/file/file.ts";
import type { Export, MemoryBlock, MemoryRequest, ModuleHost, Taint } from "../module/host.ts";
import { loadModule, type ModulePlan, planModule } from "../module/load.ts";
import { type LoadedModule, unloadModule } from "../module/loaded.ts";
import { relocateSection64 } from "../module/relocation/relocation.ts";
import { Processor } from "../processor/processor.ts";
import type { CodeOwner, KernelRange } from "./kernel-space.ts";
import {
  type CodeMemory,
  type RecognisedSite,
  recognisedSites,
  sortMcountLoc,
} from "./module-sites.ts";

export interface StillMachineOptions {
  /** The kernel's byte order, or little. */
  readonly endian?: Endian;
  /** Bytes of memory, a multiple of 64 KiB up to 512 MiB; 64 MiB unless told. */
  readonly memory?: number;
  /** From readKernel64(); without it nothing is exported. */
  readonly kernel?: Kernel<bigint>;
  /** Bytes of a page; 16 KiB on a Loongson-3 kernel and else 4 KiB, unless told. */
  readonly pageSize?: number;
}

export interface StillInsmodOptions {
  /** Guest address of the core block, page-aligned; the first free place from CKSSEG on unless told. */
  readonly base?: bigint;
  /** Guest address of the init block; above the core block's guard page unless told. */
  readonly initBase?: bigint;
  /** What becomes of a jump that can't reach: a veneer (unless told), or Linux's refusal. */
  readonly farJumps?: "trampoline" | "refuse";
  /** Give imports that nobody exports an address in the kernel's region. */
  readonly stubMissing?: boolean;
}

const DEFAULT_MEMORY = 64 << 20;
const SMALL_PAGE = 0x1000;
const LARGE_PAGE = 0x4000;
/** CKSSEG, where a -msym32 kernel's module space begins (MODULE_START). */
export const CKSSEG = 0xffffffff_c0000000n;
/** The fixmap of a 64-bit kernel ends here; the module space ends below it. */
const FIXMAP_END = 0xffffffff_fffe0000n;
/** Pages of the fixmap, and the two below it that MODULE_END leaves out. */
const FIXMAP_PAGES = 19;
/** Where per-CPU areas lie, in CKSEG0 above any kernel: reached by the same two instructions as its data. */
const PER_CPU = 0xffffffff_98000000n;
/** What an import gets that has no address: a place of its own in the kernel's 256 MiB region. */
const FIRST_STUB = 0xffffffff_8f000000n;
const STUB_SIZE = 8;

interface Block {
  readonly base: bigint;
  /** Bytes, whole pages. */
  readonly size: number;
  readonly physical: number;
}

export class StillMachine {
  readonly endian: Endian;
  /** What hangs on its addresses, bigints of 64 bits. */
  readonly width = WIDTH_64;
  readonly pageSize: number;
  readonly #processor: Processor;
  readonly #physical: RangeAllocator;
  readonly #addresses = new AddressRanges();
  readonly #kernel: Kernel<bigint> | null;
  readonly #blocks = new Map<bigint, Block>();
  readonly #stubs = new Map<string, bigint>();
  readonly #taints = new Taints();
  /** In the order they came, with the call sites that __mcount_loc has. */
  readonly #modules = new Map<LoadedModule<bigint>, readonly RecognisedSite<bigint>[]>();
  /** What the modules export; no name has two exporters. */
  readonly #exports = new Map<string, Export<bigint>>();
  /** The block that was used last: modules are read and written piece by piece. */
  #recent: Block | undefined;

  /** @throws Misuse when the options don't fit. */
  static create(options: StillMachineOptions = {}): StillMachine {
    return new StillMachine(options);
  }

  private constructor(options: StillMachineOptions) {
    this.#kernel = options.kernel ?? null;
    this.endian = options.endian ?? this.#kernel?.endian ?? "little";
    if (this.#kernel?.endian != null && this.#kernel.endian !== this.endian) {
      throw new Misuse(
        `the kernel is ${this.#kernel.endian}-endian, the machine was asked to be ${this.endian}-endian`,
      );
    }
    this.pageSize = options.pageSize ?? pageSizeOf(this.#kernel?.vermagic ?? "");
    this.#processor = new Processor(this.endian, options.memory ?? DEFAULT_MEMORY);
    this.#physical = new RangeAllocator(0, this.#processor.ramSize);
  }

  /** The kernel's taints that modules have set. */
  get taints(): readonly Taint[] {
    return this.#taints.all;
  }

  /** Modules loaded now, in the order they came. */
  get modules(): readonly LoadedModule<bigint>[] {
    return [...this.#modules.keys()];
  }

  /** The call sites of a loaded module that __mcount_loc has, with the words that relocation left there. */
  callSites(module: LoadedModule<bigint>): readonly RecognisedSite<bigint>[] {
    return this.#modules.get(module) ?? [];
  }

  /** Where the kernel's memory is: its image or, without one, from its first symbol to its last. */
  get kernelRanges(): readonly KernelRange<bigint>[] {
    const { image, symbols } = this.#kernel ?? {};
    const [first, last] = [symbols?.[0], symbols?.at(-1)];
    if (image != null) {
      return [{ owner: "kernel", base: image.address, size: image.bytes.length }];
    }
    if (first === undefined || last === undefined) return [];
    return [{ owner: "kernel", base: first.address, size: distance(first.address, last.address) }];
  }

  /** What an import of this name gets, and from whom; undefined when nobody exports it. */
  importOf(name: string): (Export<bigint> & { readonly from: CodeOwner | "module" }) | undefined {
    const own = this.#kernelExport(name);
    const placed = this.#stubs.has(name);
    if (own !== undefined) return { ...own, from: placed ? "stub" : "kernel" };
    const other = this.#exports.get(name);
    if (other !== undefined) return { ...other, from: "module" };
    return placed ? { ...this.#stub(name), from: "stub" } : undefined;
  }

  /**
   * Loads a module as Linux does; its call sites stand switched off afterwards.
   * @throws Refusal with the kernel's lines and errno when Linux would not load it.
   */
  insmodFile(file: ModuleFile, options: StillInsmodOptions = {}): LoadedModule<bigint> {
    const host = this.#moduleHost(file, options);
    const module = loadModule(file, host, { farJumps: "trampoline", ...options });
    try {
      const all = recognisedSites(module, this.#code(module));
      const sites = all.filter(({ recorded }) => recorded);
      sortMcountLoc(module, host);
      for (const { site, loaded } of sites) {
        const words = new Words(new Uint8Array(8), this.endian);
        const [first, second] = sitePatch(site, "off", loaded);
        words.setU32(0, first);
        words.setU32(4, second);
        host.write(site.address, words.bytes);
      }
      this.#modules.set(module, sites);
    } catch (error) {
      unloadModule(module, host, false);
      throw error;
    }
    for (const one of module.exports) this.#exports.set(one.name, one);
    return module;
  }

  /**
   * The far-jump plan that insmodFile() would carry out, without loading anything.
   * @throws Refusal where Linux refuses the module before it relocates.
   */
  plan(file: ModuleFile, options: StillInsmodOptions = {}): ModulePlan<bigint> {
    return planModule(file, this.#moduleHost(file, options), options);
  }

  /** Unloads a module: its memory is given back. Whether others use it isn't asked. */
  rmmod(module: LoadedModule<bigint>): void {
    if (!this.#modules.delete(module)) throw new Misuse(`module ${module.name} is not loaded`);
    for (const { name } of module.exports) this.#exports.delete(name);
    for (const block of [module.core, module.init]) this.#free(block);
    if (module.perCpu !== null) this.#freePerCpu(module.perCpu.base);
  }

  /** Reading memory throws a Misuse where nothing is; read() copies it. */
  readonly memory = {
    read: (address: bigint, size: number): Uint8Array => this.#readWhole(address, size),
    u32: (address: bigint): number => this.#word(address),
    mapped: (address: bigint, size: number): boolean => this.#isMapped(address, size),
  };

  #readWhole(address: bigint, size: number): Uint8Array {
    const bytes = this.#read(address, size);
    if (bytes === undefined) throw new Misuse(`${size} bytes at ${hex(address)} aren't all there`);
    return bytes;
  }

  /** A module's words by address, its blocks copied once. */
  #code({ core, init }: LoadedModule<bigint>): CodeMemory<bigint> {
    const blocks = [core, init].map(({ base, size }) => {
      const bytes = size === 0 ? new Uint8Array(0) : this.#readWhole(base, size);
      return { base, size, words: new Words(bytes, this.endian) };
    });
    return {
      u32: (address) => {
        for (const { base, size, words } of blocks) {
          const into = distance(base, address);
          if (into >= 0 && into < size) return words.u32(into);
        }
        throw new Misuse(`${hex(address)} is not in the module`);
      },
    };
  }

  #word(address: bigint): number {
    return new Words(this.#readWhole(address, 4), this.endian).u32(0);
  }

  #isMapped(address: bigint, size: number): boolean {
    return this.#read(address, size) !== undefined;
  }

  #moduleHost(file: ModuleFile, { stubMissing }: StillInsmodOptions): ModuleHost<bigint> {
    const imports = stubMissing === true ? importNames(file) : new Set<string>();
    return {
      endian: this.endian,
      width: WIDTH_64,
      pageSize: this.pageSize,
      vermagic: this.#kernel?.vermagic ?? null,
      findExport: (name) =>
        this.#kernelExport(name) ??
        this.#exports.get(name) ??
        (imports.has(name) ? this.#stub(name) : undefined),
      whyMissing: (names) => this.#whyMissing(names),
      isLoaded: (name) => this.modules.some((module) => module.name === name),
      taint: (taint) => this.#taints.add(taint),
      debugLocksOff: () => this.#taints.debugLocksOff(),
      allocate: (request) => this.#allocate(request),
      free: (block) => this.#free(block),
      allocatePerCpu: (size, alignment) => plus(PER_CPU, this.#takePhysical(size, alignment)),
      freePerCpu: (address) => this.#freePerCpu(address),
      read: (address, size) => this.#read(address, size),
      write: (address, bytes) => this.#write(address, bytes),
      relocate: (section) => {
        const physical = this.#physicalOf(section.address, section.size);
        if (physical === undefined) {
          throw new Misuse(`${hex(section.address)} is not in a module's block`);
        }
        return relocateSection64(this.#processor.relocator, physical, section);
      },
    };
  }

  #kernelExport(name: string): Export<bigint> | undefined {
    const found = this.#kernel?.exports.get(name);
    if (found === undefined) return undefined;
    const { crc, gplOnly, namespace } = found;
    const address = found.address ?? this.#stubAddress(name);
    return { name, address, crc, gpl: gplOnly, namespace, owner: null };
  }

  #stub(name: string): Export<bigint> {
    const address = this.#stubAddress(name);
    return { name, address, crc: null, gpl: false, namespace: null, owner: null };
  }

  #stubAddress(name: string): bigint {
    const known = this.#stubs.get(name);
    if (known !== undefined) return known;
    const address = plus(FIRST_STUB, this.#stubs.size * STUB_SIZE);
    this.#stubs.set(name, address);
    return address;
  }

  #whyMissing(names: readonly string[]): string {
    const kernel = this.#kernel;
    if (kernel !== null) return names.map((name) => kernel.whyMissing(name)).join("; ");
    return (
      `farjal brings no 64-bit kernel along to export ${names.join(", ")}: give the kernel that the ` +
      "module was built for (--kernel vmlinuz), or take stubs for what is missing (--stub-missing)"
    );
  }

  /** Both blocks or none. */
  #allocate({ coreSize, initSize, base, initBase }: MemoryRequest<bigint>) {
    const core = this.#allocateBlock(coreSize, base, CKSSEG);
    try {
      const above = plus(core.base, alignUp(core.size, this.pageSize) + this.pageSize);
      return { core, init: this.#allocateBlock(initSize, initBase, above) };
    } catch (error) {
      this.#free(core);
      throw error;
    }
  }

  #allocateBlock(size: number, wanted: bigint | undefined, from: bigint): MemoryBlock<bigint> {
    if (size === 0) return { base: 0n, size: 0 };
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

  #free({ base, size }: MemoryBlock<bigint>): void {
    const block = this.#blocks.get(base);
    if (size === 0 || block === undefined) return;
    this.#blocks.delete(base);
    this.#recent = undefined;
    this.#physical.free(block.physical);
    this.#addresses.free(base);
  }

  #freePerCpu(address: bigint): void {
    this.#physical.free(distance(PER_CPU, address));
  }

  /** Where guest bytes lie that are all in one block or in a per-CPU area. */
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

  #read(address: bigint, size: number): Uint8Array | undefined {
    const image = this.#kernel?.image;
    if (image != null) {
      const into = distance(image.address, address);
      if (into >= 0 && into + size <= image.bytes.length)
        return image.bytes.slice(into, into + size);
    }
    const physical = this.#physicalOf(address, size);
    return physical === undefined ? undefined : this.#processor.readBytes(physical, size);
  }

  #write(address: bigint, bytes: Uint8Array): void {
    const physical = this.#physicalOf(address, bytes.length);
    if (physical === undefined) throw new Misuse(`${hex(address)} is not in a module's block`);
    this.#processor.writeBytes(physical, bytes);
  }
}

/** The page size that a kernel of this version magic has: Loongson-3 kernels can't have 4 KiB. */
export function pageSizeOf(vermagic: string): number {
  return /\bLOONGSON64\b/.test(vermagic) ? LARGE_PAGE : SMALL_PAGE;
}

function importNames(file: ModuleFile): Set<string> {
  const imports = file.elf.symbols.filter(
    ({ section, index }) => section === SHN_UNDEF && index > 0,
  );
  return new Set(imports.map(({ name }) => name));
}

function noRoom(size: number, why: string): Refusal {
  return new Refusal({
    errno: "ENOMEM",
    dmesg: [],
    explanation: `no room for ${size} bytes of the module: ${why}`,
  });
}
