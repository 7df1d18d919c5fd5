// Verifies every module of a tree, or of a part of it, in as many boots as their files need. A module whose init function
// stops the guest would take the others of its boot along: then each half is booted again, until the module is alone. So
// would one that is too large for the guest with what it needs; it is alone in its boot.

import { join } from "node:path";
import { Misuse, Refusal } from "../errors.ts";
import { version } from "../host/version.ts";
import { BOOT_FILES_BYTES } from "../limits.ts";
import { moduleName } from "../module/file/name.ts";
import { checkOptions, type OptionKeys } from "../options.ts";
import { plannedPart } from "../shards/part.ts";
import { checkShard, type Shard, WHOLE } from "../shards/shard.ts";
import { modulesIn } from "../sweep/dependencies.ts";
import { digestOf, fileDigest, modulePaths, treeDigest } from "../sweep/tree.ts";
import { GuestFailure, type GuestMachine } from "./guest.ts";
import { type Subject, SubjectGatherer } from "./subjects.ts";
import {
  isSame,
  openVerifier,
  VERIFY_OPTIONS,
  type VerifiedModule,
  type Verifier,
  type VerifyOptions,
} from "./verify.ts";

export interface VerifyTreeOptions extends Omit<VerifyOptions, "tree"> {
  /** The part of the modules to verify; default: all. */
  readonly shard?: Shard | undefined;
  /** An earlier result, whose times balance the parts; default: each part has a range of the modules. */
  readonly timings?: Pick<VerifiedTree, "modules" | "times"> | undefined;
}

const TREE_OPTIONS: OptionKeys<VerifyTreeOptions> = (() => {
  const { tree: _, ...own } = VERIFY_OPTIONS;
  return { ...own, shard: true, timings: true };
})();

/** What the results depend on; all parts of one work agree in it. */
export interface VerifySubject {
  /** farjal's version. */
  readonly farjal: string;
  /** SHA-256 of the tree's paths and sizes, and of the kernel's file. */
  readonly tree: string;
  readonly kernel: string;
  readonly machine: GuestMachine;
  /** SHA-256 of the times by which the parts were balanced; null if they have ranges. */
  readonly timings: string | null;
}

/** The results of a tree, or of a part of it. */
export interface VerifiedTree {
  readonly subject: VerifySubject;
  readonly release: string | null;
  /** Modules of the whole tree, of which `modules` is this part. */
  readonly total: number;
  readonly shard: Shard;
  /** The modules' places in the whole; null if the part has a range of it. */
  readonly places: readonly number[] | null;
  /** Each with its path in the tree. One without an answer has the reason among its problems. */
  readonly modules: readonly VerifiedModule[];
  /** Seconds for each: its share of its boot. */
  readonly times: readonly number[];
  /** Whether there is neither an unexplained word nor a problem. */
  readonly held: boolean;
}

/**
 * Boots the kernel and compares the modules of a tree, each after its dependencies there.
 * @param directory lib/modules/RELEASE, or any directory; files named .ko, .ko.gz, .ko.xz, .ko.zst count.
 * @throws Misuse for a directory without modules, when the kernel doesn't boot, and as verify() does.
 */
export async function verifyTree(
  directory: string,
  options: VerifyTreeOptions,
): Promise<VerifiedTree> {
  checkOptions("verifyTree()", options, TREE_OPTIONS);
  const { shard = WHOLE, timings, onProgress, ...own } = options;
  checkShard(shard);
  const paths = modulePaths(directory);
  const part = plannedPart(
    paths,
    shard,
    timings && { items: timings.modules, times: timings.times },
    ({ path }) => path,
  );
  const verifier = await openVerifier(own);
  const wanted = part.places.map((place) => paths[place] as string);
  const work = new TreeWork(verifier, directory, (done) => onProgress?.(done, wanted.length));
  await work.verify(wanted);
  const modules = wanted.map((path) => work.results.get(path)?.module as VerifiedModule);
  return {
    subject: {
      farjal: version(),
      tree: treeDigest(paths.map((path) => ({ directory, path, label: path }))),
      kernel: await fileDigest(options.kernel),
      machine: verifier.machine,
      timings: part.seconds === null ? null : digestOf(JSON.stringify(part.seconds)),
    },
    release: verifier.release,
    total: paths.length,
    shard,
    places: part.seconds === null ? null : part.places,
    modules,
    times: wanted.map((path) => Number((work.results.get(path)?.seconds ?? 0).toFixed(4))),
    held: modules.every(isSame),
  };
}

