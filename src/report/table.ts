// Formats columns, each as wide as its widest cell. Colours are applied afterwards, since their escape sequences have
// no width.

import { printable } from "../bytes/printable.ts";

export type Align = "left" | "right";

/**
 * Formats rows as columns, two spaces apart and indented by two, without trailing spaces.
 * @param aligns the alignment of each column; further columns are aligned left.
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
