// The lines of the source that an address came from, for people: a line for each function, the innermost first.

import type { SourceFrame } from "../dwarf/debug-info.ts";

/** The lines of a place in a module's file, innermost first; empty: unknown. */
export type SourceOf = (section: string, offset: number) => readonly SourceFrame[];

/** `file:line:column`, with the path as the compiler was given it; null if the file is unknown. */
export function placeText({
  file,
  line,
  column,
}: Omit<SourceFrame, "function" | "directory">): string | null {
  if (file === null) return null;
  const where = [line ?? "?", ...(column === null ? [] : [column])].join(":");
  return `${file}:${where}`;
}

/** `drivers/x.c:12:3`, for an inlined call `include/y.h:4:5 (inlined at drivers/x.c:12:3)`; empty without frames. */
export function framesText(frames: readonly SourceFrame[]): string {
  const [innermost, ...callers] = frames.map(placeText).filter((one) => one !== null);
  if (innermost === undefined) return "";
  return callers.length === 0 ? innermost : `${innermost} (inlined at ${callers.join(", at ")})`;
}

/** A line for each frame: function, file and line. */
export function frameLines(frames: readonly SourceFrame[]): string[] {
  return frames.flatMap((frame) => {
    const place = placeText(frame);
    return place === null ? [] : [`${frame.function ?? "?"} at ${place}`];
  });
}
