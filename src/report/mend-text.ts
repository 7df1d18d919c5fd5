// Prints the result of `farjal mend`: each changed place with its words before and after, the sections that grew, and
// notes about the file; or the reasons why it can't be mended.

import { digits } from "../hex.ts";
import { counted } from "../html/numbers.ts";
import type { Change, ChangeKind, MendReport } from "../mend/report.ts";
import type { Paint } from "./paint.ts";
import { columns } from "./table.ts";

/** The names of the kinds of changes. */
const CHANGE_TITLES: Readonly<Record<ChangeKind, string>> = {
  site: "site written out long",
  "site-removed": "site removed",
  "site-listed": "site listed",
  call: "jal written out",
  jump: "j written out",
  "call-relative": "jal made bal",
  "jump-relative": "j made b",
};

/** @param name the module's name. @param written the output file's path; null when no file was requested. */
export function* mendText(
  name: string,
  report: MendReport,
  written: string | null,
  paint: Paint,
): Generator<string> {
  const { verdict, changes, sections, refusals } = report;
  if (refusals.length > 0) {
    yield `${paint.bold(counted(refusals.length, "place"))} can't be mended\n`;
    for (const { section, offset, symbol, reason } of refusals) {
      const goes = symbol === "" ? "" : ` (${symbol})`;
      yield `  ${paint.red(place(section, offset))}${goes}: ${reason}\n`;
    }
  }
  yield* changeLines(changes, paint);
  if (sections.length > 0) {
    yield `${paint.bold(counted(sections.length, "section"))} of another size\n`;
    const rows = sections.map((one) => [
      one.name,
      one.before.toLocaleString("en"),
      "->",
      one.after.toLocaleString("en"),
    ]);
    for (const line of columns(rows, ["left", "right", "left", "right"])) yield `${line}\n`;
  }
  const where = written === null ? "" : `, written to ${written}`;
  const ends: Readonly<Record<MendReport["verdict"], string>> = {
    mended: written === null ? paint.green("can be mended") : `${paint.green("is mended")}${where}`,
    nothing: `has ${paint.green("nothing to mend")}: its bytes stay as they are${where}`,
    refused: `${paint.red("is refused")}: no file is written`,
  };
  yield `${paint.bold(name)} ${ends[verdict]}\n`;
}

/** A line for each changed place. */
export function* changeLines(changes: readonly Change[], paint: Paint): Generator<string> {
  if (changes.length === 0) return;
  yield `${paint.bold(counted(changes.length, "place"))}, with the words before and after\n`;
  for (const line of columns(changes.map(changeCells))) yield `${line}\n`;
}

/** The notes, one sentence a line; empty when there are none. */
export function mendNotes({ notes, signatureDropped }: MendReport): string {
  const signature =
    signatureDropped === 0
      ? []
      : [
          `the signature (${signatureDropped} bytes) is taken off, since it was of the old bytes: the kernel ` +
            "loads the module with taint E, and not at all where it enforces signatures",
        ];
  return [...signature, ...notes].map((note) => `note: ${note}\n`).join("");
}

/** A change's columns: place, kind, symbol, words. */
export function changeCells(change: Change): string[] {
  const { section, offset, kind, symbol, addend, register, newlyListed } = change;
  const through = register === null || register === "t9" ? "" : ` through ${register}`;
  const listed = newlyListed && kind === "site" ? ", newly listed" : "";
  return [
    place(section, offset),
    `${CHANGE_TITLES[kind]}${through}${listed}`,
    `${symbol}${addend === 0 ? "" : `+0x${addend.toString(16)}`}`,
    `${words(change.before)} -> ${change.after.length === 0 ? "nothing" : words(change.after)}`,
  ];
}

function place(section: string, offset: number): string {
  return `${section}+0x${offset.toString(16)}`;
}

function words(list: readonly number[]): string {
  return list.map(digits).join(" ");
}
