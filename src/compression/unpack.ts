// Recognizes the compressed formats by their signatures and unpacks them. kernel/payload.ts searches a kernel for these
// signatures; a module file is either compressed as a whole, in a format that modprobe reads, or not at all.

import { Misuse } from "../errors.ts";
import { unpackBzip2 } from "./bzip2.ts";
import { unpackGzip, unpackGzipMembers } from "./gzip.ts";
import { unpackLz4 } from "./lz4.ts";
import { isLzma, unpackLzma } from "./lzma.ts";
import { unpackLzo } from "./lzo.ts";
import { Output } from "./output.ts";
import { unpackXz } from "./xz.ts";
import { isSkippableFrame, unpackZstd, unpackZstdFrames } from "./zstd.ts";

type Unpack = (bytes: Uint8Array, output: Output) => unknown | Promise<unknown>;

export interface CompressedFormat {
  readonly name: string;
  readonly signature: readonly number[];
  /** A further check of bytes that begin with the signature. */
  readonly fits?: (bytes: Uint8Array) => boolean;
  readonly unpack: Unpack;
  /** Unpacks a file that is compressed as a whole and may have several parts; default: `unpack`. */
  readonly unpackFile?: Unpack;
}

export const COMPRESSED_FORMATS: readonly CompressedFormat[] = [
  { name: "xz", signature: [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0], unpack: unpackXz },
  {
    name: "zstd",
    signature: [0x28, 0xb5, 0x2f, 0xfd],
    unpack: unpackZstd,
    unpackFile: unpackZstdFrames,
  },
  { name: "lz4", signature: [0x02, 0x21, 0x4c, 0x18], unpack: unpackLz4 },
  {
    name: "gzip",
    signature: [0x1f, 0x8b, 0x08],
    unpack: unpackGzip,
    unpackFile: unpackGzipMembers,
  },
  // lc 3, lp 0, pb 2, which xz, lzma and 7z all use, and a dictionary of at least 64 KiB.
  { name: "lzma", signature: [0x5d, 0, 0], fits: isLzma, unpack: unpackLzma },
  // lc 1, lp 2, pb 2, which OpenWrt's images have (include/image-commands.mk, Build/lzma).
  { name: "lzma", signature: [0x6d, 0, 0], fits: isLzma, unpack: unpackLzma },
  {
    name: "lzo",
    signature: [0x89, 0x4c, 0x5a, 0x4f, 0, 0x0d, 0x0a, 0x1a, 0x0a],
    unpack: unpackLzo,
  },
  {
    name: "bzip2",
    signature: [0x42, 0x5a, 0x68, 0x39, 0x31, 0x41, 0x59, 0x26, 0x53, 0x59],
    unpack: unpackBzip2,
  },
];

/** Shorter data is empty in every format. */
export const SHORTEST = 16;

/** Whether data compressed in this format may begin with these bytes. */
export function isFormat({ signature, fits }: CompressedFormat, bytes: Uint8Array): boolean {
  return (
    bytes.length >= SHORTEST &&
    signature.every((byte, index) => bytes[index] === byte) &&
    (fits === undefined || fits(bytes))
  );
}

/**
 * Unpacks the data that begins with the first byte; bytes after its end are ignored.
 * @throws Misuse when it is damaged, cut off or too large.
 */
export async function unpacked(
  { unpack }: CompressedFormat,
  bytes: Uint8Array,
): Promise<Uint8Array> {
  const output = new Output();
  try {
    await unpack(bytes, output);
  } catch (error) {
    if (error instanceof Misuse) throw error;
    throw new Misuse(`the compressed data is damaged (${(error as Error).message})`);
  }
  // Callers keep the bytes, and send them to threads, which copies all of a buffer: this one has no more than they need.
  return output.bytes().slice();
}

/** Unpacks a file if it is compressed as a whole, and returns its bytes. @throws Misuse as unpacked() does. */
export async function unpackedFile(bytes: Uint8Array): Promise<Uint8Array> {
  const format = COMPRESSED_FORMATS.find(
    (one) => isFormat(one, bytes) || (one.name === "zstd" && isSkippableFrame(bytes)),
  );
  if (format === undefined) return bytes;
  return unpacked({ ...format, unpack: format.unpackFile ?? format.unpack }, bytes);
}
