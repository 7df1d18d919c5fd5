// Writes folded stacks, the input of flamegraph.pl and inferno: a line for each path of callers, outermost first,
// separated by semicolons, with a number at the end. The number is the exact self time in nanoseconds for graph events,
// and the number of calls for the function tracer.

import { nanosecondsOf, type Trace } from "../trace.ts";
import { type CallNode, callTrees, symbolText } from "./call-tree.ts";

/** The lines, in the order in which the paths first occur. */
export function* foldedStacks(trace: Trace): Generator<string> {
  const nanoseconds = nanosecondsOf(trace.clockHz);
  for (const { root } of callTrees(trace)) {
    yield* lines(root, "", isTimed(trace) ? nanoseconds : (calls) => calls);
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
): Generator<string> {
  const path = `${above}${frame(node)}`;
  if (node.self > 0) yield `${path} ${weight(node.self)}\n`;
  for (const child of node.children.values()) yield* lines(child, `${path};`, weight);
}

/** A name without the format's two separators. */
function frame(node: CallNode): string {
  return symbolText(node).replace(/[;\n]/g, "_");
}
