// Reads a text file line by line, with a bounded part of it in memory. It accepts both line ends, LF and the CR LF of a
// file that was converted on Windows. Names of tasks and text that programs write into trace_marker may be UTF-8. A
// line longer than any line of the kernel is given as null.

import type { Opener } from "../../bytes/source.ts";
import { latin1, latin1Bytes, utf8 } from "../../bytes/text.ts";
import { TEXT_LINE } from "../../limits.ts";

const READ_AHEAD = 1 << 18;
const BEYOND_ASCII = /[\u0080-\u00ff]/;

/** The file's lines without their ends; null for a line longer than TEXT_LINE. */
export function* textLines(open: Opener): Generator<string | null> {
  const source = open();
  try {
    let rest = "";
    /** Whether the line that begins with `rest` is already too long. */
    let cut = false;
    for (let offset = 0; offset < source.size; ) {
      const bytes = source.read(offset, READ_AHEAD);
      if (bytes.length === 0) break;
      offset += bytes.length;
      const whole = (rest + latin1(bytes)).split("\n");
      rest = whole.pop() ?? "";
      for (const line of whole) {
        yield cut ? null : lineText(line);
        cut = false;
      }
      if (rest.length > TEXT_LINE) {
        cut = true;
        rest = "";
      }
    }
    if (cut) yield null;
    else if (rest !== "") yield lineText(rest);
  } finally {
    source.close();
  }
}

/** @param line the line's bytes, one character each. */
function lineText(line: string): string | null {
  if (line.length > TEXT_LINE) return null;
  const text = line.endsWith("\r") ? line.slice(0, -1) : line;
  return BEYOND_ASCII.test(text) ? utf8(latin1Bytes(text)) : text;
}
