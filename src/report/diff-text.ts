// Prints the differences of two traces: where the calls diverge, the call edges that were added and removed, and a
// table of the functions whose counts or costs changed.

import type { Edge, Pair, TraceDiff } from "../compare/diff.ts";
import { counted, grouped } from "../html/numbers.ts";
import type { Paint } from "./paint.ts";
import { columns } from "./table.ts";

/** The most rows of a list that are printed; --json has them all. */
const MOST_ROWS = 20;

/** The lines, each with its newline. */
export function* diffText(diff: TraceDiff, names: readonly [string, string], paint: Paint) {
  for (const line of lines(diff, names, paint)) yield `${line}\n`;
}

function* lines(diff: TraceDiff, [a, b]: readonly [string, string], paint: Paint) {
  if (diff.same) {
    yield paint.green(`the same: ${counted(diff.calls.a, "call")}`);
    return;
  }
  yield paint.red(`--- ${a}  ${counted(diff.calls.a, "call")}`);
  yield paint.green(`+++ ${b}  ${counted(diff.calls.b, "call")}`);
  const { divergence, firstTime } = diff;
  if (divergence !== null) {
    yield paint.bold(`the calls diverge at call ${grouped(divergence.index + 1)}`);
    for (const line of divergence.before) yield `    ${line}`;
    for (const line of divergence.a) yield paint.red(`  - ${line}`);
    for (const line of divergence.b) yield paint.green(`  + ${line}`);
  }
  yield* edgeLines("only in the first", diff.removed, paint.red);
  yield* edgeLines("only in the second", diff.added, paint.green);
  yield* changedLines(diff, paint);
  if (firstTime !== null) {
    yield `times differ from call ${grouped(firstTime + 1)} on (--ignore-time leaves them out)`;
  }
}

function* edgeLines(title: string, edges: readonly Edge[], colour: (text: string) => string) {
  if (edges.length === 0) return;
  yield `${counted(edges.length, "call edge")} ${title}`;
  for (const { caller, callee, calls } of edges.slice(0, MOST_ROWS)) {
    yield colour(`  ${caller} -> ${callee}, ${counted(calls, "time")}`);
  }
  yield* rest(edges.length);
}

function* changedLines({ changed, tracer }: TraceDiff, paint: Paint) {
  if (changed.length === 0) return;
  const graph = tracer === "function_graph";
  const arrow = ({ a, b }: Pair): string =>
    a === b ? grouped(a) : `${grouped(a)} -> ${grouped(b)}`;
  const rows = changed
    .slice(0, MOST_ROWS)
    .map(({ name, calls, total, self }) => [
      name,
      arrow(calls),
      ...(graph ? [arrow(total), arrow(self)] : []),
    ]);
  const [head = "", ...body] = columns(
    [["function", "calls", ...(graph ? ["total ns", "self ns"] : [])], ...rows],
    ["left", "right", "right", "right"],
  );
  yield paint.dim(head);
  yield* body;
  yield* rest(changed.length);
}

function* rest(count: number) {
  if (count > MOST_ROWS) yield `  and ${grouped(count - MOST_ROWS)} more (--json lists all)`;
}
