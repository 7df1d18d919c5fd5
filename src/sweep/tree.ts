// A tree of modules as the input of a sweep or of verdicts: the modules in it, and digests by which the parts of one work
// are recognized on different machines.

import { createHash } from "node:crypto";
import { statSync } from "node:fs";
import { open } from "node:fs/promises";
import { join } from "node:path";
import { Misuse, systemError } from "../errors.ts";
import { moduleFiles } from "./dependencies.ts";

/** One module of a tree, or of several trees. */
export interface TreeModule {
  readonly directory: string;
  /** The path in the directory, and the name in results. */
  readonly path: string;
  readonly label: string;
}

/**
 * The paths of a tree's modules, sorted.
 * @throws Misuse for anything but a directory with modules in it.
 */
export function modulePaths(directory: string): string[] {
  try {
    if (!statSync(directory).isDirectory()) throw new Misuse(`${directory} is not a directory`);
  } catch (error) {
    if (error instanceof Misuse) throw error;
    throw new Misuse(`${directory} can't be read: ${systemError(error)}`);
  }
  const paths = moduleFiles(directory, true);
  if (paths.length === 0)
    throw new Misuse(
      `${directory} holds no file with a module's name (.ko, .ko.gz, .ko.xz or .ko.zst)`,
    );
  return paths;
}

/** SHA-256 of a tree's paths and sizes, by which shards of one tree are recognized. */
export function treeDigest(modules: readonly TreeModule[]): string {
  const digest = createHash("sha256");
  for (const { directory, path, label } of modules) {
    digest.update(`${label}\0${sizeOf(join(directory, path))}\n`);
  }
  return digest.digest("hex");
}

/** -1 for a file that has gone since it was listed. */
function sizeOf(path: string): number {
  try {
    return statSync(path).size;
  } catch {
    return -1;
  }
}

/** SHA-256 of a text. */
export function digestOf(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

/** SHA-256 of a file. */
export async function fileDigest(path: string): Promise<string> {
  const digest = createHash("sha256");
  const file = await open(path);
  for await (const chunk of file.createReadStream()) digest.update(chunk as Uint8Array);
  return digest.digest("hex");
}
