// Loads every module of a tree on all CPU cores. A pool of threads does the loading (worker.ts). This file distributes
// the modules, limits their time and handles a thread that dies: its module is reported by name, and the remaining
// modules continue in a new thread.

import { createHash } from "node:crypto";
import { statSync } from "node:fs";
import { open } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { Tinypool } from "tinypool";
import type { Address } from "../address.ts";
import { Misuse, systemError } from "../errors.ts";
import { hex } from "../hex.ts";
import { readAnyKernel } from "../kernel/read.ts";
import { checkOptions, type OptionKeys } from "../options.ts";
import { moduleFiles } from "./dependencies.ts";
import { failed, type LoaderAnswer, type LoaderSetup, type LoaderTask } from "./loader.ts";
import { type ModuleResult, type Sweep, type SweepSubject, shardRange } from "./result.ts";

export interface SweepOptions {
  /** A kernel's file, as readKernel() takes it; without it, the built-in lab kernel. */
  readonly kernel?: string;
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
  /** Bytes of each machine's RAM; default: 128 MiB. */
  readonly memory?: number;
  /** Threads; default: one for each processor. */
  readonly jobs?: number;
  /** Seconds that one module may take; default: 60. */
  readonly timeLimit?: number;
  /** MiB of JavaScript heap that one thread may take; default: 512. */
  readonly heapLimit?: number;
  /** The part of the work to do; parts are numbered from 1 to `count`. */
  readonly shard?: Sweep["shard"];
  /** Called for each result when it is complete, in no particular order. */
  readonly onResult?: (result: ModuleResult, done: number, count: number) => void;
}

const SWEEP_OPTIONS: OptionKeys<SweepOptions> = {
  kernel: true,
  symvers: true,
  bases: true,
  farJumps: true,
  stubMissing: true,
  memory: true,
  jobs: true,
  timeLimit: true,
  heapLimit: true,
  shard: true,
  onResult: true,
};

const DEFAULT_BASE = 0xc0000000;
const DEFAULT_MEMORY = 128 << 20;
const WHOLE = { index: 1, count: 1 };

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
    if (path !== null && statSync(path, { throwIfNoEntry: false })?.isFile() === false) {
      throw new Misuse(`${path} is not a plain file, which each thread of a sweep can read`);
    }
  }
  if (kernel !== null) await readAnyKernel(kernel, { symvers: symvers ?? undefined });
  else if (symvers !== null) throw new Misuse("a Module.symvers needs a kernel, and none is given");
  const subject: SweepSubject = {
    tree: treeDigest(modules),
    kernel: kernel === null ? null : await fileDigest(kernel),
    symvers: symvers === null ? null : await fileDigest(symvers),
    bases: bases.map(hex),
    farJumps,
    mend: options.farJumps === "trampoline",
    stubMissing,
  };
  const all = bases.flatMap((base) => modules.map((module) => ({ ...module, base })));
  const [first, end] = shardRange(all.length, shard);
  const tasks = all.slice(first, end);
  const memory = options.memory ?? DEFAULT_MEMORY;
  const setup = { kernel, symvers, farJumps, stubMissing, memory };
  const answers = await loadAll(tasks, setup, options);
  const sum = (key: "working" | "reading" | "relocations") =>
    answers.reduce((sofar, answer) => sofar + answer[key], 0);
  return {
    subject,
    total: all.length,
    shard,
    results: answers.map(({ result }) => result),
    speed: {
      seconds: (performance.now() - begin) / 1000,
      working: sum("working"),
      reading: sum("reading"),
      relocations: sum("relocations"),
      peakMemory: process.resourceUsage().maxRSS * 1024,
    },
  };
}

async function loadAll(
  tasks: readonly LoaderTask[],
  setup: LoaderSetup,
  { jobs = availableParallelism(), timeLimit = 60, heapLimit = 512, onResult }: SweepOptions,
): Promise<LoaderAnswer[]> {
  const threads = Math.max(1, Math.min(jobs, tasks.length));
  const pool = new Tinypool({
    filename: new URL("./worker.js", import.meta.url).href,
    name: "work",
    minThreads: threads,
    maxThreads: threads,
    isolateWorkers: false,
    resourceLimits: { maxOldGenerationSizeMb: heapLimit },
  });
  const answers: LoaderAnswer[] = [];
  let next = 0;
  let done = 0;
  const drain = async (): Promise<void> => {
    for (let index = next++; index < tasks.length; index = next++) {
      const task = tasks[index];
      if (task === undefined) break;
      const answer = await loadOne(pool, task, setup, timeLimit);
      answers[index] = answer;
      done += 1;
      onResult?.(answer.result, done, tasks.length);
    }
  };
  try {
    await Promise.all(Array.from({ length: threads }, drain));
  } finally {
    await pool.destroy();
  }
  return answers;
}

async function loadOne(
  pool: Tinypool,
  task: LoaderTask,
  setup: LoaderSetup,
  timeLimit: number,
): Promise<LoaderAnswer> {
  const begin = performance.now();
  const stop = new AbortController();
  const timer = setTimeout(() => stop.abort(), timeLimit * 1000);
  try {
    return (await pool.run({ ...task, setup }, { signal: stop.signal })) as LoaderAnswer;
  } catch (error) {
    const why = stop.signal.aborted
      ? `it took more than ${timeLimit} s`
      : `the thread that loaded it died: ${(error as Error).message}`;
    return {
      result: { path: task.label, base: hex(task.base), ...failed(why) },
      working: (performance.now() - begin) / 1000,
      reading: 0,
      relocations: 0,
    };
  } finally {
    clearTimeout(timer);
  }
}

function checkShard({ index, count }: Sweep["shard"]): void {
  const whole = Number.isSafeInteger(index) && Number.isSafeInteger(count);
  if (!whole || index < 1 || index > count) {
    throw new Misuse(`there is no shard ${index}/${count}; the first of four is 1/4`);
  }
}

function modulePaths(directory: string): string[] {
  try {
    if (!statSync(directory).isDirectory()) throw new Misuse(`${directory} is not a directory`);
  } catch (error) {
    if (error instanceof Misuse) throw error;
    throw new Misuse(`${directory} can't be read: ${systemError(error)}`);
  }
  const paths = moduleFiles(directory, true);
  if (paths.length === 0)
    throw new Misuse(
      `${directory} holds no file with a module's name (.ko, .ko.gz, .ko.xz or .ko.zst)`,
    );
  return paths;
}

function treeDigest(modules: readonly Omit<LoaderTask, "base">[]): string {
  const digest = createHash("sha256");
  for (const { directory, path, label } of modules) {
    digest.update(`${label}\0${sizeOf(join(directory, path))}\n`);
  }
  return digest.digest("hex");
}

/** -1 for a file that has gone since it was listed. */
function sizeOf(path: string): number {
  try {
    return statSync(path).size;
  } catch {
    return -1;
  }
}

async function fileDigest(path: string): Promise<string> {
  const digest = createHash("sha256");
  const file = await open(path);
  for await (const chunk of file.createReadStream()) digest.update(chunk as Uint8Array);
  return digest.digest("hex");
}
