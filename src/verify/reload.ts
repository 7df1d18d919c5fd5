// Loads a module with farjal at the addresses that the live kernel chose, with the same dependencies at the same
// addresses, and takes its memory at the same three moments. It also finds those addresses: of the kernel's blocks, the
// core block is the one whose struct module contains the module's name, and the symbol table in the init block gives
// the address of the per-CPU variables.

import { KSEG2, PAGE_SIZE } from "../../assembly/shared/memory-map.ts";
import { Words } from "../bytes/words.ts";
import { SHF_WRITE, SHN_UNDEF, SYM_SIZE } from "../elf/numbers.ts";
import { functionText } from "../ftrace/text/tracefs-text.ts";
import { assemble, jumpTo, NOP } from "../isa/assemble.ts";
import { R } from "../isa/registers.ts";
import type { Kernel } from "../kernel/kernel.ts";
import { Machine } from "../lab/machine.ts";
import { ModuleStack } from "../lab/module-stack.ts";
import type { ModuleFile } from "../module/file/file.ts";
import { layOut, type ModuleLayout } from "../module/layout/layout.ts";
import { PERCPU, THIS_MODULE } from "../module/layout/sections.ts";
import type { LoadedModule } from "../module/loaded.ts";
import { type Block, blocksOf, isInitBlock, type PerBlock, perBlock } from "../trampoline/facts.ts";
import type { ComparedBlock } from "./compare.ts";
import type { GuestModule, Moment } from "./records.ts";
import type { Subject } from "./subjects.ts";

/** Dependencies' init blocks, which the live kernel has already freed, go here, above all addresses that it uses. */
const DEPENDENCY_INIT = KSEG2 + 0x08000000;
const DEPENDENCY_INIT_STEP = 0x00400000;
const MEMORY = 128 << 20;
/** st_value of an Elf32_Sym. */
const SYMBOL_VALUE = 4;
const JUMP_ENTRY_SIZE = 12;

/** The addresses of a module in the live kernel. */
export interface LivePlace {
  /** The first block's. */
  readonly base: number;
  readonly place: PerBlock<number>;
  readonly perCpuBase: number | undefined;
}

export interface Reloaded {
  readonly module: LoadedModule;
  /** The blocks whose memory in the live kernel is known, at each moment. */
  readonly blocks: readonly ComparedBlock[];
  /** Its functions that stay after init and can be traced, as tracefs shows them. */
  readonly traceable: readonly string[];
}

/** A module's addresses; undefined if neither the kernel's memory nor its list of sections shows all blocks of farjal's layout. */
export function placeOf(file: ModuleFile, live: GuestModule): LivePlace | undefined {
  const layout = layOut(file);
  const place = placeBySize(file, layout, live) ?? placeBySections(layout, live);
  if (place === undefined) return undefined;
  const [base] = blocksOf(layout.blocks).flatMap((block) => place[block] ?? []);
  if (base === undefined) return undefined;
  const symbols = relocatedBlocks(live).find(
    ({ address }) => address === place[layout.kallsyms.blocks.init],
  );
  if (live.paused && symbols === undefined) return undefined;
  return { base, place, perCpuBase: symbols && perCpuBase(file, layout, symbols.bytes) };
}

/** The blocks of a kernel before 6.4 differ in size, and the core block has struct module's name. */
function placeBySize(
  file: ModuleFile,
  layout: ModuleLayout,
  live: GuestModule,
): PerBlock<number> | undefined {
  const { core, init } = layout.blocks;
  if (core === undefined || init === undefined) return undefined;
  const blocks = relocatedBlocks(live);
  const hasName = (bytes: Uint8Array): boolean => {
    const own = [...layout.sections.values()].find(({ section }) => section.name === THIS_MODULE);
    if (own === undefined) return false;
    const { offset, section } = own;
    return Buffer.from(bytes.subarray(offset, offset + section.size)).includes(file.name);
  };
  const coreBlock = blocks.find(({ bytes }) => bytes.length === pages(core.size) && hasName(bytes));
  const initBlock = blocks.find(
    (one) => one !== coreBlock && one.bytes.length === pages(init.size),
  );
  if (coreBlock === undefined || initBlock === undefined) return undefined;
  return { core: coreBlock.address, init: initBlock.address };
}

