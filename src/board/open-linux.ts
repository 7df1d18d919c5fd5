// Gives a running Linux from the user's cache, or boots it and adds it to the cache, for commands and tests that need a
// real kernel without waiting for its boot.

import { host } from "#host";
import { Misuse } from "../errors.ts";
import { KERNEL_BYTES } from "../limits.ts";
import { checkOptions, type OptionKeys } from "../options.ts";
import type { Engine } from "../processor/engine.ts";
import type { CpuModel } from "../processor/processor.ts";
import { fastImage } from "./boot-image.ts";
import { Linux } from "./linux.ts";
import { cacheKey, SnapshotCache } from "./snapshot-cache.ts";

export interface OpenLinuxOptions {
  /** The bytes of a second initramfs, whose files the guest also gets. */
  readonly initrd?: Uint8Array | undefined;
  /** Appended to the kernel's command line. */
  readonly append?: string | undefined;
  /** Default: 24Kc. */
  readonly cpu?: CpuModel | undefined;
  /** The engine that runs instructions; default: interpreter. */
  readonly engine?: Engine | undefined;
  /** Where snapshots are kept; default: the user's cache. null: the kernel is booted and not cached. */
  readonly cache?: SnapshotCache | null | undefined;
  /** Called before the kernel is booted, which takes seconds. */
  readonly onBoot?: (() => void) | undefined;
  /** The limit for a request in seconds; default: 120. */
  readonly timeLimit?: number | undefined;
}

const OPEN_OPTIONS: OptionKeys<OpenLinuxOptions> = {
  initrd: true,
  append: true,
  cpu: true,
  engine: true,
  cache: true,
  onBoot: true,
  timeLimit: true,
};

/** A running kernel, and whether it came from the cache. */
export interface OpenedLinux {
  readonly linux: Linux;
  readonly cached: boolean;
}

/**
 * Boots a kernel, or continues from the snapshot of the same kernel and options.
 * @param kernel the path of a vmlinuz or vmlinux for Malta, or its bytes.
 * @throws Misuse when it isn't such a file, or doesn't boot.
 */
export async function openLinux(
  kernel: string | Uint8Array,
  options: OpenLinuxOptions = {},
): Promise<OpenedLinux> {
  checkOptions("openLinux()", options, OPEN_OPTIONS);
  const { initrd, append = "", cpu = "24Kc", engine, timeLimit } = options;
  const file = typeof kernel === "string" ? host.readFile(kernel, KERNEL_BYTES) : kernel;
  const cache = options.cache === undefined ? new SnapshotCache() : options.cache;
  const key = cacheKey([Linux.identity, cpu, append, file, initrd ?? ""]);
  const snapshot = cache?.get(key);
  if (snapshot !== undefined) {
    try {
      return { linux: Linux.restore(snapshot, { engine, timeLimit }), cached: true };
    } catch (error) {
      if (!(error instanceof Misuse)) throw error;
      cache?.delete(key); // a damaged file only costs a boot
    }
  }
  options.onBoot?.();
  const image = await fastImage(file);
  const linux = Linux.boot({ kernel: image, initrd, append, cpu, engine, timeLimit });
  cache?.put(key, linux.save({ compressed: false }));
  return { linux, cached: false };
}
