// Keeps what was read from kernels' images in the user's cache: unpacking a vmlinuz and finding its tables takes seconds,
// and the same kernel is read again and again. kernel/stored.ts has the format, and notices a damaged entry.

import { FileCache, userCache } from "./file-cache.ts";

/** A kernel of Debian's takes 14 MB. */
const LIMITS = { suffix: ".kernel", mostFiles: 16, mostBytes: 512 << 20 };

export class KernelCache {
  readonly #files: FileCache;
  readonly #version: string;

  /**
   * @param version farjal's version, part of each key: another version may read kernels otherwise.
   * @param directory default: farjal/images in the user's cache.
   */
  constructor(version: string, directory: string = userCache("images")) {
    this.#files = new FileCache(directory, LIMITS);
    this.#version = version;
  }

  get(key: string): Uint8Array | undefined {
    return this.#files.get(`${key}-${this.#version}`);
  }

  put(key: string, bytes: Uint8Array): boolean {
    return this.#files.put(`${key}-${this.#version}`, bytes);
  }
}