/** A loaded module's sections, as /sys/module lists them, show where each of its blocks is or was. */
function placeBySections(layout: ModuleLayout, live: GuestModule): PerBlock<number> | undefined {
  const listed = new Map(live.sections.map(({ name, address }) => [name, address]));
  const bases = new Map<Block, number>();
  for (const { section, block, offset } of layout.sections.values()) {
    const address = listed.get(section.name);
    if (address !== undefined && !bases.has(block)) bases.set(block, address - offset);
  }
  const wanted = blocksOf(layout.blocks).filter((block) => (layout.blocks[block]?.size ?? 0) > 0);
  if (!wanted.every((block) => bases.has(block))) return undefined;
  return Object.fromEntries(bases);
}

function relocatedBlocks({ memory }: GuestModule) {
  return memory.filter(({ moment }) => moment === "relocated");
}

function perCpuBase(
  file: ModuleFile,
  { perCpu, kallsyms }: ModuleLayout,
  init: Uint8Array,
): number | undefined {
  const symbol = file.elf.symbols.find((one) => perCpu !== null && one.section === perCpu.index);
  if (symbol === undefined) return undefined;
  const at = kallsyms.init.symtab + symbol.index * SYM_SIZE + SYMBOL_VALUE;
  return (new Words(init, file.elf.endian).u32(at) - Number(symbol.value)) >>> 0;
}

/**
 * Loads a module and its dependencies at the live kernel's addresses.
 * @param places those of the subject, and of the dependencies that were in the live kernel.
 * @throws Refusal as Linux refuses it.
 */
export async function reload(
  kernel: Kernel,
  { file, needs }: Subject,
  places: (subject: ModuleFile) => LivePlace | undefined,
  live: GuestModule,
): Promise<Reloaded> {
  const machine = await Machine.create({ kernel, memory: MEMORY });
  const stack = new ModuleStack<number>(machine, { farJumps: "refuse" });
  for (const [index, needed] of needs.entries()) {
    const place = places(needed.file);
    if (place === undefined) continue;
    stack.push(needed, given({ ...place, place: withFreedInit(place.place, index) }));
  }
  const place = places(file);
  const module = machine.insmodFile(file, {
    farJumps: "refuse",
    ...(place === undefined ? {} : given(place)),
  });
  return {
    module,
    blocks: place === undefined ? [] : comparedBlocks(machine, module, live),
    traceable: traceableNames(machine, module),
  };
}

function traceableNames(machine: Machine, module: LoadedModule): string[] {
  const staying = new Set(
    machine
      .callSites(module)
      .filter(({ block }) => !isInitBlock(block))
      .map(({ site }) => site.address),
  );
  return machine.traceable.functions
    .filter(({ address }) => staying.has(address))
    .map(functionText);
}

function given({ base, place, perCpuBase }: LivePlace) {
  return { base, place, ...(perCpuBase === undefined ? {} : { perCpuBase }) };
}

/** A dependency's addresses, with its init blocks out of the way. */
function withFreedInit(place: PerBlock<number>, index: number): PerBlock<number> {
  let next = DEPENDENCY_INIT + index * DEPENDENCY_INIT_STEP;
  return perBlock(blocksOf(place), (block) => {
    if (!isInitBlock(block)) return place[block] ?? 0;
    const here = next;
    next += DEPENDENCY_INIT_STEP / 4;
    return here;
  });
}

