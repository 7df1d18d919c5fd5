// A module in memory, as a value: where everything of it lies. The machine calls into it, the tracer
// patches its call sites, the symboliser names its addresses, the next module imports from it; and
// unloadModule() knows from it what to give back.

import { SHF_EXECINSTR, STT_FILE, STT_SECTION } from "../elf/numbers.ts";
import type { Section } from "../elf/object.ts";
import { Words } from "../elf/words.ts";
import type { Block, TrampolinePlan } from "../trampoline/plan.ts";
import type { ModuleFile } from "./file.ts";
import type { Export, MemoryBlock, ModuleHost, ModuleMemory } from "./host.ts";
import type { ModuleLayout } from "./layout.ts";

export interface LoadedSection {
  readonly name: string;
  /** Its index in the file. */
  readonly index: number;
  readonly address: number;
  readonly size: number;
  readonly block: Block;
  readonly executable: boolean;
}

export interface LoadedSymbol {
  readonly name: string;
  readonly address: number;
  /** Bytes; 0 when the file doesn't say. */
  readonly size: number;
  /** STT_*, STB_*. */
  readonly type: number;
  readonly binding: number;
  readonly section: LoadedSection;
}

/** A call of _mcount. */
export interface LoadedSite {
  /** Of the lui of a long call, of the jal of a short one: ftrace's rec->ip. */
  readonly address: number;
  readonly block: Block;
  /** False: __mcount_loc doesn't have it, so ftrace never switches it off. */
  readonly recorded: boolean;
}

export interface LoadedModule {
  readonly name: string;
  readonly file: ModuleFile;
  /** The blocks, veneers included; a size of 0 is no block. */
  readonly core: MemoryBlock;
  readonly init: MemoryBlock;
  /** Every section that is in memory, empty ones too, in the file's order. */
  readonly sections: readonly LoadedSection[];
  /** Every named symbol of those sections, in the file's order. */
  readonly symbols: readonly LoadedSymbol[];
  readonly exports: readonly Export[];
  /** What the module uses of others, by name. */
  readonly imports: ReadonlyMap<string, Export>;
  /** Ascending by address. */
  readonly sites: readonly LoadedSite[];
  /** The far jumps and the veneers that mend them; empty with farJumps "refuse". */
  readonly plan: TrampolinePlan;
  /** The area of its per-CPU variables. */
  readonly perCpu: MemoryBlock | null;
  /** Addresses of init_module and cleanup_module; null when the module has none. */
  readonly initFunction: number | null;
  readonly exitFunction: number | null;
  /** Its license, or a module it uses, keeps it from GPL-only symbols. */
  readonly proprietary: boolean;
  /** The kernel's lines. */
  readonly dmesg: readonly string[];
}

/** Where each loaded section lies. @param origin where offset 0 of each block's layout lies. */
export function loadedSections(
  layout: ModuleLayout,
  origin: Readonly<Record<Block, number>>,
): LoadedSection[] {
  return [...layout.sections.values()]
    .map(({ section, block, offset }) => ({
      name: section.name,
      index: section.index,
      address: origin[block] + offset,
      size: section.size,
      block,
      executable: (section.flags & SHF_EXECINSTR) !== 0,
    }))
    .sort((a, b) => a.index - b.index);
}

/** @param values final symbol values, by index. */
export function loadedSymbols(
  file: ModuleFile,
  sections: ReadonlyMap<number, LoadedSection>,
  values: Uint32Array,
): LoadedSymbol[] {
  return file.elf.symbols.flatMap(({ index, name, size, type, binding, section: sectionIndex }) => {
    const section = sections.get(sectionIndex);
    if (section === undefined || name === "" || type === STT_SECTION || type === STT_FILE)
      return [];
    return [{ name, address: values[index] ?? 0, size, type, binding, section }];
  });
}

/** The exports, their addresses read from the relocated tables. */
export function loadedExports(
  file: ModuleFile,
  host: ModuleHost,
  sections: ReadonlyMap<number, LoadedSection>,
  proprietary: boolean,
): Export[] {
  const owner = { name: file.name, proprietary };
  const tables = new Map<Section, Words>();
  return file.exports.map(({ name, gpl, crc, namespace, section, offset }) => {
    const table = tables.get(section) ?? memoryOf(host, sections.get(section.index));
    tables.set(section, table);
    return { name, address: table.u32(offset), crc, gpl, namespace, owner };
  });
}

/** The call sites: __mcount_loc as relocated, and what it lacks. */
export function loadedSites(
  file: ModuleFile,
  host: ModuleHost,
  sections: ReadonlyMap<number, LoadedSection>,
  init: MemoryBlock,
): LoadedSite[] {
  const table = file.sections.find("__mcount_loc");
  const words = memoryOf(host, table && sections.get(table.index));
  const blockOf = (address: number): Block =>
    address >= init.base && address < init.base + init.size ? "init" : "core";
  const sites = new Map<number, LoadedSite>();
  for (let at = 0; at + 4 <= words.size; at += 4) {
    const address = words.u32(at);
    if (address !== 0) sites.set(address, { address, block: blockOf(address), recorded: true });
  }
  for (const { section, offset } of file.callSites.unrecorded) {
    const loaded = sections.get(section.index);
    if (loaded === undefined) continue;
    const address = loaded.address + offset;
    sites.set(address, { address, block: loaded.block, recorded: false });
  }
  return [...sites.values()].sort((a, b) => a.address - b.address);
}

function memoryOf(host: ModuleHost, section: LoadedSection | undefined): Words {
  const bytes = section && host.read(section.address, section.size);
  return new Words(bytes ?? new Uint8Array(0), host.endian);
}

/** Gives back the init block, as Linux does when a module's init function has returned 0. */
export function freeInit(module: LoadedModule, host: ModuleHost): void {
  if (module.init.size > 0) host.free(module.init);
}

/** Gives back all memory of a module. @param initFreed whether freeInit() was called before. */
export function unloadModule(module: LoadedModule, host: ModuleHost, initFreed: boolean): void {
  freeMemory(host, { core: module.core, init: initFreed ? NO_BLOCK : module.init }, module.perCpu);
}

const NO_BLOCK: MemoryBlock = { base: 0, size: 0 };

/** Gives back both blocks and the per-CPU area, as far as there are any. */
export function freeMemory(
  host: ModuleHost,
  { core, init }: ModuleMemory,
  perCpu: MemoryBlock | null,
): void {
  for (const block of [core, init]) {
    if (block.size > 0) host.free(block);
  }
  if (perCpu !== null) host.freePerCpu(perCpu.base);
}
