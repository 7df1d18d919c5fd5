// The whole explanation of a module at an address, as one plain value: the address of each section and the reason for it,
// the memory around it, which jumps are far and what mends them, its relocations and call sites, and the sources of
// its imports. For a refused module: the same up to the refusal, and its reason. It loads the module to find out, and
// renders nothing; src/report/ renders the value as text and as a page. Its keys are those of `farjal explain --json`
// and must not change.

import { type Address, ascending, distance, plus } from "../address.ts";
import type { Endian } from "../bytes/endian.ts";
import { relocationTables } from "../elf/contents.ts";
import { abiName, isaName, sectionFlagLetters } from "../elf/names.ts";
import { SHF_ALLOC, SHN_UNDEF, STB_WEAK } from "../elf/numbers.ts";
import type { Section } from "../elf/object.ts";
import { type Errno, Refusal } from "../errors.ts";
import type { CodeOwner } from "../lab/kernel-space.ts";
import type { ModuleMachine } from "../lab/module-machine.ts";
import type { Change } from "../mend/report.ts";
import type { ModuleFile } from "../module/file/file.ts";
import type { Export, ModuleBlock } from "../module/host.ts";
import { layOut, type ModuleLayout } from "../module/layout/layout.ts";
import { originOf, wholeSize } from "../module/layout/placement.ts";
import type { ModulePlan } from "../module/load.ts";
import type { LoadedModule } from "../module/loaded.ts";
import type { Parameter } from "../module/parameters/parameters.ts";
import { type Block, blocksOf, isInitBlock } from "../trampoline/facts.ts";
import type { FarJump } from "../trampoline/far-jump.ts";
import type { Trampoline } from "../trampoline/place.ts";
import { REGION_SIZE, regionOf } from "../trampoline/region.ts";
import { type ExplainedKey, explainKeys } from "./keys.ts";
import { type ExplainedPairs, explainPairs } from "./pairs.ts";
import { type Origin, Places } from "./places.ts";
import { type ExplainedSite, explainSites } from "./sites.ts";

/** Addresses are numbers in a 32-bit module, bigints in a 64-bit one. */
export interface Explanation<A extends Address = Address> {
  readonly name: string;
  readonly verdict: ExplainedVerdict;
  /** What the file contains. */
  readonly file: ExplainedFile;
  /** The 256 MiB regions that are not empty, ascending. */
  readonly regions: readonly ExplainedRegion<A>[];
  /** Kernels and the module's blocks, ascending by address. */
  readonly ranges: readonly ExplainedRange<A>[];
  /** Sections in memory, ascending by address (by block and offset if there is no address). */
  readonly sections: readonly ExplainedSection<A>[];
  /** Sections not in memory, with the reasons. */
  readonly leftOut: readonly LeftOutSection[];
  /** Places that mending has rewritten in the file; empty in a file that is as it was read. */
  readonly rewritten: readonly Change[];
  readonly farJumps: readonly FarJump<A>[];
  readonly trampolines: readonly Trampoline<A>[];
  readonly pairs: ExplainedPairs<A>;
  readonly callSites: readonly ExplainedSite<A>[];
  readonly imports: readonly ExplainedImport<A>[];
  readonly exports: readonly ExplainedExport<A>[];
  readonly staticKeys: readonly ExplainedKey<A>[];
  readonly parameters: readonly Parameter[];
}

/** How far loading got. */
export type Stage =
  /** Refused before it was given memory: by a check or a missing symbol. */
  | "checked"
  /** It was given memory and every symbol was resolved; relocation or a later step refused it. */
  | "placed"
  | "loaded";

export interface ExplainedVerdict {
  readonly verdict: "loads" | "refused";
  readonly stage: Stage;
  readonly errno: Errno | null;
  readonly dmesg: readonly string[];
  readonly explanation: string | null;
}

