// A worker's task: it reads a module of the tree and its dependencies, loads them (stack.ts) and returns the result.
// A result depends only on the module and the base, never on what was loaded before.

import { resolve } from "node:path";
import type { Address } from "../address.ts";
import { relocationTables } from "../elf/contents.ts";
import { relocationName } from "../elf/names.ts";
import { Misuse, Refusal } from "../errors.ts";
import { hex } from "../hex.ts";
import type { AnyKernel } from "../kernel/kernel.ts";
import { kernelFrom, type PortableKernel } from "../kernel/portable.ts";
import { profileFor, type RuleChoice } from "../kernel/rules/profile.ts";
import { releaseOf } from "../kernel/rules/release.ts";
import { kindFor } from "../lab/module-machine.ts";
import { loadedFirst, type StackedFile } from "../lab/module-stack.ts";
import { type ModuleFile, readModule } from "../module/file/file.ts";
import { moduleName } from "../module/file/name.ts";
import { readModuleBytes } from "../module/file/source.ts";
import type { LoadedModule } from "../module/loaded.ts";
import { dependencyNames, modulesAround } from "./dependencies.ts";
import type { ModuleResult } from "./result.ts";
import { type AnySweepStack, makeStack } from "./stack.ts";

/** Bytes of module files to keep, since the next module often has the same dependencies. */
const KEPT_BYTES = 32 << 20;

export interface LoaderSetup {
  readonly kernel: PortableKernel | null;
  readonly farJumps: "refuse" | "trampoline";
  readonly stubMissing: boolean;
  /** The kernel's rules; null: the kernel's own, or each module's. */
  readonly rules: RuleChoice | null;
  /** sizeof(struct module) of the kernel; null: that of the first module of each stack. */
  readonly structModuleSize: number | null;
  /** Bytes of guest RAM. */
  readonly memory: number;
}

export interface LoaderTask {
  /** The tree, in which its dependencies are looked for. */
  readonly directory: string;
  /** The module's path in the tree. */
  readonly path: string;
  /** The path in the result. */
  readonly label: string;
  /** For a 64-bit module, an address of up to eight digits is sign-extended. */
  readonly base: Address;
}

/** A result, with its time and memory. */
export interface LoaderAnswer {
  readonly result: ModuleResult;
  /** Seconds in all, and the part of them spent reading and unpacking files. */
  readonly working: number;
  readonly reading: number;
  /** Relocations applied, including the dependencies'. */
  readonly relocations: number;
}

/** What loading a module led to. */
type Outcome = Omit<ModuleResult, "path" | "base" | "release">;

const NOTHING = { farJumps: 0, veneers: 0, sites: 0, relocations: {} } as const;

export class TreeLoader {
  readonly #setup: LoaderSetup;
  /** The modules around each directory, by name. */
  readonly #paths = new Map<string, ReadonlyMap<string, string>>();
  readonly #kernel: AnyKernel | null;
  readonly #files = new Map<string, ModuleFile>();
  #keptBytes = 0;
  /** Machines that load as Linux does, and with trampolines. */
  readonly #stacks: { refuse?: AnySweepStack; trampoline?: AnySweepStack } = {};
  #reading = 0;
  #relocations = 0;
  /** The release of the module that is being loaded, once its file is read. */
  #release: string | null = null;

  constructor(setup: LoaderSetup) {
    this.#setup = setup;
    this.#kernel = setup.kernel === null ? null : kernelFrom(setup.kernel);
  }

  /** Loads one module at a base and unloads it again. Every file leads to an answer, whatever it contains. */
  async load(task: LoaderTask): Promise<LoaderAnswer> {
    const begin = performance.now();
    this.#reading = 0;
    this.#relocations = 0;
    this.#release = null;
    let outcome: Outcome;
    try {
      outcome = await this.#verdict(task);
    } catch (error) {
      outcome = failure(error);
    }
    return {
      result: { path: task.label, base: hex(task.base), release: this.#release, ...outcome },
      working: (performance.now() - begin) / 1000,
      reading: this.#reading / 1000,
      relocations: this.#relocations,
    };
  }

  async #verdict({ directory, path, base }: LoaderTask): Promise<Outcome> {
    const own = resolve(directory, path);
    const file = await this.#read(own);
    this.#release = releaseOf(file.modinfo.get("vermagic") ?? null);
    const order = await this.#order(file, own, directory);
    const load = (how: "refuse" | "trampoline") => this.#load(file, order, base, how);
    try {
      return { ...loadedResult(await load("refuse")), linux: "loads" };
    } catch (error) {
      if (!(error instanceof Refusal) || this.#setup.farJumps === "refuse") throw error;
      const mended = loadedResult(await this.#orThrow(error, () => load("trampoline")));
      const { errno, dmesg, explanation } = error;
      return { ...mended, linux: "refused", errno, dmesg, explanation };
    }
  }

  /** What `work` gives. If the module is refused with help too, Linux's own reason is the one to report. */
  async #orThrow<T>(reason: Refusal, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw error instanceof Refusal ? reason : error;
    }
  }

