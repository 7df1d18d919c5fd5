// Sums a trace's calls into a tree: every path of callers once, with its number of calls and the time spent in the
// function itself. The tree's size is bounded by the number of different paths, not of events, so a trace may have any
// length. Flame graphs, folded stacks and the page are made from it.

import type { EntryEvent, ReturnEvent } from "../../ftrace/event.ts";
import { CALL_TREE_DEPTH } from "../../limits.ts";
import type { RecordedEvent, Trace } from "../trace.ts";
import { OpenCalls } from "./open-calls.ts";
import { type Thread, Threads } from "./threads.ts";

/** A function at the end of one path of callers. */
export interface CallNode {
  readonly name: string;
  readonly module: string | null;
  /** The number of calls on this path. */
  calls: number;
  /**
   * The time in the function itself, without calls inside it, in counts of the trace's clock. For the function tracer,
   * which has no durations: the number of calls.
   */
  self: number;
  readonly children: Map<string, CallNode>;
}

export interface CallTree {
  /** The stack whose calls are in the tree; a trace of several stacks has one tree for each. */
  readonly task: string;
  readonly root: CallNode;
}

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

interface OpenCall {
  readonly node: CallNode;
  /** The time spent in calls inside it. */
  inside: number;
  readonly count: number;
  readonly level: number;
}

/** One stack's open calls. */
class Stack {
  readonly tree: CallTree;
  /** Modules of the functions that were called; a caller's module is known only if the caller is among them. */
  readonly #modules = new Map<string, string | null>();
  readonly #open = new OpenCalls<OpenCall>();
  /** The time of the stack's last event. */
  #last = 0;

  constructor(task: string) {
    this.tree = { task, root: node(task, null) };
  }

  add(event: RecordedEvent): void {
    this.#last = Math.max(this.#last, event.count);
    if (event.type === "function") this.#edge(event.name, event.module, event.parentName);
    else if (event.type === "funcgraph_entry") this.#enter(event);
    else this.#leave(event);
  }

  /** Ends the calls whose returns weren't recorded, with the time of the stack's last event. */
  end(): void {
    this.#open.closeFrom(0, (call) => this.#lose(call));
  }

  /** Adds a caller and its callee: the function tracer records no more of a stack. */
  #edge(name: string, module: string | null, parentName: string): void {
    this.#modules.set(name, module);
    const parent = childOf(this.tree.root, parentName, this.#modules.get(parentName) ?? null);
    const child = childOf(parent, name, module);
    child.calls += 1;
    child.self += 1;
  }

  #enter({ name, module, depth, count }: EntryEvent): void {
    // A call of this depth or deeper that is still open has lost its return.
    this.#open.closeFrom(depth, (call) => this.#lose(call));
    const { top } = this.#open;
    const level = (top?.level ?? 0) + 1;
    const above = top?.node ?? this.tree.root;
    const child = level <= CALL_TREE_DEPTH ? childOf(above, name, module) : above;
    child.calls += 1;
    this.#open.enter(depth, { node: child, inside: 0, count, level });
  }

  #leave({ name, module, depth, entryCount, count }: ReturnEvent): void {
    const took = count - entryCount;
    const call = this.#open.leave(
      depth,
      ({ node: { name: own, module: ownModule } }) => own === name && ownModule === module,
      (lost) => this.#lose(lost),
    );
    if (call !== undefined) {
      this.#close(call, took);
      return;
    }
    // The entry of this call was lost; the calls that are still open around it began earlier.
    const { top } = this.#open;
    const child = childOf(top?.node ?? this.tree.root, name, module);
    child.calls += 1;
    child.self += took;
    if (top !== undefined) top.inside += took;
  }

  #lose(call: OpenCall): void {
    this.#close(call, Math.max(0, this.#last - call.count));
  }

  /** Adds the time of a call that has ended. */
  #close(call: OpenCall, took: number): void {
    call.node.self += Math.max(0, took - call.inside);
    const { top } = this.#open;
    if (top !== undefined) top.inside += took;
  }
}

/** The calls of each stack, in the order in which the stacks first occur. */
export function callTrees(trace: Pick<Trace, "task" | "cpus" | "events">): CallTree[] {
  const threads = new Threads(trace);
  const stacks = new Map<Thread, Stack>();
  for (const event of trace.events) {
    const thread = threads.of(event);
    let stack = stacks.get(thread);
    if (stack === undefined) {
      stack = new Stack(thread.label);
      stacks.set(thread, stack);
    }
    stack.add(event);
  }
  for (const stack of stacks.values()) stack.end();
  return [...stacks.values()].map(({ tree }) => tree);
}
