// The shape of a unit's control flow: order, dominators, loops. An irreducible loop, one with more than one entry, gets
// a dispatcher: a node of its own that all entries go through, with a label for each, since WebAssembly can't express
// such a loop otherwise. After Ramsey, "Beyond Relooper" (ICFP 2022), which defines these terms, and Cooper, Harvey and
// Kennedy's dominators.

/** An edge from one node to another; one with a label goes to a dispatcher, which continues at the labelled node. */
export interface Edge {
  readonly to: number;
  readonly label: number | null;
}

export interface FlowGraph {
  /** Edges out of each node, in the node's order; those of a dispatcher go to its entries. */
  readonly edges: readonly (readonly Edge[])[];
  /** The first dispatcher; all nodes from there on are dispatchers. */
  readonly firstDispatcher: number;
  /** Position in reverse postorder, or -1 for a node that can't be reached. */
  readonly order: readonly number[];
  /** The nodes that a node immediately dominates, in ascending order. */
  readonly children: readonly (readonly number[])[];
  /** Nodes that a backward edge goes to: the only entries of their loops. */
  readonly isLoop: readonly boolean[];
  /** Nodes with more than one forward edge. */
  readonly isMerge: readonly boolean[];
}

/** Edges without labels. */
export function edgesOf(successors: readonly (readonly number[])[]): Edge[][] {
  return successors.map((list) => list.map((to) => ({ to, label: null })));
}

/** The graph of a unit whose root is node 0. */
export function flowGraph(successors: readonly (readonly number[])[]): FlowGraph {
  const firstDispatcher = successors.length;
  const edges = edgesOf(successors);
  makeReducible(edges);
  const postorder = reachableFrom(edges);
  const order = edges.map(() => -1);
  const sequence = postorder.toReversed();
  sequence.forEach((node, position) => {
    order[node] = position;
  });
  const before: number[][] = edges.map(() => []);
  for (const node of sequence) {
    for (const { to } of edges[node] ?? []) before[to]?.push(node);
  }
  const dominator = dominators(sequence, order, before);
  const children: number[][] = edges.map(() => []);
  for (const node of sequence.slice(1)) children[dominator[node] ?? 0]?.push(node);
  const position = (node: number): number => order[node] ?? -1;
  const isLoop = before.map((from, node) => from.some((one) => position(one) >= position(node)));
  const isMerge = before.map(
    (from, node) => from.filter((one) => position(one) < position(node)).length > 1,
  );
  return { edges, firstDispatcher, order, children, isLoop, isMerge };
}

/** For each node the innermost loop that it is in, by the loop's number; undefined outside loops. */
export function loopOf(
  successors: readonly (readonly number[])[],
): readonly (number | undefined)[] {
  const edges = edgesOf(successors);
  const found = new Array<number | undefined>(edges.length).fill(undefined);
  const pending = [new Set(reachableFrom(edges))];
  let loops = 0;
  for (let nodes = pending.pop(); nodes !== undefined; nodes = pending.pop()) {
    for (const component of components(edges, nodes)) {
      for (const node of component) found[node] = loops;
      loops++;
      const [header = 0] = entriesOf(edges, component);
      component.delete(header);
      if (component.size > 0) pending.push(component);
    }
  }
  return found;
}

/** Gives every loop that has more than one entry a dispatcher, from the outermost loops inwards. */
function makeReducible(edges: Edge[][]): void {
  const pending = [new Set(reachableFrom(edges))];
  for (let nodes = pending.pop(); nodes !== undefined; nodes = pending.pop()) {
    for (const component of components(edges, nodes)) {
      const entries = entriesOf(edges, component);
      let [header = 0] = entries;
      if (entries.length > 1) {
        header = edges.length;
        const isEntry = new Set(entries);
        for (const list of edges) {
          list.forEach(({ to }, index) => {
            if (isEntry.has(to)) list[index] = { to: header, label: to };
          });
        }
        edges.push(entries.map((to) => ({ to, label: null })));
      }
      component.delete(header);
      if (component.size > 0) pending.push(component);
    }
  }
}