/** One boot: the modules that are wanted of it, and all of them with their dependencies. */
interface Boot {
  readonly wanted: readonly string[];
  readonly subjects: readonly Subject[];
}

/** The boots of a tree, and their results by path. */
export class TreeWork {
  readonly results = new Map<
    string,
    { readonly module: VerifiedModule; readonly seconds: number }
  >();
  readonly #verifier: Verifier;
  readonly #directory: string;
  readonly #inTree: ReadonlyMap<string, string>;
  readonly #onProgress: (done: number) => void;
  /** Whether the kernel has booted. */
  #boots = false;

  constructor(verifier: Verifier, directory: string, onProgress: (done: number) => void) {
    this.#verifier = verifier;
    this.#directory = directory;
    this.#inTree = modulesIn(directory, true);
    this.#onProgress = onProgress;
  }

  /** Gives each path a result. */
  async verify(paths: readonly string[]): Promise<void> {
    let gatherer = new SubjectGatherer(this.#inTree);
    let boot: Boot = { wanted: [], subjects: [] };
    const add = async (path: string): Promise<Boot | null> => {
      const own = await this.#gather(gatherer, path);
      if (own === null) return null;
      const subjects = [...new Set([...boot.subjects, ...own])];
      return { wanted: [...boot.wanted, path], subjects };
    };
    for (const path of paths) {
      let next = await add(path);
      if (next !== null && boot.wanted.length > 0 && sizeOf(next.subjects) > BOOT_FILES_BYTES) {
        await this.#boot(boot);
        gatherer = new SubjectGatherer(this.#inTree);
        boot = { wanted: [], subjects: [] };
        next = await add(path);
      }
      if (next !== null) boot = next;
    }
    if (boot.wanted.length > 0) await this.#boot(boot);
  }

  /** A module after what it needs; null if the kernel can't be given them, which is its result then. */
  async #gather(gatherer: SubjectGatherer, path: string): Promise<Subject[] | null> {
    try {
      const own = await gatherer.gather(join(this.#directory, path));
      const all = [...own.needs, own];
      this.#verifier.check(all);
      return all;
    } catch (error) {
      if (!(error instanceof Refusal || error instanceof Misuse)) throw error;
      const why = error instanceof Refusal ? error.explanation : error.message;
      this.#give(path, unanswered(path, why));
      return null;
    }
  }

  async #boot({ wanted, subjects }: Boot): Promise<void> {
    const begin = performance.now();
    try {
      const { modules } = await this.#verifier.verify(subjects);
      this.#boots = true;
      const seconds = (performance.now() - begin) / 1000 / wanted.length;
      for (const path of wanted) {
        const file = join(this.#directory, path);
        const module = modules.find((one) => one.path === file);
        // Another file of the same name, which is loaded first, takes a module's place.
        const own =
          module ?? unanswered(path, "another file has its name, and was loaded in its place");
        this.#give(path, { ...own, path }, seconds);
      }
    } catch (error) {
      if (!(error instanceof GuestFailure)) throw error;
      // Without any module: if that fails too, it isn't a module's fault.
      if (!this.#boots) await this.#verifier.verify([]);
      this.#boots = true;
      const [only = "", another] = wanted;
      if (another === undefined) {
        this.#give(only, unanswered(only, error.message), (performance.now() - begin) / 1000);
        return;
      }
      const half = Math.ceil(wanted.length / 2);
      for (const some of [wanted.slice(0, half), wanted.slice(half)]) await this.verify(some);
    }
  }

  #give(path: string, module: VerifiedModule, seconds = 0): void {
    this.results.set(path, { module, seconds });
    this.#onProgress(this.results.size);
  }
}

function sizeOf(subjects: readonly Subject[]): number {
  return subjects.reduce((sum, { bytes }) => sum + bytes.length, 0);
}

/** The result of a module that the kernel gave no answer for. */
function unanswered(path: string, why: string): VerifiedModule {
  return {
    name: moduleName(path),
    path,
    base: null,
    errno: null,
    loads: false,
    dmesg: [],
    paused: false,
    comparisons: [],
    problems: [why],
  };
}
