// The files and standard input that commands read: `-` is standard input. What is in them is for the command.

import { host, readStandardInput } from "../host/node.ts";

/** Far more than any trace's filters, golden results or module. */
const LARGEST = 256 << 20;

/** A file's bytes. @throws Misuse that names it, when it can't be read or is too large. */
export function readInput(path: string): Uint8Array {
  return path === "-" ? readStandardInput(LARGEST) : host.readFile(path, LARGEST);
}
