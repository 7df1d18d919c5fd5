// Keeps snapshots of booted kernels in the user's cache, so that a kernel boots only once; a later command starts in a
// tenth of a second. A file's name depends on everything that determines its content: the kernel's and the initramfs'
// bytes, farjal's version and its core, and the processor. The cache is bounded, and losing it only costs a boot.

import { createHash } from "node:crypto";
import {
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { TEMPORARY_PREFIX, temporaryBeside } from "../host/temporary-name.ts";

const SUFFIX = ".snapshot";
/** The most snapshots; a kernel that uses little memory takes about 30 MB. */
const MOST_FILES = 16;
const MOST_BYTES = 1 << 30;
/** Milliseconds after which an unfinished file is one that a killed process left. */
const ABANDONED = 3_600_000;

/** The directory of the user's caches (XDG Base Directory Specification). */
export function cacheDirectory(environment: NodeJS.ProcessEnv = process.env): string {
  const base = environment["XDG_CACHE_HOME"];
  return join(
    base?.startsWith("/") === true ? base : join(homedir(), ".cache"),
    "farjal",
    "kernels",
  );
}

/** A name that depends on all of these, in this order. */
export function cacheKey(parts: readonly (string | Uint8Array)[]): string {
  const hash = createHash("sha256");
  for (const part of parts) {
    const bytes = typeof part === "string" ? Buffer.from(part) : part;
    hash.update(`${bytes.length}:`).update(bytes);
  }
  return hash.digest("hex").slice(0, 40);
}

export class SnapshotCache {
  readonly #directory: string;

  constructor(directory: string = cacheDirectory()) {
    this.#directory = directory;
  }

  /** The snapshot with that name, or undefined. It becomes the most recently used. */
  get(key: string): Uint8Array | undefined {
    const path = this.#path(key);
    try {
      const bytes = readFileSync(path);
      const now = new Date();
      utimesSync(path, now, now);
      return bytes;
    } catch {
      return undefined;
    }
  }

  /** Stores a snapshot, and deletes the oldest ones beyond the limits. A cache that can't be written is ignored. */
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
      rmSync(temporary, { force: true });
      return false;
    }
  }

  delete(key: string): void {
    rmSync(this.#path(key), { force: true });
  }

  #path(key: string): string {
    return join(this.#directory, key + SUFFIX);
  }

  #trim(): void {
    const names = readdirSync(this.#directory);
    for (const name of names.filter((one) => one.startsWith(TEMPORARY_PREFIX))) {
      const path = join(this.#directory, name);
      if (Date.now() - statSync(path).mtimeMs > ABANDONED) rmSync(path, { force: true });
    }
    const files = names
      .filter((name) => name.endsWith(SUFFIX))
      .map((name) => ({
        path: join(this.#directory, name),
        stat: statSync(join(this.#directory, name)),
      }))
      .sort((a, b) => b.stat.mtimeMs - a.stat.mtimeMs);
    let bytes = 0;
    files.forEach(({ path, stat }, index) => {
      bytes += stat.size;
      if (index >= MOST_FILES || (bytes > MOST_BYTES && index > 0)) rmSync(path, { force: true });
    });
  }
}
