// The rows of `farjal cost`: counts, interrupts and times each build of the module in each state of its sites. A build
// whose sites are far jumps makes three rows: with shared veneers, without shared veneers, and with its file mended. If
// no build is without sites, the reference is computed from a build's own instructions without those of its sites.

import { Misuse } from "../errors.ts";
import { greatest } from "../extremes.ts";
import type { TraceWay } from "../ftrace/tracer.ts";
import { counted } from "../html/numbers.ts";
import type { Machine } from "../lab/machine.ts";
import { interleave, type Timing } from "../measure/interleave.ts";
import { type MeasuredCall, type Open, Run, type Tracing } from "../measure/measured-run.ts";
import { fileName } from "../module/file/name.ts";
import type { LoadedModule } from "../module/loaded.ts";
import type { Veneers } from "../trampoline/facts.ts";
import {
  callsByJal,
  DEAD_ENTRIES,
  type Design,
  designOf,
  type MissingDesign,
  missingDesigns,
  sequenceStart,
  sequenceWords,
} from "./design.ts";
import { adoptEntries, type Entries, readEntries, VENEER_SECTION } from "./entry.ts";
import type { CostRow, SiteCode, Spread, States } from "./row.ts";
import { type PatchTrial, tryPatches } from "./trial.ts";

/** One build of the measured module. */
export interface Build {
  /** null for the builds that come with farjal. */
  readonly path: string | null;
  readonly open: Open;
  /** Opens it with its file mended; absent if it can't be mended. */
  readonly openMended?: Open;
  /** The design's name before the file was mended, if this build is a mended one. */
  readonly mendedFrom?: string;
}

export interface CostTable {
  readonly rows: readonly CostRow[];
  /** Designs that none of the builds has. */
  readonly missing: readonly MissingDesign[];
  /** Further remarks on the builds, in sentences. */
  readonly notes: readonly string[];
}

const ROUNDS = 8;
const WORD = 4;
/** Instructions beyond its usual number that a call may run after an interrupted patch. */
const ASTRAY = 100_000;

/**
 * Measures each build in each state of its sites.
 * @param milliseconds host time for each state of each build.
 * @throws Misuse and Refusal as Run.start() does.
 */
export async function costTable(
  builds: readonly Build[],
  call: MeasuredCall,
  milliseconds: number,
): Promise<CostTable> {
  const variants: Variant[] = [];
  for (const build of builds) {
    const shared = await Variant.measured(build, call, "shared");
    if (shared.module.plan.trampolines.length < shared.module.plan.farJumps.length) {
      variants.push(await Variant.measured(build, call, "each"));
    }
    variants.push(shared);
    const mended = mendedBuild(build, shared);
    if (mended !== null) variants.push(await Variant.measured(mended, call, "shared"));
  }
  const timings = await interleave(
    variants.flatMap(({ timed }) => timed.map((run) => run.task())),
    { milliseconds, rounds: ROUNDS },
  );
  const calls = greatest(
    variants.map((variant) => variant.calls),
    1,
  );
  const plain = variants.filter(({ design }) => design.kind === "none");
  const rows = variants.flatMap((variant) => {
    const own = timings.splice(0, variant.timed.length).map((timing) => spread(timing, calls));
    const like = plainLike(variant, plain);
    if (like !== undefined) return [rowOf(variant, like.base, own)];
    const reckoned = withoutSites(variant);
    if (reckoned === null) return [rowOf(variant, null, own)];
    const row = rowOf(variant, { name: reckoned.design, count: reckoned.instructions.off }, own);
    const again = variant.veneers === "each" || variant.build.mendedFrom !== undefined;
    return again ? [row] : [row, reckoned];
  });
  return {
    rows,
    missing: missingDesigns(new Set(variants.map(({ design }) => design.title))),
    notes: [...new Set(variants.flatMap(({ notes }) => notes))],
  };
}

/** The build with its file mended, if it calls _mcount with jal and can be mended. */
function mendedBuild({ path, openMended }: Build, { design }: Variant): Build | null {
  if (openMended === undefined || (design.kind !== "jal" && design.kind !== "jal-ra")) return null;
  return { path, open: openMended, mendedFrom: design.title };
}

/** The reference for instructions: a row's name, and the instructions of the measured call in it. */
interface Base {
  readonly name: string;
  readonly count: number;
}

