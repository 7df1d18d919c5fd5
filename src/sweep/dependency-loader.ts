// Loads the modules that a module depends on before it, as modprobe does: each of them once, after its own dependencies.
// dependencies.ts finds their files, and ModuleStack chooses their addresses.

import type { Address } from "../address.ts";
import { Refusal } from "../errors.ts";
import { loadedFirst, type ModuleStack } from "../lab/module-stack.ts";
import type { ModuleFile } from "../module/file/file.ts";
import { moduleName } from "../module/file/name.ts";
import { dependencyNames, type ModuleFinder } from "./dependencies.ts";

export interface DependencySetting<A extends Address> {
  readonly finder: ModuleFinder;
  /** Where the first dependency goes; see dependencyBase(). */
  readonly from: A;
  /** Reads a module's file. */
  open(path: string): Promise<ModuleFile>;
  /** What to do about a dependency whose file isn't found; follows the list of their names. */
  readonly remedy: string;
}

export class DependencyLoader<A extends Address> {
  readonly #stack: ModuleStack<A>;
  readonly #setting: DependencySetting<A>;
  readonly #missing: string[] = [];

  constructor(stack: ModuleStack<A>, setting: DependencySetting<A>) {
    this.#stack = stack;
    this.#setting = setting;
  }

  /**
   * Loads what a module depends on and isn't loaded yet. A dependency whose file isn't found is left out; if the module
   * is refused then, explained() names it.
   * @param above the modules that are waiting for these dependencies, so that a circle of them ends.
   * @throws what loadFirst() throws.
   */
  async loadBefore(file: ModuleFile, above: readonly string[] = []): Promise<void> {
    for (const name of dependencyNames(file)) {
      if (this.#isLoaded(name) || above.includes(moduleName(name))) continue;
      const path = this.#setting.finder.find(name);
      if (path === undefined) this.#missing.push(name);
      else await this.loadFirst(path, above);
    }
  }

  /**
   * Loads a dependency, after its own dependencies.
   * @throws a Refusal or Misuse that names the dependency's file.
   */
  async loadFirst(path: string, above: readonly string[] = []): Promise<void> {
    const file = await this.#setting.open(path);
    if (this.#isLoaded(file.name)) return;
    await this.loadBefore(file, [...above, moduleName(file.name)]);
    try {
      this.#stack.push({ path, file }, { base: this.#stack.next(this.#setting.from) });
    } catch (error) {
      throw loadedFirst(path, this.explained(error));
    }
  }

  /** An error of loading, with the names of the dependencies whose files were not found, if it may come from that. */
  explained(error: unknown): unknown {
    if (!(error instanceof Refusal) || error.errno !== "ENOENT" || this.#missing.length === 0) {
      return error;
    }
    const { errno, dmesg, explanation } = error;
    const hint = `; of its dependencies, no file was found for ${this.#missing.join(", ")}${this.#setting.remedy}`;
    return new Refusal({ errno, dmesg, explanation: explanation + hint });
  }

  #isLoaded(name: string): boolean {
    const { modules } = this.#stack.machine;
    return modules.some((module) => moduleName(module.name) === moduleName(name));
  }
}
