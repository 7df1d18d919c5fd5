// A module's name from its file's: no directory, no .ko or .o, no compression's ending, and '-' as '_',
// since the kernel and modprobe take both for the same.

import { basename } from "node:path";

export function moduleName(path: string): string {
  return basename(path)
    .replace(/\.k?o(\.(gz|xz|zst))?$/, "")
    .replaceAll("-", "_");
}