/** Nodes of a component with an edge from outside; the unit's root counts as one. */
export function entriesOf(
  edges: readonly (readonly Edge[])[],
  component: ReadonlySet<number>,
): number[] {
  const entries = new Set<number>();
  if (component.has(0)) entries.add(0);
  edges.forEach((list, from) => {
    if (component.has(from)) return;
    for (const { to } of list) if (component.has(to)) entries.add(to);
  });
  return [...entries].sort((a, b) => a - b);
}

/** The strongly connected components of these nodes that are loops (Tarjan's algorithm, without recursion). */
export function components(
  edges: readonly (readonly Edge[])[],
  nodes: ReadonlySet<number>,
): Set<number>[] {
  const index = new Int32Array(edges.length).fill(-1);
  const low = new Int32Array(edges.length);
  const onStack = new Uint8Array(edges.length);
  const next = new Int32Array(edges.length);
  const stack: number[] = [];
  const path: number[] = [];
  const found: Set<number>[] = [];
  let count = 0;
  const enter = (node: number): void => {
    index[node] = low[node] = count++;
    onStack[node] = 1;
    stack.push(node);
    path.push(node);
  };
  const lowers = (node: number, to: number): void => {
    if (to < at(low, node)) low[node] = to;
  };
  for (const root of nodes) {
    if (at(index, root) >= 0) continue;
    enter(root);
    for (let node = path.at(-1); node !== undefined; node = path.at(-1)) {
      const number = at(next, node);
      next[node] = number + 1;
      const to = edges[node]?.[number]?.to;
      if (to !== undefined) {
        if (!nodes.has(to)) continue;
        if (at(index, to) < 0) enter(to);
        else if (onStack[to]) lowers(node, at(index, to));
        continue;
      }
      path.pop();
      const parent = path.at(-1);
      if (parent !== undefined) lowers(parent, at(low, node));
      if (low[node] !== index[node]) continue;
      const component = new Set(stack.splice(stack.lastIndexOf(node)).reverse());
      for (const member of component) onStack[member] = 0;
      const loops = component.size > 1 || edges[node]?.some((edge) => edge.to === node);
      if (loops) found.push(component);
    }
  }
  return found;
}

function at(numbers: Int32Array, index: number): number {
  return numbers[index] ?? 0;
}

/** The nodes that can be reached from node 0, in postorder. */
export function reachableFrom(edges: readonly (readonly Edge[])[]): number[] {
  const seen = new Set([0]);
  const done: number[] = [];
  const path = [{ node: 0, next: 0 }];
  while (path.length > 0) {
    const frame = path.at(-1) as { node: number; next: number };
    const edge = edges[frame.node]?.[frame.next++];
    if (edge === undefined) {
      done.push(frame.node);
      path.pop();
    } else if (!seen.has(edge.to)) {
      seen.add(edge.to);
      path.push({ node: edge.to, next: 0 });
    }
  }
  return done;
}

/** The immediate dominator of each node. */
function dominators(
  sequence: readonly number[],
  order: readonly number[],
  before: readonly (readonly number[])[],
): number[] {
  const dominator: number[] = [];
  dominator[0] = 0;
  const position = (node: number): number => order[node] ?? 0;
  const common = (a: number, b: number): number => {
    let [one, other] = [a, b];
    while (one !== other) {
      if (position(one) > position(other)) one = dominator[one] ?? 0;
      else other = dominator[other] ?? 0;
    }
    return one;
  };
  for (let changed = true; changed; ) {
    changed = false;
    for (const node of sequence.slice(1)) {
      const known = (before[node] ?? []).filter((one) => dominator[one] !== undefined);
      const now = known.reduce(common);
      if (dominator[node] !== now) {
        dominator[node] = now;
        changed = true;
      }
    }
  }
  return dominator;
}
