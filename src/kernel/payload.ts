// The compressed kernel inside a vmlinuz, a uImage or a zImage. Its place depends on the decompressor
// around it, so it is found the way the kernel's own scripts/extract-vmlinux finds it: by signature, each
// place tried until one unpacks to a kernel.

import { Output } from "../bytes/output.ts";
import { unpackGzip } from "../compression/gzip.ts";
import { unpackLz4 } from "../compression/lz4.ts";
import { isLzma, unpackLzma } from "../compression/lzma.ts";
import { unpackXz } from "../compression/xz.ts";
import { unpackZstd } from "../compression/zstd.ts";
import { Misuse } from "../errors.ts";

interface Format {
  readonly name: string;
  readonly signature: readonly number[];
  /** A closer look at bytes that begin with the signature. */
  readonly fits?: (bytes: Uint8Array) => boolean;
  /** Absent for formats that farjal doesn't read. */
  readonly unpack?: (bytes: Uint8Array, output: Output) => void | Promise<void>;
}

const FORMATS: readonly Format[] = [
  { name: "xz", signature: [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0], unpack: unpackXz },
  { name: "zstd", signature: [0x28, 0xb5, 0x2f, 0xfd], unpack: unpackZstd },
  { name: "lz4", signature: [0x02, 0x21, 0x4c, 0x18], unpack: unpackLz4 },
  { name: "gzip", signature: [0x1f, 0x8b, 0x08], unpack: unpackGzip },
  // lc 3, lp 0, pb 2, which xz, lzma and 7z all use, and a dictionary of at least 64 KiB.
  { name: "lzma", signature: [0x5d, 0, 0], fits: isLzma, unpack: unpackLzma },
  // lc 1, lp 2, pb 2, which OpenWrt's images have (include/image-commands.mk, Build/lzma).
  { name: "lzma", signature: [0x6d, 0, 0], fits: isLzma, unpack: unpackLzma },
  { name: "lzo", signature: [0x89, 0x4c, 0x5a, 0x4f, 0, 0x0d, 0x0a, 0x1a, 0x0a] },
  { name: "bzip2", signature: [0x42, 0x5a, 0x68, 0x39, 0x31, 0x41, 0x59, 0x26, 0x53, 0x59] },
];

/** Places tried at most; real files have one or two. */
const MOST_PLACES = 16;

/** One place in a file where something compressed seems to begin. */
export interface Payload {
  readonly format: string;
  readonly offset: number;
  /** Rejects when it is damaged, cut off or too large; null for a format farjal doesn't read. */
  readonly unpack: (() => Promise<Uint8Array>) | null;
}

/** The places where something compressed seems to begin, ascending. */
export function findPayloads(file: Uint8Array): Payload[] {
  const bytes = Buffer.from(file.buffer, file.byteOffset, file.length);
  const payloads: Payload[] = [];
  for (const { name, signature, fits, unpack } of FORMATS) {
    const needle = Buffer.from(signature);
    let places = 0;
    for (
      let at = bytes.indexOf(needle);
      at >= 0 && places < MOST_PLACES;
      at = bytes.indexOf(needle, at + 1)
    ) {
      const rest = file.subarray(at);
      if (rest.length < 16 || (fits !== undefined && !fits(rest))) continue;
      places += 1;
      payloads.push({
        format: name,
        offset: at,
        unpack: unpack === undefined ? null : () => unpacked(unpack, rest),
      });
    }
  }
  return payloads.sort((a, b) => a.offset - b.offset).slice(0, MOST_PLACES);
}

async function unpacked(
  unpack: NonNullable<Format["unpack"]>,
  bytes: Uint8Array,
): Promise<Uint8Array> {
  const output = new Output();
  try {
    await unpack(bytes, output);
  } catch (error) {
    if (error instanceof Misuse) throw error;
    throw new Misuse(`the compressed data is damaged (${(error as Error).message})`);
  }
  return output.bytes();
}
