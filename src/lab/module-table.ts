// The modules of a 32-bit or 64-bit machine: those loaded, their exports, the taints they have set, and the
// ModuleHost that the loader works on. The machine supplies memory and a kernel. What only a machine that executes
// code has is added there: parameters, init and exit functions, tracing.

import type { Address } from "../address.ts";
import { Words } from "../bytes/words.ts";
import { SHN_UNDEF } from "../elf/numbers.ts";
import { SiteSwitch } from "../ftrace/sites/switching.ts";
import {
  type KernelProfile,
  type KernelWords,
  profileFor,
  type RuleChoice,
} from "../kernel/rules/profile.ts";
import { rewrittenModule } from "../mend/rewritten.ts";
import { Taints } from "../module/checks/taints.ts";
import type { ModuleFile } from "../module/file/file.ts";
import type { Export, ModuleHost, Taint } from "../module/host.ts";
import { type LoadOptions, loadModule, type ModulePlan, planModule } from "../module/load.ts";
import { freeInit, type LoadedModule, unloadModule } from "../module/loaded.ts";
import type { CodeOwner } from "./kernel-space.ts";
import { type RecognisedSite, sortMcountLoc } from "./module-sites.ts";
import { Resident } from "./resident.ts";

/** The memory that modules are loaded into. */
export type TableMemory<A extends Address> = Pick<
  ModuleHost<A>,
  | "endian"
  | "width"
  | "pageSize"
  | "allocate"
  | "free"
  | "allocatePerCpu"
  | "freePerCpu"
  | "read"
  | "write"
  | "relocate"
>;

/** The kernel that they import from. */
export interface TableKernel<A extends Address>
  extends Pick<ModuleHost<A>, "vermagic" | "findExport" | "whyMissing"> {
  /** The owner of the code behind an export from findExport(). */
  ownerOf(name: string): CodeOwner;
  /** Makes an export for a name that is not exported. */
  stub(name: string): Export<A>;
  /** The export that stub() made for a name, if any. */
  stubFor(name: string): Export<A> | undefined;
}

export interface TableParts<A extends Address, S extends RecognisedSite<A>> {
  readonly memory: TableMemory<A>;
  readonly kernel: TableKernel<A>;
  /** The kernel's file; null without one. */
  readonly words?: KernelWords | null;
  /** The rules that the user asks for. */
  readonly choice?: RuleChoice | undefined;
  /** sizeof(struct module) of the kernel; default: that of the first module that is loaded. */
  readonly structModuleSize?: number | undefined;
  /** Reads the call sites of a module that has just been loaded. */
  readonly sitesOf: (module: LoadedModule<A>) => readonly S[];
  /** Whether the guest's next instruction is at an address; always false without a processor. */
  readonly isAt?: (address: A) => boolean;
  /** Called before a module's memory is freed; `initOnly`: its init memory alone. */
  readonly freeing?: (module: LoadedModule<A>, initOnly: boolean) => void;
}

/** How a module is loaded; see InsmodOptions. */
export interface ModuleOptions<A extends Address>
  extends Partial<Omit<LoadOptions<A>, "farJumps">> {
  readonly stubMissing?: boolean;
  readonly farJumps?: LoadOptions["farJumps"] | "rewrite";
}

/** What an import resolves to, and its owner. */
export type Import<A extends Address> = Export<A> & { readonly from: CodeOwner | "module" };

export class ModuleTable<
  A extends Address = number,
  S extends RecognisedSite<A> = RecognisedSite<A>,
