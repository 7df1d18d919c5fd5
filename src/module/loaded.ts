// A loaded module as a value, with the addresses of all its parts. The machine calls into it, the tracer patches its
// call sites, the symboliser names its addresses, the next module imports from it, and unloadModule() frees its memory.

import { type Address, ascending, distance, plus } from "../address.ts";
import { Words } from "../bytes/words.ts";
import { SHF_EXECINSTR, STT_FILE, STT_SECTION } from "../elf/numbers.ts";
import type { Section } from "../elf/object.ts";
import type { KernelProfile } from "../kernel/rules/profile.ts";
import { type Block, isInitBlock, type PerBlock, type SlotTable } from "../trampoline/facts.ts";
import type { TrampolinePlan } from "../trampoline/plan.ts";
import type { ModuleFile } from "./file/file.ts";
import type { Export, MemoryBlock, ModuleBlock, ModuleHost } from "./host.ts";
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
  /** Whether ftrace knows it; a site that it doesn't know is never switched off. */
  readonly recorded: boolean;
}

export interface LoadedModule<A extends Address = number> {
  readonly name: string;
  readonly file: ModuleFile;
  /** The rules of the kernel that has loaded it. */
  readonly profile: KernelProfile;
  /** Its blocks of memory, including veneers, in the order in which the kernel allocates them. */
  readonly memories: readonly ModuleBlock<A>[];
  /** The tables of slots that an OpenWrt kernel's own loader gave its far jumps; they are no memory of the module. */
  readonly tables: readonly SlotTable<A>[];
  /** The two blocks of a kernel before 6.4; a block of size 0 does not exist. */
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
  origin: PerBlock<A>,
): LoadedSection<A>[] {
  return [...layout.sections.values()]
    .map(({ section, block, offset }) => ({
      name: section.name,
      index: section.index,
      address: plus(origin[block] as A, offset),
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

/** The call sites: those in __mcount_loc, as relocated, and those that only the file's relocations show. */
export function loadedSites<A extends Address>(
  file: ModuleFile,
  host: ModuleHost<A>,
  sections: ReadonlyMap<number, LoadedSection<A>>,
  memories: readonly ModuleBlock<A>[],
): LoadedSite<A>[] {
  const { width } = host;
  const table = file.sections.find("__mcount_loc");
  const words = memoryOf(host, table && sections.get(table.index));
  const [first] = memories;
  const blockAt = (address: A): Block =>
    memoryAt(memories, address)?.type ?? (first as ModuleBlock<A>).type;
  const sites = new Map<A, LoadedSite<A>>();
  for (let at = 0; at + width.bytes <= words.size; at += width.bytes) {
    const address = width.read(words, at);
    if (address !== width.zero)
      sites.set(address, { address, block: blockAt(address), recorded: true });
  }
  const { source, recorded, unrecorded } = file.callSites;
  const bySource = source === "relocations";
  for (const { section, offset } of bySource ? recorded : unrecorded) {
    const loaded = sections.get(section.index);
    if (loaded === undefined) continue;
    const address = plus(loaded.address, offset);
    sites.set(address, { address, block: loaded.block, recorded: bySource });
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

/** The block that contains an address. */
export function memoryAt<A extends Address>(
  memories: readonly ModuleBlock<A>[],
  address: A,
): ModuleBlock<A> | undefined {
  return memories.find(({ base, size }) => {
    const into = distance(base, address);
    return into >= 0 && into < size;
  });
}

/** The block of a type; of size 0 at 0 if there is none. */
export function blockOf<A extends Address>(
  { width }: Pick<ModuleHost<A>, "width">,
  memories: readonly ModuleBlock<A>[],
  type: Block,
): MemoryBlock<A> {
  const { base, size } = memories.find((one) => one.type === type) ?? { base: width.zero, size: 0 };
  return { base, size };
}

/** A module's blocks. @param initFreed whether freeInit() was called before. */
export function loadedBlocks<A extends Address>(
  { memories }: Pick<LoadedModule<A>, "memories">,
  initFreed = false,
): readonly ModuleBlock<A>[] {
  return initFreed ? memories.filter(({ type }) => !isInitBlock(type)) : memories;
}

/** Frees init memory, as Linux does after a module's init function has returned 0. */
export function freeInit<A extends Address>(module: LoadedModule<A>, host: ModuleHost<A>): void {
  for (const block of module.memories) if (isInitBlock(block.type)) host.free(block);
}

/** Frees all memory of a module. @param initFreed whether freeInit() was called before. */
export function unloadModule<A extends Address>(
  module: LoadedModule<A>,
  host: ModuleHost<A>,
  initFreed: boolean,
): void {
  for (const block of loadedBlocks(module, initFreed)) host.free(block);
  for (const table of module.tables) host.free(table);
  freePerCpu(host, module.perCpu);
}

/** Frees blocks and the per-CPU area, if there is one. */
export function freeMemory<A extends Address>(
  host: ModuleHost<A>,
  memories: readonly MemoryBlock<A>[],
  perCpu: MemoryBlock<A> | null,
): void {
  for (const block of memories) host.free(block);
  freePerCpu(host, perCpu);
}

function freePerCpu<A extends Address>(host: ModuleHost<A>, perCpu: MemoryBlock<A> | null): void {
  if (perCpu !== null && perCpu.size > 0) host.freePerCpu(perCpu.base);
}
