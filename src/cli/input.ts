// Reads the files and the standard input (`-`) of commands. The commands interpret the bytes.

import { Misuse } from "../errors.ts";
import { host, readStandardInput } from "../host/node.ts";
import { pathStats } from "../host/path-kind.ts";
import { INPUT_BYTES, SOURCE_BYTES } from "../limits.ts";

/**
 * A file's bytes.
 * @param most the most that it may have.
 * @throws Misuse, naming the file, when it can't be read or has more.
 */
export function readInput(path: string, most = INPUT_BYTES): Uint8Array {
  return path === "-" ? readStandardInput(most) : host.readFile(path, most);
}

/** A file's text. @throws Misuse as readInput() does. */
export function fileText(path: string, most = INPUT_BYTES): string {
  return Buffer.from(readInput(path, most)).toString("utf8");
}

/**
 * A source file's text; null if it isn't here. Debugging information or coverage gave the path, so a pipe or a device
 * is not opened.
 */
export function sourceText(path: string): string | null {
  const stats = pathStats(path);
  if (stats?.isFile() !== true || stats.size > SOURCE_BYTES) return null;
  try {
    return fileText(path);
  } catch (error) {
    if (error instanceof Misuse) return null;
    throw error;
  }
}
