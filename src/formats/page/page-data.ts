// What a trace's page shows, small enough for any trace: the calls of each path as a tree that keeps its
// largest nodes, the functions with the most time or calls, and a timeline that is drawn call by call while
// there are few and otherwise keeps the longest. The page draws it; nothing is worked out twice.

import { nanosecondsOf, type Trace } from "../trace.ts";
import { type CallNode, callTrees } from "../viewers/call-tree.ts";
import { isTimed } from "../viewers/folded.ts";

/** Nodes of the flame graph: more than a screen has pixels for. */
const MOST_NODES = 8000;
const MOST_FUNCTIONS = 500;
const MOST_SLICES = 20_000;
/** The function tracer's timeline: functions by pieces of time. */
const ROWS = 16;
const COLUMNS = 240;

/** A node as d3-flame-graph takes it: `value` holds its own and its children's. */
export interface FlameNode {
  readonly name: string;
  readonly module: string | null;
  readonly value: number;
  readonly calls: number;
  readonly children: FlameNode[];
}

export interface FunctionRow {
  readonly name: string;
  readonly module: string | null;
  readonly calls: number;
  /** Nanoseconds in it, and in it and what it calls; null for the function tracer. */
  readonly self: number | null;
  readonly total: number | null;
}

/** A call: index into `names`, its start and length in nanoseconds, its depth. */
export type Slice = readonly [name: number, start: number, length: number, depth: number];

export interface PageData {
  readonly writer: string;
  readonly tracer: "function" | "function_graph";
  readonly task: string;
  readonly release: string;
  readonly endian: string;
  readonly cpus: number;
  readonly events: number;
  readonly calls: number;
  readonly overruns: number;
  /** Nanoseconds: the first event's time, and how long after it the last came. */
  readonly start: number;
  readonly span: number;
  readonly functionCount: number;
  readonly functions: readonly FunctionRow[];
  readonly flame: FlameNode;
  readonly names: readonly string[];
  /** function_graph: the longest calls. */
  readonly slices: readonly Slice[];
  readonly sliceCount: number;
  /** function: how often each of the most called was, in each piece of the time. */
  readonly density: readonly { readonly name: string; readonly counts: readonly number[] }[];
  readonly cost: Trace["cost"] | null;
}

export function pageData(trace: Trace, writer: string): PageData {
  const nanoseconds = nanosecondsOf(trace.clockHz);
  const timed = isTimed(trace);
  const trees = callTrees(trace).map(({ root }) => root);
  const functions = [...functionsOf(trees).values()].sort(
    (a, b) => b.self - a.self || b.calls - a.calls,
  );
  const { first, last, events, calls } = extent(trace);
  const start = nanoseconds(first);
  const weigh = timed ? nanoseconds : (count: number) => count;
  const time = timed ? slicesOf(trace, nanoseconds, start) : null;
  const task = `${trace.task.name}-${trace.task.pid}`;
  return {
    writer,
    tracer: timed ? "function_graph" : "function",
    task,
    release: trace.release,
    endian: trace.endian,
    cpus: trace.cpus,
    events,
    calls,
    overruns: trace.overruns,
    start,
    span: nanoseconds(last) - start,
    functionCount: functions.length,
    functions: functions.slice(0, MOST_FUNCTIONS).map(({ name, module, ...row }) => ({
      name,
      module,
      calls: row.calls,
      self: timed ? nanoseconds(row.self) : null,
      total: timed ? nanoseconds(row.total) : null,
    })),
    flame: flame(trees, task, weigh),
    names: time?.names ?? [],
    slices: time?.slices ?? [],
    sliceCount: time?.count ?? 0,
    density: timed ? [] : densityOf(trace, first, last),
    cost: trace.cost ?? null,
  };
}

interface Extent {
  readonly first: number;
  readonly last: number;
  readonly events: number;
  readonly calls: number;
}

function extent({ events }: Trace): Extent {
  let first = 0;
  let last = 0;
  let count = 0;
  let calls = 0;
  for (const event of events) {
    if (count === 0) first = event.count;
    last = event.count;
    count += 1;
    if (event.type !== "funcgraph_exit") calls += 1;
  }
  return { first, last, events: count, calls };
}