function comparedBlocks(
  machine: Machine,
  module: LoadedModule,
  { memory }: GuestModule,
): ComparedBlock[] {
  const bytes = (): Map<Block, Uint8Array> =>
    new Map(module.memories.map(({ type, base, size }) => [type, machine.memory.read(base, size)]));
  const off = bytes();
  const tracer = machine.trace({ way: "guest" });
  const traced = bytes();
  tracer.stop();
  const moments: Record<Moment, typeof off> = {
    relocated: unpatched(machine, module, off),
    off,
    traced,
  };
  const keySites = keyWords(machine, module);
  const dropped = droppedSymbols(module);
  return memory.flatMap(({ moment, address, bytes: live }) => {
    const block = module.memories.find(({ base }) => base === address)?.type;
    const ours = block && moments[moment].get(block);
    if (block === undefined || ours === undefined) return []; // another module's memory, or memory that the kernel allocated meanwhile
    if (isInitBlock(block) && moment !== "relocated") return []; // freed, and perhaps another's now
    const sections = module.sections
      .filter((section) => section.block === block)
      .map((section) => ({
        ...section,
        writable: ((module.file.elf.sections[section.index]?.flags ?? 0) & SHF_WRITE) !== 0,
      }));
    return {
      ...{ moment, base: address, endian: machine.endian, ours, live },
      ...{ sections, keySites, dropped },
    };
  });
}

/** The blocks with the words that relocation left at the call sites. */
function unpatched(
  machine: Machine,
  module: LoadedModule,
  off: ReadonlyMap<Block, Uint8Array>,
): Map<Block, Uint8Array> {
  const blocks = new Map([...off].map(([block, bytes]) => [block, Uint8Array.from(bytes)]));
  for (const { site, loaded, block } of machine.callSites(module)) {
    const words = new Words(blocks.get(block) as Uint8Array, machine.endian);
    const base = module.memories.find(({ type }) => type === block)?.base ?? 0;
    for (const [index, word] of loaded.entries()) {
      words.setU32(site.address - base + 4 * index, word);
    }
  }
  return blocks;
}

/** The st_value words of symbols whose sections Linux reads and drops, with the symbols' places in the file. */
function droppedSymbols({ file, sections }: LoadedModule): Map<number, number> {
  const table = sections.find(({ index }) => index === file.sections.symtab?.index);
  const dropped = new Map<number, number>();
  if (table === undefined) return dropped;
  const kept = new Set([SHN_UNDEF, ...sections.map(({ index }) => index)]);
  const perCpu = file.sections.find(PERCPU);
  for (const { index, section, value } of file.elf.symbols) {
    const own = file.elf.sections[section];
    if (own === undefined || own === perCpu || kept.has(section)) continue;
    dropped.set(table.address + index * SYM_SIZE + SYMBOL_VALUE, own.offset + Number(value));
  }
  return dropped;
}

/**
 * The words that the sites of static keys may hold, from struct jump_entry {code, target, key}: a nop, the kernel's
 * jump, or the branch that a module mended without jumps has until the kernel switches the key.
 */
function keyWords(machine: Machine, module: LoadedModule): Map<number, readonly number[]> {
  const table = module.sections.find(({ name }) => name === "__jump_table");
  const words = new Map<number, readonly number[]>();
  for (let at = 0; at + JUMP_ENTRY_SIZE <= (table?.size ?? 0); at += JUMP_ENTRY_SIZE) {
    const code = machine.memory.u32((table?.address ?? 0) + at);
    const target = machine.memory.u32((table?.address ?? 0) + at + 4);
    const distance = (target - code - 4) >> 2;
    const branches = (distance << 16) >> 16 === distance;
    const branch = branches ? [assemble("beq", R.zero, R.zero, distance)] : [];
    words.set(code, [NOP, jumpTo("j", target), ...branch]);
  }
  return words;
}

function pages(size: number): number {
  return Math.ceil(size / PAGE_SIZE) * PAGE_SIZE;
}
