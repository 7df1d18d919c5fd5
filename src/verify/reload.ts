// Loads a module with farjal at the addresses that the live kernel chose, with the same dependencies at the same
// addresses, and takes its memory at the same three moments. It also finds those addresses: of the kernel's blocks, the
// core block is the one whose struct module contains the module's name, and the symbol table in the init block gives
// the address of the per-CPU variables. A 64-bit module's machine executes nothing: its sites call _mcount, as they were
// relocated, while they are traced.

import { KSEG2, PAGE_SIZE } from "../../assembly/shared/memory-map.ts";
import {
  type Address,
  distance,
  lowWord,
  plus,
  WIDTH_32,
  WIDTH_64,
  type Width,
} from "../address.ts";
import { Words } from "../bytes/words.ts";
import { SHF_WRITE, SHN_UNDEF } from "../elf/numbers.ts";
import { symbolIn } from "../ftrace/symbol-table.ts";
import { functionText } from "../ftrace/text/tracefs-text.ts";
import { hex } from "../hex.ts";
import { assemble, jumpTo, NOP } from "../isa/assemble.ts";
import { R } from "../isa/registers.ts";
import type { Kernel } from "../kernel/kernel.ts";
import { Machine } from "../lab/machine.ts";
import type { ModuleMachine } from "../lab/module-machine.ts";
import { ModuleStack } from "../lab/module-stack.ts";
import { moduleSymbols } from "../lab/names.ts";
import { StillMachine } from "../lab/still-machine.ts";
import type { ModuleFile } from "../module/file/file.ts";
import { layOut, type ModuleLayout } from "../module/layout/layout.ts";
import { PERCPU, THIS_MODULE } from "../module/layout/sections.ts";
import type { LoadedModule } from "../module/loaded.ts";
import { SYMBOL_FORMAT } from "../module/symbols/kallsyms.ts";
import { type Block, blocksOf, isInitBlock, type PerBlock, perBlock } from "../trampoline/facts.ts";
import type { ComparedBlock } from "./compare.ts";
import type { GuestModule, Moment } from "./records.ts";
import type { Subject } from "./subjects.ts";

/** Dependencies' init blocks, which the live kernel has already freed, go here, above all addresses that it uses. */
const DEPENDENCY_INIT = (KSEG2 + 0x08000000) | 0; // sign-extended in 64 bits
const DEPENDENCY_INIT_STEP = 0x00400000;
const MEMORY = 128 << 20;
/** The pointers of a struct jump_entry {code, target, key}. */
const JUMP_ENTRY = 3;

/** What loads modules as the live kernel does. */
export interface Rival<A extends Address = number> {
  readonly kernel: Kernel<A>;
  readonly width: Width<A>;
  /** A machine without modules. */
  create(): Promise<RivalMachine<A>>;
}

interface RivalMachine<A extends Address> {
  readonly machine: ModuleMachine<A>;
  /** Traces all functions, and returns what ends that; null: the machine executes nothing, so it has no tracer. */
  readonly trace: (() => () => void) | null;
}

export function rival32(kernel: Kernel): Rival {
  const create = async (): Promise<RivalMachine<number>> => {
    const machine = await Machine.create({ kernel, memory: MEMORY });
    const trace = (): (() => void) => {
      const tracer = machine.trace({ way: "guest" });
      return () => tracer.stop();
    };
    return { machine, trace };
  };
  return { kernel, width: WIDTH_32, create };
}

export function rival64(kernel: Kernel<bigint>): Rival<bigint> {
  const create = async (): Promise<RivalMachine<bigint>> => {
    return { machine: StillMachine.create({ kernel, memory: MEMORY }), trace: null };
  };
  return { kernel, width: WIDTH_64, create };
}

/** The addresses of a module in the live kernel. */
export interface LivePlace<A extends Address = number> {
  /** The first block's. */
  readonly base: A;
  readonly place: PerBlock<A>;
  readonly perCpuBase: A | undefined;
}

export interface Reloaded<A extends Address = number> {
  readonly module: LoadedModule<A>;
  /** The blocks whose memory in the live kernel is known, at each moment. */
  readonly blocks: readonly ComparedBlock<A>[];
  /** Its functions that can be traced. */
  readonly traceable: readonly SiteFunction[];
}

