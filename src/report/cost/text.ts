// Prints the cost lab's rows as three tables: each design's size and cost in guest instructions, which are exact; how
// its sites are switched, and whether that is safe; and the cost of tracing on the host.

import type { WrongRun } from "../../cost/interruption.ts";
import type { CostRow, Spread } from "../../cost/row.ts";
import { greatest } from "../../extremes.ts";
import { hex } from "../../hex.ts";
import { counted, grouped } from "../../html/numbers.ts";
import { SHORT_CALL, SHORT_CALL_NOTE } from "../bench-text.ts";
import type { Paint } from "../paint.ts";
import { columns } from "../table.ts";

/** The lines, each with its newline. */
export function* costText(call: string, rows: readonly CostRow[], paint: Paint): Generator<string> {
  for (const line of lines(call, rows, paint)) yield `${line}\n`;
}

function* lines(call: string, rows: readonly CostRow[], paint: Paint): Generator<string> {
  const results = new Set(rows.map(({ v0 }) => v0));
  const same =
    results.size === 1
      ? paint.green(`${hex(rows[0]?.v0 ?? 0)} in every row`)
      : paint.red(`different results: ${[...results].map(hex).join(", ")}`);
  const calls = greatest(
    rows.map((row) => row.calls),
    0,
  );
  yield `${paint.bold(call)} = ${same}, ${counted(calls, "traced call")}`;
  yield* titled(paint, "guest instructions for each call, by guest code", instructionTable(rows));
  const patched = rows.filter(({ patches }) => patches.length > 0);
  if (patched.length > 0) {
    yield* titled(paint, "switching a site while a thread runs it", patchTable(patched));
    yield* new Set(patched.flatMap(whatWentWrong));
  }
  const timed = rows.filter(({ reckoned }) => !reckoned);
  yield* titled(paint, "host ns for each call, natively (p25-p75)", timeTable(timed));
  if (timed.some(({ instructions }) => instructions.off < SHORT_CALL)) {
    yield paint.dim(`  ${SHORT_CALL_NOTE}`);
  }
}

function* titled(
  paint: Paint,
  title: string,
  [head = "", ...body]: readonly string[],
): Generator<string> {
  yield "";
  yield paint.bold(title);
  yield paint.dim(head);
  yield* body;
}

function instructionTable(rows: readonly CostRow[]): string[] {
  return columns(
    [
      ["design", "code", "trampolines", "off", "function", "function_graph", "above"],
      ...rows.map(({ design, bytes, perCall, base, kind }) => [
        design,
        grouped(bytes.code),
        grouped(bytes.veneers),
        ...[perCall.off, perCall.function, perCall.functionGraph].map((value) =>
          value === null || kind === "none" ? "" : `+${value.toFixed(2)}`,
        ),
        kind === "none" ? "" : (base ?? ""),
      ]),
    ],
    ["left", "right", "right", "right", "right", "right"],
  );
}

function patchTable(rows: readonly CostRow[]): string[] {
  return columns(
    [
      ["design", "patch", "words", "interruptions", "wrong", "atomic"],
      ...rows.flatMap(({ design, patches }) =>
        patches.map(({ name, words, runs, wrong, atomic }) => [
          design,
          name,
          String(words),
          grouped(runs),
          grouped(wrong.length),
          atomic === null ? "not tried" : atomic ? "yes" : "no",
        ]),
      ),
    ],
    ["left", "left", "right", "right", "right"],
  );
}

/** A sentence for each patch that failed: the first interruption during which it was unsafe. */
function whatWentWrong({ design, veneers, patches }: CostRow): string[] {
  const name = veneers === null ? design : design.slice(0, design.lastIndexOf(","));
  return patches.flatMap((patch) => {
    const [first] = patch.wrong;
    if (first === undefined) return [];
    const [outcome = ""] = first.outcome.split("; ");
    return [`  ${name}, ${patch.name}: ${wrongText(first)}: ${outcome}`];
  });
}

/** `switched off, stopped before word 1, words written 0 then 1`. */
export function wrongText({ direction, stoppedAt, written }: WrongRun): string {
  return (
    `switched ${direction} with ${counted(written.before, "word")} written, then ${written.after}, ` +
    `while a thread was stopped before word ${stoppedAt}`
  );
}

function timeTable(rows: readonly CostRow[]): string[] {
  return columns(
    [
      ["design", "off", "", "function", "", "function_graph", ""],
      ...rows.map(({ design, nanoseconds }) => [
        design,
        ...[nanoseconds.off, nanoseconds.function, nanoseconds.functionGraph].flatMap(spreadCells),
      ]),
    ],
    ["left", "right", "left", "right", "left", "right", "left"],
  );
}

function spreadCells(spread: Spread | null): string[] {
  if (spread === null) return ["", ""];
  const { p50, p25, p75 } = spread;
  return [p50.toFixed(2), `(${p25.toFixed(2)}-${p75.toFixed(2)})`];
}
