// Prints what differs between two builds of a module: list by list what was removed (-), added (+) and changed (~), then
// whether the new build can be loaded wherever the old one can.

import type { Builds, Changes } from "../fits/builds.ts";
import { counted } from "../html/numbers.ts";
import type { Paint } from "./paint.ts";

const LISTS = [
  "imports",
  "exports",
  "parameters",
  "aliases",
  "modinfo",
  "sections",
  "sites",
  "sizes",
] as const;
/** The most lines of one list; the JSON document has all. */
const MOST_LINES = 40;

export function* buildsText(
  builds: Builds,
  { old, next }: { readonly old: string; readonly next: string },
  paint: Paint,
): Generator<string> {
  for (const name of LISTS) {
    const lines = [...linesOf(builds[name], paint)];
    if (lines.length === 0) continue;
    yield `${paint.bold(name)}\n`;
    for (const line of lines.slice(0, MOST_LINES)) yield `  ${line}\n`;
    if (lines.length > MOST_LINES)
      yield `  and ${lines.length - MOST_LINES} more: --json has all\n`;
  }
  const count =
    builds.differences === 0 ? "no difference" : counted(builds.differences, "difference");
  if (builds.fits) {
    yield `${paint.bold(next)} ${paint.green("fits")} wherever ${old} does: ${count}\n`;
    return;
  }
  yield `${paint.bold(next)} ${paint.red("doesn't fit")} everywhere that ${old} does: ${count}\n`;
  for (const { explanation } of builds.reasons.slice(0, MOST_LINES)) yield `  ${explanation}\n`;
  const left = builds.reasons.length - MOST_LINES;
  if (left > 0) yield `  and ${left} more: --json has all\n`;
}

function* linesOf({ removed, added, changed }: Changes, paint: Paint): Generator<string> {
  for (const name of removed) yield paint.red(`- ${name}`);
  for (const name of added) yield paint.green(`+ ${name}`);
  for (const { name, old, new: now } of changed) yield `~ ${name}: ${old} -> ${now}`;
}
