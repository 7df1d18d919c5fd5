// Writes folded stacks, the input of flamegraph.pl and inferno: a line for each path of callers, outermost first,
// separated by semicolons, with a number at the end. The number is the exact self time in nanoseconds for graph events,
// and the number of calls for the function tracer.

import { nanosecondsOf, type Trace } from "../trace.ts";
import { type CallNode, callTrees, symbolText } from "./call-tree.ts";
import type { FunctionLineOf } from "./function-line.ts";

/** The lines, in the order in which the paths first occur. */
export function* foldedStacks(trace: Trace, lineOf?: FunctionLineOf): Generator<string> {
  const nanoseconds = nanosecondsOf(trace.clockHz);
  for (const { root } of callTrees(trace)) {
    yield* lines(root, "", isTimed(trace) ? nanoseconds : (calls) => calls, lineOf);
  }
}

/** Whether the trace has durations of calls. */
export function isTimed({ events }: Trace): boolean {
  const [first] = events;
  return first !== undefined && first.type !== "function";
}

function* lines(
  node: CallNode,
  above: string,
  weight: (self: number) => number,
  lineOf: FunctionLineOf | undefined,
): Generator<string> {
  const path = `${above}${frame(node, lineOf)}`;
  if (node.self > 0) yield `${path} ${weight(node.self)}\n`;
  for (const child of node.children.values()) yield* lines(child, `${path};`, weight, lineOf);
}

/** A name without the format's two separators, and its line, `name (file:line)`, if it is known. */
function frame(node: CallNode, lineOf: FunctionLineOf | undefined): string {
  const place = lineOf?.(node.name, node.module) ?? null;
  const where = place === null ? "" : ` (${place.file}:${place.line})`;
  return `${symbolText(node)}${where}`.replace(/[;\n]/g, "_");
}
