// The data of a trace's page, small enough for any trace: the calls of each path as a tree that keeps its largest
// nodes, the functions with the most time or calls, and a timeline that shows every call if there are few and the
// longest calls otherwise. The page only draws this data.

import {
  PAGE_FUNCTIONS,
  PAGE_INSTANTS,
  PAGE_NODES,
  PAGE_ROWS,
  PAGE_SLICES,
  PAGE_TEXT,
} from "../../limits.ts";
import { nanosecondsOf, type Trace, type TraceRecord } from "../trace.ts";
import { type CallNode, callTrees } from "../viewers/call-tree.ts";
import { isTimed } from "../viewers/folded.ts";
import type { FunctionLine, FunctionLineOf } from "../viewers/function-line.ts";
import { type Thread, Threads } from "../viewers/threads.ts";

/** Rows of the function tracer's timeline, which counts each function's calls in pieces of the time. */
const ROWS = 16;
const COLUMNS = 240;

/** A node in d3-flame-graph's format: `value` includes its children's. */
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
  /** Nanoseconds in the function itself, and including its callees; null for the function tracer. */
  readonly self: number | null;
  readonly total: number | null;
  /** `file:line` of its definition; absent if lines aren't wanted, null if this one is unknown. */
  readonly source?: string | null;
}

/** A call: index into `names`, its start and length in nanoseconds, its row of the timeline. */
export type Slice = readonly [name: number, start: number, length: number, row: number];

/** An event that is no call: its name, its text, its time in nanoseconds, its row. */
export type Instant = readonly [name: string, text: string, time: number, row: number];

/** A stack's rows in the timeline. */
export interface Lane {
  readonly label: string;
  /** The row that holds its name and its instants; its calls are below. */
  readonly row: number;
}

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
  /** Nanoseconds: the time of the first event, and from it to the last. */
  readonly start: number;
  readonly span: number;
  readonly functionCount: number;
  readonly functions: readonly FunctionRow[];
  readonly flame: FlameNode;
  readonly names: readonly string[];
  /** function_graph: the longest calls. */
  readonly slices: readonly Slice[];
  readonly sliceCount: number;
  /** One for each stack, and the number of rows of all. */
  readonly lanes: readonly Lane[];
  readonly rows: number;
  /** The first events that are no calls. */
  readonly instants: readonly Instant[];
  readonly instantCount: number;
  /** function: for each of the most called functions, its calls in each piece of the time. */
  readonly density: readonly { readonly name: string; readonly counts: readonly number[] }[];
  readonly cost: Trace["cost"] | null;
}

export function pageData(trace: Trace, writer: string, lineOf?: FunctionLineOf): PageData {
  const nanoseconds = nanosecondsOf(trace.clockHz);
  const timed = isTimed(trace);
  const trees = callTrees(trace).map(({ root }) => root);
  const functions = [...functionsOf(trees).values()].sort(
    (a, b) => b.self - a.self || b.calls - a.calls,
  );
  const { first, last, events, calls } = extent(trace);
  const start = nanoseconds(first);
  const weigh = timed ? nanoseconds : (count: number) => count;
  const lanes = new Lanes(trace, timed);
  const time = timed ? slicesOf(trace, nanoseconds, start, lanes) : null;
  const instants = instantsOf(trace, nanoseconds, start, lanes);
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
    functions: functions.slice(0, PAGE_FUNCTIONS).map(({ name, module, ...row }) => ({
      name,
      module,
      calls: row.calls,
      self: timed ? nanoseconds(row.self) : null,
      total: timed ? nanoseconds(row.total) : null,
      ...(lineOf === undefined ? {} : { source: sourceText(lineOf(name, module)) }),
    })),
    flame: flame(trees, task, weigh),
    names: time?.names ?? [],
    slices: time?.slices ?? [],
    sliceCount: time?.count ?? 0,
    lanes: lanes.lanes,
    rows: lanes.rows,
    instants: instants.instants,
    instantCount: instants.count,
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

function extent({ records }: Trace): Extent {
  let first = 0;
  let last = 0;
  let count = 0;
  let calls = 0;
  for (const record of records) {
    if (count === 0) first = record.count;
    first = Math.min(first, record.count);
    last = Math.max(last, record.count);
    count += 1;
    if (record.type === "function" || record.type === "funcgraph_entry") calls += 1;
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

function sourceText(place: FunctionLine | null): string | null {
  return place === null ? null : `${place.file}:${place.line}`;
}

/** The functions, summed over all paths. A recursive call's time counts once in the total. */
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

/** The tree that d3-flame-graph draws; the time of the smallest nodes stays in their parents. */
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
  const least = [...totals.values()].sort((a, b) => b - a)[PAGE_NODES] ?? 0;
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

/** Whole calls; if there are too many, the longest. */
function slicesOf(
  trace: Trace,
  nanoseconds: (count: number) => number,
  start: number,
  lanes: Lanes,
): Slices {
  const names = new Map<string, number>();
  let slices: Slice[] = [];
  let count = 0;
  for (const event of trace.events) {
    if (event.type !== "funcgraph_exit") continue;
    count += 1;
    const name = names.get(event.name) ?? names.size;
    names.set(event.name, name);
    const row = lanes.rowOf(event) + 1 + event.depth;
    if (row >= PAGE_ROWS) continue;
    const entered = nanoseconds(event.entryCount);
    slices.push([name, entered - start, nanoseconds(event.count) - entered, row]);
    if (slices.length === 2 * PAGE_SLICES) slices = longest(slices);
  }
  return { names: [...names.keys()], slices: longest(slices).sort((a, b) => a[1] - b[1]), count };
}

/** Places stacks below one another. */
class Lanes {
  readonly lanes: Lane[] = [];
  rows = 0;
  readonly #threads: Threads;
  readonly #rows = new Map<Thread, number>();

  constructor(trace: Trace, timed: boolean) {
    this.#threads = new Threads(trace);
    const depths = new Map<Thread, number>();
    for (const record of trace.records) {
      const thread = this.#threads.of(record);
      const depth = timed && "depth" in record ? record.depth + 1 : 0;
      depths.set(thread, Math.max(depth, depths.get(thread) ?? 0));
    }
    for (const [thread, depth] of depths) {
      if (this.rows < PAGE_ROWS) this.lanes.push({ label: thread.label, row: this.rows });
      this.#rows.set(thread, this.rows);
      this.rows += 1 + depth;
    }
    this.rows = Math.min(this.rows, PAGE_ROWS);
  }

  /** The row of the event's lane. */
  rowOf(event: TraceRecord): number {
    return this.#rows.get(this.#threads.of(event)) ?? 0;
  }
}

function instantsOf(
  { records }: Trace,
  nanoseconds: (count: number) => number,
  start: number,
  lanes: Lanes,
): { readonly instants: readonly Instant[]; readonly count: number } {
  const instants: Instant[] = [];
  let count = 0;
  for (const record of records) {
    if (record.type !== "other") continue;
    count += 1;
    const row = lanes.rowOf(record);
    if (instants.length === PAGE_INSTANTS || row >= PAGE_ROWS) continue;
    const { name, fields } = record;
    const time = nanoseconds(record.count) - start;
    instants.push([name, fields.slice(0, PAGE_TEXT), time, row]);
  }
  return { instants, count };
}

function longest(slices: Slice[]): Slice[] {
  return slices.length <= PAGE_SLICES
    ? slices
    : slices.sort((a, b) => b[2] - a[2]).slice(0, PAGE_SLICES);
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
