// A sweep's results: one for each module and base, and the facts that make two sweeps comparable. They are plain values
// that JSON preserves, because the shards of a sweep are exchanged as files.

import type { Errno } from "../errors.ts";
import type { RuleChoice } from "../kernel/rules/profile.ts";
import { countReleases, releaseNotes } from "../kernel/rules/release.ts";
import type { Shard } from "../shards/shard.ts";

export interface ModuleResult {
  /** The file's path in the tree. */
  readonly path: string;
  /** The requested address of the core block, as 0x and its digits. */
  readonly base: string;
  /** The release that it was built for, of its version magic; null if it has none or can't be read. */
  readonly release: string | null;
  /** Whether farjal loads it, mended if it may be. `failed`: no verdict; the file can't be read, or the worker died or exceeded the time limit. */
  readonly verdict: "loads" | "refused" | "failed";
  /**
   * Linux's verdict, which no mending changes; null for no verdict. Imports that were given stubs count as if they
   * existed.
   */
  readonly linux: "loads" | "refused" | null;
  /** Linux's errno if it refuses the module. */
  readonly errno: Errno | null;
  /** The kernel's lines: Linux's if it refuses the module. */
  readonly dmesg: readonly string[];
  /** Why Linux doesn't load it; null if it does. */
  readonly explanation: string | null;
  readonly farJumps: number;
  readonly veneers: number;
  /** Call sites that were patched off. */
  readonly sites: number;
  /** Relocations of the module's loaded sections, by the type's name; empty unless it loads. */
  readonly relocations: Readonly<Record<string, number>>;
}

/** What the results depend on; all shards of one sweep agree in it. */
export interface SweepSubject {
  /** farjal's version. */
  readonly farjal: string;
  /** SHA-256 of the tree's paths and sizes. */
  readonly tree: string;
  /** SHA-256 of the kernel's file; null for the built-in kernel. */
  readonly kernel: string | null;
  /** SHA-256 of the Module.symvers; null if none was given. */
  readonly symvers: string | null;
  readonly bases: readonly string[];
  readonly farJumps: "refuse" | "trampoline";
  /** Whether trampolines were asked for, so that a module that only they make loadable counts as loadable. */
  readonly mend: boolean;
  readonly stubMissing: boolean;
  /** The kernel's rules that were asked for; null: the kernel's own, or each module's. */
  readonly rules: RuleChoice | null;
  /** SHA-256 of the times by which the shards were balanced; null if each has a range of the work. */
  readonly timings: string | null;
}

export interface SweepSpeed {
  /** Wall time in seconds; for a merged sweep the sum of its shards'. */
  readonly seconds: number;
  /** Seconds that the workers spent in all, and the part of them spent reading and unpacking files. */
  readonly working: number;
  readonly reading: number;
  /** Relocations applied; those of a dependency count each time it was loaded. */
  readonly relocations: number;
  /** The process's peak resident memory in bytes; for a merged sweep the largest. */
  readonly peakMemory: number;
  /** Seconds that each result took, in the results' order: with them, --timings balances the shards of the next run. */
  readonly times: readonly number[];
}

export interface Sweep {
  readonly subject: SweepSubject;
  /** Results of the whole sweep, of which `results` is this shard's part. */
  readonly total: number;
  readonly shard: Shard;
  /** The results' places in the whole sweep; null if the shard has a range of it. */
  readonly places: readonly number[] | null;
  readonly results: readonly ModuleResult[];
  readonly speed: SweepSpeed;
  /** What is remarkable about the kernel's rules, in sentences. */
  readonly notes: readonly string[];
}

/** What is remarkable about a sweep, in sentences: about the kernel's rules, and modules of several releases. */
export function sweepNotes({ notes, results }: Sweep): string[] {
  return [...notes, ...releaseNotes(releasesOf(results))];
}

/** The modules by the release that they were built for; each counts once, however many bases it has. */
function releasesOf(results: readonly ModuleResult[]): Record<string, number> {
  return countReleases(new Map(results.map(({ path, release }) => [path, release])).values());
}

export interface SweepSummary {
  /** Modules that Linux loads, and that it refuses. */
  readonly linuxLoads: number;
  readonly linuxRefused: number;
  /** Modules that farjal loads, including those that it mends. */
  readonly loads: number;
  readonly refused: number;
  readonly failed: number;
  readonly farJumps: number;
  readonly veneers: number;
  readonly sites: number;
  /** By type, the most frequent first. */
  readonly relocations: Readonly<Record<string, number>>;
  /** The modules by the release that they were built for. */
  readonly releases: Readonly<Record<string, number>>;
}

/** Counts the results by verdict and by type of relocation. */
export function summarise(results: readonly ModuleResult[]): SweepSummary {
  const summary = {
    linuxLoads: 0,
    linuxRefused: 0,
    loads: 0,
    refused: 0,
    failed: 0,
    farJumps: 0,
    veneers: 0,
    sites: 0,
  };
  const relocations = new Map<string, number>();
  for (const result of results) {
    summary[result.verdict] += 1;
    if (result.linux === "loads") summary.linuxLoads += 1;
    if (result.linux === "refused") summary.linuxRefused += 1;
    summary.farJumps += result.farJumps;
    summary.veneers += result.veneers;
    summary.sites += result.sites;
    for (const [type, count] of Object.entries(result.relocations)) {
      relocations.set(type, (relocations.get(type) ?? 0) + count);
    }
  }
  const sorted = [...relocations].sort(([, one], [, other]) => other - one);
  return {
    ...summary,
    relocations: Object.fromEntries(sorted),
    releases: releasesOf(results),
  };
}
