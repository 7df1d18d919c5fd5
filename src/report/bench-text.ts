// Prints a bench's rows: exact instructions first, then time with its spread, each with its ratio to the first row.

import { hex } from "../hex.ts";
import { grouped } from "../html/numbers.ts";
import type { BenchRow } from "../measure/bench-rows.ts";
import type { Paint } from "./paint.ts";
import { columns } from "./table.ts";

/** The instructions below which a call spends most of its time entering and leaving the machine. */
export const SHORT_CALL = 1000;
/** The note about the times of such a call. */
export const SHORT_CALL_NOTE =
  "The call is short: much of its time is the way into the machine and back.";

/** Lines, each with its newline. */
export function* benchText(
  call: string,
  rows: readonly BenchRow[],
  paint: Paint,
): Generator<string> {
  for (const line of lines(call, rows, paint)) yield `${line}\n`;
}

function* lines(call: string, rows: readonly BenchRow[], paint: Paint): Generator<string> {
  const results = new Set(rows.map(({ v0 }) => v0));
  const same =
    results.size === 1
      ? paint.green(`${hex(rows[0]?.v0 ?? 0)} in every row`)
      : paint.red(`different results: ${[...results].map(hex).join(", ")}`);
  yield `${paint.bold(call)} = ${same}`;
  const engines = new Set(rows.map(({ engine }) => engine)).size > 1;
  const [head = "", ...body] = columns(
    [
      [
        engines ? "engine: tracing" : "tracing",
        "instructions",
        "ratio",
        "per traced call",
        "time",
        "(p25-p75)",
        "ratio",
        "instructions/s",
      ],
      ...rows.map((row) => cells(row, engines)),
    ],
    ["left", "right", "right", "right", "right", "left", "right", "right"],
  );
  yield paint.dim(head);
  yield* body;
  if (rows.some(({ instructions }) => instructions < SHORT_CALL)) {
    yield paint.dim(`  ${SHORT_CALL_NOTE}`);
  }
}

function cells(
  { engine, tracer, way, instructions, ratio, perCallOverhead, seconds, ...row }: BenchRow,
  engines: boolean,
): string[] {
  const tracing = way === null ? tracer : `${tracer}, ${way}`;
  return [
    engines ? `${engine}: ${tracing}` : tracing,
    grouped(instructions),
    `x ${ratio.instructions.toFixed(3)}`,
    perCallOverhead === null ? "" : `+${perCallOverhead.toFixed(2)}`,
    duration(seconds.p50),
    `(${duration(seconds.p25)}-${duration(seconds.p75)})`,
    `x ${ratio.seconds.toFixed(2)}`,
    `${(row.instructionsPerSecond / 1e6).toFixed(1)} M`,
  ];
}

/** A time with about three digits: `12.3 us`, `4.56 ms`. */
export function duration(seconds: number): string {
  const [scale, unit] = seconds < 1e-3 ? [1e6, "us"] : seconds < 1 ? [1e3, "ms"] : [1, "s"];
  return `${(seconds * scale).toPrecision(3)} ${unit}`;
}
