// The output of the decompressors: a ByteBuffer with a limit, so that a few bytes of a hostile file can't fill the
// memory. Default: the limit of a kernel image.

import { ByteBuffer } from "../bytes/byte-buffer.ts";
import { Misuse } from "../errors.ts";
import { UNPACKED_BYTES } from "../limits.ts";

const FIRST = 0x10_0000;

export class Output extends ByteBuffer {
  /** @param most bytes that may be written; writing more throws a Misuse. */
  constructor(most = UNPACKED_BYTES) {
    super(FIRST, most);
  }

  protected override tooLarge(most: number): Error {
    const limit = most < 1 << 20 ? `${most} bytes` : `${most >>> 20} MiB`;
    return new Misuse(`the compressed data unpacks to more than ${limit}`);
  }
}
