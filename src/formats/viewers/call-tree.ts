// A trace's calls added up into a tree: every path of callers once, with how often it was called and the
// time it took itself. Bounded by how many different paths there are, not by the events, so it holds
// traces of any length; flame graphs, folded stacks and the page are drawn from it.

import type { EntryEvent, ReturnEvent } from "../../ftrace/event.ts";
import type { RecordedEvent, Trace } from "../trace.ts";
import { OpenCalls } from "./open-calls.ts";
import { type Thread, Threads } from "./threads.ts";

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
  /** Whose calls are in it; a trace of several stacks has a tree for each. */
  readonly task: string;
  readonly root: CallNode;
}

/** Callers in one path; real stacks have a hundred. What a file claims to be deeper counts with the last one. */
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

interface OpenCall {
  readonly node: CallNode;
  /** What the calls in it have taken. */
  inside: number;
  readonly count: number;
  readonly level: number;
}

/** One stack's open calls. */
class Stack {
  readonly tree: CallTree;
  /** Of the functions that were called: a caller's module is known when it is one of them. */
  readonly #modules = new Map<string, string | null>();
  readonly #open = new OpenCalls<OpenCall>();
  /** The time up to which the stack is known. */
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

  /** Gives calls whose returns nobody saw the time up to the stack's last event. */
  end(): void {
    this.#open.closeFrom(0, (call) => this.#lose(call));
  }

  /** A caller and its callee are all that the function tracer tells of a stack. */
  #edge(name: string, module: string | null, parentName: string): void {
    this.#modules.set(name, module);
    const parent = childOf(this.tree.root, parentName, this.#modules.get(parentName) ?? null);
    const child = childOf(parent, name, module);
    child.calls += 1;
    child.self += 1;
  }

  #enter({ name, module, depth, count }: EntryEvent): void {
    // A call as deep or deeper that is still open: its return was lost.
    this.#open.closeFrom(depth, (call) => this.#lose(call));
    const { top } = this.#open;
    const level = (top?.level ?? 0) + 1;
    const above = top?.node ?? this.tree.root;
    const child = level <= DEEPEST ? childOf(above, name, module) : above;
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
    // Its entry was lost; what is still open around it was called earlier.
    const { top } = this.#open;
    const child = childOf(top?.node ?? this.tree.root, name, module);
    child.calls += 1;
    child.self += took;
    if (top !== undefined) top.inside += took;
  }

  #lose(call: OpenCall): void {
    this.#close(call, Math.max(0, this.#last - call.count));
  }

  /** Counts a call that is no longer open. */
  #close(call: OpenCall, took: number): void {
    call.node.self += Math.max(0, took - call.inside);
    const { top } = this.#open;
    if (top !== undefined) top.inside += took;
  }
}

/** The calls of each stack, in the order in which the stacks appear. */
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
