// Reads module files: a path or bytes, compressed or not. The library and every command read modules only through this
// file.

import { host } from "#host";
import { unpackedFile } from "../../compression/unpack.ts";
import { Misuse, systemError } from "../../errors.ts";
import { MODULE_BYTES } from "../../limits.ts";
import { type ModuleFile, type ReadModuleOptions, readModule } from "./file.ts";
import { moduleName } from "./name.ts";

/**
 * A module's bytes, unpacked when the file is compressed (.ko.gz, .ko.xz, .ko.zst).
 * @param source a path, or the file's bytes.
 * @throws Misuse that names the file, when it can't be read or unpacked.
 */
export async function readModuleBytes(source: string | Uint8Array): Promise<Uint8Array> {
  const bytes = typeof source === "string" ? host.readFile(source, MODULE_BYTES) : source;
  try {
    return await unpackedFile(bytes);
  } catch (error) {
    const name = typeof source === "string" ? source : "the module";
    throw new Misuse(`${name} can't be unpacked: ${systemError(error)}`);
  }
}

/**
 * Reads a module file, as readModule() reads its unpacked bytes.
 * @param source a path, or the file's bytes, compressed or not. A path names a module whose file has no name.
 * @throws Misuse when the file can't be read or unpacked, Refusal when Linux would not load it.
 */
export async function openModule(
  source: string | Uint8Array,
  options: ReadModuleOptions = {},
): Promise<ModuleFile> {
  const named = typeof source === "string" ? { name: moduleName(source), ...options } : options;
  return readModule(await readModuleBytes(source), named);
}
