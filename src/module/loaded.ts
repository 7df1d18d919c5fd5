// A loaded module as a value, with the addresses of all its parts. The machine calls into it, the tracer patches its
// call sites, the symboliser names its addresses, the next module imports from it, and unloadModule() frees its memory.

import { type Address, ascending, distance, plus } from "../address.ts";
import { Words } from "../bytes/words.ts";
import { SHF_EXECINSTR, STT_FILE, STT_SECTION } from "../elf/numbers.ts";
import type { Section } from "../elf/object.ts";
import type { KernelProfile } from "../kernel/rules/profile.ts";
import type { Block } from "../trampoline/facts.ts";
import type { TrampolinePlan } from "../trampoline/plan.ts";
import type { ModuleFile } from "./file/file.ts";
import type { Export, MemoryBlock, ModuleHost, ModuleMemory } from "./host.ts";
import type { ModuleLayout } from "./layout/layout.ts";

export interface LoadedSection<A extends Address = number> {
  readonly name: string;
  /** Its index in the file. */
  readonly index: number;
  readonly address: A;
  readonly size: number;
  readonly block: Block;
  readonly executable: boolean;
}

export interface LoadedSymbol<A extends Address = number> {
  readonly name: string;
  readonly address: A;
  /** Bytes; 0 if the file has no size. */
  readonly size: number;
  /** STT_*, STB_*. */
  readonly type: number;
  readonly binding: number;
  readonly section: LoadedSection<A>;
}

/** A call of _mcount. */
export interface LoadedSite<A extends Address = number> {
  /** Address of the lui of a long call, of the jal of a short one: ftrace's rec->ip. */
  readonly address: A;
  readonly block: Block;
  /** False if __mcount_loc doesn't list it: then ftrace never switches it off. */
  readonly recorded: boolean;
}

export interface LoadedModule<A extends Address = number> {
  readonly name: string;
  readonly file: ModuleFile;
  /** The rules of the kernel that has loaded it. */
  readonly profile: KernelProfile;
  /** The blocks, including veneers; a block of size 0 does not exist. */
  readonly core: MemoryBlock<A>;
  readonly init: MemoryBlock<A>;
  /** Every section in memory, including empty ones, in the file's order. */
  readonly sections: readonly LoadedSection<A>[];
  /** Every named symbol of those sections, in the file's order. */
  readonly symbols: readonly LoadedSymbol<A>[];
  readonly exports: readonly Export<A>[];
  /** The imported exports, by name. */
  readonly imports: ReadonlyMap<string, Export<A>>;
  /** Ascending by address. */
  readonly sites: readonly LoadedSite<A>[];
  /** The far jumps and the veneers that mend them; empty with farJumps "refuse". */
  readonly plan: TrampolinePlan<A>;
  /** The area of its per-CPU variables; of size 0 if another machine has it. */
  readonly perCpu: MemoryBlock<A> | null;
  /** Addresses of init_module and cleanup_module; null if the module has none. */
  readonly initFunction: A | null;
  readonly exitFunction: A | null;
  /** Whether its license, or a module that it uses, excludes it from GPL-only symbols. */
  readonly proprietary: boolean;
  /** The kernel's lines. */
  readonly dmesg: readonly string[];
}

/** The address of each loaded section. @param origin the address of offset 0 of each block's layout. */
export function loadedSections<A extends Address>(
  layout: ModuleLayout,
  origin: Readonly<Record<Block, A>>,
): LoadedSection<A>[] {
  return [...layout.sections.values()]
    .map(({ section, block, offset }) => ({
      name: section.name,
      index: section.index,
      address: plus(origin[block], offset),
      size: section.size,
      block,
      executable: (section.flags & SHF_EXECINSTR) !== 0,
    }))
    .sort((a, b) => a.index - b.index);
}

/** @param values final symbol values, by index. */
export function loadedSymbols<A extends Address>(
  file: ModuleFile,
  sections: ReadonlyMap<number, LoadedSection<A>>,
  values: readonly A[],
): LoadedSymbol<A>[] {
  return file.elf.symbols.flatMap(({ index, name, size, type, binding, section: sectionIndex }) => {
    const section = sections.get(sectionIndex);
    if (section === undefined || name === "" || type === STT_SECTION || type === STT_FILE)
      return [];
    return [{ name, address: values[index] as A, size, type, binding, section }];
  });
}

