// What a path leads to, asked before it is read. A path that can't be followed (a link to itself, a name that is too
// long, a directory that may not be searched) is nothing here: the code that reads it gets the system's reason.

import { type Stats, statSync } from "node:fs";

/** The facts of what a path leads to; undefined if it leads nowhere. */
export function pathStats(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}

export function isDirectory(path: string): boolean {
  return pathStats(path)?.isDirectory() === true;
}
