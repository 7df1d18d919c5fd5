// Prints a verification: a line for each module, then the explained differences, and each unexplained word.

import { digits } from "../hex.ts";
import { counted, grouped } from "../html/numbers.ts";
import type { Comparison } from "../verify/compare.ts";
import type { VerifiedTree } from "../verify/tree.ts";
import type { Verification, VerifiedModule } from "../verify/verify.ts";
import type { Paint } from "./paint.ts";
import { columns } from "./table.ts";

const UNPAUSED =
  "This kernel has no userfaultfd(2), so its memory was compared only after init functions had run, without init memory.\n";

const NOT_THE_SAME = "not the same";

export function* verifyText(verification: Verification, paint: Paint): Generator<string> {
  const { modules } = verification;
  const head = ["module", "at", "words", "equal", "explained", "unexplained", ""];
  const rows = modules.map((module) => {
    const { words, equal, explained, unexplained } = totals(module.comparisons);
    const counts = [words, equal, explained, unexplained].map(grouped);
    return [module.name, module.base ?? "-", ...counts, note(module)];
  });
  const aligns = ["left", "left", "right", "right", "right", "right", "left"] as const;
  for (const line of columns([head, ...rows], aligns)) yield `${line}\n`;
  yield* reasonLines(modules);
  for (const module of modules) yield* problemLines(module, paint);
  if (modules.some(({ paused }) => !paused)) yield UNPAUSED;
  yield lastLine(verification, "", paint);
}

/** A tree, or a part of it: only the modules that are not the same have lines of their own. */
export function* verifyTreeText(verified: VerifiedTree, paint: Paint): Generator<string> {
  const { modules, shard, total } = verified;
  const wrong = modules.filter((module) => note(module) === NOT_THE_SAME);
  const refused = modules.filter(({ loads, problems }) => !loads && problems.length === 0);
  const rows = [
    ["the same", modules.length - wrong.length - refused.length],
    ["refused alike", refused.length],
    ["not the same", wrong.length],
  ] as const;
  for (const line of columns(
    rows.map(([what, count]) => [what, grouped(count)]),
    ["left", "right"],
  )) {
    yield `${line}\n`;
  }
  yield* reasonLines(modules);
  for (const module of modules) yield* problemLines(module, paint);
  const part =
    shard.count === 1 ? "" : ` of shard ${shard.index}/${shard.count} of ${grouped(total)}`;
  yield lastLine(verified, part, paint);
}

function* reasonLines(modules: readonly VerifiedModule[]): Generator<string> {
  const all = modules.flatMap(({ comparisons }) => comparisons);
  const reasons = Object.entries(reasonCounts(all)).sort(([, a], [, b]) => b - a);
  if (reasons.length === 0) return;
  yield "differences that are explained\n";
  const lines = reasons.map(([reason, count]) => [grouped(count), reason]);
  for (const line of columns(lines, ["right", "left"])) yield `${line}\n`;
}

function lastLine(
  { modules, release, held }: Pick<Verification, "modules" | "release" | "held">,
  part: string,
  paint: Paint,
): string {
  const { words, unexplained } = totals(modules.flatMap(({ comparisons }) => comparisons));
  const verdict = `${counted(unexplained, "word")} of ${grouped(words)} unexplained`;
  return `${counted(modules.length, "module")}${part} on ${release ?? "this kernel"}: ${held ? paint.bold(verdict) : paint.red(verdict)}\n`;
}

function note({ errno, problems, loads, comparisons }: VerifiedModule): string {
  if (problems.length > 0 || comparisons.some(({ unexplained }) => unexplained > 0)) {
    return NOT_THE_SAME;
  }
  if (!loads) return `refused alike: ${errno}`;
  return errno === null ? "" : `its init function fails here: ${errno}`;
}

function* problemLines(
  { name, comparisons, problems }: VerifiedModule,
  paint: Paint,
): Generator<string> {
  const wrong = comparisons.filter(({ unexplained }) => unexplained > 0);
  if (wrong.length + problems.length === 0) return;
  yield `${paint.bold(name)}\n`;
  for (const problem of problems) yield `  ${problem}\n`;
  for (const { moment, differences, unexplained } of wrong) {
    yield `  ${counted(unexplained, "unexplained word")}, ${moment}\n`;
    const rows = differences.map(({ address, section, ours, live }) => [
      ...[digits(address), section ?? "-", `farjal ${digits(ours)}`, `Linux ${digits(live)}`],
    ]);
    for (const line of columns(rows)) yield `  ${line}\n`;
  }
}

function totals(comparisons: readonly Comparison[]) {
  const sum = (of: (one: Comparison) => number): number =>
    comparisons.reduce((total, one) => total + of(one), 0);
  const words = sum((one) => one.words);
  const equal = sum((one) => one.equal);
  const unexplained = sum((one) => one.unexplained);
  return { words, equal, unexplained, explained: words - equal - unexplained };
}

function reasonCounts(comparisons: readonly Comparison[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { explained } of comparisons) {
    for (const [reason, count] of Object.entries(explained)) {
      counts[reason] = (counts[reason] ?? 0) + count;
    }
  }
  return counts;
}
