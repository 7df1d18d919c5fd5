// What a boot loader loads, a kernel with its initramfs and its arguments, as bytes in a machine's snapshot, so that a
// restored board can be reset as the saved one could. The bytes are a zlib stream of a line of JSON, which says what
// the following bytes are. They are unpacked only when a reset needs them.

import { host } from "#host";
import { joined, utf8, utf8Bytes } from "../bytes/text.ts";
import { Words } from "../bytes/words.ts";
import { parsedJson } from "../checked-json.ts";
import { Misuse } from "../errors.ts";
import { BOOT_PROGRAM_BYTES } from "../limits.ts";
import type { BootProgram } from "./loader.ts";

const SIZE = 4;
const NEWLINE = 0x0a;

interface Heading {
  readonly endian: "little" | "big";
  readonly entry: number;
  readonly append: string;
  /** The bytes follow the heading in this order: each segment's, then the initramfs. */
  readonly segments: readonly { physical: number; size: number; bytes: number }[];
  readonly initrd: number | null;
}

/** The size of the unpacked bytes, in 32 bits, and then the zlib stream. */
export function packProgram({ kernel, initrd, append }: BootProgram): Uint8Array {
  const { endian, entry, segments } = kernel;
  const heading: Heading = {
    endian,
    entry,
    append,
    segments: segments.map(({ physical, size, bytes }) => ({
      physical,
      size,
      bytes: bytes.length,
    })),
    initrd: initrd?.length ?? null,
  };
  const unpacked = joined([
    utf8Bytes(`${JSON.stringify(heading)}\n`),
    ...segments.map(({ bytes }) => bytes),
    initrd ?? new Uint8Array(),
  ]);
  const size = new Words(new Uint8Array(SIZE), "little");
  size.setU32(0, unpacked.length);
  return joined([size.bytes, host.deflate(unpacked)]);
}

/** @throws Misuse for bytes that packProgram() didn't write. */
export function unpackProgram(packed: Uint8Array): BootProgram {
  const bytes = inflated(packed);
  const end = bytes.indexOf(NEWLINE);
  const heading = headingOf(bytes.subarray(0, Math.max(end, 0)));
  let at = end + 1;
  const take = (size: number): Uint8Array => {
    if (at + size > bytes.length) throw damaged();
    at += size;
    return bytes.subarray(at - size, at);
  };
  const { endian, entry, append, segments } = heading;
  const kernel = {
    endian,
    entry,
    segments: segments.map(({ physical, size, bytes: inFile }) => {
      if (inFile > size) throw damaged();
      return { physical, size, bytes: take(inFile) };
    }),
  };
  const initrd = heading.initrd === null ? undefined : take(heading.initrd);
  return { kernel, initrd, append };
}

function inflated(packed: Uint8Array): Uint8Array {
  if (packed.length < SIZE) throw damaged();
  const size = new Words(packed.subarray(0, SIZE), "little").u32(0);
  try {
    if (size <= BOOT_PROGRAM_BYTES) return host.inflate(packed.subarray(SIZE), size);
  } catch {
    // The error below reports it.
  }
  throw damaged();
}

function headingOf(bytes: Uint8Array): Heading {
  let value: Partial<Heading> | null;
  try {
    value = parsedJson(utf8(bytes), "the snapshot") as Partial<Heading> | null;
  } catch {
    throw damaged();
  }
  const { endian, entry, append, segments, initrd } = value ?? {};
  const isWhole =
    (endian === "little" || endian === "big") &&
    isSize(entry) &&
    typeof append === "string" &&
    Array.isArray(segments) &&
    segments.every((one) => isSize(one?.physical) && isSize(one?.size) && isSize(one?.bytes)) &&
    (initrd === null || isSize(initrd));
  if (!isWhole) throw damaged();
  return value as Heading;
}

function isSize(value: unknown): boolean {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) < 2 ** 32;
}

function damaged(): Misuse {
  return new Misuse("the snapshot is damaged (its kernel)");
}
