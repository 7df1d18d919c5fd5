// Finds the files of the modules that a module depends on, as its modinfo names them: beside its file, or
// anywhere in the modules tree that it lies in (the nearest directory above that holds `kernel/`, and stands in
// `modules/` or has lists such as `modules.order`, as /lib/modules/RELEASE does); of a whole directory's modules, in
// that directory first. '-' and '_' are the same in a module's name, as for modprobe.

import { existsSync, readdirSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import type { ModuleFile } from "../module/file/file.ts";
import { moduleName } from "../module/file/name.ts";

/** The modules that modinfo's `depends=` names. */
export function dependencyNames(file: ModuleFile): string[] {
  return (file.modinfo.get("depends") ?? "").split(",").filter(Boolean);
}

/** Looks for modules around one file; looks through the tree once. */
export class ModuleFinder {
  readonly #directory: string | null;
  #tree: ReadonlyMap<string, string> | undefined;

  /** @param path the module whose dependencies are wanted; `-` has no place to look around. */
  constructor(path: string) {
    this.#directory = path === "-" ? null : dirname(resolve(path));
  }

  /** The path of a module's file, or undefined. */
  find(name: string): string | undefined {
    if (this.#directory === null) return undefined;
    const wanted = moduleName(name);
    const beside = modulesIn(this.#directory, false).get(wanted);
    return beside ?? this.#modulesOfTree(this.#directory).get(wanted);
  }

  #modulesOfTree(directory: string): ReadonlyMap<string, string> {
    if (this.#tree === undefined) {
      const root = treeRoot(directory);
      this.#tree = root === undefined ? new Map() : modulesIn(root, true);
    }
    return this.#tree;
  }
}

/** Name → path of the modules in a directory and, behind them, of the tree that it is a part of. */
export function modulesAround(directory: string): Map<string, string> {
  const own = resolve(directory);
  const root = treeRoot(own);
  const around = root === undefined || root === own ? [] : modulesIn(root, true);
  return new Map([...around, ...modulesIn(own, true)]);
}

/** Name → path; of two files with one name the first in the alphabet. */
export function modulesIn(directory: string, recursive: boolean): Map<string, string> {
  const modules = new Map<string, string>();
  for (const path of moduleFiles(directory, recursive)) {
    const name = moduleName(path);
    if (!modules.has(name)) modules.set(name, join(directory, path));
  }
  return modules;
}

/** The paths in a directory that are named as modules are, compressed ones too, sorted. */
export function moduleFiles(directory: string, recursive: boolean): string[] {
  return filesIn(directory, recursive)
    .filter((path) => /\.ko(\.(gz|xz|zst))?$/.test(path))
    .sort();
}

/** A directory that may not be read has no modules for us. */
function filesIn(directory: string, recursive: boolean): string[] {
  try {
    return readdirSync(directory, { recursive, encoding: "utf8" });
  } catch {
    return [];
  }
}

/** By its place, or by its lists: modules.order comes with the modules, modules.dep is depmod's. */
function isTree(directory: string): boolean {
  if (!existsSync(join(directory, "kernel"))) return false;
  const isOfRelease = basename(dirname(directory)) === "modules";
  return isOfRelease || filesIn(directory, false).some((name) => name.startsWith("modules."));
}

function treeRoot(directory: string): string | undefined {
  for (let at = directory; ; at = dirname(at)) {
    if (isTree(at)) return at;
    if (at === dirname(at)) return undefined;
  }
}
