// Prints calls as a tree: one line per call, indented by two spaces for each selected call that encloses it. Nesting is
// exact for function_graph. For the function tracer it is inferred: a tail call appears beside its caller, and calls
// made by an untraced function have no parent.

import { least } from "../extremes.ts";
import type { Call } from "./calls.ts";

/** The lines of the calls that `selects` accepts; a call that it rejects is left out, but not the calls inside it. */
export function* treeLines(
  calls: Iterable<Call>,
  selects: (call: Call) => boolean,
): Generator<string> {
  /** Depths of the selected calls that have not ended. */
  const open: number[] = [];
  for (const call of calls) {
    while ((open.at(-1) ?? -1) >= call.depth) open.pop();
    if (!selects(call)) continue;
    yield `${"  ".repeat(open.length)}${call.name}`;
    open.push(call.depth);
  }
}

/** A tree as written in a test's source, without blank lines and without the indentation common to all lines. */
export function plainTree(text: string): string[] {
  const lines = text.split("\n").filter((line) => line.trim() !== "");
  const shared = least(lines.map((line) => line.length - line.trimStart().length));
  return lines.map((line) => line.slice(shared).trimEnd());
}
