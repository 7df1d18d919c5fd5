// The tracers: dynamic ftrace's semantics on the sites of loaded modules. A tracer decides the state of each site
// from its filters, initially and whenever modules or filters change, and turns ring records into named events. An
// event can be recorded in two ways, with the same result: `native` by a word of farjal's own at the site, `guest`
// through the guest's own ftrace_caller. switching.ts writes the sites, trace-filters.ts holds the filters,
// followers.ts serves readers in other threads.

import { Misuse } from "../errors.ts";
import { checkOptions, type OptionKeys } from "../options.ts";
import {
  type EntryEvent,
  type FunctionEvent,
  type ReturnEvent,
  TRACERS,
  type TraceEvent,
  type TracerName,
} from "./event.ts";
import { EventMaker } from "./event-maker.ts";
import type { FilterFile, Traceable } from "./filters/function-set.ts";
import { TraceFilters, traceableOf } from "./filters/trace-filters.ts";
import { type FollowedRing, Followers } from "./followers.ts";
import {
  type FunctionProfile,
  PROFILE_OPTIONS,
  type ProfileOptions,
  profileOf,
} from "./function-profile.ts";
import type { FeedWish, TraceFeed } from "./ring/feed.ts";
import type { Recording } from "./ring/recording.ts";
import { TraceRing } from "./ring/ring.ts";
import { ShadowStack, shadowFrames } from "./ring/shadow-stack.ts";
import { TraceStream } from "./ring/stream.ts";
import { enterWord, type SiteState, TRACE_SITE } from "./sites/site.ts";
import { restState } from "./sites/switching.ts";
import { FtraceLines, ftraceHeader, type TraceTask } from "./text/function-text.ts";
import { GRAPH_TEXT_OPTIONS, type GraphTextOptions, graphText } from "./text/graph-text.ts";
import type { TraceHost, TraceSite } from "./trace-host.ts";
import { TraceNames } from "./trace-names.ts";

export type { GraphTextOptions } from "./text/graph-text.ts";

/** `native` records when the core passes the site; `guest` runs ftrace_caller's instructions. */
export type TraceWay = "native" | "guest";

export interface TraceOptions {
  /** Default: `function`. */
  readonly tracer?: TracerName;
  /** set_ftrace_filter: names, globs, `pattern:mod:module`; default: every function. */
  readonly filter?: readonly string[];
  /** set_ftrace_notrace; takes precedence over `filter`. */
  readonly notrace?: readonly string[];
  /** function_graph: set_graph_function; functions are traced only while one of these is executing. */
  readonly graph?: readonly string[];
  /** function_graph: set_graph_notrace; nothing is traced while one of these is executing. */
  readonly graphNotrace?: readonly string[];
  /** function_graph: max_graph_depth; functions nested in this many others are ignored; default: 0, no limit. */
  readonly maxDepth?: number;
  readonly way?: TraceWay;
  /** The ring's capacity in records, a power of two; default: 65,536. Overwritten records are counted. */
  readonly capacity?: number;
}

export const TRACE_OPTIONS: OptionKeys<TraceOptions> = {
  tracer: true,
  filter: true,
  notrace: true,
  graph: true,
  graphNotrace: true,
  maxDepth: true,
  way: true,
  capacity: true,
};

/** Events of function_graph. */
export type GraphEvent = EntryEvent | ReturnEvent;

const CAPACITY = 65536;
/** max_graph_depth is an unsigned int. */
const DEEPEST = 0xffffffff;