/** A build with its far jumps mended in one way. */
class Variant {
  readonly build: Build;
  readonly veneers: Veneers | null;
  readonly module: LoadedModule;
  readonly design: Design;
  readonly off: Run;
  /** Traced natively, for the times: empty for a build without sites. */
  readonly native: readonly Run[];
  /** Traced by the guest's code: instructions with function and with function_graph. */
  readonly guest: readonly number[];
  readonly calls: number;
  readonly patches: readonly PatchTrial[];
  readonly code: SiteCode | null;
  readonly notes: readonly string[];

  static async measured(build: Build, call: MeasuredCall, veneers: Veneers): Promise<Variant> {
    let adopted: Adopted = { entries: null, fault: null };
    const prepare = (machine: Machine, module: LoadedModule): void => {
      adopted = adopt(machine, module);
    };
    const start = (tracer: Tracing, way: TraceWay | null): Promise<Run> => {
      // Runs that are only counted don't repay early translation.
      const engine = way === "guest" ? "auto" : "translator";
      return Run.start({ open: build.open, engine, tracer, way, veneers, prepare }, call);
    };
    const off = await start("off", null);
    const native: Run[] = [];
    const guest: Run[] = [];
    if (off.machine.callSites(off.module).length > 0) {
      for (const tracer of ["function", "function_graph"] as const) {
        native.push(await start(tracer, "native"));
        guest.push(await start(tracer, "guest"));
      }
    }
    const { plan } = off.module;
    const used = plan.farJumps.length === 0 ? null : veneers;
    return new Variant(build, used, adopted, off, native, guest);
  }

  private constructor(
    build: Build,
    veneers: Veneers | null,
    { entries, fault }: Adopted,
    off: Run,
    native: readonly Run[],
    guest: readonly Run[],
  ) {
    const { machine, module } = off;
    const sites = machine.callSites(module);
    const design = designOf(
      sites.map(({ site }) => site),
      entries,
    );
    this.build = build;
    this.veneers = veneers;
    this.module = module;
    this.design = fault !== null && design.kind === "none" ? DEAD_ENTRIES : design;
    this.off = off;
    this.native = native;
    this.guest = guest.map(({ first }) => first.instructions);
    this.calls = guest[0]?.calls ?? 0;
    this.patches = guest[0] === undefined ? [] : tried(guest[0], this.design);
    this.code = siteCode(off);
    this.notes = notesOn(module, fault, this.patches);
  }

  get timed(): readonly Run[] {
    return [this.off, ...this.native];
  }

  get title(): string {
    const { build, design, veneers, module } = this;
    if (build.mendedFrom !== undefined) return `${this.file}${build.mendedFrom}, rewritten`;
    if (veneers !== null) {
      return `${this.file}${design.title}, ${veneers === "each" ? "a trampoline each" : "shared trampolines"}`;
    }
    const long = design.kind === "none" && !callsByJal(module.file.elf);
    return `${this.file}${design.title}${long ? ", long calls" : ""}`;
  }

  /** The begin of its title. */
  get file(): string {
    const { path } = this.build;
    return path === null ? "" : `${fileName(path)}: `;
  }

  get base(): Base {
    return { name: this.title, count: this.off.first.instructions };
  }
}

/** The result of making call sites of a module's patchable entries; `fault` is the reason if they stay nops. */
interface Adopted {
  readonly entries: Entries | null;
  readonly fault: string | null;
}

function adopt(machine: Machine, module: LoadedModule): Adopted {
  try {
    const entries = readEntries(machine, module);
    if (entries !== null) adoptEntries(machine, module, entries);
    return { entries, fault: null };
  } catch (error) {
    if (!(error instanceof Misuse)) throw error;
    return { entries: null, fault: error.message };
  }
}

function notesOn(
  { name, sites }: LoadedModule,
  fault: string | null,
  patches: readonly PatchTrial[],
): string[] {
  const lost = sites.filter(({ recorded }) => !recorded).length;
  return [
    ...(fault === null ? [] : [`${name}'s patchable entries stay nops: ${fault}`]),
    ...(lost === 0
      ? []
      : [
          `${counted(lost, "call")} of _mcount in ${name} can't be switched: recordmcount lost them`,
        ]),
    ...(patches.some(({ sites: tried }) => tried === 0)
      ? [
          `no patch of ${name} was interrupted: the call comes by no site, or takes too many instructions`,
        ]
      : []),
  ];
}

