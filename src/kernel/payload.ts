// The compressed kernel inside a vmlinuz, a uImage or a zImage. Its place depends on the decompressor around it, so
// it is found as the kernel's own scripts/extract-vmlinux finds it: by signature, and each place is tried until one
// unpacks to a kernel.

import { indexOfBytes } from "../bytes/text.ts";
import { COMPRESSED_FORMATS, isFormat, unpacked } from "../compression/unpack.ts";

/** Places of one format at most. A kernel's file has one or two, a flash chip's thousands: each block of a squashfs. */
const MOST_PLACES = 4096;
/** The first of them are tried in their order: where there are two kernels, the first one counts. */
const IN_ORDER = 16;
/** Places tried at most. */
const MOST_TRIES = 256;

/** One place in a file where something compressed seems to begin. */
export interface Payload {
  readonly format: string;
  readonly offset: number;
  /** Rejects when it is damaged, cut off or too large; null for a format farjal doesn't read. */
  readonly unpack: (() => Promise<Uint8Array>) | null;
}

/**
 * The places where something compressed seems to begin, in the order in which they are to be tried: the first ones,
 * then those that are farthest from the next, since a kernel is larger than the blocks of a file system.
 */
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
  payloads.sort((a, b) => a.offset - b.offset);
  const room = (index: number): number =>
    (payloads[index + 1]?.offset ?? file.length) - (payloads[index]?.offset ?? 0);
  const rooms = new Map(payloads.map((payload, index) => [payload, room(index)]));
  const later = payloads.slice(IN_ORDER).sort((a, b) => (rooms.get(b) ?? 0) - (rooms.get(a) ?? 0));
  return [...payloads.slice(0, IN_ORDER), ...later].slice(0, MOST_TRIES);
}
