// Judges every module of a tree, on all CPU cores, in two rounds: the first gathers what each module exports and how its
// struct module is laid out, the second judges each module with what all others export. Files are read twice; what had to
// be unpacked is kept in between, up to a limit.

import { resolve } from "node:path";
import { hex } from "../hex.ts";
import { version } from "../host/version.ts";
import { countReleases, releaseNotes, releaseOf } from "../kernel/rules/release.ts";
import { KEPT_MODULES_BYTES } from "../limits.ts";
import { checkOptions, type OptionKeys } from "../options.ts";
import { plannedPart } from "../shards/part.ts";
import { checkShard, type Shard, WHOLE } from "../shards/shard.ts";
import { modulesAround, modulesIn } from "../sweep/dependencies.ts";
import { type PoolAnswers, type PoolOptions, runOnCores } from "../sweep/pool.ts";
import { digestOf, fileDigest, modulePaths, type TreeModule, treeDigest } from "../sweep/tree.ts";
import { FITS_OPTIONS, type Fits, type FitsOptions, judgedKernel, MODULES_BASE } from "./fits.ts";
import { refusedFile } from "./judge.ts";
import type { ModuleFacts } from "./module-facts.ts";
import { openKernel, profileOf } from "./open.ts";
import { portableParts } from "./portable.ts";
import type { Verdict } from "./reason.ts";
import { Target } from "./target.ts";
import type { FactsTask, FileFacts, JudgeSetup, JudgeTask } from "./worker.ts";

export interface TreeOptions extends FitsOptions, PoolOptions {
  /** The part of the modules to judge; default: all. Each part reads the exports of the whole tree. */
  readonly shard?: Shard | undefined;
  /** An earlier result, whose times balance the parts; default: each part has a range of the modules. */
  readonly timings?: Pick<TreeFits, "modules" | "times"> | undefined;
  /** Called for each file in each of the two rounds, in no particular order. */
  readonly onProgress?: ((done: number, count: number) => void) | undefined;
}

const TREE_OPTIONS: OptionKeys<TreeOptions> = {
  ...FITS_OPTIONS,
  jobs: true,
  timeLimit: true,
  heapLimit: true,
  shard: true,
  timings: true,
  onProgress: true,
};

/** What the verdicts depend on; all parts of one work agree in it. */
export interface TreeSubject {
  /** farjal's version. */
  readonly farjal: string;
  /** SHA-256 of the tree's paths and sizes, and of the kernel's files. */
  readonly tree: string;
  readonly kernel: string;
  readonly symvers: string | null;
  /** SHA-256 of the options and of the times by which the parts were balanced; the latter null if they have ranges. */
  readonly options: string;
  readonly timings: string | null;
}

/** The verdicts on a tree, or on a part of it. */
export interface TreeFits extends Fits {
  readonly subject: TreeSubject;
  /** Modules of the whole tree, of which `modules` is this part. */
  readonly total: number;
  readonly shard: Shard;
  /** The verdicts' places in the whole; null if the part has a range of it. */
  readonly places: readonly number[] | null;
  /** Seconds that each verdict took. */
  readonly times: readonly number[];
}

const WORKER = new URL("./worker.js", import.meta.url);

/**
 * Judges the modules of a tree against a kernel. They may use each other's exports, and those of the tree around them.
 * @param directory lib/modules/RELEASE, or any directory; files named .ko, .ko.gz, .ko.xz, .ko.zst count.
 * @throws Misuse for a directory without modules, and a kernel that can't be read or isn't known well enough.
 */
export async function judgeTree(directory: string, options: TreeOptions): Promise<TreeFits> {
  checkOptions("judgeTree()", options, TREE_OPTIONS);
  checkShard(options.shard ?? WHOLE);
  const paths = modulePaths(directory);
  const opened = await openKernel(options);
  const around = [...modulesAround(directory).values()];
  const { modules } = options;
  const elsewhere = modules === undefined ? [] : [...modulesIn(modules, true).values()];
  const readings = elsewhere.length + around.length;
  const progress = (before: number) => (_: unknown, done: number) =>
    options.onProgress?.(before + done, readings + paths.length);
  const kept = new Map<string, Uint8Array>();
  let room = KEPT_MODULES_BYTES;
  const gather = async (files: readonly string[], before: number): Promise<ModuleFacts[]> => {
    const { answers } = await inThreads<FactsTask, FileFacts | null>({
      name: "readFacts",
      setup: null,
      tasks: files.map((path) => ({ path })),
      options,
      failed: () => null,
      onAnswer: progress(before),
    });
    for (const [at, answer] of answers.entries()) {
      const bytes = answer?.unpacked ?? null;
      if (bytes === null || bytes.length > room) continue;
      room -= bytes.length;
      kept.set(files[at] as string, bytes);
    }
    return answers.flatMap((answer) => (answer === null ? [] : [answer.facts]));
  };
  const theirs = await gather(elsewhere, 0);
  const elsewhereDigest = modules === undefined ? null : treeDigest(labelled(modules));
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
  const profile = profileOf(options, target);
  const setup: JudgeSetup = { directory, parts: portableParts(parts), profile, base };
  const { shard = WHOLE, timings } = options;
  const part = plannedPart(
    paths,
    shard,
    timings && { items: timings.modules, times: timings.times },
    ({ file }) => file,
  );
  const { places, seconds: expected } = part;
  const { answers: verdicts, seconds } = await inThreads<JudgeTask, Verdict>({
    name: "judgeOne",
    setup,
    tasks: places.map((place) => {
      const path = paths[place] as string;
      return { path, unpacked: kept.get(resolve(directory, path)) ?? null };
    }),
    weights: part.weights,
    options,
    failed: ({ path }, why) => refusedFile(path, { errno: null, dmesg: [], explanation: why }),
    onAnswer: progress(readings),
  });
  return {
    fits: verdicts.every(({ fits }) => fits),
    kernel: judgedKernel(target, modules ?? directory),
    modules: verdicts,
    notes: [
      ...profile.notes,
      ...target.notes,
      ...releaseNotes(countReleases(ours.map(({ vermagic }) => releaseOf(vermagic)))),
    ],
    subject: {
      farjal: version(),
      tree: treeDigest(labelled(directory)),
      kernel: await fileDigest(options.kernel),
      symvers: options.symvers === undefined ? null : await fileDigest(options.symvers),
      options: digestOf(JSON.stringify([hex(base), elsewhereDigest, options.rules ?? null])),
      timings: expected === null ? null : digestOf(JSON.stringify(expected)),
    },
    total: paths.length,
    shard,
    places: expected === null ? null : places,
    times: seconds.map((one) => Number(one.toFixed(4))),
  };
}

/** A tree's modules by their paths in it, which are the same on every machine. */
function labelled(directory: string): TreeModule[] {
  return modulePaths(directory).map((path) => ({ directory, path, label: path }));
}

interface Round<T, R> {
  readonly name: "readFacts" | "judgeOne";
  readonly setup: JudgeSetup | null;
  readonly tasks: readonly T[];
  readonly weights?: readonly number[] | null;
  readonly options: PoolOptions;
  readonly failed: (task: T, why: string) => R;
  readonly onAnswer: (answer: R, done: number) => void;
}

function inThreads<T, R>({ options, ...round }: Round<T, R>): Promise<PoolAnswers<R>> {
  if (round.tasks.length === 0) return Promise.resolve({ answers: [], seconds: [] });
  const { jobs, timeLimit } = options;
  return runOnCores({ worker: WORKER, ...round, jobs, timeLimit });
}