/** The words of the module's first site, off and on. */
function siteCode({ machine, module }: Run): SiteCode | null {
  const [first] = machine.callSites(module);
  if (first === undefined) return null;
  const address = sequenceStart(first.site);
  const words = (): number[] =>
    Array.from({ length: sequenceWords(first.site) }, (_, index) =>
      machine.memory.u32(address + WORD * index),
    );
  const off = words();
  const tracer = machine.trace({ way: "guest" });
  const on = words();
  tracer.stop();
  return { address, off, on };
}

function tried({ machine, module, target, args, first }: Run, design: Design): PatchTrial[] {
  const probe = { machine, target, args, budget: 2 * first.instructions + ASTRAY };
  const { trampolines } = module.plan;
  const { instructions } = first;
  return tryPatches(probe, machine.callSites(module), { design, trampolines, instructions });
}

/** A build without sites, preferably one that makes its calls in the same way. */
function plainLike({ module }: Variant, plain: readonly Variant[]): Variant | undefined {
  const byJal = callsByJal(module.file.elf);
  return plain.find((one) => callsByJal(one.module.file.elf) === byJal) ?? plain[0];
}

/** A row computed for the module without its sites, as far as that follows from the sites alone. */
function withoutSites(variant: Variant): CostRow | null {
  const { build, file, module, design, off, calls } = variant;
  const { siteBytes, offInstructions } = design;
  if (siteBytes === null || offInstructions === null) return null;
  const sites = off.machine.callSites(module);
  const own = new Set(sites.map(({ site }) => site.address));
  const others = module.plan.trampolines.filter((one) => one.sites.some((at) => !own.has(at)));
  return {
    design: `${file}without its sites`,
    kind: "none",
    file: build.path,
    reckoned: true,
    veneers: null,
    v0: off.first.v0,
    sites: 0,
    calls: 0,
    bytes: {
      code: bytesOf(module).code - siteBytes * sites.length,
      veneers: sum(others.map(({ words }) => WORD * words.length)),
    },
    base: null,
    instructions: statesOf(off.first.instructions - offInstructions * calls, []),
    perCall: statesOf(null, []),
    nanoseconds: statesOf(null, []),
    patches: [],
    code: null,
  };
}

function rowOf(variant: Variant, base: Base | null, nanoseconds: readonly Spread[]): CostRow {
  const { build, title, veneers, module, design, off, guest, calls, patches, code } = variant;
  const instructions = statesOf(off.first.instructions, guest);
  const above = (count: number): number | null =>
    base === null || calls === 0 ? null : (count - base.count) / calls;
  return {
    design: title,
    kind: design.kind,
    file: build.path,
    reckoned: false,
    veneers,
    v0: off.first.v0,
    sites: off.machine.callSites(module).length,
    calls,
    bytes: bytesOf(module),
    base: design.kind === "none" ? null : (base?.name ?? null),
    instructions,
    perCall: statesOf(above(instructions.off), guest.map(above)),
    nanoseconds: statesOf(nanoseconds[0] ?? null, nanoseconds.slice(1)),
    patches,
    code,
  };
}

function statesOf<T>(off: T, [first, second]: readonly T[]): States<T> {
  return { off, function: first ?? null, functionGraph: second ?? null };
}

/** Bytes of code without veneers, and bytes of veneers: planned ones, and the module's own room for one. */
function bytesOf({ sections, plan }: LoadedModule): CostRow["bytes"] {
  const code = sections.filter(({ executable }) => executable);
  const room = code.filter(({ name }) => name === VENEER_SECTION);
  const own = sum(room.map(({ size }) => size));
  return {
    code: sum(code.map(({ size }) => size)) - own,
    veneers: own + sum(plan.trampolines.map(({ words }) => WORD * words.length)),
  };
}

function sum(sizes: readonly number[]): number {
  return sizes.reduce((total, size) => total + size, 0);
}

function spread({ p50, p25, p75, samples }: Timing, calls: number): Spread {
  const each = (seconds: number): number => (seconds * 1e9) / calls;
  return { p50: each(p50), p25: each(p25), p75: each(p75), samples };
}
