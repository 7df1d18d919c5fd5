// Finds the files of a module's dependencies, which its modinfo names. It looks beside the module's file, and anywhere
// in the modules tree around it: the nearest directory above that holds `kernel/` and either is in `modules/` or has
// lists such as `modules.order`, as /lib/modules/RELEASE does. For the modules of a whole directory it looks there
// first. A kernel's own modules are where a distribution installs them. '-' and '_' are equivalent in a module's name, as
// for modprobe.

import { existsSync, readdirSync, realpathSync, statSync } from "node:fs";
import { basename, dirname, join, resolve, sep } from "node:path";
import type { ModuleFile } from "../module/file/file.ts";
import { moduleName } from "../module/file/name.ts";

/** The modules that modinfo's `depends=` names. */
export function dependencyNames(file: ModuleFile): string[] {
  return (file.modinfo.get("depends") ?? "").split(",").filter(Boolean);
}

/** Finds modules around one file; reads the tree at most once. */
export class ModuleFinder {
  readonly #directory: string | null;
  #tree: ReadonlyMap<string, string> | undefined;

  /** @param path the module whose dependencies are needed; `-` has no directory to search. */
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

/** Name → path of the modules in a directory, followed by those of the tree that it is in. */
export function modulesAround(directory: string): Map<string, string> {
  const own = resolve(directory);
  const root = treeRoot(own);
  const around = root === undefined || root === own ? [] : modulesIn(root, true);
  return new Map([...around, ...modulesIn(own, true)]);
}

/** Name → path; of two files with one name, the first in alphabetical order. */
export function modulesIn(directory: string, recursive: boolean): Map<string, string> {
  const modules = new Map<string, string>();
  for (const path of moduleFiles(directory, recursive)) {
    const name = moduleName(path);
    if (!modules.has(name)) modules.set(name, join(directory, path));
  }
  return modules;
}

/** The paths in a directory with the names of modules, compressed or not, sorted. */
export function moduleFiles(directory: string, recursive: boolean): string[] {
  return [...filesNamed(/\.ko(\.(gz|xz|zst))?$/, directory, recursive)].sort();
}

/**
 * The plain files of a tree with such names. A link to a directory is not followed, as in a search by find: links may
 * form a loop, and lib/modules/RELEASE/build leads to another tree. A link to a plain file counts if that file is in
 * the tree, and, beside a module that was named, wherever it is; pipes and devices don't count. A directory without
 * read permission counts as empty.
 */
export function* filesNamed(name: RegExp, root: string, recursive: boolean): Generator<string> {
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

/** Recognizes a tree by its place, or by its lists: modules.order comes with the modules, modules.dep from depmod. */
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

/** The modules that were installed with a kernel: ROOT/boot/FILE and ROOT/lib/modules/RELEASE, or FILE in the latter. */
export function treeBeside(kernel: string, release: string | null): string | null {
  const directory = dirname(resolve(kernel));
  if (existsSync(join(directory, "kernel")) && basename(dirname(directory)) === "modules") {
    return directory;
  }
  if (release === null || basename(directory) !== "boot") return null;
  const tree = join(dirname(directory), "lib/modules", release);
  return existsSync(tree) ? tree : null;
}
