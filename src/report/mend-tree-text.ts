// Prints a mended tree: how many modules have which verdict, then each module that can't be mended, with the reasons.

import { counted, grouped } from "../html/numbers.ts";
import type { MendedTree, MendResult } from "../mend-tree/result.ts";
import type { Paint } from "./paint.ts";
import { columns } from "./table.ts";

/** Places of one module that are shown; the document has all. */
const MOST_PLACES = 3;

/** @param written the directory of the mended modules; null when none are written. */
export function* mendTreeText(
  { results, shard, total }: MendedTree,
  written: string | null,
  paint: Paint,
): Generator<string> {
  const part =
    shard.count === 1 ? "" : `, shard ${shard.index}/${shard.count} of ${grouped(total)}`;
  yield `${paint.bold(counted(results.length, "module"))}${part}\n`;
  const having = (verdict: MendResult["verdict"]): MendResult[] =>
    results.filter((one) => one.verdict === verdict);
  const sum = (of: (one: MendResult) => number): number =>
    results.reduce((sofar, one) => sofar + of(one), 0);
  const signed = results.filter(({ signatureDropped }) => signatureDropped > 0).length;
  const rows = [
    [written === null ? "can be mended" : "mended", grouped(having("mended").length)],
    ["nothing to mend", grouped(having("nothing").length)],
    ["refused", grouped(having("refused").length)],
    ["no verdict", grouped(having("failed").length)],
    ["places", grouped(sum(({ changes }) => changes))],
    ["signatures taken off", grouped(signed)],
  ];
  for (const line of columns(rows, ["left", "right"])) yield `${line}\n`;
  for (const one of [...having("refused"), ...having("failed")]) yield* refusedLines(one, paint);
  if (written !== null) yield `written to ${written}\n`;
}

function* refusedLines({ path, verdict, refusals }: MendResult, paint: Paint): Generator<string> {
  const how = verdict === "failed" ? "no verdict" : "can't be mended";
  yield `${paint.bold(path)}: ${paint.red(how)}\n`;
  for (const { section, offset, symbol, reason } of refusals.slice(0, MOST_PLACES)) {
    const goes = symbol === null || symbol === "" ? "" : ` (${symbol})`;
    const place = section === null ? "" : `${section}+0x${offset.toString(16)}${goes}: `;
    yield `  ${place}${reason}\n`;
  }
  if (refusals.length > MOST_PLACES) {
    yield `  and ${counted(refusals.length - MOST_PLACES, "place")} more\n`;
  }
}
