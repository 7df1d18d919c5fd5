// A machine with a module in it, made from the options: reads the kernel, finds the byte order, and loads dependencies
// first, at addresses that leave room for the module. What happens to the module then is up to the command.

import type { Address } from "../address.ts";
import {
  type AnyKernel,
  type Block,
  dependencyBase,
  type Explanation,
  explainModule,
  type InsmodOptions,
  type Kernel,
  kernelOf32Bits,
  kernelOf64Bits,
  kindFor,
  type LoadedModule,
  type Machine,
  type MendReport,
  Misuse,
  type ModuleFile,
  type ModuleMachine,
  type ModulePlan,
  ModuleStack,
  makeMachine,
  makeStillMachine,
  moduleName,
  openModule as openSource,
  profileFor,
  type ReadModuleOptions,
  readAnyKernel,
  rewrittenModule,
  type StillMachine,
  type Veneers,
} from "../index.ts";
import { ModuleFinder } from "../sweep/dependencies.ts";
import { DependencyLoader } from "../sweep/dependency-loader.ts";
import { address32, address64 } from "../sweep/module-address.ts";
import { structModuleOf } from "../sweep/struct-module.ts";
import { ProvidedFunctions, readProvided } from "./call/provide.ts";
import { readInput } from "./input.ts";
import { kernelStore } from "./kernel-store.ts";
import { DEFAULT_BASE, type ModuleOptions, ruleChoice } from "./options/module-options.ts";

export interface SessionOptions extends ModuleOptions {
  /** Run init functions, including the dependencies'. */
  readonly init?: boolean;
  /** How the module's far jumps share veneers. */
  readonly veneers?: Veneers;
  /** `NAME=RESULT`, one in each element. */
  readonly provide?: readonly string[];
  /** The command prints the list of modules. */
  readonly list?: boolean;
}

/** The files that a session starts from; read once, they serve any number of machines. */
export interface Source<A extends Address = number> {
  readonly path: string;
  readonly file: ModuleFile;
  /** How the file was rewritten, for --far-jumps rewrite. */
  readonly mended: MendReport | null;
  readonly kernel: Kernel<A> | null;
}

/** The session's file and, where it was rewritten, how. */
interface Opened {
  readonly file: ModuleFile;
  readonly mended: MendReport | null;
}

/** A module's file as it is, and the kernel: read once, they serve sessions with different options. */
export interface Files {
  readonly path: string;
  readonly file: ModuleFile;
  readonly kernel: AnyKernel | null;
}

/** A session of a machine that runs code, and one of a machine that only loads. */
export type RunningSession = Session<number, Machine>;
export type StillSession = Session<bigint, StillMachine>;

/** @throws Misuse for files that can't be read, Refusal for a file that is no module. */
export async function readFiles(path: string, options: SessionOptions): Promise<Files> {
  const kernel = await kernelOf(options);
  const profileOf = profileChooser(options, kernel);
  return { path, file: await openModule(path, { ...options, profileOf }), kernel };
}

/**
 * Reads the files for a machine that runs code.
 * @throws Misuse for files that can't be read and 64-bit modules, Refusal for a file that is no module.
 */
export async function readSource(path: string, options: SessionOptions): Promise<Source> {
  const files = await readFiles(path, options);
  if (files.file.elf.class === 64) {
    throw new Misuse(
      `${files.file.name} is a 64-bit module, and farjal has no 64-bit processor: info, plan and load take it`,
    );
  }
  const opened = rewrittenFile(files, options);
  return { path, ...opened, kernel: narrowKernel(files.kernel, options) };
}

/** Makes a machine that runs no code, of the module's class, and loads the module's dependencies. */
export async function openSession(
  path: string,
  options: SessionOptions,
): Promise<RunningSession | StillSession> {
  return openLoading(await readFiles(path, options), options);
}

/** The same for files that were read. */
export async function openLoading(
  files: Files,
  options: SessionOptions,
): Promise<RunningSession | StillSession> {
  const { path, kernel } = files;
  const opened = rewrittenFile(files, options);
  const { file } = opened;
  if (file.elf.class === 32) {
    return Session.open({ path, ...opened, kernel: narrowKernel(kernel, options) }, options);
  }
  if (options.init === true || options.list === true || options.param !== undefined) {
    throw new Misuse(
      `${file.name} is a 64-bit module, and farjal has no 64-bit processor: --init, --param and --list ` +
        "need one",
    );
  }
  const wide = kernel === null ? null : kernelOf64Bits(kernel, options.kernel ?? "");
  return Session.openStill({ path, ...opened, kernel: wide }, options);
}

