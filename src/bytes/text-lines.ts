// The lines of a text that is in memory, one after another: a file of line breaks alone would become a list of as many
// strings. A file that is larger than memory is read by formats/text/lines.ts.

import { latin1 } from "./text.ts";

const LINE_FEED = 0x0a;

/**
 * The lines of a text, or of bytes with one character each, without their ends (LF or CR LF). A last line that has no
 * end counts, if it isn't empty.
 */
export function* linesOf(text: string | Uint8Array): Generator<string> {
  const find = (from: number): number =>
    typeof text === "string" ? text.indexOf("\n", from) : text.indexOf(LINE_FEED, from);
  const part = (from: number, to: number): string =>
    typeof text === "string" ? text.slice(from, to) : latin1(text.subarray(from, to));
  for (let at = 0; at < text.length; ) {
    const found = find(at);
    const end = found < 0 ? text.length : found;
    const line = part(at, end);
    yield line.endsWith("\r") ? line.slice(0, -1) : line;
    at = end + 1;
  }
}
