// Prints a sweep: what was loaded and how fast, then each module that couldn't be loaded, with the reason.

import { counted, grouped } from "../html/numbers.ts";
import type { ModuleResult, Sweep, SweepSummary } from "../sweep/result.ts";
import type { Paint } from "./paint.ts";
import { columns } from "./table.ts";

export function* sweepText(sweep: Sweep, summary: SweepSummary, paint: Paint): Generator<string> {
  const { shard, results, total } = sweep;
  const part =
    shard.count === 1 ? "" : `, shard ${shard.index}/${shard.count} of ${grouped(total)}`;
  yield `${paint.bold(counted(results.length, "load"))}${part}\n`;
  const rows: [string, string][] = [
    ["loads", grouped(summary.loads)],
    ["refused", grouped(summary.refused)],
    ["no verdict", grouped(summary.failed)],
    ["far jumps", grouped(summary.farJumps)],
    ["veneers", grouped(summary.veneers)],
    ["call sites", grouped(summary.sites)],
    ...Object.entries(summary.relocations).map(([type, count]): [string, string] => [
      type,
      grouped(count),
    ]),
  ];
  for (const line of columns(rows, ["left", "right"])) yield `${line}\n`;
  const bad = results.filter(({ verdict }) => verdict !== "loads");
  for (const result of bad) yield* refusedLines(result, paint);
  yield `${speedLine(sweep)}\n`;
}

function* refusedLines(result: ModuleResult, paint: Paint): Generator<string> {
  const { path, base, verdict, errno, dmesg, explanation } = result;
  const how = verdict === "failed" ? "no verdict" : `refused${errno === null ? "" : ` (${errno})`}`;
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