function narrowKernel(kernel: AnyKernel | null, options: SessionOptions): Kernel | null {
  return kernel === null ? null : kernelOf32Bits(kernel, options.kernel ?? "");
}

/** The module as the options ask for it: unchanged or mended. */
function rewrittenFile({ file }: Files, { farJumps }: SessionOptions): Opened {
  if (farJumps !== "rewrite") return { file, mended: null };
  const { file: mended, report } = rewrittenModule(file);
  return { file: mended, mended: report };
}

/** The kernel that the options name; null if they name none. */
async function kernelOf({
  kernel,
  symvers,
  cache,
}: Pick<ModuleOptions, "kernel" | "symvers" | "cache">): Promise<AnyKernel | null> {
  if (kernel !== undefined)
    return readAnyKernel(kernel, { symvers, store: kernelStore({ cache }) });
  if (symvers === undefined) return null;
  throw new Misuse("--symvers adds to a kernel: name that with --kernel");
}

type ProfileOf = NonNullable<ReadModuleOptions["profileOf"]>;

/** Chooses the kernel's rules for each module of a session. @throws Misuse for an option that is no rule. */
function profileChooser(options: SessionOptions, kernel: AnyKernel | null): ProfileOf {
  const choice = ruleChoice(options) ?? {};
  return (vermagic) => profileFor(choice, kernel, vermagic);
}

/** sizeof(struct module), where the kernel refuses modules with another one, by the modules installed with it. */
async function ownStructModule(
  options: SessionOptions,
  kernel: AnyKernel | null,
): Promise<number | undefined> {
  if (kernel === null || options.kernel === undefined) return undefined;
  const { rules } = profileChooser(options, kernel)(kernel.vermagic);
  return rules.V15 === "ignore" ? undefined : structModuleOf(options.kernel, kernel);
}

/** Reads the module that a command names. */
export async function openModule(
  path: string,
  { object, profileOf }: Pick<ModuleOptions, "object"> & Pick<ReadModuleOptions, "profileOf">,
): Promise<ModuleFile> {
  const options = {
    name: moduleName(path),
    object: object === true,
    ...(profileOf === undefined ? {} : { profileOf }),
  };
  return openSource(path === "-" ? readInput(path) : path, options);
}

export class Session<A extends Address, M extends ModuleMachine<A>> {
  readonly machine: M;
  readonly file: ModuleFile;
  /** The kernel that the options name; null if they name none. */
  readonly kernel: Kernel<A> | null;
  /** How the file was rewritten; null if it is unchanged. */
  readonly mended: MendReport | null;
  readonly #options: SessionOptions;
  readonly #dependencies: DependencyLoader<A>;
  readonly #addressOf: (option: Address) => A;
  #provided: ProvidedFunctions | null = null;

  /**
   * Makes the machine and loads everything but the module itself.
   * @throws Misuse for files that can't be read, Refusal when a dependency is refused.
   */
  static async open(source: Source, options: SessionOptions): Promise<RunningSession> {
    const { file, kernel } = source;
    const { endian, cpu, engine, memory } = options;
    const kind = kindFor(file, kernel);
    const machine = await makeMachine(endian === undefined ? kind : { ...kind, endian }, {
      kernel,
      memory: memory << 20,
      cpu,
      rules: ruleChoice(options),
      structModuleSize: await ownStructModule(options, kernel),
      ...(engine === undefined ? {} : { engine }),
    });
    const profileOf = profileChooser(options, kernel);
    const provided = new ProvidedFunctions(machine, readProvided(options.provide));
    const session = new Session<number, Machine>(machine, address32, profileOf, source, options);
    session.#provided = provided;
    return session.#prepared();
  }

  /** The same for a 64-bit module, whose code farjal can't run. */
  static async openStill(source: Source<bigint>, options: SessionOptions): Promise<StillSession> {
    const { file, kernel } = source;
    const { endian, memory } = options;
    const kind = kindFor(file, kernel);
    const machine = makeStillMachine(endian === undefined ? kind : { ...kind, endian }, {
      kernel,
      memory: memory << 20,
      rules: ruleChoice(options),
      structModuleSize: await ownStructModule(options, kernel),
    });
    const profileOf = profileChooser(options, kernel);
    const session = new Session<bigint, StillMachine>(
      machine,
      address64,
      profileOf,
      source,
      options,
    );
    return session.#prepared();
  }

