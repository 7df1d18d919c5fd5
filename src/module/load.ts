// Loads a module as Linux's load_module() does (kernel/module/main.c), by the rules of the kernel that it is loaded as
// (src/kernel/rules/): the same steps in the same order, the kernel's own lines, and memory that equals the real
// kernel's at the begin of ftrace_module_init(). The tracer and the machine perform the later steps (call sites off,
// notifiers, parameters, init). The one addition: with farJumps "trampoline", jumps that can't reach their targets go
// through veneers.
//
// Memory is allocated after symbols are resolved, not before, since the amount depends on the far-jump plan.

import { type Address, plus } from "../address.ts";
import { Words } from "../bytes/words.ts";
import { contents } from "../elf/contents.ts";
import { Refusal } from "../errors.ts";
import { hex } from "../hex.ts";
import type { KernelProfile } from "../kernel/rules/profile.ts";
import type { Jump, PerBlock, Place, Veneers } from "../trampoline/facts.ts";
import type { TrampolinePlan } from "../trampoline/plan.ts";
import { checkBeforeLayout, checkBeforeSymbols } from "./checks/checks.ts";
import { isProprietary } from "./checks/license.ts";
import type { ModuleFile } from "./file/file.ts";
import { EXIT_FUNCTION, INIT_FUNCTION } from "./file/this-module.ts";
import { applyStaticKeys, sortExceptionTable } from "./finalise.ts";
import type { Export, MemoryBlock, ModuleBlock, ModuleHost } from "./host.ts";
import { checkedAlignment } from "./layout/block-space.ts";
import { layOut, type ModuleLayout } from "./layout/layout.ts";
import {
  type Placement,
  type Placing,
  placeModule,
  placeWithSlots,
  planFor,
} from "./layout/placement.ts";
import {
  blockOf,
  freeMemory,
  type LoadedModule,
  type LoadedSection,
  loadedExports,
  loadedSections,
  loadedSites,
  loadedSymbols,
} from "./loaded.ts";
import { Loading } from "./loading.ts";
import { gatherJumps } from "./relocation/jumps.ts";
import { relocateModule } from "./relocation/relocate.ts";
import { countSlots } from "./relocation/slots.ts";
import { findDuplicate } from "./symbols/duplicates.ts";
import { kallsymsBytes } from "./symbols/kallsyms.ts";
import { type ResolvedSymbols, resolveSymbols } from "./symbols/symbols.ts";

export interface LoadOptions<A extends Address = number> extends Placing<A> {
  /** What to do with a jump that can't reach: "refuse" gives Linux's verdict, "trampoline" a veneer. */
  readonly farJumps: "refuse" | "trampoline";
  /**
   * The address that symbols of per-CPU variables are relative to, if another machine has the area; then none is
   * allocated here, and nothing is copied.
   */
  readonly perCpuBase?: A | undefined;
  /** The kernel's rules; default: those that the file was read with. */
  readonly profile?: KernelProfile | undefined;
}

/** What of the options a plan depends on. */
export type PlanOptions<A extends Address = number> = Placing<A> & Pick<LoadOptions<A>, "profile">;

/** A far-jump plan for a module that isn't loaded. */
export interface ModulePlan<A extends Address = number> {
  readonly layout: ModuleLayout;
  /** The blocks that the module would get, in the kernel's order. */
  readonly memories: readonly ModuleBlock<A>[];
  /** The address of offset 0 of each block's layout, with the plan's head room below it. */
  readonly origin: PerBlock<A>;
  readonly plan: TrampolinePlan<A>;
}

/** A module with all symbols resolved and no memory yet except the per-CPU area. */
interface Prepared<A extends Address> {
  readonly loading: Loading<A>;
  readonly layout: ModuleLayout;
  readonly perCpu: MemoryBlock<A> | null;
  readonly symbols: ResolvedSymbols<A>;
  readonly jumps: readonly Jump<A>[];
}

/**
 * Loads a module into a machine.
 * @throws Refusal as Linux refuses it, with all lines that the kernel would have printed by then; with errno null if
 *   Linux would load the module wrongly without a message and no veneer mends that. Nothing stays allocated.
 */
export function loadModule<A extends Address>(
  file: ModuleFile,
  host: ModuleHost<A>,
  options: LoadOptions<NoInfer<A>>,
): LoadedModule<A> {
  const prepared = prepare(new Loading(file, host, options), options.perCpuBase);
  let memories: readonly MemoryBlock<A>[] = [];
  try {
    const placement = placed(prepared, options);
    memories = [...placement.memories, ...placement.tables];
    return load(prepared, placement, options.veneers);
  } catch (error) {
    freeMemory(host, memories, prepared.perCpu);
    throw error;
  }
}

