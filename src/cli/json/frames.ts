// The JSON form of a place in the source.

import { type SourceFrame, sourcePath } from "../../index.ts";

/** Innermost first; `path` is the whole path, if the compiler's folder is known. */
export function framesJson(frames: readonly SourceFrame[]): Readonly<Record<string, unknown>>[] {
  return frames.map((frame) => ({
    function: frame.function,
    file: frame.file,
    path: sourcePath(frame),
    line: frame.line,
    column: frame.column,
  }));
}
