// Gives loops one entry by copying code. A unit begins where the code got hot, which is often the middle of a loop. That
// place is the loop's header then, and a loop inside it, or the rest of itself, can be reached at its begin and at its
// test: it has two entries, and would need a dispatcher in every turn (flow-graph.ts). So the way from one entry to the
// other is copied in front of the loop, where it runs once. The same goes for code that has such loops by itself, as
// long as the copies are few. A pure function of the flow: the copies are ordinary blocks, with the addresses of what
// they were copied from. The root is never copied: where it is in a loop, it is the loop's only entry.

import { type Block, blockLength, type Flow } from "./blocks.ts";
import { components, type Edge, edgesOf, entriesOf, reachableFrom } from "./flow-graph.ts";

/** Instructions that may be copied for one loop, and for all loops of a unit. */
const MOST_COPIED = 100;
const MOST_COPIED_IN_ALL = 250;

/** The flow, with one entry for each loop where that takes few copies. */
export function withSingleEntries(flow: Flow): Flow {
  return new LoopEntries(flow).split();
}

class LoopEntries {
  readonly #blocks: Block[];
  readonly #successors: (readonly number[])[];
  #edges: readonly (readonly Edge[])[];
  #left = MOST_COPIED_IN_ALL;

  constructor({ blocks, successors }: Flow) {
    this.#blocks = [...blocks];
    this.#successors = [...successors];
    this.#edges = edgesOf(successors);
  }

  split(): Flow {
    const pending = [new Set(reachableFrom(this.#edges))];
    for (let nodes = pending.pop(); nodes !== undefined; nodes = pending.pop()) {
      for (const component of components(this.#edges, nodes)) {
        const entered = this.#enterAtOne(component);
        if (entered === undefined) continue; // it gets a dispatcher
        component.delete(entered.header);
        pending.push(component, entered.copies);
      }
    }
    return { blocks: this.#blocks, successors: this.#successors };
  }

  /** Makes one entry the only one of a loop; undefined if that would take too many copies. */
  #enterAtOne(component: ReadonlySet<number>): { header: number; copies: Set<number> } | undefined {
    const entries = entriesOf(this.#edges, component);
    const [only] = entries;
    if (only !== undefined && entries.length === 1) return { header: only, copies: new Set() };
    const ways = entries
      .map((header) => ({ header, ...this.#wayTo(header, entries, component) }))
      .sort((a, b) => a.length - b.length);
    const [best] = ways;
    if (best === undefined || best.length > Math.min(MOST_COPIED, this.#left)) return undefined;
    this.#left -= best.length;
    const copies = this.#copy(best.nodes, component);
    return { header: best.header, copies };
  }

  /** What runs of a loop between its other entries and this one. */
  #wayTo(header: number, entries: readonly number[], component: ReadonlySet<number>) {
    const nodes = new Set<number>();
    const pending = entries.filter((entry) => entry !== header);
    for (let node = pending.pop(); node !== undefined; node = pending.pop()) {
      if (nodes.has(node)) continue;
      nodes.add(node);
      for (const to of this.#successors[node] ?? []) {
        if (to !== header && component.has(to)) pending.push(to);
      }
    }
    const length = [...nodes].reduce(
      (sum, node) => sum + blockLength(this.#blocks[node] as Block),
      0,
    );
    return { nodes, length };
  }

  /** Copies nodes of a loop, and leads there what enters them from outside. Returns the copies. */
  #copy(nodes: ReadonlySet<number>, component: ReadonlySet<number>): Set<number> {
    const copies = new Map<number, number>();
    for (const node of nodes) {
      copies.set(node, this.#blocks.length);
      this.#blocks.push(copyOf(this.#blocks[node] as Block));
      this.#successors.push(this.#successors[node] ?? []);
    }
    const copied = (list: readonly number[]): number[] => list.map((to) => copies.get(to) ?? to);
    for (const [node, list] of this.#successors.entries()) {
      if (!component.has(node)) this.#successors[node] = copied(list);
    }
    this.#edges = edgesOf(this.#successors);
    return new Set(copies.values());
  }
}

/** A block of its own instructions, since what is decided for one of them isn't for its copy. */
function copyOf(block: Block): Block {
  const { end } = block;
  const instructions = block.instructions.map((one) => ({ ...one }));
  if (!("by" in end)) return { ...block, instructions };
  return { ...block, instructions, end: { ...end, by: { ...end.by }, slot: { ...end.slot } } };
}
