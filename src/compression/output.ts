// The output of the decompressors: a ByteBuffer with a limit, so that a few bytes of a hostile file can't fill the
// memory. Default: the limit of a kernel image.

import { ByteBuffer } from "../bytes/byte-buffer.ts";
import { Misuse } from "../errors.ts";

/** 128 MiB. A 32-bit MIPS kernel is far smaller: Debian's has 16 MiB, and all of kseg0 has 512 MiB. */
export const LARGEST_IMAGE = 0x800_0000;
const FIRST = 0x10_0000;

export class Output extends ByteBuffer {
  /** @param most bytes that may be written; writing more throws a Misuse. */
  constructor(most = LARGEST_IMAGE) {
    super(FIRST, most);
  }

  protected override tooLarge(most: number): Error {
    const limit = most < 1 << 20 ? `${most} bytes` : `${most >>> 20} MiB`;
    return new Misuse(`the compressed data unpacks to more than ${limit}`);
  }
}
