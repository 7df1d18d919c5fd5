// Keeps snapshots of booted kernels in the user's cache, so that a kernel boots only once; a later command starts in a
// tenth of a second. A file's name depends on everything that determines its content: the kernel's and the initramfs'
// bytes, farjal's version and its core, and the processor.

import { host } from "#host";
import { hexDigits, utf8Bytes } from "../bytes/text.ts";
import { FileCache, userCache } from "../host/file-cache.ts";

/** A kernel that uses little memory takes about 30 MB. */
const LIMITS = { suffix: ".snapshot", mostFiles: 16, mostBytes: 1 << 30 };

/** A name that depends on all of these, in this order. */
export function cacheKey(parts: readonly (string | Uint8Array)[]): string {
  const digest = host.sha256(
    parts.flatMap((part) => {
      const bytes = typeof part === "string" ? utf8Bytes(part) : part;
      return [utf8Bytes(`${bytes.length}:`), bytes];
    }),
  );
  return hexDigits(digest).slice(0, 40);
}

export class SnapshotCache extends FileCache {
  /** @param directory default: farjal/kernels in the user's cache. */
  constructor(directory: string = userCache("kernels")) {
    super(directory, LIMITS);
  }
}