interface Sums {
  readonly name: string;
  readonly module: string | null;
  calls: number;
  self: number;
  total: number;
}

/** The functions of all paths, added up. A function inside itself is in its total once. */
function functionsOf(roots: readonly CallNode[]): Map<string, Sums> {
  const sums = new Map<string, Sums>();
  const visit = (node: CallNode, open: Set<string>): number => {
    const key = `${node.name}\0${node.module ?? ""}`;
    const recursive = open.has(key);
    if (!recursive) open.add(key);
    let total = node.self;
    for (const child of node.children.values()) total += visit(child, open);
    if (!recursive) open.delete(key);
    if (node.calls > 0) {
      const row = sums.get(key) ?? { ...node, calls: 0, self: 0, total: 0 };
      row.calls += node.calls;
      row.self += node.self;
      if (!recursive) row.total += total;
      sums.set(key, row);
    }
    return total;
  };
  for (const root of roots) visit(root, new Set());
  return sums;
}

/** The tree that d3-flame-graph draws, its smallest nodes left to their parents. */
function flame(
  roots: readonly CallNode[],
  name: string,
  weigh: (self: number) => number,
): FlameNode {
  const totals = new Map<CallNode, number>();
  const add = (node: CallNode): number => {
    let total = weigh(node.self);
    for (const child of node.children.values()) total += add(child);
    totals.set(node, total);
    return total;
  };
  for (const root of roots) add(root);
  const least = [...totals.values()].sort((a, b) => b - a)[MOST_NODES] ?? 0;
  const make = (node: CallNode): FlameNode => ({
    name: node.name,
    module: node.module,
    calls: node.calls,
    value: totals.get(node) ?? 0,
    children: [...node.children.values()]
      .filter((child) => (totals.get(child) ?? 0) > least)
      .map(make),
  });
  const trees = roots.map(make);
  const [only] = trees;
  if (trees.length === 1 && only !== undefined) return only;
  const value = trees.reduce((sum, tree) => sum + tree.value, 0);
  return { name, module: null, calls: 0, value, children: trees };
}

interface Slices {
  readonly names: string[];
  readonly slices: Slice[];
  readonly count: number;
}

/** Whole calls; of more than there is room for, the longest. */
function slicesOf(trace: Trace, nanoseconds: (count: number) => number, start: number): Slices {
  const names = new Map<string, number>();
  let slices: Slice[] = [];
  let count = 0;
  for (const event of trace.events) {
    if (event.type !== "funcgraph_exit") continue;
    count += 1;
    const name = names.get(event.name) ?? names.size;
    names.set(event.name, name);
    const entered = nanoseconds(event.entryCount);
    slices.push([name, entered - start, nanoseconds(event.count) - entered, event.depth]);
    if (slices.length === 2 * MOST_SLICES) slices = longest(slices);
  }
  return { names: [...names.keys()], slices: longest(slices).sort((a, b) => a[1] - b[1]), count };
}

function longest(slices: Slice[]): Slice[] {
  return slices.length <= MOST_SLICES
    ? slices
    : slices.sort((a, b) => b[2] - a[2]).slice(0, MOST_SLICES);
}

function densityOf(trace: Trace, first: number, last: number): PageData["density"] {
  const rows = new Map<string, number[]>();
  const width = Math.max(1, last - first) / COLUMNS;
  for (const { name, count } of trace.events) {
    let counts = rows.get(name);
    if (counts === undefined) {
      counts = new Array<number>(COLUMNS).fill(0);
      rows.set(name, counts);
    }
    const column = Math.min(COLUMNS - 1, Math.floor((count - first) / width));
    counts[column] = (counts[column] ?? 0) + 1;
  }
  const sum = (counts: readonly number[]): number => counts.reduce((all, one) => all + one, 0);
  return [...rows]
    .map(([name, counts]) => ({ name, counts }))
    .sort((a, b) => sum(b.counts) - sum(a.counts))
    .slice(0, ROWS);
}
