// Prints a profile: the functions and lines that executed most instructions, and, if wanted, the source or the code of
// functions with a count at each line or instruction.

import { greatest } from "../extremes.ts";
import { digits } from "../hex.ts";
import { grouped } from "../html/numbers.ts";
import { disassemble } from "../isa/disassemble.ts";
import type { Profile, ProfiledFunction, ProfiledLine } from "../profile/profile.ts";
import type { Paint } from "./paint.ts";
import { columns } from "./table.ts";

/** What is printed below the two tables. */
export interface ProfileDetails {
  readonly source: boolean;
  readonly code: boolean;
  /** A source file's text, or null when it isn't here. */
  readonly sourceOf: (path: string) => string | null;
}

/** Lines of the table of lines. */
const MOST_LINES = 20;

/** Lines, each with its newline. */
export function* profileText(
  profile: Profile,
  lines: readonly ProfiledLine[],
  details: ProfileDetails,
  paint: Paint,
): Generator<string> {
  const sources = new Map<string, readonly string[] | null>();
  const textOf = (path: string): readonly string[] | null => {
    const known = sources.get(path) ?? details.sourceOf(path)?.split("\n") ?? null;
    sources.set(path, known);
    return known;
  };
  yield `${paint.bold(profile.title)}: ${grouped(profile.instructions)} instructions\n`;
  for (const line of functionTable(profile, paint)) yield `${line}\n`;
  for (const line of lineTable(profile, lines, textOf, paint)) yield `${line}\n`;
  for (const one of profile.functions.filter(({ code }) => code.length > 0)) {
    if (details.source) for (const line of annotatedSource(one, textOf, paint)) yield `${line}\n`;
    if (details.code) for (const line of annotatedCode(one, paint)) yield `${line}\n`;
  }
}

function percent(part: number, whole: number): string {
  return whole === 0 ? "" : `${((100 * part) / whole).toFixed(1)} %`;
}

function* functionTable({ functions, instructions }: Profile, paint: Paint): Generator<string> {
  const [head = "", ...body] = columns(
    [
      ["instructions", "share", "function", "of", "defined at"],
      ...functions.map((one) => [
        grouped(one.instructions),
        percent(one.instructions, instructions),
        one.name,
        one.module ?? "the kernel",
        one.path === null ? "" : `${one.path}:${one.line ?? "?"}`,
      ]),
    ],
    ["right", "right"],
  );
  yield paint.dim(head);
  yield* body;
}

function* lineTable(
  { instructions }: Profile,
  lines: readonly ProfiledLine[],
  textOf: (path: string) => readonly string[] | null,
  paint: Paint,
): Generator<string> {
  if (lines.length === 0) return;
  const [head = "", ...body] = columns(
    [
      ["instructions", "share", "line", ""],
      ...lines
        .slice(0, MOST_LINES)
        .map((one) => [
          grouped(one.instructions),
          percent(one.instructions, instructions),
          `${one.path}:${one.line}`,
          textOf(one.path)?.[one.line - 1]?.trim() ?? "",
        ]),
    ],
    ["right", "right"],
  );
  yield paint.dim(head);
  yield* body;
  if (lines.length > MOST_LINES) yield paint.dim(`  ${lines.length - MOST_LINES} more lines`);
}

/** The function's lines from the first to the last that has code of its own file. */
function* annotatedSource(
  { name, path, line, code }: ProfiledFunction,
  textOf: (path: string) => readonly string[] | null,
  paint: Paint,
): Generator<string> {
  if (path === null || line === null) return;
  const counts = new Map<number, number>();
  for (const { executed, frames } of code) {
    // Inlined code counts at the line of its call.
    const at = frames.at(-1)?.line ?? null;
    if (at !== null) counts.set(at, (counts.get(at) ?? 0) + executed);
  }
  const text = textOf(path);
  const last = greatest(counts.keys(), line);
  yield paint.bold(`${name}, ${path}:${line}`);
  if (text === null) {
    yield `  ${path} isn't here`;
    return;
  }
  const width = greatest(
    [...counts.values()].map((count) => grouped(count).length),
    1,
  );
  for (let number = line; number <= last; number++) {
    const count = counts.get(number);
    const shown = count === undefined ? "" : grouped(count);
    yield `  ${shown.padStart(width)}  ${String(number).padStart(5)}  ${text[number - 1] ?? ""}`.trimEnd();
  }
}

function* annotatedCode({ name, code }: ProfiledFunction, paint: Paint): Generator<string> {
  yield paint.bold(`${name}, ${code[0]?.section ?? ""}+0x${(code[0]?.offset ?? 0).toString(16)}`);
  let before = "";
  const rows = code.map(({ address, offset, word, executed, frames }) => {
    const [place] = frames;
    const line = place?.line == null ? "" : `${place.path ?? "?"}:${place.line}`;
    const shown = line === before ? "" : line;
    before = line;
    const text = disassemble(word, address, { farjalWords: true }).replace("\t", " ");
    return [grouped(executed), `+${offset.toString(16)}`, digits(word), text, shown];
  });
  yield* columns(rows, ["right", "right"]);
}