/** Allocates memory, with farjal's plan or the kernel's own. */
function placed<A extends Address>(
  { loading, layout, jumps }: Prepared<A>,
  options: LoadOptions<A>,
): Placement<A> {
  const { host, rules, file } = loading;
  if (options.farJumps === "trampoline") return placeModule(host, layout, options, jumps, rules);
  if (rules.O3 === "refuse") return placeModule(host, layout, options, [], rules);
  return placeWithSlots(host, layout, options, jumps, rules, countSlots(file.elf));
}

/**
 * Plans a module's veneers as loadModule() would, without loading it: the machine is unchanged.
 * @throws Refusal if Linux refuses the module before relocating it.
 */
export function planModule<A extends Address>(
  file: ModuleFile,
  host: ModuleHost<A>,
  placing: PlanOptions<NoInfer<A>> = {},
): ModulePlan<A> {
  const { profile } = placing;
  const loading = new Loading(file, host, { profile, dry: true });
  const { layout, perCpu, jumps } = prepare(loading);
  let memories: readonly ModuleBlock<A>[] = [];
  try {
    const placement = placeModule(host, layout, placing, jumps, loading.rules);
    memories = placement.memories;
    return { layout, ...placement };
  } finally {
    freeMemory(host, memories, perCpu);
  }
}

/** All steps before relocation that need no address. */
function prepare<A extends Address>(loading: Loading<A>, perCpuBase?: A): Prepared<A> {
  const { file, host } = loading;
  checkBeforeLayout(loading);
  const layout = layOut(file, loading.rules);
  checkBeforeSymbols(loading);
  const perCpu =
    perCpuBase === undefined ? allocatePerCpu(loading, layout) : { base: perCpuBase, size: 0 };
  try {
    const symbols = resolveSymbols(loading, layout, perCpu?.base ?? host.width.zero);
    return {
      loading,
      layout,
      perCpu,
      symbols,
      jumps: gatherJumps(file.elf, layout, symbols.places),
    };
  } catch (error) {
    freeMemory(host, [], perCpu);
    throw error;
  }
}

/** percpu_modalloc(). */
function allocatePerCpu<A extends Address>(
  loading: Loading<A>,
  { perCpu }: ModuleLayout,
): MemoryBlock<A> | null {
  if (perCpu === null) return null;
  const alignment = checkedAlignment(perCpu.alignment);
  const { pageSize } = loading.host;
  if (alignment > pageSize) loading.print(`per-cpu alignment ${alignment} > ${pageSize}`);
  try {
    const base = loading.host.allocatePerCpu(perCpu.size, Math.min(alignment, pageSize));
    return { base, size: perCpu.size };
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    loading.print(`Could not allocate ${perCpu.size} bytes percpu data`);
    throw loading.refusal("ENOMEM", error.explanation);
  }
}

/** Fills the memory, relocates and finalises. */
function load<A extends Address>(
  prepared: Prepared<A>,
  placement: Placement<A>,
  veneers: Veneers | undefined,
): LoadedModule<A> {
  const { loading, layout, perCpu, symbols } = prepared;
  const { file, host } = loading;
  const { memories, origin, plan, tables } = placement;
  const list = loadedSections(layout, origin);
  const sections = new Map(list.map((section) => [section.index, section]));
  const find = (name: string): LoadedSection<A> | undefined => {
    const section = file.sections.find(name);
    return section && sections.get(section.index);
  };
  const values = symbols.places.map((place) => addressOf(place, origin));

  copySections(file, host, list);
  const mended = applyPlan(host, plan);
  relocateModule(loading, {
    addresses: new Map(list.map(({ index, address }) => [index, address])),
    values,
    mended,
    farJumpHint: (site) => farJumpHint(prepared, placement, veneers, site),
  });
  refuseUnmended(loading, plan);

  const exceptions = find("__ex_table");
  if (exceptions !== undefined) sortExceptionTable(host, exceptions);
  copyPerCpu(file, host, layout, perCpu);
  for (const { address, bytes } of kallsymsBytes(
    file,
    host.width,
    layout.kallsyms,
    origin,
    values,
  )) {
    host.write(address, bytes);
  }
  const staticKeys = find("__jump_table");
  if (staticKeys !== undefined) applyStaticKeys(host, staticKeys);

  const proprietary = isProprietary(file) || symbols.inheritsTaint;
  const exports = loadedExports(file, host, sections, proprietary);
  refuseDuplicates(loading, exports);
  const named = loadedSymbols(file, sections, values);
  const function_ = (has: boolean | undefined, name: string): A | null =>
    has === true ? (named.find((symbol) => symbol.name === name)?.address ?? null) : null;
  return {
    name: file.name,
    file,
    profile: loading.profile,
    memories,
    tables,
    core: blockOf(host, memories, "core"),
    init: blockOf(host, memories, "init"),
    sections: list,
    symbols: named,
    exports,
    imports: symbols.imports,
    sites: loadedSites(file, host, sections, memories),
    plan,
    perCpu,
    initFunction: function_(file.thisModule?.hasInit, INIT_FUNCTION),
    exitFunction: function_(file.thisModule?.hasExit, EXIT_FUNCTION),
    proprietary,
    dmesg: loading.dmesg,
  };
}