export class Tracer<E extends TraceEvent = TraceEvent> {
  readonly name: TracerName;
  readonly way: TraceWay;
  readonly #host: TraceHost;
  readonly #ring: TraceRing;
  readonly #names = new TraceNames();
  readonly #maker: EventMaker;
  readonly #filters: TraceFilters;
  readonly #followers: Followers;
  /** Of the ring, since start(). */
  #session = 0;
  /** Whether a recording was made since start(); it needs the names of all its events. */
  #recorded = false;
  /** Ends the wait for the guest to leave a site that is to be rewritten. */
  #endWait: (() => void) | null = null;
  /** function_graph's shadow stack, the core's or the guest's. */
  readonly #shadow: Pick<ShadowStack, "start" | "resize" | "stop" | "overrun">;
  readonly #capacity: number;
  /** max_graph_depth. */
  readonly maxDepth: number;
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
    this.#maker = new EventMaker(host.clockHz, (address) => this.#names.at(address));
    this.#followers = new Followers(host, this.#maker, (wish) => this.#grant(wish));
    this.#shadow =
      this.way === "guest" ? host.guestGraph : new ShadowStack(new Uint32Array(host.buffer));
    this.#capacity = options.capacity ?? CAPACITY;
    this.maxDepth = options.maxDepth ?? 0;
    this.#filters = new TraceFilters(this.name, options, this.#traceable);
  }

  get running(): boolean {
    return this.#running;
  }

  /** Switches the filtered sites on and empties the ring. */
  start(): void {
    this.#endFollowers();
    this.#ring.reset(this.#capacity);
    this.#session = this.#ring.open();
    this.#recorded = false;
    this.#names.start();
    if (this.name === "function_graph") this.#shadow.start(this.maxDepth, this.#frames);
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
    this.#endFollowers();
  }

  #endFollowers(): void {
    this.#followers.endRecording();
    this.#ring.close(this.#session);
    this.#followers.endFeeds(this.written);
  }

  /**
   * The kernel's tracing_on: while it is false, nothing is recorded and call sites are not changed. A change takes
   * effect at once, even in the middle of translated code.
   */
  get tracingOn(): boolean {
    return this.#ring.on;
  }

  set tracingOn(on: boolean) {
    this.#ring.on = on;
  }

  /**
   * The events from the oldest in the ring on, as they occur, until the tracer is stopped. A slow reader loses the
   * oldest events, and the stream counts them.
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
    return this.#followers.feed(this.#followedRing);
  }

  /**
   * Records every event into a file, without limit: whenever the ring could be full, the guest pauses until its records
   * are written. stop() ends the recording; its events remain readable until its close().
   * @param path the file's path until it is unlinked; no file may exist there.
   * @param named what errors call the file (default: path).
   * @throws Misuse when the tracer isn't running or the file can't be created. If writing fails, the run throws.
   */
  record(path: string, named = path): Recording<E> {
    if (!this.#running) throw new Misuse("the tracer is stopped: there is nothing to record");
    this.#recorded = true;
    return this.#followers.record<E>({ path, named }, this.#followedRing);
  }

  get #followedRing(): FollowedRing {
    return { kind: this.name, capacity: this.#capacity, session: this.#session };
  }

  /** Called when the machine's state, including the ring, was replaced by a snapshot's. */
  restored(): void {
    this.#ring.renew();
    this.#names.keepAll();
  }

  /** Carries out a follower's request. */
  #grant(wish: FeedWish): void {
    if (wish.wish === "stop") this.stop();
    else this.write(wish.file, wish.text, { append: wish.append });
  }

  /**
   * What `echo text > file` does in tracefs, or `>> file` with `append`: word by word, with immediate effect if the
   * tracer is running.
   * @throws Misuse at the first word that matches nothing (EINVAL); the words before it stay in effect.
   */
  write(file: FilterFile, text: string, { append = false }: { append?: boolean } = {}): void {
    try {
      this.#filters.write(file, text, append, this.#traceable);
    } finally {
      this.refresh();
    }
  }

  /** What `cat file` shows, line by line. */
  read(file: FilterFile): string[] {
    return this.#filters.read(file, this.#traceable);
  }

  /** Puts every site into its state; the machine calls this when modules are loaded or unloaded. */
  refresh(): void {
    this.#filters.follow(this.#traceable);
    this.#followNames();
    const isLate = this.#host.siteSwitch.bring(this.#host.sites(), (site) =>
      this.#running ? this.#stateOf(site) : restState(site),
    );
    if (isLate) this.#endWait ??= this.#host.pauseEvery(1, () => this.#refreshLate());
    if (!this.#running || this.name !== "function_graph") return;
    this.#shadow.resize(this.#frames);
    if (this.way === "guest") this.#setGuestGraph();
  }

  /** The frames of the shadow stack of the machine's kernel, which the first module may decide. */
  get #frames(): number {
    return shadowFrames(this.#host.rules());
  }

  #followNames(): void {
    const first = this.#recorded ? 0 : this.overruns;
    this.#names.update(this.#host.symbolTables(), this.written, first);
    this.#maker.forget();
    this.#followers.sendNames(this.written);
  }

  /** The guest has left the site that it was in. */
  #refreshLate(): void {
    this.#endWait?.();
    this.#endWait = null;
    this.refresh();
  }

  /** Writes set_graph_function and set_graph_notrace into the guest's memory, for its function_graph. */
  #setGuestGraph(): void {
    const { within, without } = this.#filters.graphSites;
    this.#host.guestGraph.setStarts(this.#host.blockStarts());
    this.#host.guestGraph.setFunctions(within, without);
  }

  /** Addresses of the sites that are switched on, ascending. */
  get sitesOn(): number[] {
    return this.#host.siteSwitch.on.sort((a, b) => a - b);
  }

  /** Addresses of the present sites that were switched on by this tracer or by one before. */
  get sitesTouched(): number[] {
    return this.#host.siteSwitch.touched;
  }

  /** Records written since start(). */
  get written(): number {
    return this.#ring.written;
  }

  /** Traced calls in these records. function_graph also has a record for each return. */
  get calls(): number {
    return this.name === "function_graph" ? Math.ceil(this.written / 2) : this.written;
  }

  /** Records that can still be read. */
  get entries(): number {
    return Math.min(this.written, this.#ring.capacity);
  }

  /** Records overwritten by newer ones. */
  get overruns(): number {
    return this.written - this.entries;
  }

  /** function_graph: calls whose return isn't recorded because the shadow stack was full. */
  get graphOverruns(): number {
    return this.name === "function_graph" ? this.#shadow.overrun : 0;
  }

  /** Empties the ring. */
  clear(): void {
    this.#followers.takeRecords();
    this.#ring.reset(this.#capacity);
    if (this.#recorded) this.#names.keepAll();
    else this.#names.start();
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
    checkOptions("text()", options, GRAPH_TEXT_OPTIONS);
    if (this.name === "function_graph") {
      const { clockHz } = this.#host;
      yield* graphText({ task, cpus: 1, clockHz, events: this.#graphEvents() }, options);
      return;
    }
    const { F1: columns } = this.#host.rules();
    yield ftraceHeader({ entries: this.entries, written: this.written }, columns);
    const lines = new FtraceLines({ columns });
    for (const event of this.#functionEvents()) {
      lines.add(task, event);
      yield lines.take();
    }
  }

  /** The kernel's function profile of the events still in the ring, the costliest function first. */
  profile(options: ProfileOptions = {}): FunctionProfile[] {
    checkOptions("profile()", options, PROFILE_OPTIONS);
    return profileOf(this.events(), this.#host.clockHz, options);
  }

  *#functionEvents(): Generator<FunctionEvent> {
    for (const record of this.#ring.records()) yield this.#maker.function(record);
  }

  *#graphEvents(): Generator<GraphEvent> {
    for (const record of this.#ring.graphRecords()) yield this.#maker.graph(record);
  }

  /** Also off if function_graph can't find the function's saved return address, or _mcount can't be called. */
  #stateOf(site: TraceSite): SiteState {
    if (!this.#filters.takes(site)) return "off";
    if (this.way === "guest") return site.site.byClang === true ? "off" : "call";
    if (this.name === "function") return { word: TRACE_SITE };
    const word = enterWord(site.site, this.#filters.graphBits(site.site.address));
    return word === undefined ? "off" : { word };
  }

  get #traceable(): Traceable {
    return traceableOf(this.#host.sites(), this.#host.moduleNames());
  }
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
    throw new Misuse("graph, graphNotrace and maxDepth need the function_graph tracer");
  }
}
