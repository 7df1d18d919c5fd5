// Keeps snapshots of booted kernels in the user's cache, so that a kernel boots only once; a later command starts in a
// tenth of a second. A file's name depends on everything that determines its content: the kernel's and the initramfs'
// bytes, farjal's version and its core, and the processor.

import { createHash } from "node:crypto";
import { FileCache, userCache } from "../host/file-cache.ts";

/** A kernel that uses little memory takes about 30 MB. */
const LIMITS = { suffix: ".snapshot", mostFiles: 16, mostBytes: 1 << 30 };

/** The directory of the snapshots in the user's cache. */
export function cacheDirectory(environment: NodeJS.ProcessEnv = process.env): string {
  return userCache("kernels", environment);
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

export class SnapshotCache extends FileCache {
  constructor(directory: string = cacheDirectory()) {
    super(directory, LIMITS);
  }
}
