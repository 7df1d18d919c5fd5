// Finds the files with the debugging information of modules: the module's own file, a file that the user names, or the
// twin in a directory, laid out by build-id (.build-id/xx/yyyy.debug, as debuggers look for it), or as the modules are
// (usr/lib/debug/lib/modules/RELEASE/…, or the tree in which they were built). A file of another build is refused.

import { existsSync } from "node:fs";
import { join } from "node:path";
import { host } from "#host";
import { type DebugInfo, openDebugInfo } from "../dwarf/debug-info.ts";
import { buildId, imageBuildIds, twinDifference } from "../dwarf/twin.ts";
import type { ElfObject } from "../elf/object.ts";
import { readElf } from "../elf/reader.ts";
import { Misuse, Refusal } from "../errors.ts";
import { isDirectory, pathStats } from "../host/path-kind.ts";
import type { AnyKernel } from "../kernel/kernel.ts";
import { KERNEL_BYTES } from "../limits.ts";
import { moduleName } from "../module/file/name.ts";
import { splitSignature } from "../module/file/signature.ts";
import { openModule, readModuleBytes } from "../module/file/source.ts";
import { filesNamed } from "./dependencies.ts";

/** Where distributions put it. */
const SYSTEM = "/usr/lib/debug";
const DEBUG_FILE = /\.ko(\.debug|(\.(gz|xz|zst))?)$/;

/** Where a kernel is in a directory: Debian's packages, those of others, and the tree in which it was built. */
const KERNEL_PLACES = [
  "boot/vmlinux-RELEASE",
  "vmlinux-RELEASE",
  "lib/modules/RELEASE/vmlinux",
  "lib/modules/RELEASE/build/vmlinux",
  "usr/lib/debug/boot/vmlinux-RELEASE",
  "usr/lib/debug/lib/modules/RELEASE/vmlinux",
  "vmlinux",
];
/** Debian's vmlinux has 280 MB. */

/** The debugging information of a module, and the file that it is in. */
export interface FoundDebugInfo {
  readonly info: DebugInfo;
  /** The file of the same build; null: it is in the module's own file. */
  readonly path: string | null;
}

export class DebugFiles {
  readonly #path: string | undefined;
  #byName: Map<string, string[]> | undefined;

  /**
   * @param path a file or a directory; default: the modules themselves, then the system's directory by build-id.
   * @throws Misuse when nothing is at the path.
   */
  constructor(path?: string) {
    this.#path = path;
    if (path !== undefined && !existsSync(path)) {
      throw new Misuse(`${path} can't be read: no such file or directory`);
    }
  }

  /**
   * The debugging information of a module.
   * @returns null if there is none.
   * @throws Misuse for a file that is damaged or of another build.
   */
  async of(name: string, module: ElfObject): Promise<DebugInfo | null> {
    return (await this.find(name, module))?.info ?? null;
  }

