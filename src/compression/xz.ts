// XZ, through xz-decompress, which is the XZ Embedded decoder that Linux has too, as WebAssembly. The
// library reads to the end of what it is given, so this finds the stream's end first.

import xz from "xz-decompress";
import type { Output } from "../bytes/output.ts";
import { Misuse } from "../errors.ts";

const HEADER_SIZE = 12;
const FOOTER_SIZE = 12;

/** The number of bytes of the stream that begins here: up to the footer whose index and flags fit. */
function streamSize(bytes: Uint8Array): number {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  for (let at = HEADER_SIZE; ; at++) {
    at = text.indexOf("YZ", at, "latin1");
    if (at < 0) throw new Misuse("the compressed data is cut off");
    const size = at + 2;
    if (size % 4 !== 0 || size < HEADER_SIZE + FOOTER_SIZE) continue;
    const index = size - FOOTER_SIZE - (text.readUInt32LE(size - 8) + 1) * 4;
    const flagsFit = text[size - 4] === text[6] && text[size - 3] === text[7];
    if (flagsFit && index >= HEADER_SIZE && text[index] === 0) return size;
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
  for await (const chunk of new xz.XzReadableStream(source)) output.append(chunk);
}
