// Finds the files with the debugging information of modules: the module's own file, a file that the user names, or the
// twin in a directory, laid out by build-id (.build-id/xx/yyyy.debug, as debuggers look for it), or as the modules are
// (usr/lib/debug/lib/modules/RELEASE/…, or the tree in which they were built). A file of another build is refused.

import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { type DebugInfo, openDebugInfo } from "../dwarf/debug-info.ts";
import { buildId, twinDifference } from "../dwarf/twin.ts";
import type { ElfObject } from "../elf/object.ts";
import { readElf } from "../elf/reader.ts";
import { Misuse, Refusal } from "../errors.ts";
import { moduleName } from "../module/file/name.ts";
import { splitSignature } from "../module/file/signature.ts";
import { readModuleBytes } from "../module/file/source.ts";
import { filesNamed } from "./dependencies.ts";

/** Where distributions put it. */
const SYSTEM = "/usr/lib/debug";
const DEBUG_FILE = /\.ko(\.debug|(\.(gz|xz|zst))?)$/;

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
    const path = this.#path;
    if (path === undefined) {
      return openDebugInfo(module) ?? (await withBuildId(SYSTEM, module));
    }
    const found = statSync(path).isDirectory()
      ? ((await withBuildId(path, module)) ?? (await this.#named(path, name, module)))
      : await twin([path], module);
    return found ?? openDebugInfo(module);
  }

  /** The twin among the files of a tree that have the module's name. */
  async #named(root: string, name: string, module: ElfObject): Promise<DebugInfo | null> {
    if (this.#byName === undefined) {
      this.#byName = new Map();
      for (const path of filesNamed(DEBUG_FILE, root, true)) {
        const key = moduleName(path.replace(/\.debug$/, ""));
        const paths = this.#byName.get(key) ?? [];
        this.#byName.set(key, [...paths, join(root, path)]);
      }
    }
    return twin(this.#byName.get(moduleName(name)) ?? [], module);
  }
}

async function withBuildId(root: string, module: ElfObject): Promise<DebugInfo | null> {
  const id = buildId(module);
  if (id === null) return null;
  const path = join(root, ".build-id", id.slice(0, 2), `${id.slice(2)}.debug`);
  return existsSync(path) ? twin([path], module) : null;
}

/**
 * The first of these files that is of the module's build.
 * @returns null if there are no files, or the file has no debugging information.
 */
async function twin(paths: readonly string[], module: ElfObject): Promise<DebugInfo | null> {
  const different: string[] = [];
  for (const path of paths) {
    const elf = readDebugFile(path, await readModuleBytes(path));
    const difference = twinDifference(module, elf);
    if (difference === null) return openDebugInfo(elf, module);
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
