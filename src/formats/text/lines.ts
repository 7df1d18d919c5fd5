// A text file line by line, a bounded part of it in memory. Both line ends are taken, LF and the CR LF of a file that
// went through Windows. A line longer than the kernel can print is given as a short one, marked as cut.

import type { Opener } from "../../bytes/source.ts";
import { latin1 } from "../../bytes/text.ts";

const READ_AHEAD = 1 << 18;
/** One trace line is printed into a trace_seq of at most two pages (kernel/trace/trace_seq.c); markers may span lines. */
export const LONGEST_LINE = 1 << 14;

/** The file's lines without their ends; one that is longer than LONGEST_LINE is null. */
export function* textLines(open: Opener): Generator<string | null> {
  const source = open();
  try {
    let rest = "";
    /** Whether the line that `rest` begins is already known to be too long. */
    let cut = false;
    for (let offset = 0; offset < source.size; ) {
      const bytes = source.read(offset, READ_AHEAD);
      if (bytes.length === 0) break;
      offset += bytes.length;
      const whole = (rest + latin1(bytes)).split("\n");
      rest = whole.pop() ?? "";
      for (const line of whole) {
        yield cut ? null : withoutReturn(line);
        cut = false;
      }
      if (rest.length > LONGEST_LINE) {
        cut = true;
        rest = "";
      }
    }
    if (cut) yield null;
    else if (rest !== "") yield withoutReturn(rest);
  } finally {
    source.close();
  }
}

function withoutReturn(line: string): string | null {
  if (line.length > LONGEST_LINE) return null;
  return line.endsWith("\r") ? line.slice(0, -1) : line;
}