export interface ExplainedFile {
  readonly class: 32 | 64;
  readonly endian: Endian;
  readonly abi: string;
  readonly isa: string;
  readonly license: string | null;
  readonly vermagic: string | null;
  readonly depends: string | null;
  readonly description: string | null;
  readonly notes: readonly string[];
}

export interface ExplainedRegion<A extends Address = Address> {
  readonly base: A;
  readonly end: A;
  /** Names of the ranges in the region. */
  readonly holds: readonly string[];
}

export interface ExplainedRange<A extends Address = Address> {
  readonly name: string;
  readonly kind: "kernel" | "lab" | Block | "module";
  readonly base: A;
  readonly size: number;
}

export interface ExplainedSection<A extends Address = Address> {
  readonly name: string;
  readonly block: Block;
  /** null if the module was never given memory. */
  readonly address: A | null;
  /** Offset in the block's layout. */
  readonly offset: number;
  readonly size: number;
  /** Unused bytes before it, for its alignment. */
  readonly padding: number;
  readonly alignment: number;
  readonly flags: string;
  /** Which of layout_sections()'s five rounds placed it; 0: layout_symtab(). */
  readonly round: number;
}

export interface LeftOutSection {
  readonly name: string;
  readonly size: number;
  readonly why: string;
}

export interface ExplainedImport<A extends Address = Address> {
  readonly name: string;
  /** null if nothing exports it. */
  readonly address: A | null;
  /** The exporter; null if nothing exports it. */
  readonly from: CodeOwner | "module" | null;
  /** The module that exports it. */
  readonly module: string | null;
  readonly gpl: boolean;
  readonly weak: boolean;
}

export interface ExplainedExport<A extends Address = Address> {
  readonly name: string;
  readonly address: A | null;
  readonly gpl: boolean;
  readonly crc: number | null;
  readonly namespace: string | null;
}

export interface ExplanationOptions<A extends Address = number> {
  /** `refuse`: Linux's own verdict; the plan then lists far jumps without mending them. */
  readonly farJumps: "refuse" | "trampoline";
  /** How the file was mended before, if it was. */
  readonly rewritten?: readonly Change[];
  /** Make the plan, and load the module; each throws a Refusal. */
  plan(): ModulePlan<A>;
  load(): LoadedModule<A>;
}

/**
 * Makes a module's explanation: plans and loads it on the machine. A module that loads stays loaded.
 * @throws what plan() and load() throw other than a Refusal.
 */
export function explainModule<A extends Address>(
  machine: ModuleMachine<A>,
  file: ModuleFile,
  options: ExplanationOptions<NoInfer<A>>,
): Explanation<A> {
  const outcome = attempt(machine, file, options);
  const { module, layout, origin } = outcome;
  const imports = explainImports(machine, file, module);
  const addresses = new Map(
    imports.flatMap(({ name, address }) => (address === null ? [] : [[name, address] as const])),
  );
  const places = new Places(file, machine.width, layout, origin, addresses);
  const ranges = explainRanges(machine, outcome);
  return {
    name: file.name,
    verdict: outcome.verdict,
    file: explainFile(file),
    regions: explainRegions(ranges),
    ranges,
    sections: layout === null ? [] : explainSections(layout, places),
    leftOut: layout === null ? [] : explainLeftOut(file, layout),
    rewritten: options.rewritten ?? [],
    farJumps: outcome.farJumps,
    trampolines: outcome.trampolines,
    pairs: explainPairs(places),
    callSites: explainSites(
      places,
      module === null
        ? null
        : { sites: machine.callSites(module), word: (at) => wordAt(machine, at) },
    ),
    imports,
    exports: explainExports(file, module),
    staticKeys: explainKeys(places, module === null ? null : (at) => wordAt(machine, at)),
    parameters: file.parameters,
  };
}

function wordAt<A extends Address>({ memory }: ModuleMachine<A>, address: A): number | undefined {
  return memory.mapped(address, 4) ? memory.u32(address) : undefined;
}

