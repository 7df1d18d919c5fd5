// Reads what a verdict needs: the kernel, its own modules where they can be found, the modules that the user names and
// their dependencies. The kernel's modules are in --modules, or where a distribution has them: boot/vmlinuz-RELEASE is
// beside lib/modules/RELEASE. Of a large tree only the files that matter are read.

import { Misuse, Refusal } from "../errors.ts";
import type { AnyKernel } from "../kernel/kernel.ts";
import { readAnyKernel } from "../kernel/read.ts";
import { type KernelProfile, profileFor, type RuleChoice } from "../kernel/rules/profile.ts";
import type { KernelStore } from "../kernel/stored.ts";
import { type ModuleFile, type ReadModuleOptions, readModule } from "../module/file/file.ts";
import { moduleName } from "../module/file/name.ts";
import { readModuleBytes } from "../module/file/source.ts";
import type { OptionKeys } from "../options.ts";
import {
  dependencyNames,
  ModuleFinder,
  moduleFiles,
  modulesIn,
  treeBeside,
} from "../sweep/dependencies.ts";
import { factsOf, type ModuleFacts } from "./module-facts.ts";
import { Target } from "./target.ts";

export interface OpenOptions {
  /** The kernel's rules; default: those of its release. */
  readonly rules?: RuleChoice | undefined;
  /** The kernel's file, as readKernel() takes it. */
  readonly kernel: string;
  /** Keeps what was read from the kernel's image; default: nothing is kept. */
  readonly store?: KernelStore | undefined;
  /** The Module.symvers of that kernel. */
  readonly symvers?: string | undefined;
  /** The kernel's own modules tree; default: found beside the kernel's file, if it is there. */
  readonly modules?: string | undefined;
  /** Gives a module's bytes, unpacked; default: reads the file. */
  readonly readBytes?: ((path: string) => Promise<Uint8Array>) | undefined;
}

export const OPEN_OPTIONS: OptionKeys<OpenOptions> = {
  rules: true,
  kernel: true,
  store: true,
  symvers: true,
  modules: true,
  readBytes: true,
};

/** A module that the user named: its file, or why it is none. */
export interface Named {
  readonly path: string;
  readonly file: ModuleFile | Refusal;
}

/** The most modules of the kernel's tree that are read to learn the layout of its struct module. */
const SAMPLES = 3;

/** A kernel and the directory of its modules; null if none is known. */
export interface OpenedKernel {
  readonly name: string;
  readonly kernel: AnyKernel;
  readonly tree: string | null;
}

/** @throws Misuse when the kernel or the tree can't be read. */
export async function openKernel(options: OpenOptions): Promise<OpenedKernel> {
  const { kernel, symvers, modules, store } = options;
  const read = await readAnyKernel(kernel, { symvers, store });
  if (modules !== undefined && moduleFiles(modules, true).length === 0) {
    throw new Misuse(`there are no modules in ${modules}`);
  }
  return { name: kernel, kernel: read, tree: modules ?? treeBeside(kernel, read.release) };
}

/** The rules of the kernel, by the user's choice, its file or the version magic. */
export function profileOf(
  { rules = {} }: Pick<OpenOptions, "rules">,
  { kernel, vermagic }: Pick<Target, "kernel" | "vermagic">,
): KernelProfile {
  return profileFor(rules, kernel, vermagic);
}

/** Reads the modules that the user named. @throws Misuse when one can't be read. */
export async function openNamed(
  paths: readonly string[],
  { kernel }: OpenedKernel,
  options: Pick<OpenOptions, "rules" | "readBytes">,
): Promise<Named[]> {
  const { readBytes = readModuleBytes } = options;
  const named: Named[] = [];
  for (const path of paths) {
    const file = readOrRefuse(await readBytes(path), path, (vermagic) =>
      profileOf(options, { kernel, vermagic: kernel.vermagic ?? vermagic }),
    );
    named.push({ path, file });
  }
  return named;
}

function readOrRefuse(
  bytes: Uint8Array,
  path: string,
  choose?: ReadModuleOptions["profileOf"],
): ModuleFile | Refusal {
  const name = moduleName(path);
  try {
    return readModule(bytes, choose === undefined ? { name } : { name, profileOf: choose });
  } catch (error) {
    if (error instanceof Refusal) return error;
    throw error;
  }
}

/** The kernel for the named modules, with what their dependencies export. */
export async function openTarget(opened: OpenedKernel, named: readonly Named[]): Promise<Target> {
  const { name, kernel, tree } = opened;
  const inTree = tree === null ? new Map<string, string>() : modulesIn(tree, true);
  const own = new Map<string, ModuleFacts>();
  const others: ModuleFacts[] = [];
  const seen = new Set<string>();
  for (const { file, path } of named) {
    if (file instanceof Refusal) continue;
    others.push(factsOf(file));
    seen.add(moduleName(file.name));
    const around = new ModuleFinder(path);
    for (const one of dependencyNames(file).map(moduleName)) {
      if (seen.has(one)) continue;
      seen.add(one);
      const found = inTree.get(one);
      const facts = await factsAt(found ?? around.find(one));
      if (facts === null) continue;
      if (found === undefined) others.push(facts);
      else own.set(found, facts);
    }
  }
  const rest = [...inTree.values()].filter((path) => !own.has(path));
  for (const path of rest.slice(0, Math.max(0, SAMPLES - own.size))) {
    const facts = await factsAt(path);
    if (facts !== null) own.set(path, facts);
  }
  return new Target({ name, kernel, own: [...own.values()], others });
}

/** null for a file that is no module, which then exports nothing. */
async function factsAt(path: string | undefined): Promise<ModuleFacts | null> {
  if (path === undefined) return null;
  const file = readOrRefuse(await readModuleBytes(path), path);
  return file instanceof Refusal ? null : factsOf(file);
}