  /** The same, with the file that it is in. */
  async find(name: string, module: ElfObject): Promise<FoundDebugInfo | null> {
    const path = this.#path;
    if (path === undefined) return own(module) ?? (await withBuildId(SYSTEM, module));
    if (!isDirectory(path)) return (await twin([path], module)) ?? own(module);
    // By its name alone, a file of a directory may be another module's, so the module's own information goes first.
    return (
      (await withBuildId(path, module)) ?? own(module) ?? (await this.#named(path, name, module))
    );
  }

  /** The debugging information of a module whose own file isn't there: by its name alone, so of any build. */
  async named(name: string): Promise<DebugInfo | null> {
    const path = this.#path;
    if (path === undefined) return null;
    const paths = isDirectory(path)
      ? this.#filesOf(path, name)
      : (await statedName(path)) === moduleName(name)
        ? [path]
        : [];
    const [first] = paths;
    if (first === undefined) return null;
    return openDebugInfo(readDebugFile(first, await readModuleBytes(first)));
  }

  /**
   * The debugging information of a kernel, in the file or where -dbg packages and kernel trees have it.
   * @param release "6.1.0-50-4kc-malta"; null: unknown, so that only a file by itself or a tree's vmlinux counts.
   * @param kernel the kernel that crashed or was traced; its build-id must be that of the file, if both have one.
   * @returns null if there is none.
   * @throws Misuse for a file that is damaged or of another build.
   */
  async ofKernel(
    release: string | null,
    kernel: AnyKernel | null = null,
  ): Promise<DebugInfo | null> {
    const path = this.kernelPath(release);
    if (path === null) return null;
    const elf = readDebugFile(path, host.readFile(path, KERNEL_BYTES));
    const [own, ids] = [buildId(elf), idsOf(kernel)];
    if (own !== null && ids.length > 0 && !ids.includes(own)) {
      throw new Misuse(
        `${path} is of another build: its build-id is ${own}, and the kernel has ${ids.join(", ")}`,
      );
    }
    return openDebugInfo(elf);
  }

  /** Where a kernel's file with debugging information is; null: nowhere. */
  kernelPath(release: string | null): string | null {
    const path = this.#path ?? SYSTEM;
    const found = pathStats(path);
    if (found === undefined) return null;
    if (!found.isDirectory()) return isModuleFile(path) ? null : path;
    const names =
      release === null || release === "" || release.includes("/")
        ? ["vmlinux"]
        : KERNEL_PLACES.map((place) => place.replace("RELEASE", release));
    return names.map((name) => join(path, name)).find((name) => existsSync(name)) ?? null;
  }

  /** The twin among the files of a tree that have the module's name. */
  async #named(root: string, name: string, module: ElfObject): Promise<FoundDebugInfo | null> {
    return twin(this.#filesOf(root, name), module);
  }

  #filesOf(root: string, name: string): readonly string[] {
    if (this.#byName === undefined) {
      this.#byName = new Map();
      for (const path of filesNamed(DEBUG_FILE, root, true)) {
        const key = nameOf(path);
        const paths = this.#byName.get(key) ?? [];
        this.#byName.set(key, [...paths, join(root, path)]);
      }
    }
    return this.#byName.get(moduleName(name)) ?? [];
  }
}

function idsOf(kernel: AnyKernel | null): string[] {
  const { image = null, endian } = kernel ?? {};
  return image === null ? [] : imageBuildIds(image.bytes, endian ?? "little");
}

/** The name of a module's file: ext4.ko.debug is ext4's. */
function nameOf(path: string): string {
  return moduleName(path.replace(/\.debug$/, ""));
}

/** The name that a module's file states; where its contents have been stripped, that of the file. */
async function statedName(path: string): Promise<string> {
  try {
    return moduleName((await openModule(path)).name);
  } catch (error) {
    if (error instanceof Refusal) return nameOf(path);
    throw error;
  }
}

function isModuleFile(path: string): boolean {
  return DEBUG_FILE.test(path);
}

function own(module: ElfObject): FoundDebugInfo | null {
  const info = openDebugInfo(module);
  return info && { info, path: null };
}

async function withBuildId(root: string, module: ElfObject): Promise<FoundDebugInfo | null> {
  const id = buildId(module);
  if (id === null) return null;
  const path = join(root, ".build-id", id.slice(0, 2), `${id.slice(2)}.debug`);
  return existsSync(path) ? twin([path], module) : null;
}

/**
 * The first of these files that is of the module's build.
 * @returns null if there are no files, or the file has no debugging information.
 */
async function twin(paths: readonly string[], module: ElfObject): Promise<FoundDebugInfo | null> {
  const different: string[] = [];
  for (const path of paths) {
    const elf = readDebugFile(path, await readModuleBytes(path));
    const difference = twinDifference(module, elf);
    if (difference === null) {
      const info = openDebugInfo(elf, module);
      return info && { info, path };
    }
    different.push(`${path} is of another build: ${difference}`);
  }
  if (different.length > 0) throw new Misuse(different.join("; "));
  return null;
}

function readDebugFile(path: string, bytes: Uint8Array): ElfObject {
  try {
    return readElf(splitSignature(bytes).image);
  } catch (error) {
    if (error instanceof Refusal) throw new Misuse(`${path}: ${error.explanation}`);
    throw error;
  }
}
