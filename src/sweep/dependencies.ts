// Finds the files of the modules that a module depends on, as its modinfo names them: beside its file, or
// anywhere in the modules tree that it lies in (the nearest directory above that holds `kernel/`, and stands in
// `modules/` or has lists such as `modules.order`, as /lib/modules/RELEASE does); of a whole directory's modules, in
// that directory first. '-' and '_' are the same in a module's name, as for modprobe.

import { existsSync, readdirSync, realpathSync, statSync } from "node:fs";
import { basename, dirname, join, resolve, sep } from "node:path";
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
  return [...filesNamed(/\.ko(\.(gz|xz|zst))?$/, directory, recursive)].sort();
}

/**
 * The plain files of a tree by their names. A link to a directory is not followed, as in a search by find: there may be
 * a loop of them, and lib/modules/RELEASE/build leads to a tree of its own. A link to a plain file counts where that
 * is in the tree, and beside one named module wherever it is; pipes and devices don't. A directory that may not be read has no files for us.
 */
function* filesNamed(name: RegExp, root: string, recursive: boolean): Generator<string> {
  const waiting = [""];
  for (let at = waiting.pop(); at !== undefined; at = waiting.pop()) {
    for (const entry of entriesOf(join(root, at))) {
      const path = join(at, entry.name);
      if (entry.isDirectory()) {
        if (recursive) waiting.push(path);
      } else if (name.test(path)) {
        const counts = entry.isSymbolicLink() ? isFile(root, path, recursive) : entry.isFile();
        if (counts) yield path;
      }
    }
  }
}

function entriesOf(directory: string) {
  try {
    return readdirSync(directory, { withFileTypes: true, encoding: "utf8" });
  } catch {
    return [];
  }
}

function isFile(root: string, path: string, within: boolean): boolean {
  try {
    const real = realpathSync(join(root, path));
    const counts = !within || real.startsWith(`${realpathSync(root)}${sep}`);
    return counts && statSync(real).isFile();
  } catch {
    return false;
  }
}

/** By its place, or by its lists: modules.order comes with the modules, modules.dep is depmod's. */
function isTree(directory: string): boolean {
  if (!existsSync(join(directory, "kernel"))) return false;
  const isOfRelease = basename(dirname(directory)) === "modules";
  return isOfRelease || entriesOf(directory).some(({ name }) => name.startsWith("modules."));
}

function treeRoot(directory: string): string | undefined {
  for (let at = directory; ; at = dirname(at)) {
    if (isTree(at)) return at;
    if (at === dirname(at)) return undefined;
  }
}
