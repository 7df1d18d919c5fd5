// Prints coverage: the source files with the share of their lines, branches and functions that was executed, and the
// modules with the share of their code, function by function.

import type { Coverage, ModuleCoverage, SourceCoverage } from "../../coverage/coverage.ts";
import { counted, grouped } from "../../html/numbers.ts";
import type { Paint } from "../paint.ts";
import { columns } from "../table.ts";
import { functionCounts } from "./functions.ts";

/** Lines, each with its newline. */
export function* coverageText(coverage: Coverage, paint: Paint): Generator<string> {
  const { sources, modules, instructions } = coverage;
  for (const line of sources.length > 0 ? sourceLines(sources, paint) : []) yield `${line}\n`;
  for (const module of modules) {
    for (const line of moduleLines(module, paint)) yield `${line}\n`;
  }
  if (modules.length > 0) yield `${counted(instructions, "instruction")} executed in all\n`;
}

function* sourceLines(sources: readonly SourceCoverage[], paint: Paint): Generator<string> {
  const rows = sources.map((source) => [source.path, ...shares([source])]);
  const [head = "", ...body] = columns(
    [["source", "lines", "branches", "functions"], ...rows, ["all", ...shares(sources)]],
    ["left", "right", "right", "right"],
  );
  yield paint.dim(head);
  yield* body.slice(0, -1);
  yield paint.bold(body.at(-1) ?? "");
}

function shares(sources: readonly SourceCoverage[]): string[] {
  return [
    share(sources.flatMap(({ lines }) => lines)),
    share(sources.flatMap(({ branches }) => branches)),
    share(sources.flatMap(({ functions }) => functions)),
  ];
}

/** `3 of 4, 75.0 %`. */
export function share(counts: readonly { readonly executed: number | null }[]): string {
  const hit = counts.filter(({ executed }) => (executed ?? 0) > 0).length;
  return shareOf(hit, counts.length);
}

export function shareOf(hit: number, all: number): string {
  if (all === 0) return "none";
  return `${grouped(hit)} of ${grouped(all)}, ${((100 * hit) / all).toFixed(1)} %`;
}

function* moduleLines(module: ModuleCoverage, paint: Paint): Generator<string> {
  const functions = functionCounts(module);
  const [head = "", ...body] = columns(
    [
      [`module ${module.name}`, "section", "entered", "instructions of it", "executed"],
      ...functions.map(({ name, section, entered, different, words, executed }) => [
        name,
        section,
        grouped(entered),
        shareOf(different, words),
        grouped(executed),
      ]),
    ],
    ["left", "left", "right", "right", "right"],
  );
  yield paint.dim(head);
  yield* body;
}
