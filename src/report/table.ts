// Columns for people: each as wide as its widest cell. Colours come after, since their escapes have no
// width.

import { printable } from "../bytes/printable.ts";

export type Align = "left" | "right";

/**
 * Lays rows out in columns, two spaces apart and two from the margin; no spaces at a line's end.
 * @param aligns how each column's cells stand; columns past its end stand left.
 */
export function columns(
  cells: readonly (readonly string[])[],
  aligns: readonly Align[] = [],
): string[] {
  const rows = cells.map((row) => row.map(printable));
  const count = rows.reduce((most, row) => Math.max(most, row.length), 0);
  const widths = Array.from({ length: count }, (_, column) =>
    rows.reduce((widest, row) => Math.max(widest, row[column]?.length ?? 0), 0),
  );
  return rows.map((row) =>
    row
      .map((cell, column) => {
        const width = widths[column] ?? 0;
        return `  ${aligns[column] === "right" ? cell.padStart(width) : cell.padEnd(width)}`;
      })
      .join("")
      .trimEnd(),
  );
}
