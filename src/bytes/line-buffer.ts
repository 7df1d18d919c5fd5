// Collects many short lines of text for a file. Joining them as strings would produce gigabytes of garbage, because V8
// keeps a tree of each line's pieces until the line is read. Here, pieces that are used repeatedly are bytes, made once
// by utf8Bytes() and copied into the buffer; text is made from some thousand lines at a time.

import { ByteBuffer } from "./byte-buffer.ts";
import { utf8 } from "./text.ts";

/** The number of bytes from which on take() is worthwhile. */
const CHUNK = 1 << 16;

export class LineBuffer extends ByteBuffer {
  /** Whether there are enough bytes for take(). */
  get full(): boolean {
    return this.length >= CHUNK;
  }

  /** The text that was appended since the last call. */
  take(): string {
    const text = utf8(this.bytes());
    this.clear();
    return text;
  }
}