interface SiteFunction {
  readonly name: string;
  /** With its module, as tracefs shows it. */
  readonly text: string;
  readonly isInit: boolean;
}

/** A module's addresses; undefined if neither the kernel's memory nor its list of sections shows all blocks of farjal's layout. */
export function placeOf<A extends Address>(
  file: ModuleFile,
  live: GuestModule<A>,
  width: Width<A>,
): LivePlace<A> | undefined {
  const layout = layOut(file);
  const place = placeBySize(file, layout, live) ?? placeBySections(layout, live);
  if (place === undefined) return undefined;
  const [base] = blocksOf(layout.blocks).flatMap((block) => place[block] ?? []);
  if (base === undefined) return undefined;
  const symbols = relocatedBlocks(live).find(
    ({ address }) => address === place[layout.kallsyms.blocks.init],
  );
  if (live.paused && symbols === undefined) return undefined;
  return { base, place, perCpuBase: symbols && perCpuBase(file, layout, symbols.bytes, width) };
}

/** The blocks of a kernel before 6.4 differ in size, and the core block has struct module's name. */
function placeBySize<A extends Address>(
  file: ModuleFile,
  layout: ModuleLayout,
  live: GuestModule<A>,
): PerBlock<A> | undefined {
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
function placeBySections<A extends Address>(
  layout: ModuleLayout,
  live: GuestModule<A>,
): PerBlock<A> | undefined {
  const listed = new Map(live.sections.map(({ name, address }) => [name, address]));
  const bases = new Map<Block, A>();
  for (const { section, block, offset } of layout.sections.values()) {
    const address = listed.get(section.name);
    if (address !== undefined && !bases.has(block)) bases.set(block, plus(address, -offset));
  }
  const wanted = blocksOf(layout.blocks).filter((block) => (layout.blocks[block]?.size ?? 0) > 0);
  if (!wanted.every((block) => bases.has(block))) return undefined;
  return Object.fromEntries(bases) as PerBlock<A>;
}

function relocatedBlocks<A extends Address>({ memory }: GuestModule<A>) {
  return memory.filter(({ moment }) => moment === "relocated");
}

function perCpuBase<A extends Address>(
  file: ModuleFile,
  { perCpu, kallsyms }: ModuleLayout,
  init: Uint8Array,
  width: Width<A>,
): A | undefined {
  const symbol = file.elf.symbols.find((one) => perCpu !== null && one.section === perCpu.index);
  if (symbol === undefined) return undefined;
  const { size, value } = SYMBOL_FORMAT[file.elf.class];
  const at = kallsyms.init.symtab + symbol.index * size + value;
  return plus(width.read(new Words(init, file.elf.endian), at), -Number(symbol.value));
}

/**
 * Loads a module and its dependencies at the live kernel's addresses.
 * @param places those of the subject, and of the dependencies that were in the live kernel.
 * @throws Refusal as Linux refuses it.
 */
export async function reload<A extends Address>(
  rival: Rival<A>,
  { file, needs }: Subject,
  places: (subject: ModuleFile) => LivePlace<A> | undefined,
  live: GuestModule<A>,
): Promise<Reloaded<A>> {
  const made = await rival.create();
  const stack = new ModuleStack<A>(made.machine, { farJumps: "refuse" });
  for (const [index, needed] of needs.entries()) {
    const place = places(needed.file);
    if (place === undefined) continue;
    const there = withFreedInit(place.place, index, rival.width);
    stack.push(needed, given({ ...place, place: there }));
  }
  const place = places(file);
  const module = made.machine.insmodFile(file, {
    farJumps: "refuse",
    ...(place === undefined ? {} : given(place)),
  });
  return {
    module,
    blocks: place === undefined ? [] : comparedBlocks(made, module, live),
    traceable: traceableFunctions(made.machine, module),
  };
}

function traceableFunctions<A extends Address>(
  machine: ModuleMachine<A>,
  module: LoadedModule<A>,
): SiteFunction[] {
  const symbols = moduleSymbols(module);
  return machine.callSites(module).map(({ site, block }) => {
    const address = lowWord(site.address);
    const name = symbolIn(symbols, address)?.name ?? hex(site.address);
    const text = functionText({ name, module: module.name });
    return { name, text, isInit: isInitBlock(block) };
  });
}

function given<A extends Address>({ base, place, perCpuBase }: LivePlace<A>) {
  return { base, place, ...(perCpuBase === undefined ? {} : { perCpuBase }) };
}

/** A dependency's addresses, with its init blocks out of the way. */
function withFreedInit<A extends Address>(
  place: PerBlock<A>,
  index: number,
  width: Width<A>,
): PerBlock<A> {
  let next = width.of(DEPENDENCY_INIT + index * DEPENDENCY_INIT_STEP);
  return perBlock(blocksOf(place), (block) => {
    if (!isInitBlock(block)) return place[block] as A;
    const here = next;
    next = plus(next, DEPENDENCY_INIT_STEP / 4);
    return here;
  });
}

function comparedBlocks<A extends Address>(
  { machine, trace }: RivalMachine<A>,
  module: LoadedModule<A>,
  { memory }: GuestModule<A>,
): ComparedBlock<A>[] {
  const bytes = (): Map<Block, Uint8Array> =>
    new Map(module.memories.map(({ type, base, size }) => [type, machine.memory.read(base, size)]));
  const off = bytes();
  const relocated = unpatched(machine, module, off);
  const stop = trace?.();
  const moments: Record<Moment, typeof off> = {
    relocated,
    off,
    traced: trace === null ? relocated : bytes(),
  };
  stop?.();
  const { width, endian } = machine;
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
      ...{ moment, base: address, endian, width, ours, live },
      ...{ sections, keySites, dropped },
    };
  });
}

