// Finds the compressed kernel in a vmlinuz, a uImage or a zImage. Its place depends on the decompressor around it, so
// it is found as the kernel's scripts/extract-vmlinux finds it: by signature. Each place is tried until one unpacks to
// a kernel.

import { indexOfBytes } from "../bytes/text.ts";
import { COMPRESSED_FORMATS, isFormat, unpacked } from "../compression/unpack.ts";
import { PAYLOAD_PLACES, PAYLOAD_TRIES } from "../limits.ts";

/** The number of places that are tried in file order: of two kernels, the first one counts. */
const IN_ORDER = 16;

/** A place in a file where compressed data seems to begin. */
export interface Payload {
  readonly format: string;
  readonly offset: number;
  /** Rejects when the data is damaged, cut off or too large. */
  readonly unpack: () => Promise<Uint8Array>;
}

/**
 * The places where compressed data seems to begin, in the order in which they are to be tried: the first IN_ORDER by
 * offset, then by the distance to the next place, largest first, since a kernel is larger than a file system's blocks.
 */
export function findPayloads(file: Uint8Array): Payload[] {
  const payloads: Payload[] = [];
  for (const format of COMPRESSED_FORMATS) {
    const signature = Uint8Array.from(format.signature);
    let places = 0;
    for (
      let at = indexOfBytes(file, signature);
      at >= 0 && places < PAYLOAD_PLACES;
      at = indexOfBytes(file, signature, at + 1)
    ) {
      const rest = file.subarray(at);
      if (!isFormat(format, rest)) continue;
      places += 1;
      payloads.push({
        format: format.name,
        offset: at,
        unpack: () => unpacked(format, rest),
      });
    }
  }
  payloads.sort((a, b) => a.offset - b.offset);
  const room = (index: number): number =>
    (payloads[index + 1]?.offset ?? file.length) - (payloads[index]?.offset ?? 0);
  const rooms = new Map(payloads.map((payload, index) => [payload, room(index)]));
  const later = payloads.slice(IN_ORDER).sort((a, b) => (rooms.get(b) ?? 0) - (rooms.get(a) ?? 0));
  return [...payloads.slice(0, IN_ORDER), ...later].slice(0, PAYLOAD_TRIES);
}
