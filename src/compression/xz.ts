// XZ, with the package xz-decompress: Linux's own decoder, XZ Embedded, as WebAssembly. It reads to the end of what
// it is given, so the end of the stream is found here first.

import xz from "xz-decompress";
import { indexOfBytes } from "../bytes/text.ts";
import { Misuse } from "../errors.ts";
import type { Output } from "./output.ts";

const HEADER_SIZE = 12;
const FOOTER_SIZE = 12;
const FOOTER_MAGIC = Uint8Array.of(0x59, 0x5a);

/** The number of bytes of the stream that begins here: up to the footer whose index and flags fit. */
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

/**
 * Unpacks one XZ stream.
 * @throws Misuse when it is cut off or too large, the library's error when it is damaged.
 */
export async function unpackXz(bytes: Uint8Array, output: Output): Promise<void> {
  const stream = bytes.subarray(0, streamSize(bytes));
  const source = new ReadableStream<Uint8Array>({
    start(controller) {
      controller.enqueue(stream);
      controller.close();
    },
  });
  for await (const chunk of new xz.XzReadableStream(source)) output.write(chunk);
}
