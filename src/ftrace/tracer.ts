// The tracers: dynamic ftrace's semantics on the sites of loaded modules. Sites stand nopped from load on; a
// tracer rewrites the two words of those that its filters name, while the machine runs or between runs, and
// turns ring records into named events. Two ways to take an event, the same events: `native` by a word of
// farjal's own in passing, `guest` through the guest's own ftrace_caller. It knows sites and symbols through
// TraceHost only; the machine is behind it.

import { GRAPH_OPENS, GRAPH_SILENCES, GRAPH_WITHIN } from "../../assembly/shared/trace-ring.ts";
import { Misuse } from "../errors.ts";
import {
  type EntryEvent,
  type FunctionEvent,
  type ReturnEvent,
  TRACERS,
  type TraceEvent,
  type TracerName,
} from "./event.ts";
import { EventMaker } from "./event-maker.ts";
import {
  type FilterFile,
  FunctionSet,
  type Traceable,
  type TraceableSite,
} from "./filters/function-set.ts";
import type { TraceableFunction } from "./filters/pattern.ts";
import { type FunctionProfile, type ProfileOptions, profileOf } from "./function-profile.ts";
import { Feeds, type FeedWish, type TraceFeed } from "./ring/feed.ts";
import { instructionsToFill, Recording } from "./ring/recording.ts";
import { TraceRing } from "./ring/ring.ts";
import { RingCursor } from "./ring/ring-cursor.ts";
import { ShadowStack } from "./ring/shadow-stack.ts";
import { TraceStream } from "./ring/stream.ts";
import {
  type CallSite,
  enterWord,
  type SitePatch,
  type SiteState,
  sitePatch,
  TRACE_SITE,
} from "./sites/site.ts";
import type { SymbolTable } from "./symbol-table.ts";
import { FtraceLines, ftraceHeader, type TraceTask } from "./text/function-text.ts";
import { type GraphTextOptions, graphText } from "./text/graph-text.ts";

export type { GraphTextOptions } from "./text/graph-text.ts";

/** A site with what it belongs to. */
export interface TraceSite extends TraceableFunction {
  readonly site: CallSite;
  /** The two words as relocation left them. */
  readonly loaded: SitePatch;
  /** Whether __mcount_loc has it. One that recordmcount lost calls _mcount when nothing is traced. */
  readonly recorded: boolean;
}

/** What the tracer needs of a machine. */
export interface TraceHost {
  readonly buffer: SharedArrayBuffer;
  readonly clockHz: number;
  /** All sites there are now. */
  sites(): Iterable<TraceSite>;
  /** Names of the modules there are. */
  moduleNames(): readonly string[];
  /** Where modules' blocks begin. */
  blockStarts(): readonly number[];
  writeCode(address: number, words: readonly number[]): void;
  /** Points ftrace_call or ftrace_graph_call at what the tracer wants, or back at nothing. */
  setMcountCalls(tracer: TracerName | null): void;
  /** The shadow stack of the guest's own code. */
  readonly guestGraph: GuestGraph;
  symbolAt(address: number): { readonly name: string; readonly module: string | null } | undefined;
  /** The same knowledge as tables, the newest first; a table that is known is the same value again. */
  symbolTables(): readonly SymbolTable[];
  /** Whether the guest stands at an address. */
  isAt(address: number): boolean;
  /**
   * Has work done every so many instructions while the guest runs.
   * @returns what ends it.
   */
  pauseEvery(instructions: number, work: () => void): () => void;
}

/** What the guest's own function_graph goes by. */
export interface GuestGraph extends Pick<ShadowStack, "start" | "stop" | "overrun"> {
  /** Where modules' blocks begin: it looks for prologues no further. */
  setStarts(addresses: readonly number[]): void;
  /** The sites of set_graph_function (null: there is none) and of set_graph_notrace. */
  setFunctions(within: readonly number[] | null, without: readonly number[]): void;
}

/** `native` writes the record as the core passes the site; `guest` runs ftrace_caller's instructions. */
export type TraceWay = "native" | "guest";

