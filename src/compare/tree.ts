// Calls drawn as a tree: a line each, two spaces deeper for each selected call around it. What function_graph
// shows exactly, the function tracer only lets be guessed: a tail call there stands beside its caller, and a
// caller that isn't traced leaves its calls without one.

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
