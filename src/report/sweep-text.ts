// Prints a sweep: what was loaded and how fast, then each module that couldn't be loaded, with the reason.

import { counted, grouped } from "../html/numbers.ts";
import type { Cause } from "../sweep/causes.ts";
import type { ModuleResult, Sweep, SweepSummary } from "../sweep/result.ts";
import type { Paint } from "./paint.ts";
import { columns } from "./table.ts";

/** A cause with more modules is named once, with some of them. */
const MOST_SHOWN = 3;

export function* sweepText(
  sweep: Sweep,
  summary: SweepSummary,
  causes: readonly Cause[],
  paint: Paint,
): Generator<string> {
  const { shard, results, total } = sweep;
  const part =
    shard.count === 1 ? "" : `, shard ${shard.index}/${shard.count} of ${grouped(total)}`;
  const bases = new Set(results.map(({ base }) => base)).size;
  const at = bases < 2 ? "" : ` at ${bases} addresses`;
  yield `${paint.bold(counted(results.length / Math.max(1, bases), "module"))}${at}${part}\n`;
  const rows: [string, string][] = [
    ["Linux loads", grouped(summary.linuxLoads)],
    ["Linux refuses", grouped(summary.linuxRefused)],
    ["farjal mends", grouped(summary.loads - summary.linuxLoads)],
    ["no verdict", grouped(summary.failed)],
    ["far jumps", grouped(summary.farJumps)],
    ["trampolines", grouped(summary.veneers)],
    ["call sites", grouped(summary.sites)],
    ...Object.entries(summary.relocations).map(([type, count]): [string, string] => [
      type,
      grouped(count),
    ]),
  ];
  for (const line of columns(rows, ["left", "right"])) yield `${line}\n`;
  for (const { cause, results: some } of causes) {
    if (some.length <= MOST_SHOWN) {
      for (const result of some) yield* refusedLines(result, paint);
    } else {
      yield `${paint.bold(counted(some.length, "module"))}: ${paint.red(cause)}\n`;
      const names = some.slice(0, MOST_SHOWN).map(({ path }) => path);
      yield `  ${names.join(", ")} and ${grouped(some.length - MOST_SHOWN)} more\n`;
      const [first] = some;
      for (const line of (first?.explanation ?? "").split("\n"))
        if (line !== "") yield `  the first: ${line}\n`;
    }
  }
  yield `${speedLine(sweep)}\n`;
}

function* refusedLines(result: ModuleResult, paint: Paint): Generator<string> {
  const { path, base, verdict, linux, errno, dmesg, explanation } = result;
  const refused = `refused${errno === null ? "" : ` (${errno})`}`;
  const mended = verdict === "loads" && linux === "refused" ? ", and mended by farjal" : "";
  const how = linux === null ? "no verdict" : `${refused}${mended}`;
  yield `${paint.bold(path)} at ${base}: ${paint.red(how)}\n`;
  for (const line of dmesg) yield `  ${line}\n`;
  for (const line of (explanation ?? "").split("\n")) yield `  ${line}\n`;
}

function speedLine({ results, speed }: Sweep): string {
  const { seconds, relocations, peakMemory } = speed;
  const rate = (count: number) => grouped(Math.round(count / seconds));
  const peak = grouped(Math.round(peakMemory / (1 << 20)));
  return (
    `${seconds.toFixed(1)} s: ${rate(results.length)} modules/s, ${rate(relocations)} relocations/s ` +
    `with dependencies', ${(100 * readingShare(speed)).toFixed(1)} % reading files, ${peak} MiB at most`
  );
}

/** The fraction of the workers' time that reading and unpacking files took. */
export function readingShare({ working, reading }: Sweep["speed"]): number {
  return working === 0 ? 0 : reading / working;
}
