// Finds the small kernels that test/kernels/build.sh builds into .cache/kernels: Linux 6.12.117 for each byte order, and
// 5.10.262. Tests that need them pass their `skip` to node:test, so that a clone without them lists by name what
// it skipped.

import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import type { Endian } from "../../src/bytes/endian.ts";
import { repositoryFile } from "./repository.ts";

export interface SmallKernel {
  readonly endian: Endian;
  readonly release: string;
  /** For node:test's `skip`: false, or the reason. */
  readonly skip: string | false;
  readonly vmlinux: string;
  /** Absolute paths of all its modules and ours, sorted. */
  readonly modules: readonly string[];
  /** The path of one module by its file name without .ko; throws when there is none. */
  module(name: string): string;
}

function find(name: string, endian: Endian, release: string): SmallKernel {
  const root = repositoryFile(`.cache/kernels/${name}`);
  const vmlinux = join(root, "vmlinux");
  const built = existsSync(vmlinux);
  const tree = join(root, "lib", "modules");
  const modules = built
    ? readdirSync(tree, { recursive: true, encoding: "utf8" })
        .filter((name) => name.endsWith(".ko"))
        .sort()
        .map((name) => join(tree, name))
    : [];
  return {
    endian,
    release,
    skip: built ? false : `the ${endian}-endian ${release} isn't built: run test/kernels/build.sh`,
    vmlinux,
    modules,
    module(name) {
      const path = modules.find((candidate) => candidate.endsWith(`/${name}.ko`));
      if (path === undefined) throw new Error(`the ${endian}-endian ${release} has no ${name}.ko`);
      return path;
    },
  };
}

export const SMALL_KERNELS: readonly SmallKernel[] = [
  find("little", "little", "6.12.117"),
  find("big", "big", "6.12.117"),
  find("old", "little", "5.10.262"),
];
