// The cache of kernels that the commands with --kernel share, and the option that does without it.

import { Option } from "commander";
import { KernelCache } from "../host/kernel-cache.ts";
import { version } from "../host/version.ts";
import type { KernelStore } from "../index.ts";

export interface CacheOptions {
  /** Absent where a command has no such option: then the cache is used. */
  readonly cache?: boolean | undefined;
}

export function cacheOption(): Option {
  return new Option(
    "--no-cache",
    "read or boot the kernel anew, and keep nothing of it in the user's cache",
  );
}

/** undefined with --no-cache. */
export function kernelStore({ cache }: CacheOptions): KernelStore | undefined {
  return cache === false ? undefined : new KernelCache(version());
}
