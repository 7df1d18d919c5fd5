// The compressed kernel inside a vmlinuz, a uImage or a zImage. Its place depends on the decompressor around it, so
// it is found as the kernel's own scripts/extract-vmlinux finds it: by signature, and each place is tried until one
// unpacks to a kernel.

import { indexOfBytes } from "../bytes/text.ts";
import { COMPRESSED_FORMATS, isFormat, unpacked } from "../compression/unpack.ts";

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
  const payloads: Payload[] = [];
  for (const format of COMPRESSED_FORMATS) {
    const signature = Uint8Array.from(format.signature);
    let places = 0;
    for (
      let at = indexOfBytes(file, signature);
      at >= 0 && places < MOST_PLACES;
      at = indexOfBytes(file, signature, at + 1)
    ) {
      const rest = file.subarray(at);
      if (!isFormat(format, rest)) continue;
      places += 1;
      payloads.push({
        format: format.name,
        offset: at,
        unpack: format.unpack === undefined ? null : () => unpacked(format, rest),
      });
    }
  }
  return payloads.sort((a, b) => a.offset - b.offset).slice(0, MOST_PLACES);
}