function addressOf<A extends Address>(place: Place<A>, origin: Placement<A>["origin"]): A {
  return "block" in place ? plus(origin[place.block] as A, place.offset) : plus(place.address, 0);
}

function copySections<A extends Address>(
  file: ModuleFile,
  host: ModuleHost<A>,
  sections: readonly LoadedSection<A>[],
): void {
  for (const { index, address } of sections) {
    const section = file.elf.sections[index];
    const bytes = section && contents(file.elf, section).bytes;
    if (bytes !== undefined && bytes.length > 0) host.write(address, bytes);
  }
}

/** percpu_modcopy() for the only CPU. The section is never relocated; Linux 6.1 doesn't relocate it either. */
function copyPerCpu<A extends Address>(
  file: ModuleFile,
  host: ModuleHost<A>,
  layout: ModuleLayout,
  perCpu: MemoryBlock<A> | null,
): void {
  if (perCpu === null || perCpu.size === 0 || layout.perCpu === null) return;
  const { bytes } = contents(file.elf, layout.perCpu);
  if (bytes.length > 0) host.write(perCpu.base, bytes);
}

/** Writes the plan's veneers and the instructions it mends. @returns the addresses of the latter. */
function applyPlan<A extends Address>(host: ModuleHost<A>, plan: TrampolinePlan<A>): Set<A> {
  const write = (address: A, words: readonly number[]): void => {
    const bytes = new Words(new Uint8Array(4 * words.length), host.endian);
    for (const [index, word] of words.entries()) bytes.setU32(4 * index, word);
    host.write(address, bytes.bytes);
  };
  for (const { address, words } of plan.trampolines) write(address, words);
  const mended = plan.farJumps.flatMap(({ address, word }) =>
    word === null ? [] : [{ address, word }],
  );
  for (const { address, word } of mended) write(address, [word]);
  return new Set(mended.map(({ address }) => address));
}

/** The end of a sentence: how trampolines would mend a jump that overflows. */
function farJumpHint<A extends Address>(
  { loading, layout, jumps }: Prepared<A>,
  { memories }: Placement<A>,
  veneers: Veneers | undefined,
  site: A,
): string {
  const plan = planFor(loading.host, memories, layout, jumps, veneers);
  const refusal =
    plan.farJumps.find(({ address }) => address === site)?.refusal ?? plan.refused[0]?.refusal;
  if (refusal != null) return `; no trampoline mends it: ${refusal}`;
  const far = plan.farJumps.length;
  return `; trampolines would mend it: ${plan.trampolines.length} for ${far} far jump${far === 1 ? "" : "s"} of ${loading.file.name}`;
}

/** Refuses jumps that Linux, which checks S alone, would send to a wrong address without a message. */
function refuseUnmended<A extends Address>(loading: Loading<A>, plan: TrampolinePlan<A>): void {
  if (plan.refused.length === 0) return;
  const faults = plan.refused.map(
    ({ section, offset, reason, refusal }) => `${section}+${hex(offset)}: ${reason}; ${refusal}`,
  );
  throw loading.refusal(null, faults.join("\n"));
}

/** verify_exported_symbols(). */
function refuseDuplicates<A extends Address>(
  loading: Loading<A>,
  exports: readonly Export<A>[],
): void {
  for (const { name } of exports) {
    const other = findDuplicate(loading, name);
    if (other === undefined) continue;
    const owner = other.owner?.name ?? "kernel";
    throw loading.refusal(
      "ENOEXEC",
      `${name} is exported by ${owner} already, at ${hex(other.address)}`,
    );
  }
}