  async #prepared(): Promise<this> {
    for (const first of this.#options.with ?? []) await this.#dependencies.loadFirst(first);
    await this.#dependencies.loadBefore(this.file);
    return this;
  }

  private constructor(
    machine: M,
    addressOf: (option: Address) => A,
    profileOf: ProfileOf,
    { path, file, mended, kernel }: Source<A>,
    options: SessionOptions,
  ) {
    this.#addressOf = addressOf;
    this.machine = machine;
    this.kernel = kernel;
    this.file = file;
    this.mended = mended;
    this.#options = options;
    const stack = new ModuleStack<A>(machine, {
      farJumps: options.farJumps ?? "trampoline",
      stubMissing: options.stubMissing === true,
      init: options.init === true,
    });
    const { place = {}, base = Object.values(place)[0] ?? DEFAULT_BASE } = options;
    this.#dependencies = new DependencyLoader(stack, {
      finder: new ModuleFinder(path),
      from: dependencyBase(addressOf(base)),
      open: (at) => openModule(at, { profileOf }),
      remedy: ": give it with --with FILE",
    });
  }

  /** Notes on functions of --provide that were never called; whole lines. */
  get unusedProvided(): string {
    return this.#provided?.unused ?? "";
  }

  /** Loads the module. @throws Refusal as Linux refuses it, with the --with options that are missing. */
  load(): LoadedModule<A> {
    const module = this.#explained(() => this.machine.insmodFile(this.file, this.#insmodOptions()));
    this.#provided?.check();
    return module;
  }

  /** Loads the module and copies its blocks; init's are gone if its init function ran. @throws Refusal as load() does. */
  loadWhole(): {
    readonly module: LoadedModule<A>;
    readonly blocks: ReadonlyMap<Block, Uint8Array>;
  } {
    const module = this.load();
    const { memory } = this.machine;
    const there = module.memories.filter(({ base, size }) => memory.mapped(base, size));
    const blocks = new Map(there.map(({ type, base, size }) => [type, memory.read(base, size)]));
    return { module, blocks };
  }

  /** The far-jump plan that load() carries out. @throws Refusal if Linux refuses the module before relocating. */
  plan(): ModulePlan<A> {
    return this.#explained(() => this.machine.plan(this.file, this.#insmodOptions()));
  }

  /** The module's explanation, which plans and loads it. */
  explanation(): Explanation<A> {
    const { farJumps = "trampoline" } = this.#options;
    return explainModule<A>(this.machine, this.file, {
      // A rewritten module is loaded as Linux loads it.
      farJumps: farJumps === "rewrite" ? "refuse" : farJumps,
      ...(this.mended === null ? {} : { rewritten: this.mended.changes }),
      plan: () => this.plan(),
      load: () => this.load(),
    });
  }

  /** The places that the options ask for. Where single blocks have places, or pages of kseg0, the others are free. */
  #placing(): Pick<InsmodOptions<A>, "base" | "initBase" | "place"> {
    const { place, initBase } = this.#options;
    const free = place !== undefined || this.file.profile.rules.O1 === "kseg0";
    const { base = free ? undefined : DEFAULT_BASE } = this.#options;
    const single = Object.entries(place ?? {}).map(([block, at]) => [block, this.#addressOf(at)]);
    return {
      ...(base === undefined ? {} : { base: this.#addressOf(base) }),
      ...(initBase === undefined ? {} : { initBase: this.#addressOf(initBase) }),
      ...(place === undefined ? {} : { place: Object.fromEntries(single) }),
    };
  }

  #insmodOptions(): InsmodOptions<A> {
    const { farJumps = "trampoline", veneers, stubMissing, init, param } = this.#options;
    return {
      ...this.#placing(),
      farJumps,
      ...(veneers === undefined ? {} : { veneers }),
      stubMissing: stubMissing === true,
      init: init === true,
      ...(param === undefined ? {} : { parameters: param }),
    };
  }

  /** Adds to a refusal the dependencies whose files were not found. */
  #explained<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      throw this.#dependencies.explained(error);
    }
  }
}
