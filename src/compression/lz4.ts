// Unpacks LZ4 in its legacy frame, which is used for kernels (`lz4 -l`): a magic number, then blocks with their
// compressed size, each of 8 MiB unpacked except the last. Own code because the libraries on npm read only the newer
// frame and don't check offsets inside a block.

import { Misuse } from "../errors.ts";
import type { Output } from "./output.ts";

const MAGIC_SIZE = 4;
const BLOCK_SIZE = 0x80_0000;

function cutOff(): never {
  throw new Misuse("the compressed data is cut off");
}

/**
 * Unpacks a legacy frame, up to its first block that is shorter than 8 MiB.
 * @throws Misuse when the frame is damaged, cut off or too large.
 */
export function unpackLz4(bytes: Uint8Array, output: Output): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let at = MAGIC_SIZE;
  for (;;) {
    if (at + 4 > bytes.length) cutOff();
    const size = view.getUint32(at, true);
    at += 4;
    if (size > bytes.length - at) cutOff();
    const before = output.length;
    unpackBlock(bytes.subarray(at, at + size), output);
    at += size;
    const unpacked = output.length - before;
    if (unpacked > BLOCK_SIZE) throw new Misuse("the compressed data is damaged");
    // A kernel whose size is a multiple of 8 MiB has a full last block, followed by the kernel's size.
    if (
      unpacked < BLOCK_SIZE ||
      at + 4 > bytes.length ||
      view.getUint32(at, true) === output.length
    )
      return;
  }
}

/** Unpacks a block: tokens, each with a run of literals and, except the last, a match in earlier output. */
function unpackBlock(block: Uint8Array, output: Output): void {
  let at = 0;
  const next = (): number => block[at++] ?? cutOff();
  /** A length of 15 is continued by the bytes that follow, up to the first that isn't 255. */
  const extended = (nibble: number): number => {
    let length = nibble;
    if (nibble === 15) {
      let more: number;
      do {
        more = next();
        length += more;
      } while (more === 255);
    }
    return length;
  };
  while (at < block.length) {
    const token = next();
    const literals = extended(token >>> 4);
    if (literals > block.length - at) cutOff();
    output.write(block.subarray(at, at + literals));
    at += literals;
    if (at === block.length) return;
    const distance = next() | (next() << 8);
    output.repeat(distance, 4 + extended(token & 15));
  }
}
