// Judges every module of a tree, on all CPU cores, in two rounds: the first gathers what each module exports and how its
// struct module is laid out, the second judges each module with what all others export. Files are read twice, so that
// no more than a few modules are in memory at a time.

import { modulesAround, modulesIn } from "../sweep/dependencies.ts";
import { type PoolOptions, runOnCores } from "../sweep/pool.ts";
import { modulePaths } from "../sweep/tree.ts";
import { type Fits, type FitsOptions, judgedKernel, MODULES_BASE } from "./fits.ts";
import { refusedFile } from "./judge.ts";
import { type ModuleFacts, releaseOf } from "./module-facts.ts";
import { openKernel, profileOf } from "./open.ts";
import { portableParts } from "./portable.ts";
import type { Verdict } from "./reason.ts";
import { Target } from "./target.ts";
import type { JudgeSetup } from "./worker.ts";

export interface TreeOptions extends FitsOptions, PoolOptions {
  /** Called for each file in each of the two rounds, in no particular order. */
  readonly onProgress?: ((done: number, count: number) => void) | undefined;
}

const WORKER = new URL("./worker.js", import.meta.url);

/**
 * Judges the modules of a tree against a kernel. They may use each other's exports, and those of the tree around them.
 * @param directory lib/modules/RELEASE, or any directory; files named .ko, .ko.gz, .ko.xz, .ko.zst count.
 * @throws Misuse for a directory without modules, and a kernel that can't be read or isn't known well enough.
 */
export async function judgeTree(directory: string, options: TreeOptions): Promise<Fits> {
  const paths = modulePaths(directory);
  const opened = await openKernel(options);
  const around = [...modulesAround(directory).values()];
  const { modules } = options;
  const elsewhere = modules === undefined ? [] : [...modulesIn(modules, true).values()];
  const readings = elsewhere.length + around.length;
  const progress = (before: number) => (_: unknown, done: number) =>
    options.onProgress?.(before + done, readings + paths.length);
  const gather = async (files: readonly string[], before: number): Promise<ModuleFacts[]> =>
    (
      await inThreads<ModuleFacts | null>(
        "readFacts",
        null,
        files,
        options,
        () => null,
        progress(before),
      )
    ).filter((facts) => facts !== null);
  const theirs = await gather(elsewhere, 0);
  const ours = await gather(around, elsewhere.length);
  // Without --modules, the tree is taken for the kernel's own.
  const parts = {
    name: opened.name,
    kernel: opened.kernel,
    own: modules === undefined ? ours : theirs,
    others: modules === undefined ? [] : ours,
  };
  const target = new Target(parts);
  const { base = MODULES_BASE } = options;
  const setup: JudgeSetup = {
    directory,
    parts: portableParts(parts),
    profile: profileOf(options, target),
    base,
  };
  const failed = (path: string, why: string): Verdict =>
    refusedFile(path, { errno: null, dmesg: [], explanation: why });
  const verdicts = await inThreads("judgeOne", setup, paths, options, failed, progress(readings));
  return {
    fits: verdicts.every(({ fits }) => fits),
    kernel: judgedKernel(target, modules ?? directory),
    modules: verdicts,
    notes: [...target.notes, ...releaseNotes(ours)],
  };
}

function inThreads<R>(
  name: "readFacts" | "judgeOne",
  setup: JudgeSetup | null,
  tasks: readonly string[],
  { jobs, timeLimit }: PoolOptions,
  failed: (path: string, why: string) => R,
  onAnswer: (answer: R, done: number) => void,
): Promise<R[]> {
  if (tasks.length === 0) return Promise.resolve([]);
  return runOnCores({ worker: WORKER, name, setup, tasks, jobs, timeLimit, failed, onAnswer });
}

/** A sentence about a tree with modules of several releases. */
function releaseNotes(modules: readonly ModuleFacts[]): string[] {
  const counts = new Map<string, number>();
  for (const { vermagic } of modules) {
    const release = releaseOf(vermagic);
    if (release !== null) counts.set(release, (counts.get(release) ?? 0) + 1);
  }
  if (counts.size < 2) return [];
  const list = [...counts].map(([release, count]) => `${release} (${count})`).join(", ");
  return [`the tree has modules of ${counts.size} releases: ${list}`];
}