interface Outcome<A extends Address> {
  readonly verdict: ExplainedVerdict;
  readonly module: LoadedModule<A> | null;
  readonly layout: ModuleLayout | null;
  readonly blocks: readonly {
    readonly block: Block;
    readonly base: A;
    readonly size: number;
  }[];
  readonly origin: Origin<A> | null;
  readonly farJumps: readonly FarJump<A>[];
  readonly trampolines: readonly Trampoline<A>[];
}

/** Plans and loads until a step refuses the module. */
function attempt<A extends Address>(
  machine: ModuleMachine<A>,
  file: ModuleFile,
  options: ExplanationOptions<A>,
): Outcome<A> {
  let planned: ModulePlan<A> | null = null;
  let module: LoadedModule<A> | null = null;
  let refusal: Refusal | null = null;
  try {
    planned = options.plan();
    module = options.load();
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    refusal = error;
  }
  const mends = options.farJumps === "trampoline";
  const memories = module?.memories ?? planned?.memories ?? [];
  const { rules } = module?.profile ?? file.profile;
  // Without veneers, a block that was only planned is as large as its layout.
  const sizeOf = ({ type, size }: ModuleBlock<A>): number =>
    mends || planned === null
      ? size
      : wholeSize(machine, rules, planned.layout.blocks[type]?.size ?? 0);
  const farJumps = planned?.plan.farJumps ?? [];
  return {
    verdict: {
      verdict: refusal === null ? "loads" : "refused",
      stage: module !== null ? "loaded" : planned !== null ? "placed" : "checked",
      errno: refusal?.errno ?? null,
      dmesg: refusal?.dmesg ?? module?.dmesg ?? [],
      explanation: refusal?.explanation ?? null,
    },
    module,
    layout: planned?.layout ?? layoutAnyway(file),
    blocks: memories.map((memory) => ({
      block: memory.type,
      base: memory.base,
      size: sizeOf(memory),
    })),
    origin:
      planned === null
        ? null
        : originOf(machine, memories, planned.layout, mends ? planned.plan.shift : {}),
    farJumps: mends ? farJumps : farJumps.map((far) => ({ ...far, trampoline: null, word: null })),
    trampolines: mends ? (planned?.plan.trampolines ?? []) : [],
  };
}

/** Computes the layout, which needs neither kernel nor memory; null if the layout itself is refused. */
function layoutAnyway(file: ModuleFile): ModuleLayout | null {
  try {
    return layOut(file);
  } catch (error) {
    if (error instanceof Refusal) return null;
    throw error;
  }
}

function explainFile({ elf, modinfo }: ModuleFile): ExplainedFile {
  const value = (key: string): string | null => modinfo.get(key) ?? null;
  return {
    class: elf.class,
    endian: elf.endian,
    abi: abiName(elf),
    isa: isaName(elf.flags),
    license: value("license"),
    vermagic: value("vermagic"),
    depends: value("depends") || null,
    description: value("description"),
    notes: elf.notes,
  };
}

function explainRanges<A extends Address>(
  machine: ModuleMachine<A>,
  { module, blocks }: Outcome<A>,
): ExplainedRange<A>[] {
  const kernels = machine.kernelRanges.map(({ owner, base, size }) => ({
    name: owner === "lab" ? "lab kernel" : "kernel",
    kind: owner,
    base,
    size,
  }));
  const others = machine.modules
    .filter((other) => other !== module)
    .flatMap(({ name, memories }) =>
      memories
        .filter(({ type }) => !isInitBlock(type))
        .map(({ base, size }) => ({ name, kind: "module" as const, base, size })),
    );
  const own = blocks.map(({ block, base, size }) => ({
    name: `${block} block`,
    kind: block,
    base,
    size,
  }));
  return [...kernels, ...others, ...own].sort((a, b) => ascending(a.base, b.base));
}

