// The rows of `farjal cost`: each build of the module in each state of its sites, counted, interrupted and
// timed. A build with far jumps of its sites makes two rows, with and without shared veneers.

import { basename } from "node:path";
import {
  adoptEntries,
  callsByJal,
  type Design,
  designOf,
  detour,
  type Entries,
  type Interruptions,
  interrupt,
  type LoadedModule,
  type Machine,
  patchesOf,
  readEntries,
  sequenceStart,
  sequenceWords,
  type TraceWay,
  VENEER_SECTION,
  type Veneers,
} from "../index.ts";
import type { Tracing } from "../report/bench-text.ts";
import type { CostRow, PatchRow, SiteCode, Spread, States } from "../report/cost-text.ts";
import { interleave, type Timing } from "./interleave.ts";
import { Run, type RunOptions } from "./measured-run.ts";
import type { Source } from "./session.ts";

/** One build of the measured module. */
export interface Build {
  /** null for farjal's own. */
  readonly path: string | null;
  readonly source: Source;
}

const ROUNDS = 8;
const WORD = 4;
/** How far past its own length a call may run that a patch led astray. */
const ASTRAY = 100_000;

/** @throws Misuse and Refusal as Run.start() does, and where entries can't be made call sites. */
export async function costRows(
  builds: readonly Build[],
  texts: readonly string[],
  options: RunOptions,
  milliseconds: number,
): Promise<CostRow[]> {
  const variants: Variant[] = [];
  for (const build of builds) {
    const shared = await Variant.measured(build, texts, options);
    if (shared.module.plan.trampolines.length < shared.module.plan.farJumps.length) {
      variants.push(await Variant.measured(build, texts, { ...options, veneers: "each" }));
    }
    variants.push(shared);
  }
  const timings = await interleave(
    variants.flatMap(({ timed }) => timed.map((run) => run.task())),
    { milliseconds, rounds: ROUNDS },
  );
  const calls = Math.max(1, ...variants.map((variant) => variant.calls));
  const plain = variants.filter(({ design }) => design.kind === "none");
  return variants.map((variant) => {
    const own = timings.splice(0, variant.timed.length).map((timing) => spread(timing, calls));
    return rowOf(variant, baseOf(variant, plain), own);
  });
}

/** A build with its far jumps mended in one way. */
class Variant {
  readonly build: Build;
  readonly veneers: Veneers | null;
  readonly module: LoadedModule;
  readonly design: Design;
  readonly off: Run;
  /** Traced natively, for the time: nothing for a build without sites. */
  readonly native: readonly Run[];
  /** Traced by guest code: instructions of function and of function_graph. */
  readonly guest: readonly number[];
  readonly calls: number;
  readonly patches: readonly PatchRow[];
  readonly code: SiteCode | null;

  static async measured(
    build: Build,
    texts: readonly string[],
    options: RunOptions,
  ): Promise<Variant> {
    let entries: Entries | null = null;
    const prepare = (machine: Machine, module: LoadedModule): void => {
      entries = readEntries(machine, module);
      if (entries !== null) adoptEntries(machine, module, entries);
    };
    const start = (tracer: Tracing, way: TraceWay | null): Promise<Run> =>
      Run.start(
        { engine: "translator", source: build.source, tracer, way, prepare },
        texts,
        options,
      );
    const off = await start("off", null);
    const sites = off.machine.callSites(off.module);
    const design = designOf(
      sites.map(({ site }) => site),
      entries,
    );
    const native: Run[] = [];
    const guest: Run[] = [];
    for (const tracer of sites.length === 0 ? [] : (["function", "function_graph"] as const)) {
      native.push(await start(tracer, "native"));
      guest.push(await start(tracer, "guest"));
    }
    const { plan } = off.module;
    const veneers = plan.farJumps.length === 0 ? null : (options.veneers ?? "shared");
    return new Variant(build, veneers, design, off, native, guest);
  }

  private constructor(
    build: Build,
    veneers: Veneers | null,
    design: Design,
    off: Run,
    native: readonly Run[],
    guest: readonly Run[],
  ) {
    this.build = build;
    this.veneers = veneers;
    this.module = off.module;
    this.design = design;
    this.off = off;
    this.native = native;
    this.guest = guest.map(({ first }) => first.instructions);
    this.calls = guest[0]?.calls ?? 0;
    this.patches = guest[0] === undefined ? [] : interrupted(guest[0], design);
    this.code = siteCode(off);
  }

