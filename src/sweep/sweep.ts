// Loads every module of a tree on all CPU cores. The threads of a pool (pool.ts) do the loading (worker.ts); this file
// decides what is loaded, and puts the results together.

import { join } from "node:path";
import type { Address } from "../address.ts";
import { Misuse } from "../errors.ts";
import { hex } from "../hex.ts";
import { pathStats } from "../host/path-kind.ts";
import { version } from "../host/version.ts";
import { portableKernel } from "../kernel/portable.ts";
import { readAnyKernel } from "../kernel/read.ts";
import { profileFor, type RuleChoice } from "../kernel/rules/profile.ts";
import type { KernelStore } from "../kernel/stored.ts";
import { checkOptions, type OptionKeys } from "../options.ts";
import { plannedPart } from "../shards/part.ts";
import { checkShard, type Shard, WHOLE } from "../shards/shard.ts";
import { failed, type LoaderAnswer, type LoaderSetup, type LoaderTask } from "./loader.ts";
import { runOnCores } from "./pool.ts";
import type { ModuleResult, Sweep, SweepSubject } from "./result.ts";
import { structModuleSize } from "./struct-module.ts";
import { digestOf, fileDigest, modulePaths, treeDigest } from "./tree.ts";

export interface SweepOptions {
  /** A kernel's file, as readKernel() takes it; without it, the built-in lab kernel. */
  readonly kernel?: string;
  /** Keeps what was read from the kernel's image; default: nothing is kept. */
  readonly store?: KernelStore | undefined;
  /** The Module.symvers of that kernel, as readKernel() takes it. */
  readonly symvers?: string;
  /**
   * Addresses of the module's core block; default: 0xc0000000, sign-extended for 64-bit modules. Each module is loaded
   * once at each.
   */
  readonly bases?: readonly Address[];
  /** What to do with a jump that can't reach its target; default: "trampoline". */
  readonly farJumps?: "refuse" | "trampoline";
  /** Bind imports that nothing exports to a stub. */
  readonly stubMissing?: boolean;
  /** The kernel's rules; default: those of the kernel, or without one those of each module's release. */
  readonly rules?: RuleChoice | undefined;
  /** Bytes of each machine's RAM; default: 128 MiB. */
  readonly memory?: number;
  /** Threads; default: one for each processor. */
  readonly jobs?: number;
  /** Seconds that one module may take; default: 60. */
  readonly timeLimit?: number;
  /** MiB of JavaScript heap that one thread may take; default: 512. */
  readonly heapLimit?: number;
  /** The part of the work to do; parts are numbered from 1 to `count`. */
  readonly shard?: Shard;
  /** An earlier result, whose times balance the shards; default: each shard has a range of the modules. */
  readonly timings?: Pick<Sweep, "results" | "speed"> | undefined;
  /** Called for each result when it is complete, in no particular order. */
  readonly onResult?: (result: ModuleResult, done: number, count: number) => void;
}

const SWEEP_OPTIONS: OptionKeys<SweepOptions> = {
  kernel: true,
  store: true,
  symvers: true,
  bases: true,
  farJumps: true,
  stubMissing: true,
  rules: true,
  memory: true,
  jobs: true,
  timeLimit: true,
  heapLimit: true,
  shard: true,
  timings: true,
  onResult: true,
};

const DEFAULT_BASE = 0xc0000000;
const DEFAULT_MEMORY = 128 << 20;

/**
 * Loads every module of a tree after its dependencies in the tree, and reports Linux's verdict on each.
 * @param directories lib/modules/RELEASE, or any directory, or several; files named .ko, .ko.gz, .ko.xz, .ko.zst count.
 * @returns the results in the order of bases and then paths, whatever order the threads finished in.
 * @throws Misuse for a directory without modules and a kernel's file that can't be read.
 */
export async function sweep(
  directories: string | readonly string[],
  options: SweepOptions = {},
): Promise<Sweep> {
  checkOptions("sweep()", options, SWEEP_OPTIONS);
  const begin = performance.now();
  const {
    kernel = null,
    symvers = null,
    shard = WHOLE,
    farJumps = "trampoline",
    stubMissing = false,
    rules = null,
    timings,
  } = options;
  checkShard(shard);
  const bases = options.bases ?? [DEFAULT_BASE];
  const roots = typeof directories === "string" ? [directories] : [...new Set(directories)];
  if (roots.length === 0) throw new Misuse("sweep() needs a directory");
  const modules = roots.flatMap((directory) =>
    modulePaths(directory).map((path) => ({
      directory,
      path,
      label: roots.length === 1 ? path : join(directory, path),
    })),
  );
  for (const path of [kernel, symvers]) {
    if (path !== null && pathStats(path)?.isFile() === false) {
      throw new Misuse(`${path} is not a plain file, which each thread of a sweep can read`);
    }
  }
  const read =
    kernel === null
      ? null
      : await readAnyKernel(kernel, { symvers: symvers ?? undefined, store: options.store });
  if (kernel === null && symvers !== null) {
    throw new Misuse("a Module.symvers needs a kernel, and none is given");
  }
  const all = bases.flatMap((base) => modules.map((module) => ({ ...module, base })));
  const names = all.map(({ label, base }) => itemName(label, hex(base)));
  const part = plannedPart(
    names,
    shard,
    timings && { items: timings.results, times: timings.speed.times },
    ({ path, base }) => itemName(path, base),
  );
  const { places, seconds } = part;
  const subject: SweepSubject = {
    farjal: version(),
    tree: treeDigest(modules),
    kernel: kernel === null ? null : await fileDigest(kernel),
    symvers: symvers === null ? null : await fileDigest(symvers),
    bases: bases.map(hex),
    farJumps,
    mend: options.farJumps === "trampoline",
    stubMissing,
    rules,
    timings: seconds === null ? null : digestOf(JSON.stringify(seconds)),
  };
  const tasks = places.map((place) => all[place] as LoaderTask);
  const memory = options.memory ?? DEFAULT_MEMORY;
  const own = read === null ? null : portableKernel(read);
  const setup: LoaderSetup = {
    ...{ kernel: own, farJumps, stubMissing, rules, memory },
    structModuleSize: await structModuleSize(
      modules.map(({ directory, path }) => join(directory, path)),
      read?.vermagic ?? null,
    ),
  };
  const { jobs, timeLimit, heapLimit, onResult } = options;
  const { answers } = await runOnCores({
    worker: new URL("./worker.js", import.meta.url),
    name: "work",
    setup,
    tasks,
    weights: part.weights,
    jobs,
    timeLimit,
    heapLimit,
    failed: failedAnswer,
    onAnswer: ({ result }, done, count) => onResult?.(result, done, count),
  });
  const sum = (key: "working" | "reading" | "relocations") =>
    answers.reduce((sofar, answer) => sofar + answer[key], 0);
  return {
    subject,
    total: all.length,
    shard,
    places: seconds === null ? null : places,
    results: answers.map(({ result }) => result),
    speed: {
      seconds: (performance.now() - begin) / 1000,
      working: sum("working"),
      reading: sum("reading"),
      relocations: sum("relocations"),
      peakMemory: process.resourceUsage().maxRSS * 1024,
      times: answers.map(({ working }) => Number(working.toFixed(4))),
    },
    notes: profileFor(rules ?? {}, read, null).notes,
  };
}

function failedAnswer(task: LoaderTask, why: string, seconds: number): LoaderAnswer {
  return {
    result: { path: task.label, base: hex(task.base), release: null, ...failed(why) },
    working: seconds,
    reading: 0,
    relocations: 0,
  };
}

function itemName(label: string, base: string): string {
  return `${base} ${label}`;
}
