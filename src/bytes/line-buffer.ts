// Many short lines of text on their way to a file. Put together as strings they would be gigabytes of garbage,
// because V8 keeps a tree of each line's pieces until the line is read. Here, pieces that occur again and again are
// bytes, made once by utf8Bytes() and copied into place; text is made of some thousand lines at a time.

import { ByteBuffer } from "./byte-buffer.ts";
import { utf8 } from "./text.ts";

/** Bytes from which on take() is worth calling. */
const CHUNK = 1 << 16;

export class LineBuffer extends ByteBuffer {
  /** Whether there is enough for take(). */
  get full(): boolean {
    return this.length >= CHUNK;
  }

  /** What was appended since the last call, as text. */
  take(): string {
    const text = utf8(this.bytes());
    this.clear();
    return text;
  }
}