  get timed(): readonly Run[] {
    return [this.off, ...this.native];
  }

  get title(): string {
    const { build, design, veneers, module } = this;
    const file = build.path === null ? "" : `${basename(build.path)}: `;
    if (veneers !== null) {
      return `${file}${design.title}, ${veneers === "each" ? "a veneer each" : "shared veneers"}`;
    }
    const long = design.kind === "none" && !callsByJal(module.file.elf);
    return `${file}${design.title}${long ? ", long calls" : ""}`;
  }
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

/** Every way to switch the sites that the call comes by, interrupted. The sites call _mcount, which does nothing. */
function interrupted({ machine, module, target, args, first }: Run, design: Design): PatchRow[] {
  const probe = { machine, target, args, budget: 2 * first.instructions + ASTRAY };
  const found = new Map<string, { words: number; tried: Interruptions[] }>();
  for (const { site, loaded } of machine.callSites(module)) {
    const call = site.kind === "long" ? detour(machine, loaded) : loaded;
    for (const patch of patchesOf(site, call, design)) {
      const entry = found.get(patch.name) ?? { words: patch.on.length, tried: [] };
      found.set(patch.name, entry);
      const result = interrupt(probe, site, patch);
      if (result === null) break;
      entry.tried.push(result);
    }
  }
  return [...found].map(([name, { words, tried }]) => {
    const wrong = tried.flatMap((one) => one.wrong);
    return {
      name,
      words,
      sites: tried.length,
      runs: tried.reduce((sum, { runs }) => sum + runs, 0),
      atomic: tried.length === 0 ? null : wrong.length === 0,
      wrong,
    };
  });
}

interface Base {
  readonly name: string;
  /** Instructions of the measured call. */
  readonly instructions: number;
}

/** A build without sites that makes its calls as this one does, else this one without its sites. */
function baseOf(variant: Variant, plain: readonly Variant[]): Base | null {
  const { module, design, off, calls } = variant;
  const byJal = callsByJal(module.file.elf);
  const like = plain.find((one) => callsByJal(one.module.file.elf) === byJal) ?? plain[0];
  if (like !== undefined) {
    return { name: like.title, instructions: like.off.first.instructions };
  }
  if (design.offInstructions === null) return null;
  return {
    name: "its own code",
    instructions: off.first.instructions - design.offInstructions * calls,
  };
}

function rowOf(variant: Variant, base: Base | null, nanoseconds: readonly Spread[]): CostRow {
  const { build, title, veneers, module, design, off, guest, calls, patches, code } = variant;
  const instructions = statesOf(off.first.instructions, guest);
  const above = (count: number): number | null =>
    base === null || calls === 0 ? null : (count - base.instructions) / calls;
  return {
    design: title,
    kind: design.kind,
    file: build.path,
    veneers,
    v0: off.first.v0,
    sites: off.machine.callSites(module).length,
    calls,
    bytes: bytesOf(module),
    base: design.kind === "none" ? null : (base?.name ?? null),
    instructions,
    perCall: statesOf(above(instructions.off), guest.map(above)),
    nanoseconds: statesOf(nanoseconds[0] as Spread, nanoseconds.slice(1)),
    patches,
    code,
  };
}

function statesOf<T>(off: T, [first, second]: readonly T[]): States<T> {
  return { off, function: first ?? null, functionGraph: second ?? null };
}

/** Code without its veneers, and those: planned ones, and the room that the module itself has for one. */
function bytesOf({ sections, plan }: LoadedModule): CostRow["bytes"] {
  const code = sections.filter(({ executable }) => executable);
  const room = code.filter(({ name }) => name === VENEER_SECTION);
  const sum = (sizes: readonly number[]): number => sizes.reduce((total, size) => total + size, 0);
  const own = sum(room.map(({ size }) => size));
  return {
    code: sum(code.map(({ size }) => size)) - own,
    veneers: own + sum(plan.trampolines.map(({ words }) => WORD * words.length)),
  };
}

function spread({ p50, p25, p75, samples }: Timing, calls: number): Spread {
  const each = (seconds: number): number => (seconds * 1e9) / calls;
  return { p50: each(p50), p25: each(p25), p75: each(p75), samples };
}
