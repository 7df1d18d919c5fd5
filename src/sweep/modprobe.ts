// Loads a module after the modules that it depends on, as modprobe does: their files are found beside the module's, or in
// the modules tree around it. The command line finds them in the same way.

import type { Machine } from "../lab/machine.ts";
import type { InsmodOptions } from "../lab/machine-options.ts";
import { dependencyBase, ModuleStack } from "../lab/module-stack.ts";
import type { LoadedModule } from "../module/loaded.ts";
import { ModuleFinder } from "./dependencies.ts";
import { DependencyLoader } from "./dependency-loader.ts";

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
  const dependencies = new DependencyLoader(stack, {
    finder: new ModuleFinder(path),
    from: dependencyBase(base),
    open: (file) => machine.openModule(file),
    remedy: "",
  });
  const file = await machine.openModule(path, options);
  await dependencies.loadBefore(file);
  try {
    return machine.insmodFile(file, options);
  } catch (error) {
    throw dependencies.explained(error);
  }
}
