// One worker's machine: it loads a module of the tree with exactly its dependencies beside it, says what
// became of it, and takes it out again. A result depends on the module and the base alone, never on what
// was loaded before: dependencies lie where their order puts them, those that the next module needs at the
// same place stay, and a machine whose kernel has said a line, and so may be tainted, is not used again.

import { resolve } from "node:path";
import { KSEG2, PAGE_SIZE } from "../../assembly/layout.ts";
import { relocationTables } from "../elf/contents.ts";
import { relocationName } from "../elf/names.ts";
import { Misuse, Refusal } from "../errors.ts";
import { hex } from "../hex.ts";
import { readModuleBytes } from "../input.ts";
import type { Kernel } from "../kernel/kernel.ts";
import { readKernel } from "../kernel/read.ts";
import { Machine } from "../machine/machine.ts";
import { type ModuleFile, readModule } from "../module/file.ts";
import type { LoadedModule } from "../module/loaded.ts";
import { moduleName } from "../module/name.ts";
import { dependencyNames, modulesIn } from "./dependencies.ts";
import type { ModuleResult } from "./result.ts";

/** A jump's 256 MiB regions; modules go into those of kseg2. */
const REGION_SIZE = 0x10000000;
/** Bytes of module files that are kept, since the next module often has the same dependencies. */
const KEPT_BYTES = 32 << 20;

export interface LoaderSetup {
  readonly directory: string;
  readonly kernel: string | null;
  readonly farJumps: "refuse" | "trampoline";
  readonly stubMissing: boolean;
  /** Bytes of guest RAM. */
  readonly memory: number;
}

export interface LoaderTask {
  /** In the tree. */
  readonly path: string;
  readonly base: number;
}

/** A result and what it took. */
export interface LoaderAnswer {
  readonly result: ModuleResult;
  /** Seconds in all, and of them in reading and unpacking files. */
  readonly working: number;
  readonly reading: number;
  /** Relocations applied, dependencies' included. */
  readonly relocations: number;
}

interface Dependency {
  readonly path: string;
  readonly base: number;
  readonly module: LoadedModule;
}

const NOTHING = { farJumps: 0, veneers: 0, sites: 0, relocations: {} } as const;

export class TreeLoader {
  readonly #setup: LoaderSetup;
  readonly #paths: ReadonlyMap<string, string>;
  readonly #kernel: Kernel | null;
  readonly #files = new Map<string, ModuleFile>();
  #keptBytes = 0;
  #machine: Machine | undefined;
  #loaded: Dependency[] = [];
  #reading = 0;
  #relocations = 0;
  /** Whether the machine's kernel has said a line. */
  #spoke = false;

  /** @throws Misuse when the kernel's file can't be read. */
  static async open(setup: LoaderSetup): Promise<TreeLoader> {
    return new TreeLoader(setup, setup.kernel === null ? null : await readKernel(setup.kernel));
  }

  private constructor(setup: LoaderSetup, kernel: Kernel | null) {
    this.#setup = setup;
    this.#kernel = kernel;
    this.#paths = modulesIn(resolve(setup.directory), true);
  }