  async #load(
    file: ModuleFile,
    order: readonly StackedFile[],
    base: Address,
    farJumps: "refuse" | "trampoline",
  ): Promise<LoadedModule<Address>> {
    const kind = kindFor(file, this.#kernel);
    let stack = this.#stacks[farJumps];
    if (!stack?.serves(kind)) {
      stack = await makeStack(kind, { ...this.#setup, farJumps, kernel: this.#kernel });
    }
    delete this.#stacks[farJumps];
    try {
      const module = stack.load(file, order, base, (one) => {
        this.#relocations += sum(countRelocations(one));
      });
      this.#stacks[farJumps] = stack;
      return module;
    } catch (error) {
      if (error instanceof Refusal) this.#stacks[farJumps] = stack;
      throw error;
    }
  }

  /** The module's dependencies, each after its own dependencies; a circle is followed once. */
  async #order(file: ModuleFile, own: string, directory: string): Promise<StackedFile[]> {
    const paths = this.#around(directory);
    const order: StackedFile[] = [];
    const seen = new Set([own]);
    const visit = async (user: ModuleFile): Promise<void> => {
      for (const name of dependencyNames(user)) {
        const path = paths.get(moduleName(name));
        if (path === undefined || seen.has(path)) continue;
        seen.add(path);
        const needed = await this.#readDependency(path);
        await visit(needed);
        order.push({ path, file: needed });
      }
    };
    await visit(file);
    return order;
  }

  #around(directory: string): ReadonlyMap<string, string> {
    const known = this.#paths.get(directory);
    if (known !== undefined) return known;
    const around = modulesAround(directory);
    this.#paths.set(directory, around);
    return around;
  }

  async #readDependency(path: string): Promise<ModuleFile> {
    try {
      return await this.#read(path);
    } catch (error) {
      throw loadedFirst(path, error);
    }
  }

  async #read(path: string): Promise<ModuleFile> {
    const known = this.#files.get(path);
    if (known !== undefined) {
      this.#files.delete(path);
      this.#files.set(path, known);
      return known;
    }
    const begin = performance.now();
    const bytes = await readModuleBytes(path);
    this.#reading += performance.now() - begin;
    const profileOf = (vermagic: string | null) =>
      profileFor(this.#setup.rules ?? {}, this.#kernel, vermagic);
    const file = readModule(bytes, { name: moduleName(path), profileOf });
    this.#files.set(path, file);
    this.#keptBytes += file.elf.bytes.length;
    for (const [oldest, { elf }] of this.#files) {
      if (this.#keptBytes <= KEPT_BYTES) break;
      this.#files.delete(oldest);
      this.#keptBytes -= elf.bytes.length;
    }
    return file;
  }
}

function loadedResult(module: LoadedModule<Address>): Omit<Outcome, "linux"> {
  return {
    verdict: "loads",
    errno: null,
    dmesg: module.dmesg,
    explanation: null,
    farJumps: module.plan.farJumps.length,
    veneers: module.plan.trampolines.length,
    sites: module.sites.length,
    relocations: countRelocations(module),
  };
}

function failure(error: unknown): Outcome {
  if (error instanceof Refusal) {
    const { errno, dmesg, explanation } = error;
    return { verdict: "refused", linux: "refused", errno, dmesg, explanation, ...NOTHING };
  }
  const text = error instanceof Error ? error.message : String(error);
  const explanation = error instanceof Misuse ? text : `internal error: ${text}`;
  return failed(explanation);
}

/** The result of a module of which only the reason of the failure is known. */
export function failed(explanation: string): Outcome {
  return { verdict: "failed", linux: null, errno: null, dmesg: [], explanation, ...NOTHING };
}

/** The number of relocations of loaded sections, by the type's name. */
function countRelocations({ file, sections }: LoadedModule<Address>): Record<string, number> {
  const counts = new Map<number, number>();
  const loaded = new Set(sections.map(({ index }) => index));
  for (const table of relocationTables(file.elf)) {
    if (!loaded.has(table.target.index)) continue;
    for (let entry = 0; entry < table.count; entry++) {
      const type = table.type(entry);
      counts.set(type, (counts.get(type) ?? 0) + 1);
    }
  }
  const sorted = [...counts].sort(([one], [other]) => one - other);
  return Object.fromEntries(sorted.map(([type, count]) => [relocationName(type), count]));
}

function sum(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((total, count) => total + count, 0);
}
