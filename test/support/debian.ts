// Finds the real Debian files that test/debian/fetch.sh downloads to .cache/debian. Tests that read them use `debian`
// and pass `debianSkip` to node:test, so that a clone without them lists by name what it skipped.

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { readModule } from "../../src/index.ts";
import { repositoryFile } from "./repository.ts";

export interface DebianMalta {
  /** "6.1.0-50-4kc-malta". */
  readonly release: string;
  readonly vmlinuz: string;
  readonly systemMap: string;
  readonly moduleSymvers: string;
  /** Absolute paths of every .ko, sorted, so that tests read them in a fixed order. */
  readonly modules: readonly string[];
  /** The path of one module by its file name without .ko ("usbcore"); throws when Debian ships none. */
  module(name: string): string;
  /** A module and those that it needs, in the order of loading. */
  withNeeded(path: string): string[];
}

function find(): DebianMalta | null {
  const root = repositoryFile(".cache/debian/malta");
  const moduleSymvers = join(root, "Module.symvers");
  if (!existsSync(moduleSymvers)) return null;
  const kernel = readdirSync(join(root, "boot")).find((name) => name.startsWith("vmlinuz-"));
  if (kernel === undefined) return null;
  const release = kernel.slice("vmlinuz-".length);
  const modulesRoot = join(root, "lib", "modules", release, "kernel");
  const modules = readdirSync(modulesRoot, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ko"))
    .sort()
    .map((name) => join(modulesRoot, name));
  const byName = (name: string): string | undefined =>
    modules.find((candidate) => candidate.endsWith(`/${name}.ko`));
  const withNeeded = (path: string, seen: Set<string>): string[] => {
    const { modinfo } = readModule(readFileSync(path));
    const below = (modinfo.get("depends") ?? "").split(",").flatMap((name) => {
      const needed = byName(name);
      if (needed === undefined || seen.has(needed)) return [];
      seen.add(needed);
      return withNeeded(needed, seen);
    });
    return [...below, path];
  };
  return {
    release,
    vmlinuz: join(root, "boot", kernel),
    systemMap: join(root, "boot", `System.map-${release}`),
    moduleSymvers,
    modules,
    module(name) {
      const path = byName(name);
      if (path === undefined) throw new Error(`Debian's ${release} has no ${name}.ko`);
      return path;
    },
    withNeeded: (path) => withNeeded(path, new Set()),
  };
}

/** The files, or null when they haven't been fetched. */
export const debian: DebianMalta | null = find();

/** For node:test's `skip`: false, or the reason. */
export const debianSkip: string | false =
  debian === null ? "Debian's malta kernel isn't here: run test/debian/fetch.sh" : false;

const busyboxFile = repositoryFile(".cache/debian/busybox/bin/busybox");

/** Debian's static busybox for mipsel, or null when it hasn't been fetched. */
export const busybox: string | null = existsSync(busyboxFile) ? busyboxFile : null;

/** For node:test's `skip`: false, or the reason. */
export const busyboxSkip: string | false =
  busybox === null ? "Debian's busybox isn't here: run test/debian/fetch.sh" : debianSkip;

const shortFolder = repositoryFile(".cache/debian/short");

/** The modules that test/debian/build-short.sh builds from Debian's kernel source; null when it hasn't run. */
export const shortModules: {
  /** Names without .ko of the kernel's self-tests. */
  readonly tests: readonly string[];
  /** The module with short calls. */
  short(name: string): Buffer;
  /** The same source with long calls: Debian's own build, or ours where Debian ships none. */
  long(name: string): Buffer;
} | null = existsSync(shortFolder)
  ? {
      tests: readdirSync(join(shortFolder, "long")).map((name) => name.slice(0, -".ko".length)),
      short: (name) => readFileSync(join(shortFolder, `${name}.ko`)),
      long: (name) => {
        const built = join(shortFolder, "long", `${name}.ko`);
        return readFileSync(existsSync(built) ? built : (debian?.module(name) ?? ""));
      },
    }
  : null;

/** For node:test's `skip`: false, or the reason. */
export const shortSkip: string | false =
  shortModules === null
    ? "a build of the kernel's modules with short calls isn't here: run test/debian/build-short.sh"
    : busyboxSkip;
