// A bounded cache of files in the user's cache directory (XDG Base Directory Specification): each entry is a file, named
// by its key. Entries are written under another name and renamed, so a reader never finds half of one. Losing an entry,
// or a directory that can't be written, only costs the work that made it. What is in an entry, and whether it is whole,
// is its reader's to check.

import {
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { host } from "#host";
import { TEMPORARY_PREFIX, temporaryBeside } from "./temporary-name.ts";

/** Milliseconds after which an unfinished file is one that a killed process left. */
const ABANDONED = 3_600_000;

export interface CacheLimits {
  /** The end of the entries' names, such as ".snapshot"; other files are left alone. */
  readonly suffix: string;
  readonly mostFiles: number;
  readonly mostBytes: number;
}

/** A directory of farjal's in the user's cache. */
export function userCache(name: string, environment: NodeJS.ProcessEnv = process.env): string {
  const base = environment["XDG_CACHE_HOME"];
  return join(base?.startsWith("/") === true ? base : join(homedir(), ".cache"), "farjal", name);
}

export class FileCache {
  readonly #directory: string;
  readonly #limits: CacheLimits;

  constructor(directory: string, limits: CacheLimits) {
    this.#directory = directory;
    this.#limits = limits;
  }

  /** The entry with that key, or undefined. It becomes the most recently used. */
  get(key: string): Uint8Array | undefined {
    const path = this.#path(key);
    try {
      const bytes = host.readFile(path, this.#limits.mostBytes);
      const now = new Date();
      utimesSync(path, now, now);
      return bytes;
    } catch {
      return undefined;
    }
  }

  /** Stores an entry, and deletes the oldest ones beyond the limits. @returns whether it could be written. */
  put(key: string, bytes: Uint8Array): boolean {
    const path = this.#path(key);
    const temporary = temporaryBeside(path);
    try {
      mkdirSync(this.#directory, { recursive: true, mode: 0o700 });
      writeFileSync(temporary, bytes, { mode: 0o600, flag: "wx" });
      renameSync(temporary, path);
      this.#trim();
      return true;
    } catch {
      this.#remove(temporary);
      return false;
    }
  }

  delete(key: string): void {
    this.#remove(this.#path(key));
  }

  /** Where the directory is a file, or may not be written, there is nothing to remove. */
  #remove(path: string): void {
    try {
      rmSync(path, { force: true });
    } catch {
      // The entry stays, and counts for nothing if it is damaged.
    }
  }

  #path(key: string): string {
    return join(this.#directory, key + this.#limits.suffix);
  }

  #trim(): void {
    const { suffix, mostFiles, mostBytes } = this.#limits;
    const names = readdirSync(this.#directory);
    for (const name of names.filter((one) => one.startsWith(TEMPORARY_PREFIX))) {
      const path = join(this.#directory, name);
      if (Date.now() - statSync(path).mtimeMs > ABANDONED) this.#remove(path);
    }
    const files = names
      .filter((name) => name.endsWith(suffix))
      .map((name) => ({
        path: join(this.#directory, name),
        stat: statSync(join(this.#directory, name)),
      }))
      .sort((a, b) => b.stat.mtimeMs - a.stat.mtimeMs);
    let bytes = 0;
    files.forEach(({ path, stat }, index) => {
      bytes += stat.size;
      if (index >= mostFiles || (bytes > mostBytes && index > 0)) this.#remove(path);
    });
  }
}
