// Prints how the cost of a call changed from one build to another: the sum, then the functions and lines that changed.

import { counted, grouped } from "../html/numbers.ts";
import type { CostChange, CostDifferences } from "../profile/differences.ts";
import type { Paint } from "./paint.ts";
import { columns } from "./table.ts";

/** The most rows of a table that are printed; --json has them all. */
const MOST_ROWS = 20;

/** Lines, each with its newline. @param allowed the most instructions, or null for no limit. */
export function* costDifferencesText(
  { before, after, functions, lines }: CostDifferences,
  allowed: number | null,
  paint: Paint,
): Generator<string> {
  const colour = after > before ? paint.red : paint.green;
  yield `instructions ${grouped(before)} -> ${grouped(after)}  ${colour(changeText({ before, after }))}\n`;
  for (const line of changeLines("function", functions, paint)) yield `${line}\n`;
  for (const line of changeLines("line", lines, paint)) yield `${line}\n`;
  if (allowed === null) return;
  const verdict =
    after <= allowed
      ? paint.green(`within the limit of ${grouped(allowed)}`)
      : paint.red(`more than the limit of ${grouped(allowed)}`);
  yield `${verdict}\n`;
}

function* changeLines(
  kind: string,
  changes: readonly CostChange[],
  paint: Paint,
): Generator<string> {
  if (changes.length === 0) return;
  const [head = "", ...body] = columns(
    [
      [kind, "before", "after", "change"],
      ...changes
        .slice(0, MOST_ROWS)
        .map((change) => [
          change.name,
          grouped(change.before),
          grouped(change.after),
          changeText(change),
        ]),
    ],
    ["left", "right", "right", "right"],
  );
  yield paint.dim(head);
  yield* body;
  if (changes.length > MOST_ROWS) {
    yield paint.dim(`  ${counted(changes.length - MOST_ROWS, "more change")}`);
  }
}

/** `+120, +3.1 %`. */
function changeText({ before, after }: Pick<CostChange, "before" | "after">): string {
  const more = after - before;
  const sign = more > 0 ? "+" : more < 0 ? "-" : "";
  const share = before === 0 ? "" : `, ${sign}${((100 * Math.abs(more)) / before).toFixed(1)} %`;
  return `${sign}${grouped(Math.abs(more))}${share}`;
}
