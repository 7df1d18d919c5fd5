// Reads the files and the standard input (`-`) of commands. The commands interpret the bytes.

import { Misuse } from "../errors.ts";
import { host, readStandardInput } from "../host/node.ts";

/** Far more than the filters of a trace, a golden result or a module take. */
const LARGEST = 256 << 20;

/** A file's bytes. @throws Misuse, naming the file, when it can't be read or is too large. */
export function readInput(path: string): Uint8Array {
  return path === "-" ? readStandardInput(LARGEST) : host.readFile(path, LARGEST);
}

/** A file's text. @throws Misuse as readInput() does. */
export function fileText(path: string): string {
  return Buffer.from(readInput(path)).toString("utf8");
}

/** A source file's text; null if it isn't here. */
export function sourceText(path: string): string | null {
  try {
    return fileText(path);
  } catch (error) {
    if (error instanceof Misuse) return null;
    throw error;
  }
}