/** The blocks with the words that relocation left at the call sites. */
function unpatched<A extends Address>(
  machine: ModuleMachine<A>,
  module: LoadedModule<A>,
  off: ReadonlyMap<Block, Uint8Array>,
): Map<Block, Uint8Array> {
  const blocks = new Map([...off].map(([block, bytes]) => [block, Uint8Array.from(bytes)]));
  for (const { site, loaded, block } of machine.callSites(module)) {
    const words = new Words(blocks.get(block) as Uint8Array, machine.endian);
    const base = module.memories.find(({ type }) => type === block)?.base as A;
    for (const [index, word] of loaded.entries()) {
      words.setU32(distance(base, site.address) + 4 * index, word);
    }
  }
  return blocks;
}

/** The addresses of st_value of symbols whose sections Linux reads and drops, with the symbols' places in the file. */
function droppedSymbols<A extends Address>({ file, sections }: LoadedModule<A>): Map<A, number> {
  const table = sections.find(({ index }) => index === file.sections.symtab?.index);
  const { size, value: at } = SYMBOL_FORMAT[file.elf.class];
  const dropped = new Map<A, number>();
  if (table === undefined) return dropped;
  const kept = new Set([SHN_UNDEF, ...sections.map(({ index }) => index)]);
  const perCpu = file.sections.find(PERCPU);
  for (const { index, section, value } of file.elf.symbols) {
    const own = file.elf.sections[section];
    if (own === undefined || own === perCpu || kept.has(section)) continue;
    dropped.set(plus(table.address, index * size + at), own.offset + Number(value));
  }
  return dropped;
}

/**
 * The words that the sites of static keys may hold, from struct jump_entry {code, target, key}: a nop, the kernel's
 * jump, or the branch that a module mended without jumps has until the kernel switches the key.
 */
function keyWords<A extends Address>(
  machine: ModuleMachine<A>,
  module: LoadedModule<A>,
): Map<A, readonly number[]> {
  const { width, endian } = machine;
  const table = module.sections.find(({ name }) => name === "__jump_table");
  const words = new Map<A, readonly number[]>();
  if (table === undefined || table.size === 0) return words;
  const entries = new Words(machine.memory.read(table.address, table.size), endian);
  const size = JUMP_ENTRY * width.bytes;
  for (let at = 0; at + size <= table.size; at += size) {
    const code = width.read(entries, at);
    const target = width.read(entries, at + width.bytes);
    const between = (distance(code, target) - 4) >> 2;
    const branches = (between << 16) >> 16 === between;
    const branch = branches ? [assemble("beq", R.zero, R.zero, between)] : [];
    words.set(code, [NOP, jumpTo("j", lowWord(target)), ...branch]);
  }
  return words;
}

function pages(size: number): number {
  return Math.ceil(size / PAGE_SIZE) * PAGE_SIZE;
}
