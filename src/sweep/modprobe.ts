// Loads a module after the modules that it depends on, as modprobe does: their files are found beside the module's, or in
// the modules tree around it. The command line finds them in the same way.

import { Refusal } from "../errors.ts";
import type { Machine } from "../lab/machine.ts";
import type { InsmodOptions } from "../lab/machine-options.ts";
import { dependencyBase, loadedFirst, ModuleStack } from "../lab/module-stack.ts";
import { moduleName } from "../module/file/name.ts";
import { openModule } from "../module/file/source.ts";
import type { LoadedModule } from "../module/loaded.ts";
import { dependencyNames, ModuleFinder } from "./dependencies.ts";

const DEFAULT_BASE = 0xc0000000;

/**
 * Loads a module, and before it those of its dependencies that aren't loaded yet.
 * @param path the module's file; it must be in a folder, since dependencies are looked for around it.
 * @param options for the module itself; `farJumps`, `stubMissing` and `init` also hold for its dependencies.
 * @throws Refusal when Linux would not load the module or a dependency, which is then named.
 */
export async function modprobe(
  machine: Machine,
  path: string,
  options: InsmodOptions = {},
): Promise<LoadedModule> {
  const { farJumps, stubMissing, init, base = DEFAULT_BASE } = options;
  const stack = new ModuleStack<number>(machine, {
    ...(farJumps === undefined ? {} : { farJumps }),
    ...(stubMissing === undefined ? {} : { stubMissing }),
    ...(init === undefined ? {} : { init }),
  });
  const finder = new ModuleFinder(path);
  const missing: string[] = [];
  const isLoaded = (name: string): boolean =>
    machine.modules.some((module) => moduleName(module.name) === moduleName(name));
  const load = async (at: string, above: readonly string[]): Promise<void> => {
    const file = await openModule(at);
    for (const name of dependencyNames(file)) {
      if (isLoaded(name) || above.includes(moduleName(name))) continue;
      const found = finder.find(name);
      if (found === undefined) missing.push(name);
      else await load(found, [...above, moduleName(name)]);
    }
    if (above.length === 0 || isLoaded(file.name)) return;
    try {
      stack.push({ path: at, file }, { base: stack.next(dependencyBase(base)) });
    } catch (error) {
      throw loadedFirst(moduleName(at), error);
    }
  };
  await load(path, []);
  try {
    return await machine.insmod(path, options);
  } catch (error) {
    if (!(error instanceof Refusal) || error.errno !== "ENOENT" || missing.length === 0)
      throw error;
    const explanation = `${error.explanation}; no file was found for ${missing.join(", ")}`;
    throw new Refusal({ errno: error.errno, dmesg: error.dmesg, explanation });
  }
}