  /** Loads one module at a base and takes it out again. Whatever the file holds, this ends in an answer. */
  async load({ path, base }: LoaderTask): Promise<LoaderAnswer> {
    const begin = performance.now();
    this.#reading = 0;
    this.#relocations = 0;
    const where = { path, base: hex(base) };
    let result: ModuleResult;
    try {
      result = { ...where, ...(await this.#verdict(path, base)) };
    } catch (error) {
      this.#drop();
      result = { ...where, ...failure(error) };
    }
    return {
      result,
      working: (performance.now() - begin) / 1000,
      reading: this.#reading / 1000,
      relocations: this.#relocations,
    };
  }

  async #verdict(path: string, base: number): Promise<Omit<ModuleResult, "path" | "base">> {
    const own = resolve(this.#setup.directory, path);
    const file = await this.#read(own);
    const machine = await this.#prepare(file, own, base);
    const module = machine.insmodFile(file, { ...this.#options(), base });
    const relocations = countRelocations(module);
    this.#relocations += sum(relocations);
    machine.rmmod(module);
    if (this.#spoke || module.dmesg.length > 0) this.#drop();
    return {
      verdict: "loads",
      errno: null,
      dmesg: module.dmesg,
      explanation: null,
      farJumps: module.plan.farJumps.length,
      veneers: module.plan.trampolines.length,
      sites: module.sites.length,
      relocations,
    };
  }

  /** A machine that holds the file's dependencies and nothing else. */
  async #prepare(file: ModuleFile, own: string, base: number): Promise<Machine> {
    const order = await this.#order(file, own);
    const kept = this.#keep(order, base);
    this.#machine ??= await Machine.create({
      endian: this.#kernel?.endian ?? file.elf.endian,
      memory: this.#setup.memory,
      ...(this.#kernel === null ? {} : { kernel: this.#kernel }),
    });
    let next = firstBase(base);
    for (const [index, path] of order.entries()) {
      const dependency =
        index < kept ? this.#loaded[index] : await this.#loadDependency(this.#machine, path, next);
      if (dependency === undefined) continue;
      const { core, init } = dependency.module;
      const end = Math.max(core.base + core.size, init.base + init.size);
      next = Math.ceil(end / PAGE_SIZE) * PAGE_SIZE + PAGE_SIZE;
    }
    return this.#machine;
  }

  /** Unloads what isn't needed where it lies. @returns how many of `order` stay. */
  #keep(order: readonly string[], base: number): number {
    const inPlace = this.#loaded[0]?.base === firstBase(base);
    let kept = 0;
    while (inPlace && kept < this.#loaded.length && this.#loaded[kept]?.path === order[kept]) {
      kept += 1;
    }
    for (const { module } of this.#loaded.splice(kept).reverse()) this.#machine?.rmmod(module);
    return kept;
  }

  async #loadDependency(machine: Machine, path: string, base: number): Promise<Dependency> {
    try {
      const file = await this.#read(path);
      const module = machine.insmodFile(file, { ...this.#options(), base });
      const dependency = { path, base, module };
      this.#loaded.push(dependency);
      if (module.dmesg.length > 0) this.#spoke = true;
      this.#relocations += sum(countRelocations(module));
      return dependency;
    } catch (error) {
      throw loadedFirst(path, error);
    }
  }

  /** Paths of all that a module needs, each behind what it needs itself. A circle ends where it began. */
  async #order(file: ModuleFile, own: string): Promise<string[]> {
    const order: string[] = [];
    const seen = new Set([own]);
    const visit = async (user: ModuleFile): Promise<void> => {
      for (const name of dependencyNames(user)) {
        const path = this.#paths.get(moduleName(name));
        if (path === undefined || seen.has(path)) continue;
        seen.add(path);
        await visit(await this.#readDependency(path));
        order.push(path);
      }
    };
    await visit(file);
    return order;
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
    const file = readModule(bytes, { name: moduleName(path) });
    this.#files.set(path, file);
    this.#keptBytes += file.elf.bytes.length;
    for (const [oldest, { elf }] of this.#files) {
      if (this.#keptBytes <= KEPT_BYTES) break;
      this.#files.delete(oldest);
      this.#keptBytes -= elf.bytes.length;
    }
    return file;
  }

  #options() {
    const { farJumps, stubMissing } = this.#setup;
    return { farJumps, stubMissing };
  }

  #drop(): void {
    this.#machine = undefined;
    this.#loaded = [];
    this.#spoke = false;
  }
}

/** What is wrong with a dependency, said of the module that needs it. */
function loadedFirst(path: string, error: unknown): unknown {
  const prefix = `${moduleName(path)}, which is loaded first: `;
  if (error instanceof Misuse) return new Misuse(prefix + error.message);
  if (!(error instanceof Refusal)) return error;
  const { errno, dmesg, explanation } = error;
  return new Refusal({ errno, dmesg, explanation: prefix + explanation });
}

function failure(error: unknown): Omit<ModuleResult, "path" | "base"> {
  if (error instanceof Refusal) {
    const { errno, dmesg, explanation } = error;
    return { verdict: "refused", errno, dmesg, explanation, ...NOTHING };
  }
  const text = error instanceof Error ? error.message : String(error);
  const explanation = error instanceof Misuse ? text : `internal error: ${text}`;
  return failed(explanation);
}

/** The result of a module of which nothing is known but why. */
export function failed(explanation: string): Omit<ModuleResult, "path" | "base"> {
  return { verdict: "failed", errno: null, dmesg: [], explanation, ...NOTHING };
}

/** Entries for sections that are loaded, by type's name. */
function countRelocations({ file, sections }: LoadedModule): Record<string, number> {
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

/** Where dependencies begin: in the base's region, in the half of it that the base is not in. */
function firstBase(base: number): number {
  const region = Math.max(Math.floor(base / REGION_SIZE) * REGION_SIZE, KSEG2);
  const half = REGION_SIZE / 2;
  return base >= region + half ? region : region + half;
}
