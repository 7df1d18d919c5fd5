// A trace's calls added up into a tree: every path of callers once, with how often it was called and the
// time it took itself. Bounded by how many different paths there are, not by the events, so it holds
// traces of any length; flame graphs, folded stacks and the page are drawn from it.

import type { RecordedEvent, Trace } from "../trace.ts";

/** A function at the end of one path of callers. */
export interface CallNode {
  readonly name: string;
  readonly module: string | null;
  /** Times it was called on this path. */
  calls: number;
  /**
   * What belongs to it and not to a call inside, in counts of the trace's clock. For the function tracer,
   * which tells no durations: its calls.
   */
  self: number;
  readonly children: Map<string, CallNode>;
}

export interface CallTree {
  /** Whose calls are in it; a trace of several tasks has a tree for each. */
  readonly task: string;
  readonly root: CallNode;
}

/** Real stacks have 50; deeper, in a file that only opens calls, they count with the last one. */
const DEEPEST = 512;

/** `name [module]`, as the kernel's %ps. */
export function symbolText({ name, module }: Pick<CallNode, "name" | "module">): string {
  return module === null ? name : `${name} [${module}]`;
}

function node(name: string, module: string | null): CallNode {
  return { name, module, calls: 0, self: 0, children: new Map() };
}

function childOf(parent: CallNode, name: string, module: string | null): CallNode {
  const key = symbolText({ name, module });
  let child = parent.children.get(key);
  if (child === undefined) {
    child = node(name, module);
    parent.children.set(key, child);
  }
  return child;
}

/** One task's open calls. */
class Stack {
  readonly tree: CallTree;
  /** Of the functions that were called: a caller's module is known when it is one of them. */
  readonly #modules = new Map<string, string | null>();
  readonly #open: { readonly node: CallNode; inside: number; readonly count: number }[] = [];

  constructor(task: string) {
    this.tree = { task, root: node(task, null) };
  }

  get #top(): CallNode {
    return this.#open.at(-1)?.node ?? this.tree.root;
  }

  add(event: RecordedEvent): void {
    if (event.type === "function") this.#edge(event.name, event.module, event.parentName);
    else if (event.type === "funcgraph_entry") this.#enter(event);
    else this.#leave(event.name, event.module, event.entryCount, event.count);
  }

  /** Time up to `count` for calls that nobody saw return, so that what they hold isn't lost. */
  end(count: number): void {
    for (let open = this.#open.at(-1); open !== undefined; open = this.#open.at(-1)) {
      this.#leave(open.node.name, open.node.module, open.count, Math.max(count, open.count));
    }
  }

  /** A caller and its callee are all that the function tracer tells of a stack. */
  #edge(name: string, module: string | null, parentName: string): void {
    this.#modules.set(name, module);
    const parent = childOf(this.tree.root, parentName, this.#modules.get(parentName) ?? null);
    const child = childOf(parent, name, module);
    child.calls += 1;
    child.self += 1;
  }

  #enter({
    name,
    module,
    depth,
    count,
  }: Extract<RecordedEvent, { type: "funcgraph_entry" }>): void {
    // An entry of the same depth or less: the returns of those above it were lost.
    while (this.#open.length > depth && this.#open.length > 0) {
      const lost = this.#open.at(-1);
      if (lost === undefined) break;
      this.#leave(lost.node.name, lost.node.module, lost.count, count);
    }
    const child = this.#open.length < DEEPEST ? childOf(this.#top, name, module) : this.#top;
    child.calls += 1;
    this.#open.push({ node: child, inside: 0, count });
  }

  #leave(name: string, module: string | null, entryCount: number, count: number): void {
    const open = this.#open.pop();
    const took = count - entryCount;
    if (open === undefined) {
      // Its entry was lost, and with it its callers.
      const child = childOf(this.tree.root, name, module);
      child.calls += 1;
      child.self += took;
      return;
    }
    open.node.self += Math.max(0, took - open.inside);
    const above = this.#open.at(-1);
    if (above !== undefined) above.inside += took;
  }
}

/** The calls of each task, in the order in which the tasks appear. */
export function callTrees({ task, events }: Trace): CallTree[] {
  const stacks = new Map<string, Stack>();
  let last = 0;
  for (const event of events) {
    const { name, pid } = event.task ?? task;
    const key = `${name}-${pid}`;
    let stack = stacks.get(key);
    if (stack === undefined) {
      stack = new Stack(key);
      stacks.set(key, stack);
    }
    stack.add(event);
    last = event.count;
  }
  for (const stack of stacks.values()) stack.end(last);
  return [...stacks.values()].map(({ tree }) => tree);
}
