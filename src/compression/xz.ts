// Unpacks XZ. Plain files, a single stream of LZMA2 alone with a CRC, are unpacked by the package xz-decompress:
// Linux's own decoder, XZ Embedded, as WebAssembly. It reads to the end of its input, so the end of the stream is found
// here first. All other files of the xz program (filters, SHA-256, several streams) are unpacked by xz-stream.ts, which
// is slower.

import xz from "xz-decompress";
import { indexOfBytes } from "../bytes/text.ts";
import { Misuse } from "../errors.ts";
import type { Output } from "./output.ts";
import { unpackXzStreams } from "./xz-stream.ts";

const HEADER_SIZE = 12;
const FOOTER_SIZE = 12;
const STREAM_MAGIC = [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0] as const;
const FOOTER_MAGIC = Uint8Array.of(0x59, 0x5a);

/** The size in bytes of the stream that begins here, up to the footer that matches its index and flags. */
function streamSize(bytes: Uint8Array): number {
  const words = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  for (let at = HEADER_SIZE; ; at++) {
    at = indexOfBytes(bytes, FOOTER_MAGIC, at);
    if (at < 0) throw new Misuse("the compressed data is cut off");
    const size = at + 2;
    if (size % 4 !== 0 || size < HEADER_SIZE + FOOTER_SIZE) continue;
    const index = size - FOOTER_SIZE - (words.getUint32(size - 8, true) + 1) * 4;
    const flagsFit = bytes[size - 4] === bytes[6] && bytes[size - 3] === bytes[7];
    if (flagsFit && index >= HEADER_SIZE && bytes[index] === 0) return size;
  }
}

/** The checks that the package verifies: none, CRC32 and CRC64. */
const PLAIN_CHECKS = [0, 1, 4];

/** Whether the package reads the first stream's check and its first block's filters. */
function isPlain(bytes: Uint8Array): boolean {
  const check = bytes[7] ?? 0;
  const flags = bytes[HEADER_SIZE + 1] ?? 0;
  return PLAIN_CHECKS.includes(check) && ((bytes[HEADER_SIZE] ?? 0) === 0 || (flags & 3) === 0);
}

/** Whether another stream begins at an offset, possibly after zeros. */
function streamFollows(bytes: Uint8Array, size: number): boolean {
  let at = size;
  while (at < bytes.length && bytes[at] === 0) at += 1;
  return (at - size) % 4 === 0 && STREAM_MAGIC.every((byte, index) => bytes[at + index] === byte);
}

/**
 * Unpacks the XZ streams that begin here, one after the other.
 * @throws Misuse when the data is cut off or too large; the library's error when it is damaged.
 */
export async function unpackXz(bytes: Uint8Array, output: Output): Promise<void> {
  const size = streamSize(bytes);
  if (!isPlain(bytes) || streamFollows(bytes, size)) {
    unpackXzStreams(bytes, output);
    return;
  }
  const stream = bytes.subarray(0, size);
  const source = new ReadableStream<Uint8Array>({
    start(controller) {
      controller.enqueue(stream);
      controller.close();
    },
  });
  for await (const chunk of new xz.XzReadableStream(source)) output.write(chunk);
}
