// Prints calls as a tree: one line per call, indented by two spaces for each selected call that encloses it. Nesting is
// exact for function_graph. For the function tracer it is inferred: a tail call appears beside its caller, and calls
// made by an untraced function have no parent.

import type { Call } from "./calls.ts";

/** The lines of the calls that `selects` takes; calls between them are left out, not their calls. */
export function* treeLines(
  calls: Iterable<Call>,
  selects: (call: Call) => boolean,
): Generator<string> {
  /** Depths of the selected calls that are open. */
  const open: number[] = [];
  for (const call of calls) {
    while ((open.at(-1) ?? -1) >= call.depth) open.pop();
    if (!selects(call)) continue;
    yield `${"  ".repeat(open.length)}${call.name}`;
    open.push(call.depth);
  }
}

/** A tree as a test writes it: the indentation that all lines share is taken off, and blank lines. */
export function plainTree(text: string): string[] {
  const lines = text.split("\n").filter((line) => line.trim() !== "");
  const shared = Math.min(...lines.map((line) => line.length - line.trimStart().length));
  return lines.map((line) => line.slice(shared).trimEnd());
}
