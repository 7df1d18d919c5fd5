// A machine with a module in it, as the options ask: the kernel read, the byte order found, dependencies
// loaded first and out of the module's way. What is done with the module is the command's business.

import { KSEG2, PAGE_SIZE } from "../../assembly/layout.ts";
import {
  type Kernel,
  type LoadedModule,
  Machine,
  type ModuleFile,
  type ModulePlan,
  moduleName,
  Refusal,
  readKernel,
  readModule,
} from "../index.ts";
import { readModuleBytes } from "../input.ts";
import { dependencyNames, ModuleFinder } from "../sweep/dependencies.ts";
import type { ModuleOptions } from "./module-options.ts";

/** A jump's 256 MiB regions; modules go into those of kseg2. */
const REGION_SIZE = 0x10000000;

export interface SessionOptions extends ModuleOptions {
  /** Run init functions, the dependencies' too. */
  readonly init?: boolean;
}

/** The files that a session begins with; read once, they serve any number of machines. */
export interface Source {
  readonly path: string;
  readonly file: ModuleFile;
  readonly kernel: Kernel | null;
}

/** Reads them. @throws Misuse for files that can't be read, Refusal for a file that is no module. */
export async function readSource(path: string, options: SessionOptions): Promise<Source> {
  const file = await openModule(path, options);
  const kernel = options.kernel === undefined ? null : await readKernel(options.kernel);
  return { path, file, kernel };
}

/** Reads the module that a command names. */
export async function openModule(
  path: string,
  { object }: Pick<ModuleOptions, "object">,
): Promise<ModuleFile> {
  return readModule(await readModuleBytes(path), {
    name: moduleName(path),
    object: object === true,
  });
}

export class Session {
  readonly machine: Machine;
  readonly file: ModuleFile;
  readonly #options: SessionOptions;
  readonly #missing: string[] = [];
  readonly #finder: ModuleFinder;
  readonly #release: string;
  #nextBase: number;

  /**
   * Makes the machine and loads everything but the module itself.
   * @throws Misuse for files that can't be read, Refusal when a dependency is refused.
   */
  static async open(source: Source, options: SessionOptions): Promise<Session> {
    const { file, kernel } = source;
    const machine = await Machine.create({
      endian: options.endian ?? kernel?.endian ?? file.elf.endian,
      memory: options.memory << 20,
      cpu: options.cpu,
      ...(options.engine === undefined ? {} : { engine: options.engine }),
      ...(kernel === null ? {} : { kernel }),
    });
    const session = new Session(machine, source, options);
    for (const first of options.with ?? []) await session.#loadFirst(first);
    await session.#loadDependencies(file);
    return session;
  }

  private constructor(machine: Machine, { path, file, kernel }: Source, options: SessionOptions) {
    this.machine = machine;
    this.#release = kernel?.vermagic?.split(" ")[0] ?? "";
    this.file = file;
    this.#options = options;
    this.#finder = new ModuleFinder(path);
    this.#nextBase = clearOf(options.base);
  }

  /** The kernel's release, as its version magic begins; empty when nobody says. */
  get release(): string {
    return this.#release;
  }

  /** Loads the module. @throws Refusal as Linux refuses it, and saying what --with would mend. */
  load(): LoadedModule {
    return this.#explained(() => this.machine.insmodFile(this.file, this.#insmodOptions()));
  }

  /** The far-jump plan that load() carries out. @throws Refusal where Linux refuses before relocating. */
  plan(): ModulePlan {
    return this.#explained(() => this.machine.plan(this.file, this.#insmodOptions()));
  }

  #insmodOptions() {
    const { base, initBase, farJumps, stubMissing, init, param } = this.#options;
    return {
      base,
      ...(initBase === undefined ? {} : { initBase }),
      farJumps,
      stubMissing: stubMissing === true,
      init: init === true,
      ...(param === undefined ? {} : { parameters: param }),
    };
  }

  /** @param above the modules that wait for these, so that a circle ends. */
  async #loadDependencies(file: ModuleFile, above: readonly string[] = []): Promise<void> {
    for (const name of dependencyNames(file)) {
      if (this.#isLoaded(name) || above.includes(moduleName(name))) continue;
      const path = this.#finder.find(name);
      if (path === undefined) this.#missing.push(name);
      else await this.#loadFirst(path, above);
    }
  }

  /** Loads a dependency, its own dependencies before it. */
  async #loadFirst(path: string, above: readonly string[] = []): Promise<void> {
    const file = await openModule(path, {});
    if (this.#isLoaded(file.name)) return;
    await this.#loadDependencies(file, [...above, moduleName(file.name)]);
    const loaded = this.#explained(
      () =>
        this.machine.insmodFile(file, {
          farJumps: this.#options.farJumps,
          stubMissing: this.#options.stubMissing === true,
          init: this.#options.init === true,
          base: this.#nextBase,
        }),
      `${path}, which is loaded first: `,
    );
    const { core, init } = loaded;
    const end = Math.max(core.base + core.size, init.base + init.size);
    this.#nextBase = Math.ceil(end / PAGE_SIZE) * PAGE_SIZE + PAGE_SIZE;
  }

  #isLoaded(name: string): boolean {
    return this.machine.modules.some((module) => moduleName(module.name) === moduleName(name));
  }

  /** Adds to a refusal what the command line knows: which file it is about, and which files lack. */
  #explained<T>(work: () => T, prefix = ""): T {
    try {
      return work();
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      const { errno, dmesg } = error;
      const missing =
        errno === "ENOENT" && this.#missing.length > 0 ? this.#missing.join(", ") : "";
      const hint =
        missing === ""
          ? ""
          : `; of its dependencies, no file was found for ${missing}: give it with --with FILE`;
      throw new Refusal({ errno, dmesg, explanation: `${prefix}${error.explanation}${hint}` });
    }
  }
}

/**
 * Where dependencies begin: in the region of the module's base, so that calls between them reach, and in
 * the half of it that the module is not in.
 */
function clearOf(base: number): number {
  const region = Math.max(Math.floor(base / REGION_SIZE) * REGION_SIZE, KSEG2);
  const half = REGION_SIZE / 2;
  return base >= region + half ? region : region + half;
}
