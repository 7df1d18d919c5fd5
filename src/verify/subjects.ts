// The modules of a verification: those that were given, as files or by name in a modules tree, each preceded by its
// dependencies, in the order in which the guest loads them.

import { existsSync, statSync } from "node:fs";
import { Misuse } from "../errors.ts";
import { type ModuleFile, readModule } from "../module/file/file.ts";
import { moduleName } from "../module/file/name.ts";
import { readModuleBytes } from "../module/file/source.ts";
import { dependencyNames, ModuleFinder, modulesIn } from "../sweep/dependencies.ts";

export interface Subject {
  /** The kernel's name for the module. */
  readonly name: string;
  readonly path: string;
  /** Unpacked. */
  readonly bytes: Uint8Array;
  readonly file: ModuleFile;
  /** All its dependencies, in the order in which they are loaded. */
  readonly needs: readonly Subject[];
}

/** A name that fits in a list of lines and in a path of sysfs; the kernel has room for 55 characters. */
const NAME = /^\w{1,55}$/;

/**
 * @param names files, or names of modules of the tree.
 * @param tree a directory with modules in it; without one, dependencies are searched for around each file.
 * @throws Misuse for files that can't be found or read and modules that don't fit into the guest, Refusal for a file
 *   that is no module.
 */
export async function gatherSubjects(
  names: readonly string[],
  tree: string | undefined,
): Promise<Subject[]> {
  const inTree = tree === undefined ? null : modulesIn(tree, true);
  const gatherer = new SubjectGatherer(inTree ?? new Map());
  for (const name of names) {
    const isFile = existsSync(name) && statSync(name).isFile();
    const path = isFile ? name : inTree?.get(moduleName(name));
    if (path === undefined) {
      throw new Misuse(
        `there is no file ${name}${tree === undefined ? "; --modules DIR says where modules are found by name" : `, and no such module in ${tree}`}`,
      );
    }
    await gatherer.gather(path);
  }
  return gatherer.subjects;
}

/** Reads modules, each once, with their dependencies. */
export class SubjectGatherer {
  readonly #inTree: ReadonlyMap<string, string>;
  readonly #subjects = new Map<string, Subject>();

  /** @param inTree the files of a tree, by the modules' names. */
  constructor(inTree: ReadonlyMap<string, string>) {
    this.#inTree = inTree;
  }

  /** All so far, each after its dependencies. */
  get subjects(): Subject[] {
    return [...this.#subjects.values()];
  }

  /** Adds a module after its dependencies. @throws as gatherSubjects() does. */
  async gather(path: string, above: readonly string[] = []): Promise<Subject> {
    const bytes = await readModuleBytes(path);
    const file = readModule(bytes, { name: moduleName(path) });
    checkSubject(path, file);
    const { name } = file;
    const known = this.#subjects.get(name);
    if (known !== undefined) return known;
    const finder = new ModuleFinder(path);
    const needs = new Set<Subject>();
    for (const needed of dependencyNames(file)) {
      const found = this.#inTree.get(moduleName(needed)) ?? finder.find(needed);
      if (found === undefined || above.includes(moduleName(needed))) continue;
      const one = await this.gather(found, [...above, name]);
      for (const before of [...one.needs, one]) needs.add(before);
    }
    const subject = { name, path, bytes, file, needs: [...needs] };
    this.#subjects.set(name, subject);
    return subject;
  }
}

function checkSubject(path: string, { name }: ModuleFile): void {
  if (!NAME.test(name)) throw new Misuse(`${path} has a name that no kernel takes`);
}
