// sizeof(struct module) of a tree's kernel, which since 6.4 refuses modules with another one. The kernel's file doesn't
// say it, so some of its modules show it: those of the sample whose version magic is the kernel's, and of these what
// most have. A sample, since a module's place in the tree decides nothing and reading all of them would take twice as long.

import { Misuse, Refusal } from "../errors.ts";
import { mostFrequent } from "../extremes.ts";
import type { AnyKernel } from "../kernel/kernel.ts";
import { type ModuleFile, readModule } from "../module/file/file.ts";
import { moduleName } from "../module/file/name.ts";
import { readModuleBytes } from "../module/file/source.ts";
import { modulesIn, treeBeside } from "./dependencies.ts";

/** The most modules that are read. */
const SAMPLES = 7;

/**
 * @param paths the tree's files.
 * @param vermagic the kernel's; null if it is unknown, and then nothing is known about its modules.
 * @returns bytes; null if no module of the sample is of this kernel.
 */
export async function structModuleSize(
  paths: readonly string[],
  vermagic: string | null,
): Promise<number | null> {
  if (vermagic === null) return null;
  const step = Math.max(1, Math.floor(paths.length / SAMPLES));
  const sizes: number[] = [];
  for (let at = 0; at < paths.length && at < SAMPLES * step; at += step) {
    const file = await fileAt(paths[at] as string);
    const size = file?.thisModule?.shape.size;
    if (size !== undefined && file?.modinfo.get("vermagic") === vermagic) sizes.push(size);
  }
  return mostFrequent(sizes);
}

/**
 * The same for a kernel's file, by the modules that were installed with it.
 * @returns bytes; undefined if there are none, or the kernel doesn't say its version magic.
 */
export async function structModuleOf(
  path: string,
  { release, vermagic }: Pick<AnyKernel, "release" | "vermagic">,
): Promise<number | undefined> {
  const tree = vermagic === null ? null : treeBeside(path, release);
  if (tree === null) return undefined;
  return (await structModuleSize([...modulesIn(tree, true).values()], vermagic)) ?? undefined;
}

/** null for a file that is no module. */
async function fileAt(path: string): Promise<ModuleFile | null> {
  try {
    return readModule(await readModuleBytes(path), { name: moduleName(path) });
  } catch (error) {
    if (error instanceof Refusal || error instanceof Misuse) return null;
    throw error;
  }
}