export interface TraceOptions {
  /** `function` unless told. */
  readonly tracer?: TracerName;
  /** As set_ftrace_filter: names, globs, `pattern:mod:module`; empty takes every function. */
  readonly filter?: readonly string[];
  /** As set_ftrace_notrace; wins over `filter`. */
  readonly notrace?: readonly string[];
  /** function_graph: as set_graph_function, functions are traced only while one of these is open. */
  readonly graph?: readonly string[];
  /** function_graph: as set_graph_notrace, nothing is traced while one of these is open. */
  readonly graphNotrace?: readonly string[];
  /** function_graph: as max_graph_depth, functions within so many others are ignored; 0 (unless told): none is. */
  readonly maxDepth?: number;
  readonly way?: TraceWay;
  /** Records the ring keeps, a power of two; 65,536 unless told. Older ones are overwritten and counted. */
  readonly capacity?: number;
}

/** What function_graph tells. */
export type GraphEvent = EntryEvent | ReturnEvent;

const CAPACITY = 65536;
/** Instructions between two looks at what followers ask for. */
const ATTENTION = 1_000_000;
/** max_graph_depth is an unsigned int. */
const DEEPEST = 0xffffffff;

export class Tracer<E extends TraceEvent = TraceEvent> {
  readonly name: TracerName;
  readonly way: TraceWay;
  readonly #host: TraceHost;
  readonly #ring: TraceRing;
  readonly #maker: EventMaker;
  readonly #feeds = new Feeds((wish) => this.#grant(wish));
  /** Of the ring, since start(). */
  #session = 0;
  /** Tables that feeds have by now. */
  #told: readonly SymbolTable[] = [];
  #endAttention: (() => void) | null = null;
  /** Ends the wait for the guest to leave a site that is to be rewritten. */
  #endWait: (() => void) | null = null;
  #recording: { readonly recording: Recording; readonly end: () => void } | null = null;
  /** The one that this way goes by. */
  readonly #shadow: Pick<ShadowStack, "start" | "stop" | "overrun">;
  readonly #capacity: number;
  /** max_graph_depth. */
  readonly maxDepth: number;
  /** Sites whose state isn't the one they have when nothing is traced. */
  readonly #changed = new Map<number, SiteState>();
  readonly #sets: Readonly<Record<FilterFile, FunctionSet>> = {
    set_ftrace_filter: new FunctionSet("set_ftrace_filter"),
    set_ftrace_notrace: new FunctionSet("set_ftrace_notrace"),
    set_graph_function: new FunctionSet("set_graph_function"),
    set_graph_notrace: new FunctionSet("set_graph_notrace"),
  };
  /** The functions that were there when the sets were last brought up to date. */
  #known: ReadonlyMap<number, TraceableSite>;
  #running = false;

  /** @throws Misuse when a filter matches no function or an option isn't for the tracer. */
  constructor(host: TraceHost, options: TraceOptions = {}) {
    this.name = options.tracer ?? "function";
    if (!TRACERS.includes(this.name)) {
      throw new Misuse(`there is no tracer '${this.name}'; take ${TRACERS.join(" or ")}`);
    }
    checkGraphOptions(this.name, options);
    this.way = options.way ?? "native";
    this.#host = host;
    this.#ring = new TraceRing(host.buffer, this.name);
    this.#maker = new EventMaker(host.clockHz, (address) => host.symbolAt(address));
    this.#shadow =
      this.way === "guest" ? host.guestGraph : new ShadowStack(new Uint32Array(host.buffer));
    this.#capacity = options.capacity ?? CAPACITY;
    this.maxDepth = options.maxDepth ?? 0;
    const traceable = this.#traceable;
    this.#known = byAddress(traceable.functions);
    const given = {
      set_ftrace_filter: ["filter", options.filter],
      set_ftrace_notrace: ["notrace", options.notrace],
      set_graph_function: ["graph", options.graph],
      set_graph_notrace: ["graphNotrace", options.graphNotrace],
    } as const;
    for (const [file, [option, texts = []]] of Object.entries(given)) {
      for (const text of texts) this.#sets[file as FilterFile].append(text, traceable, option);
    }
  }

  get running(): boolean {
    return this.#running;
  }

  /** Switches the filtered sites on and empties the ring. */
  start(): void {
    this.#endRecording();
    this.#endFeeds();
    this.#ring.reset(this.#capacity);
    this.#session = this.#ring.open();
    if (this.name === "function_graph") this.#shadow.start(this.maxDepth);
    if (this.way === "guest") this.#host.setMcountCalls(this.name);
    this.#running = true;
    this.refresh();
  }

  /** Switches every site off; the events stay readable. */
  stop(): void {
    this.#running = false;
    this.refresh();
    this.#shadow.stop();
    if (this.way === "guest") this.#host.setMcountCalls(null);
    this.#endRecording();
    this.#endFeeds();
  }

  /**
   * As the kernel's tracing_on: while it is false, nothing is recorded, and call sites stay as they are.
   * Switching works at once, in the middle of translated code as well.
   */
  get tracingOn(): boolean {
    return this.#ring.on;
  }

  set tracingOn(on: boolean) {
    this.#ring.on = on;
  }

  /**
   * The events from the oldest in the ring on, as they come, until the tracer is stopped. Who takes them too
   * slowly loses the oldest, and the stream counts them.
   * @throws Misuse when the tracer doesn't run.
   */
  stream(): TraceStream<E> {
    return new TraceStream<E>(this.feed());
  }

  /**
   * What followTrace() needs to be such a stream in another thread: postMessage(feed, [feed.port]) sends it
   * there. Each feed is for one follower.
   * @throws Misuse when the tracer doesn't run.
   */
  feed(): TraceFeed {
    if (!this.#running) throw new Misuse("the tracer is stopped: there is nothing to follow");
    if (!this.#feeds.any) this.#told = this.#host.symbolTables();
    const port = this.#feeds.open();
    this.#endAttention ??= this.#host.pauseEvery(ATTENTION, () => this.#attend());
    return {
      kind: this.name,
      buffer: this.#host.buffer,
      capacity: this.#capacity,
      session: this.#session,
      clockHz: this.#host.clockHz,
      symbols: this.#told,
      port,
    };
  }

  /**
   * Keeps every event in a file, however many there are: whenever the ring could be full, the guest waits until
   * it is written down. stop() ends the recording, whose events stay until its close().
   * @param path where the file has its name while it is made; it must not be there.
   * @throws Misuse when the tracer doesn't run, or the file can't be made; the run does when it can't be written.
   */
  record(path: string): Recording<E> {
    if (!this.#running) throw new Misuse("the tracer is stopped: there is nothing to record");
    if (this.#recording !== null) throw new Misuse("the tracer is being recorded already");
    const place = { kind: this.name, capacity: this.#capacity, session: this.#session };
    const cursor = new RingCursor(this.#host.buffer, place);
    const recording = new Recording<E>(path, this.name, cursor, this.#maker);
    const full = instructionsToFill(this.name, this.#capacity);
    const end = this.#host.pauseEvery(full, () => recording.take());
    this.#recording = { recording, end };
    return recording;
  }

  #endRecording(): void {
    this.#recording?.end();
    this.#recording?.recording.take();
    this.#recording = null;
  }

  /** The machine's state is another all at once, and the ring with it. */
  restored(): void {
    this.#ring.renew();
  }

  /** Serves followers in the middle of a run. */
  #attend(): void {
    if (!this.#feeds.any) {
      this.#endAttention?.();
      this.#endAttention = null;
    } else if (this.#feeds.asked) {
      this.#feeds.serve();
    }
  }

  #grant(wish: FeedWish): void {
    if (wish.wish === "stop") this.stop();
    else this.write(wish.file, wish.text, { append: wish.append });
  }

  #endFeeds(): void {
    this.#ring.close(this.#session);
    this.#feeds.end(this.written);
    this.#endAttention?.();
    this.#endAttention = null;
  }

  #tellFeeds(): void {
    if (!this.#feeds.any) return;
    const tables = this.#host.symbolTables();
    const symbols = tables.filter((table) => !this.#told.includes(table));
    this.#told = tables;
    if (symbols.length > 0) this.#feeds.tell({ news: "symbols", symbols, from: this.written });
  }

  /**
   * Replaces both filters, at once where the tracer runs.
   * @throws Misuse for a pattern that matches nothing; the filters then are what they were.
   */
  setFilter(filter: readonly string[], notrace: readonly string[] = []): void {
    for (const [option, patterns] of Object.entries({ filter, notrace })) {
      const trial = new FunctionSet("set_ftrace_filter");
      for (const text of patterns) trial.append(text, this.#traceable, option);
    }
    this.#sets.set_ftrace_filter.clear();
    this.#sets.set_ftrace_notrace.clear();
    for (const text of filter) this.#sets.set_ftrace_filter.append(text, this.#traceable);
    for (const text of notrace) this.#sets.set_ftrace_notrace.append(text, this.#traceable);
    this.refresh();
  }

  /**
   * What `echo text > file` does in tracefs, or `>> file` with `append`: word by word, at once where the
   * tracer runs.
   * @throws Misuse at the first word that matches nothing (EINVAL); those before it hold.
   */
  write(file: FilterFile, text: string, { append = false }: { append?: boolean } = {}): void {
    const set = this.#sets[file];
    if (!append) set.clear();
    try {
      set.append(text, this.#traceable);
    } finally {
      this.refresh();
    }
  }

  /** What `cat file` shows, line by line. */
  read(file: FilterFile): string[] {
    return this.#sets[file].lines(this.#traceable);
  }

  /** Brings every site to the state it should have; the machine calls it when modules come and go. */
  refresh(): void {
    this.#followModules();
    this.#maker.forget();
    this.#tellFeeds();
    const present = new Set<number>();
    let isLate = false;
    for (const site of this.#host.sites()) {
      const { address } = site.site;
      present.add(address);
      const rest = site.recorded ? "off" : "call";
      const state = this.#running ? this.#stateOf(site) : rest;
      if (isSameState(state, this.#changed.get(address) ?? rest)) continue;
      // Between the two words of a site the guest would run one of the old and one of the new.
      if (this.#host.isAt(address + 4)) {
        isLate = true;
        continue;
      }
      if (isSameState(state, rest)) this.#changed.delete(address);
      else this.#changed.set(address, state);
      this.#host.writeCode(address, sitePatch(site.site, state, site.loaded));
    }
    if (isLate) this.#endWait ??= this.#host.pauseEvery(1, () => this.#refreshLate());
    for (const address of this.#changed.keys()) {
      if (!present.has(address)) this.#changed.delete(address);
    }
    if (this.#running && this.way === "guest" && this.name === "function_graph") this.#tellGuest();
  }

  /** The guest has left the site that it stood in. */
  #refreshLate(): void {
    this.#endWait?.();
    this.#endWait = null;
    this.refresh();
  }

  /** Tells the sets which functions have gone and which modules have come. */
  #followModules(): void {
    const { functions } = this.#traceable;
    const now = byAddress(functions);
    const sets = Object.values(this.#sets);
    const before = this.#known;
    this.#known = now;
    for (const [address, { module }] of before) {
      // At the same address another module may have come.
      if (now.get(address)?.module !== module) for (const set of sets) set.left(address);
    }
    const known = new Set([...before.values()].map(({ module }) => module));
    for (const name of new Set(functions.map(({ module }) => module))) {
      if (name === null || known.has(name)) continue;
      const own = functions.filter(({ module }) => module === name);
      for (const set of sets) set.arrived(name, own);
    }
  }

  /** set_graph_function and set_graph_notrace, for the guest to look up. */
  #tellGuest(): void {
    const { set_graph_function: within, set_graph_notrace: without } = this.#sets;
    const named = (set: FunctionSet): number[] =>
      [...this.#known.keys()].filter((address) => set.has(address));
    this.#host.guestGraph.setStarts(this.#host.blockStarts());
    this.#host.guestGraph.setFunctions(within.empty ? null : named(within), named(without));
  }

  /** True when the filters take this site. */
  #takes({ site: { address }, recorded }: TraceSite): boolean {
    const { set_ftrace_filter: filter, set_ftrace_notrace: notrace } = this.#sets;
    // A lost site comes to the tracer whatever is filtered. The function tracer's list function looks at the
    // filters again, and passes it on when there is none; function_graph doesn't look.
    if (!recorded) return this.name === "function_graph" || filter.empty;
    return (filter.empty || filter.has(address)) && !notrace.has(address);
  }

  /** Addresses of the sites that are on, ascending. */
  get sitesOn(): number[] {
    const on = [...this.#changed].filter(([, state]) => state !== "off");
    return on.map(([address]) => address).sort((a, b) => a - b);
  }

  /** Records written since start(). */
  get written(): number {
    return this.#ring.written;
  }

  /** Traced calls that they tell of: function_graph has a record of each return too, once it has returned. */
  get calls(): number {
    return this.name === "function_graph" ? Math.ceil(this.written / 2) : this.written;
  }

  /** Records that can still be read. */
  get entries(): number {
    return Math.min(this.written, this.#ring.capacity);
  }

  /** Records that newer ones overwrote. */
  get overruns(): number {
    return this.written - this.entries;
  }

  /** function_graph: calls whose return isn't followed, since the shadow stack was full. */
  get graphOverruns(): number {
    return this.name === "function_graph" ? this.#shadow.overrun : 0;
  }

  /** Empties the ring. */
  clear(): void {
    this.#recording?.recording.take();
    this.#ring.reset(this.#capacity);
  }

  /** The events still in the ring, oldest first. */
  events(): Generator<E> {
    const events = this.name === "function" ? this.#functionEvents() : this.#graphEvents();
    return events as Generator<TraceEvent> as Generator<E>;
  }

  /** The trace as the kernel's `trace` file shows it, line by line. */
  *text(
    task: TraceTask = { name: "farjal", pid: 1 },
    options: GraphTextOptions = {},
  ): Generator<string> {
    if (this.name === "function_graph") {
      const { clockHz } = this.#host;
      yield* graphText({ task, cpus: 1, clockHz, events: this.#graphEvents() }, options);
      return;
    }
    yield ftraceHeader(this.entries, this.written);
    const lines = new FtraceLines();
    for (const event of this.#functionEvents()) {
      lines.add(task, event);
      yield lines.take();
    }
  }

  /** What the kernel's function profiler would tell of the events still in the ring, the costliest first. */
  profile(options: ProfileOptions = {}): FunctionProfile[] {
    return profileOf(this.events(), this.#host.clockHz, options);
  }

  *#functionEvents(): Generator<FunctionEvent> {
    for (const record of this.#ring.records()) yield this.#maker.function(record);
  }

  *#graphEvents(): Generator<GraphEvent> {
    for (const record of this.#ring.graphRecords()) yield this.#maker.graph(record);
  }

  /** Off too where it isn't known how function_graph could follow the function. */
  #stateOf(site: TraceSite): SiteState {
    if (!this.#takes(site)) return "off";
    if (this.way === "guest") return "call";
    if (this.name === "function") return { word: TRACE_SITE };
    const word = enterWord(site.site, this.#graphBits(site.site.address));
    return word === undefined ? "off" : { word };
  }

  #graphBits(address: number): number {
    const { set_graph_function: within, set_graph_notrace: without } = this.#sets;
    const silences = without.has(address) ? GRAPH_SILENCES : 0;
    if (within.empty) return silences;
    return silences | (within.has(address) ? GRAPH_OPENS : GRAPH_WITHIN);
  }

  get #traceable(): Traceable {
    return traceableOf(this.#host.sites(), this.#host.moduleNames());
  }
}

/** What filters choose from: the functions whose sites __mcount_loc has. */
export function traceableOf(sites: Iterable<TraceSite>, modules: readonly string[]): Traceable {
  const functions = [...sites]
    .filter(({ recorded }) => recorded)
    .map(({ name, module, site: { address } }) => ({ name, module, address }));
  return { functions, modules };
}

function byAddress(functions: readonly TraceableSite[]): ReadonlyMap<number, TraceableSite> {
  return new Map(functions.map((one) => [one.address, one]));
}

function isSameState(a: SiteState, b: SiteState): boolean {
  return typeof a === "object" && typeof b === "object" ? a.word === b.word : a === b;
}

function checkGraphOptions(
  tracer: TracerName,
  { graph = [], graphNotrace = [], maxDepth = 0 }: TraceOptions,
): void {
  if (!Number.isInteger(maxDepth) || maxDepth < 0 || maxDepth > DEEPEST) {
    throw new Misuse(`a greatest depth is a whole number, 0 for none; ${maxDepth} is not`);
  }
  if (tracer === "function_graph") return;
  if (graph.length > 0 || graphNotrace.length > 0 || maxDepth > 0) {
    throw new Misuse("graph, graphNotrace and maxDepth are function_graph's: ask for that tracer");
  }
}