/** The exports, with their addresses read from the relocated tables. */
export function loadedExports<A extends Address>(
  file: ModuleFile,
  host: ModuleHost<A>,
  sections: ReadonlyMap<number, LoadedSection<A>>,
  proprietary: boolean,
): Export<A>[] {
  const owner = { name: file.name, proprietary };
  const tables = new Map<Section, Words>();
  return file.exports.map(({ name, gpl, crc, namespace, section, offset }) => {
    const table = tables.get(section) ?? memoryOf(host, sections.get(section.index));
    tables.set(section, table);
    return { name, address: host.width.read(table, offset), crc, gpl, namespace, owner };
  });
}

/** The call sites: those in __mcount_loc, as relocated, and the unrecorded ones. */
export function loadedSites<A extends Address>(
  file: ModuleFile,
  host: ModuleHost<A>,
  sections: ReadonlyMap<number, LoadedSection<A>>,
  init: MemoryBlock<A>,
): LoadedSite<A>[] {
  const { width } = host;
  const table = file.sections.find("__mcount_loc");
  const words = memoryOf(host, table && sections.get(table.index));
  const blockOf = (address: A): Block => {
    const into = distance(init.base, address);
    return into >= 0 && into < init.size ? "init" : "core";
  };
  const sites = new Map<A, LoadedSite<A>>();
  for (let at = 0; at + width.bytes <= words.size; at += width.bytes) {
    const address = width.read(words, at);
    if (address !== width.zero)
      sites.set(address, { address, block: blockOf(address), recorded: true });
  }
  for (const { section, offset } of file.callSites.unrecorded) {
    const loaded = sections.get(section.index);
    if (loaded === undefined) continue;
    const address = plus(loaded.address, offset);
    sites.set(address, { address, block: loaded.block, recorded: false });
  }
  return [...sites.values()].sort((a, b) => ascending(a.address, b.address));
}

function memoryOf<A extends Address>(
  host: ModuleHost<A>,
  section: LoadedSection<A> | undefined,
): Words {
  const bytes = section && host.read(section.address, section.size);
  return new Words(bytes ?? new Uint8Array(0), host.endian);
}

/** The blocks of a module, without those of size 0. */
export function loadedBlocks<A extends Address>(
  { core, init }: ModuleMemory<A>,
  initFreed = false,
): MemoryBlock<A>[] {
  return [core, ...(initFreed ? [] : [init])].filter(({ size }) => size > 0);
}

/** Frees the init block, as Linux does after a module's init function has returned 0. */
export function freeInit<A extends Address>(module: LoadedModule<A>, host: ModuleHost<A>): void {
  if (module.init.size > 0) host.free(module.init);
}

/** Frees all memory of a module. @param initFreed whether freeInit() was called before. */
export function unloadModule<A extends Address>(
  module: LoadedModule<A>,
  host: ModuleHost<A>,
  initFreed: boolean,
): void {
  for (const block of loadedBlocks(module, initFreed)) host.free(block);
  freePerCpu(host, module.perCpu);
}

/** Two empty blocks, which need no freeing. */
export function noMemory<A extends Address>({ width }: ModuleHost<A>): ModuleMemory<A> {
  const nothing = { base: width.zero, size: 0 };
  return { core: nothing, init: nothing };
}

/** Frees both blocks and the per-CPU area, if they exist. */
export function freeMemory<A extends Address>(
  host: ModuleHost<A>,
  memory: ModuleMemory<A>,
  perCpu: MemoryBlock<A> | null,
): void {
  for (const block of loadedBlocks(memory)) host.free(block);
  freePerCpu(host, perCpu);
}

function freePerCpu<A extends Address>(host: ModuleHost<A>, perCpu: MemoryBlock<A> | null): void {
  if (perCpu !== null && perCpu.size > 0) host.freePerCpu(perCpu.base);
}
