// Where a unit reduces FUEL. A block doesn't reduce it by itself: what was executed is owed, and is paid on the ways
// where two blocks don't owe the same, once for a turn of a loop. Until then FUEL is too high by a number that is known
// at each place, so an exit subtracts it, and a guard between two blocks leaves with the same value of FUEL. FUEL is
// paid where something else reads it: at calls, returns, and at the begin and the end of a planned turn. A pure function
// of the flow; unit.ts writes the code.

import { least } from "../extremes.ts";
import { type Block, blockLength, type Flow, isCall } from "./blocks.ts";
import type { FlowGraph } from "./flow-graph.ts";

/** More than this isn't owed at the begin of a block: an exit's number has bits for it and for a block's length. */
export const MOST_OWED = 1000;

/** By node, the instructions that are owed at its begin. */
export function owedAtBegins({ blocks }: Flow, graph: FlowGraph): number[] {
  const { edges, order, firstDispatcher } = graph;
  const owed = edges.map(() => 0);
  const dispatched = new Set(
    edges.slice(firstDispatcher).flatMap((list) => list.map(({ to }) => to)),
  );
  const before = edges.map((): number[] => []);
  const sequence = [...edges.keys()]
    .filter((node) => place(node) >= 0)
    .sort((a, b) => place(a) - place(b));
  for (const node of sequence) {
    for (const { to } of edges[node] ?? []) if (place(to) > place(node)) before[to]?.push(node);
  }
  for (const node of sequence) {
    const block = blocks[node];
    if (node === 0 || block === undefined || dispatched.has(node) || readsFuel(block)) continue;
    const fewest = least((before[node] ?? []).map((from) => owedAtEnd(blocks[from], owed[from])));
    owed[node] = fewest > MOST_OWED ? 0 : fewest;
  }
  return owed;

  function place(node: number): number {
    return order[node] ?? -1;
  }
}

/** What is owed on the ways out of a block; before a call all is paid. */
function owedAtEnd(block: Block | undefined, owed = 0): number {
  return block === undefined || isCall(block) ? 0 : owed + blockLength(block);
}

/** Whether the block's own code reads FUEL. */
function readsFuel({ end }: Block): boolean {
  return end.kind === "plan" || end.kind === "turn";
}