> {
  /** Writes the call sites of all modules. */
  readonly siteSwitch: SiteSwitch<A>;
  readonly #memory: TableMemory<A>;
  readonly #kernel: TableKernel<A>;
  readonly #sitesOf: (module: LoadedModule<A>) => readonly S[];
  readonly #words: KernelWords | null;
  readonly #choice: RuleChoice | undefined;
  readonly #structModuleBytes: number | undefined;
  readonly #taints = new Taints();
  /** In the order of loading. */
  readonly #residents: Resident<A, S>[] = [];
  /** The modules' exports; each name has one exporter. */
  readonly #exports = new Map<string, Export<A>>();

  readonly #freeing: (module: LoadedModule<A>, initOnly: boolean) => void;

  constructor(parts: TableParts<A, S>) {
    const { memory, kernel, words, choice, sitesOf } = parts;
    const { isAt = () => false, freeing = () => {} } = parts;
    this.#freeing = freeing;
    this.#words = words ?? null;
    this.#choice = choice;
    this.#structModuleBytes = parts.structModuleSize;
    this.#memory = memory;
    this.#kernel = kernel;
    this.#sitesOf = sitesOf;
    this.siteSwitch = new SiteSwitch({
      writeCode: (address, words) => this.#writeWords(address, words),
      isAt,
    });
  }

  /** The loaded modules, in the order of loading. */
  get residents(): readonly Resident<A, S>[] {
    return this.#residents;
  }

  get modules(): readonly LoadedModule<A>[] {
    return this.#residents.map(({ module }) => module);
  }

  /** The kernel's taints that modules have set. */
  get taints(): readonly Taint[] {
    return this.#taints.all;
  }

  /** Sets TAINT_USER, as setting a parameter that is marked unsafe does. */
  taintUser(): void {
    this.#taints.add("USER");
  }

  find(module: LoadedModule<A> | string): Resident<A, S> | undefined {
    return this.#residents.find((one) => one.module === module || one.module.name === module);
  }

  /** The kernel's rules for a module with this version magic. */
  profileOf(vermagic: string | null): KernelProfile {
    return profileFor(this.#choice ?? {}, this.#words, vermagic);
  }

  /** The rules of the machine's kernel: if nothing else names them, of the kernel that the newest module is built for. */
  get kernelProfile(): KernelProfile {
    const newest = this.#residents.at(-1)?.module;
    return newest?.profile ?? this.profileOf(null);
  }

  /** The machine's own rules; undefined if it has none, and the module was read with those that apply. */
  #profileFor({ modinfo }: ModuleFile): KernelProfile | undefined {
    if (this.#choice === undefined && this.#words?.release == null) return undefined;
    return this.profileOf(modinfo.get("vermagic") ?? null);
  }

  /** A module's call sites as listed in __mcount_loc, with the words that relocation wrote there. */
  callSites(module: LoadedModule<A>): readonly S[] {
    const sites = this.#residents.find((one) => one.module === module)?.sites ?? [];
    return sites.filter(({ recorded }) => recorded);
  }

  /** What a module would import under a name; undefined: the name is not exported. */
  importOf(name: string): Import<A> | undefined {
    const own = this.#kernel.findExport(name);
    if (own !== undefined) return { ...own, from: this.#kernel.ownerOf(name) };
    const other = this.#exports.get(name);
    if (other !== undefined) return { ...other, from: "module" };
    const stub = this.#kernel.stubFor(name);
    return stub && { ...stub, from: "stub" };
  }

  /**
   * load_module() up to the state COMING: the module's call sites are switched off and none of its code has run.
   * @throws Refusal with the kernel's lines and errno when Linux would not load it; everything allocated is freed.
   */
  load(given: ModuleFile, asked: ModuleOptions<A> = {}): Resident<A, S> {
    const { file, options } = rewritten(given, asked);
    const host = this.host(stubbed(file, options));
    const loaded = loadModule(file, host, { ...options, profile: this.#profileFor(file) });
    let resident: Resident<A, S>;
    try {
      resident = new Resident(loaded, (address, word) => this.#writeWords(address, [word]));
      resident.sites = this.#sitesOf(resident.module);
    } catch (error) {
      unloadModule(loaded, host, false);
      throw error;
    }
    this.#residents.push(resident);
    for (const one of loaded.exports) this.#exports.set(one.name, one);
    sortMcountLoc(loaded, host);
    this.siteSwitch.switchOff(resident.sites.filter(({ recorded }) => recorded));
    resident.state = "COMING";
    return resident;
  }

  /**
   * The far-jump plan that load() would carry out, without loading anything.
   * @throws Refusal where Linux refuses the module before it relocates.
   */
  plan(given: ModuleFile, asked: ModuleOptions<A> = {}): ModulePlan<A> {
    const { file, options } = rewritten(given, asked);
    const host = this.host(stubbed(file, options));
    return planModule(file, host, { ...options, profile: this.#profileFor(file) });
  }

  /** Frees a module's init memory, as Linux does when its init function has succeeded. */
  freeInit(resident: Resident<A, S>): void {
    this.#freeing(resident.module, true);
    resident.initFreed = true;
    freeInit(resident.module, this.host());
  }

  /** free_module(): frees the module's memory and removes its exports, without checking for users. */
  remove(resident: Resident<A, S>): void {
    this.#residents.splice(this.#residents.indexOf(resident), 1);
    for (const { name } of resident.module.exports) this.#exports.delete(name);
    this.#freeing(resident.module, false);
    unloadModule(resident.module, this.host(), resident.initFreed);
  }

  /** @param stubs names that get a stub when they are not exported. */
  host(stubs: ReadonlySet<string> = new Set()): ModuleHost<A> {
    const memory = this.#memory;
    const kernel = this.#kernel;
    const missing = (name: string): Export<A> | undefined =>
      stubs.has(name) ? kernel.stub(name) : undefined;
    return {
      endian: memory.endian,
      width: memory.width,
      pageSize: memory.pageSize,
      vermagic: kernel.vermagic,
      findExport: (name) => kernel.findExport(name) ?? this.#exports.get(name) ?? missing(name),
      whyMissing: (names) => kernel.whyMissing(names),
      isLoaded: (name) => this.#residents.some(({ module }) => module.name === name),
      taint: (taint) => this.#taints.add(taint),
      isTainted: (taint) => this.#taints.all.includes(taint),
      structModuleSize: this.#structModuleSize,
      isFirst: (kind) => this.#taints.isFirst(kind),
      debugLocksOff: () => this.#taints.debugLocksOff(),
      allocate: (request) => memory.allocate(request),
      free: (block) => memory.free(block),
      allocatePerCpu: (size, alignment) => memory.allocatePerCpu(size, alignment),
      freePerCpu: (address) => memory.freePerCpu(address),
      read: (address, size) => memory.read(address, size),
      write: (address, bytes) => memory.write(address, bytes),
      relocate: (section) => memory.relocate(section),
    };
  }

  /** All modules of one kernel have the same: if nothing else says it, the first that was loaded shows it. */
  get #structModuleSize(): number | null {
    if (this.#structModuleBytes !== undefined) return this.#structModuleBytes;
    const shown = this.#residents.find(({ module }) => module.file.thisModule !== null);
    return shown?.module.file.thisModule?.shape.size ?? null;
  }

  #writeWords(address: A, values: readonly number[]): void {
    const words = new Words(new Uint8Array(4 * values.length), this.#memory.endian);
    for (const [index, value] of values.entries()) words.setU32(4 * index, value);
    this.#memory.write(address, words.bytes);
  }
}

/** The file to load, mended if requested, and how the far jumps left in it are treated. */
function rewritten<A extends Address>(
  given: ModuleFile,
  { farJumps = "trampoline", ...options }: ModuleOptions<A>,
) {
  if (farJumps !== "rewrite") return { file: given, options: { ...options, farJumps } };
  return {
    file: rewrittenModule(given).file,
    options: { ...options, farJumps: "refuse" as const },
  };
}

/** The names that `stubMissing` may give stubs to: the file's imports, except names it exports itself. */
function stubbed(
  file: ModuleFile,
  { stubMissing }: { readonly stubMissing?: boolean },
): Set<string> {
  if (stubMissing !== true) return new Set();
  const imports = file.elf.symbols.filter(
    ({ section, index }) => section === SHN_UNDEF && index > 0,
  );
  return new Set(imports.map(({ name }) => name));
}