/** Each region with the names of the ranges that overlap it. */
function explainRegions<A extends Address>(
  ranges: readonly ExplainedRange<A>[],
): ExplainedRegion<A>[] {
  const holds = new Map<A, string[]>();
  for (const { name, base, size } of ranges) {
    const first = regionOf(base);
    const last = regionOf(plus(base, Math.max(size, 1) - 1));
    for (let into = 0; into <= distance(first, last); into += REGION_SIZE) {
      const region = plus(first, into);
      const names = holds.get(region) ?? [];
      if (!names.includes(name)) names.push(name);
      holds.set(region, names);
    }
  }
  return [...holds]
    .sort(([a], [b]) => ascending(a, b))
    .map(([base, names]) => ({ base, end: plus(base, REGION_SIZE - 1), holds: names }));
}

function explainSections<A extends Address>(
  layout: ModuleLayout,
  places: Places<A>,
): ExplainedSection<A>[] {
  const ends: Partial<Record<Block, number>> = {};
  const order = blocksOf(layout.blocks);
  return [...layout.sections.values()]
    .sort(
      (a, b) =>
        order.indexOf(a.block) - order.indexOf(b.block) ||
        a.offset - b.offset ||
        a.section.size - b.section.size,
    )
    .map(({ section, block, offset, round }) => {
      const gap = offset - (ends[block] ?? 0);
      ends[block] = offset + section.size;
      return {
        name: section.name,
        block,
        address: places.address(section.index, 0),
        offset,
        size: section.size,
        // layout_symtab()'s section comes after tables that are not sections.
        padding: round === 0 ? gap % Math.max(section.alignment, 1) : gap,
        alignment: Math.max(section.alignment, 1),
        flags: sectionFlagLetters(section.flags),
        round,
      };
    });
}

function explainLeftOut({ elf }: ModuleFile, layout: ModuleLayout): LeftOutSection[] {
  const applied = new Map(
    relocationTables(elf).map(({ section, target }) => [
      section,
      layout.sections.has(target.index),
    ]),
  );
  const why = (section: Section): string => {
    const { name, flags } = section;
    if (name === layout.perCpu?.name) return "each CPU has its own copy";
    if (name === ".modinfo" || name === "__versions") return "read while loading, then dropped";
    const relocates = applied.get(section);
    if (relocates === true) return "relocations: applied, then dropped";
    if (relocates === false) return "relocations of what takes no memory: skipped";
    return (flags & SHF_ALLOC) === 0 ? "takes no memory (not SHF_ALLOC)" : "empty";
  };
  return elf.sections
    .slice(1)
    .filter(({ index }) => !layout.sections.has(index))
    .map((section) => ({
      name: section.name,
      size: section.size,
      why: why(section),
    }));
}

function explainImports<A extends Address>(
  machine: ModuleMachine<A>,
  { elf }: ModuleFile,
  module: LoadedModule<A> | null,
): ExplainedImport<A>[] {
  return elf.symbols
    .filter(({ section, index, name }) => section === SHN_UNDEF && index > 0 && name !== "")
    .map(({ name, binding }) => {
      const found = machine.importOf(name);
      const used: Export<A> | undefined = module?.imports.get(name) ?? found;
      return {
        name,
        address: used?.address ?? null,
        // The lab exports the symbols for which a stub was requested and that it has.
        from: used === undefined ? null : (found?.from ?? "lab"),
        module: used?.owner?.name ?? null,
        gpl: used?.gpl ?? false,
        weak: binding === STB_WEAK,
      };
    })
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

function explainExports<A extends Address>(
  { exports }: ModuleFile,
  module: LoadedModule<A> | null,
): ExplainedExport<A>[] {
  const addresses = new Map(module?.exports.map(({ name, address }) => [name, address]));
  return exports.map(({ name, gpl, crc, namespace }) => ({
    name,
    address: addresses.get(name) ?? null,
    gpl,
    crc,
    namespace,
  }));
}
