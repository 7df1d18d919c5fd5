// Mends every module of a tree, on all CPU cores. Threads mend (worker.ts); the caller gets each mended file as soon as
// it is made and writes it, so that no more files are in memory than threads work on.

import { Misuse } from "../errors.ts";
import { version } from "../host/version.ts";
import { MEND_OPTIONS, type MendOptions } from "../mend/plan.ts";
import { checkOptions, type OptionKeys } from "../options.ts";
import { plannedPart } from "../shards/part.ts";
import { checkShard, type Shard, WHOLE } from "../shards/shard.ts";
import { type PoolOptions, runOnCores } from "../sweep/pool.ts";
import { digestOf, modulePaths, treeDigest } from "../sweep/tree.ts";
import { type MendedTree, type MendResult, outputPath, withoutPlace } from "./result.ts";
import type { MendAnswer, MendSetup, MendTask } from "./worker.ts";

export interface MendTreeOptions extends MendOptions, PoolOptions {
  /** The part of the modules to mend; default: all. */
  readonly shard?: Shard | undefined;
  /** An earlier result, whose times balance the parts; default: each part has a range of the modules. */
  readonly timings?: Pick<MendedTree, "results" | "times"> | undefined;
  /**
   * Called for each mended file, and for each file with nothing to mend, in no particular order; the next module waits
   * for its promise. Default: no files are made.
   */
  readonly onFile?: ((file: Uint8Array, result: MendResult) => Promise<void>) | undefined;
  /** Called for each module, after its file. */
  readonly onProgress?: ((done: number, count: number) => void) | undefined;
}

const TREE_OPTIONS: OptionKeys<MendTreeOptions> = {
  ...MEND_OPTIONS,
  jobs: true,
  timeLimit: true,
  heapLimit: true,
  shard: true,
  timings: true,
  onFile: true,
  onProgress: true,
};

/**
 * Mends the modules of a tree as mendModule() does.
 * @param directory lib/modules/RELEASE, or any directory; files named .ko, .ko.gz, .ko.xz, .ko.zst count.
 * @returns the results in the order of paths.
 * @throws Misuse for a directory without modules, or with two modules whose mended files would have one path.
 */
export async function mendTree(
  directory: string,
  options: MendTreeOptions = {},
): Promise<MendedTree> {
  checkOptions("mendTree()", options, TREE_OPTIONS);
  const { shard = WHOLE, timings, onFile, onProgress } = options;
  const { sites = "trace", noJumps = false, stripDebug = false } = options;
  const { jobs, timeLimit, heapLimit } = options;
  checkShard(shard);
  const paths = modulePaths(directory);
  requireOwnOutputs(paths);
  const part = plannedPart(
    paths,
    shard,
    timings && { items: timings.results, times: timings.times },
    ({ path }) => path,
  );
  const setup: MendSetup = {
    directory,
    options: { sites, noJumps, stripDebug },
    files: onFile !== undefined,
  };
  const { answers, seconds } = await runOnCores<MendTask, MendAnswer>({
    worker: new URL("./worker.js", import.meta.url),
    name: "mendOne",
    setup,
    tasks: part.places.map((place) => ({ path: paths[place] as string })),
    weights: part.weights,
    ...{ jobs, timeLimit, heapLimit },
    failed: ({ path }, why) => ({ result: withoutPlace(path, "failed", why), file: null }),
    kept: ({ result }) => ({ result, file: null }),
    onAnswer: async ({ result, file }, done, count) => {
      if (file !== null) await onFile?.(file, result);
      onProgress?.(done, count);
    },
  });
  return {
    subject: {
      farjal: version(),
      tree: treeDigest(paths.map((path) => ({ directory, path, label: path }))),
      ...{ sites, noJumps, stripDebug },
      timings: part.seconds === null ? null : digestOf(JSON.stringify(part.seconds)),
    },
    total: paths.length,
    shard,
    places: part.seconds === null ? null : part.places,
    results: answers.map(({ result }) => result),
    times: seconds.map((one) => Number(one.toFixed(4))),
  };
}

/** @throws Misuse */
function requireOwnOutputs(paths: readonly string[]): void {
  const owners = new Map<string, string>();
  for (const path of paths) {
    const output = outputPath(path);
    const other = owners.get(output);
    if (other !== undefined) {
      throw new Misuse(`${other} and ${path} are one module: both would be mended as ${output}`);
    }
    owners.set(output, path);
  }
}
