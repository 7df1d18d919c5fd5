// A 64-bit machine that executes nothing: memory, a kernel to import from and loaded modules, but no processor, since
// farjal has no 64-bit one. still-memory.ts is its memory, still-kernel.ts its kernel; its modules are in
// module-table.ts, as on every machine.

import { distance, WIDTH_64 } from "../address.ts";
import type { Endian } from "../bytes/endian.ts";
import { Words } from "../bytes/words.ts";
import { Misuse } from "../errors.ts";
import { hex } from "../hex.ts";
import type { Kernel } from "../kernel/kernel.ts";
import type { RuleChoice } from "../kernel/rules/profile.ts";
import type { ModuleFile } from "../module/file/file.ts";
import type { Taint } from "../module/host.ts";
import type { ModulePlan } from "../module/load.ts";
import { type LoadedModule, loadedBlocks } from "../module/loaded.ts";
import { checkOptions, type OptionKeys } from "../options.ts";
import type { KernelRange } from "./kernel-space.ts";
import {
  agreedEndian,
  DEFAULT_MEMORY,
  INSMOD_OPTIONS,
  type InsmodOptions,
} from "./machine-options.ts";
import { type CodeMemory, type RecognisedSite, recognisedSites } from "./module-sites.ts";
import { type Import, ModuleTable } from "./module-table.ts";
import { StillKernel } from "./still-kernel.ts";
import { StillMemory } from "./still-memory.ts";

export interface StillMachineOptions {
  /** Default: the kernel's byte order, or little. */
  readonly endian?: Endian;
  /** Bytes of memory, a multiple of 64 KiB up to 512 MiB; default: 64 MiB. */
  readonly memory?: number;
  /** From readKernel64(); without it nothing is exported. */
  readonly kernel?: Kernel<bigint>;
  /** Bytes of a page; default: 16 KiB for a Loongson-3 kernel, else 4 KiB. */
  readonly pageSize?: number;
  /** Which kernel's rules apply; default: those of the kernel's release, or of the release each module is built for. */
  readonly rules?: RuleChoice | undefined;
  /** sizeof(struct module) of the kernel; default: that of the first module that is loaded, if any. */
  readonly structModuleSize?: number | undefined;
}

const STILL_MACHINE_OPTIONS: OptionKeys<StillMachineOptions> = {
  endian: true,
  memory: true,
  kernel: true,
  pageSize: true,
  rules: true,
  structModuleSize: true,
};

const SMALL_PAGE = 0x1000;
const LARGE_PAGE = 0x4000;

export class StillMachine {
  readonly endian: Endian;
  /** The address width: 64 bits, as bigints. */
  readonly width = WIDTH_64;
  readonly pageSize: number;
  readonly #memory: StillMemory;
  readonly #kernel: StillKernel;
  readonly #table: ModuleTable<bigint>;

  /** @throws Misuse when the options don't fit. */
  static create(options: StillMachineOptions = {}): StillMachine {
    checkOptions("StillMachine.create()", options, STILL_MACHINE_OPTIONS);
    return new StillMachine(options);
  }

  private constructor(options: StillMachineOptions) {
    const { kernel, endian, memory, pageSize, rules, structModuleSize } = options;
    this.endian = agreedEndian(endian, kernel?.endian);
    this.pageSize = pageSize ?? pageSizeOf(kernel?.vermagic ?? "");
    this.#memory = new StillMemory(
      this.endian,
      memory ?? DEFAULT_MEMORY,
      this.pageSize,
      kernel?.image ?? null,
    );
    this.#kernel = new StillKernel(kernel ?? null);
    this.#table = new ModuleTable<bigint>({
      memory: this.#memory,
      kernel: this.#kernel,
      words: kernel ?? null,
      choice: rules,
      structModuleSize,
      sitesOf: (module) =>
        recognisedSites(module, this.#code(module)).filter(({ recorded }) => recorded),
    });
  }

  /** The kernel's taints that modules have set. */
  get taints(): readonly Taint[] {
    return this.#table.taints;
  }

  /** The loaded modules, in the order of loading. */
  get modules(): readonly LoadedModule<bigint>[] {
    return this.#table.modules;
  }

  /** A loaded module's call sites as listed in __mcount_loc, with the words that relocation wrote there. */
  callSites(module: LoadedModule<bigint>): readonly RecognisedSite<bigint>[] {
    return this.#table.callSites(module);
  }

  /** The kernel's memory: its image or, without one, from its first symbol to its last. */
  get kernelRanges(): readonly KernelRange<bigint>[] {
    return this.#kernel.ranges;
  }

  /** What an import of this name resolves to, and its owner; undefined: the name is not exported. */
  importOf(name: string): Import<bigint> | undefined {
    return this.#table.importOf(name);
  }

  /**
   * Loads a module as Linux does and switches its call sites off. It takes all options of Machine.insmodFile(), so that
   * either machine can be given the same ones; what runs code has no effect here.
   * @throws Refusal with the kernel's lines and errno when Linux would not load it.
   */
  insmodFile(file: ModuleFile, options: InsmodOptions<bigint> = {}): LoadedModule<bigint> {
    checkOptions<InsmodOptions<bigint>>("insmodFile()", options, INSMOD_OPTIONS);
    const resident = this.#table.load(file, options);
    resident.state = "LIVE";
    return resident.module;
  }

  /**
   * The far-jump plan that insmodFile() would carry out, without loading anything.
   * @throws Refusal where Linux refuses the module before it relocates.
   */
  plan(file: ModuleFile, options: InsmodOptions<bigint> = {}): ModulePlan<bigint> {
    checkOptions<InsmodOptions<bigint>>("plan()", options, INSMOD_OPTIONS);
    return this.#table.plan(file, options);
  }

  /** Unloads a module and frees its memory, without checking for users. */
  rmmod(module: LoadedModule<bigint>): void {
    const resident = this.#table.residents.find((one) => one.module === module);
    if (resident === undefined) throw new Misuse(`module ${module.name} is not loaded`);
    this.#table.remove(resident);
  }

  /** Reads memory; read() returns a copy. @throws Misuse for addresses without memory. */
  readonly memory = {
    read: (address: bigint, size: number): Uint8Array => this.#readWhole(address, size),
    u32: (address: bigint): number => this.#word(address),
    mapped: (address: bigint, size: number): boolean =>
      this.#memory.read(address, size) !== undefined,
  };

  #readWhole(address: bigint, size: number): Uint8Array {
    const bytes = this.#memory.read(address, size);
    if (bytes === undefined) throw new Misuse(`${size} bytes at ${hex(address)} aren't all there`);
    return bytes;
  }

  #word(address: bigint): number {
    return new Words(this.#readWhole(address, 4), this.endian).u32(0);
  }

  /** A module's words by address; its blocks are copied once. */
  #code(module: LoadedModule<bigint>): CodeMemory<bigint> {
    const blocks = loadedBlocks(module).map(({ base, size }) => {
      return { base, size, words: new Words(this.#readWhole(base, size), this.endian) };
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
}

/** The page size of a kernel with this version magic: Loongson-3 kernels can't have 4 KiB pages. */
export function pageSizeOf(vermagic: string): number {
  return /\bLOONGSON64\b/.test(vermagic) ? LARGE_PAGE : SMALL_PAGE;
}
