// The function tracer: dynamic ftrace's semantics on the sites of loaded modules. Sites stand nopped
// from load on; the tracer rewrites the two words of those that its filters name, while the machine
// runs or between runs, and turns ring records into named events. Two ways to take an event, the same
// events: `record` writes a ring record in passing, `call` goes through the guest's own ftrace_caller.
// It knows sites and symbols through TraceHost only; the machine is behind it.

import { Misuse } from "../errors.ts";
import { hex } from "../hex.ts";
import { ftraceHeader, ftraceLine, type TraceTask } from "../report/ftrace-text.ts";
import type { FunctionEvent } from "./event.ts";
import { FunctionFilter, type TraceableFunction } from "./filter.ts";
import { TraceRing } from "./ring.ts";
import { type CallSite, type SitePatch, type SiteState, sitePatch } from "./site.ts";

/** A site with what it belongs to. */
export interface TraceSite extends TraceableFunction {
  readonly site: CallSite;
  /** The two words as relocation left them. */
  readonly loaded: SitePatch;
}

/** What the tracer needs of a machine. */
export interface TraceHost {
  readonly buffer: SharedArrayBuffer;
  readonly clockHz: number;
  /** All sites there are now. */
  sites(): Iterable<TraceSite>;
  writeCode(address: number, words: readonly number[]): void;
  /** Points ftrace_call at the recording function, or back at ftrace_stub. */
  setMcountCalls(on: boolean): void;
  symbolAt(address: number): { readonly name: string; readonly module: string | null } | undefined;
}

/** `native` writes the record as the core passes the site; `guest` runs ftrace_caller's instructions. */
export type TraceWay = "native" | "guest";

export interface TraceOptions {
  /** The only tracer there is so far. */
  readonly tracer?: "function";
  /** As set_ftrace_filter: names, globs, `pattern:mod:module`; empty takes every function. */
  readonly filter?: readonly string[];
  /** As set_ftrace_notrace; wins over `filter`. */
  readonly notrace?: readonly string[];
  readonly way?: TraceWay;
  /** Records the ring keeps, a power of two; 65,536 unless told. Older ones are overwritten and counted. */
  readonly capacity?: number;
}

const CAPACITY = 65536;

export class Tracer {
  readonly way: TraceWay;
  readonly #host: TraceHost;
  readonly #ring: TraceRing;
  readonly #capacity: number;
  readonly #enabled = new Map<number, TraceSite>();
  #filter: FunctionFilter;
  #notrace: FunctionFilter;
  #running = false;

  /** @throws Misuse when a filter matches no function or the capacity isn't a power of two. */
  constructor(host: TraceHost, options: TraceOptions = {}) {
    if (options.tracer !== undefined && options.tracer !== "function") {
      throw new Misuse(`there is no tracer '${options.tracer}'; function is the one there is`);
    }
    this.way = options.way ?? "native";
    this.#host = host;
    this.#ring = new TraceRing(host.buffer);
    this.#capacity = options.capacity ?? CAPACITY;
    [this.#filter, this.#notrace] = this.#readFilters(options.filter, options.notrace);
  }

  get running(): boolean {
    return this.#running;
  }

  /** Switches the filtered sites on and empties the ring. */
  start(): void {
    this.#ring.reset(this.#capacity);
    if (this.way === "guest") this.#host.setMcountCalls(true);
    this.#running = true;
    this.refresh();
  }

  /** Switches every site off; the events stay readable. */
  stop(): void {
    this.#running = false;
    this.refresh();
    if (this.way === "guest") this.#host.setMcountCalls(false);
  }

  /** Replaces both filters, at once where the tracer runs. @throws Misuse as the constructor does. */
  setFilter(filter: readonly string[], notrace: readonly string[] = []): void {
    [this.#filter, this.#notrace] = this.#readFilters(filter, notrace);
    this.refresh();
  }

  /** Brings every site to the state it should have; the machine calls it when modules come and go. */
  refresh(): void {
    const present = new Set<number>();
    for (const site of this.#host.sites()) {
      const { address } = site.site;
      present.add(address);
      const on = this.#running && this.takes(site);
      if (on === this.#enabled.has(address)) continue;
      if (on) this.#enabled.set(address, site);
      else this.#enabled.delete(address);
      this.#write(site, on ? this.#onState : "off");
    }
    for (const address of this.#enabled.keys()) {
      if (!present.has(address)) this.#enabled.delete(address);
    }
  }

  /** True when the filters take this function. */
  takes(candidate: TraceableFunction): boolean {
    const named = this.#filter.empty || this.#filter.names(candidate);
    return named && !this.#notrace.names(candidate);
  }

  /** Addresses of the sites that are on, ascending. */
  get sitesOn(): number[] {
    return [...this.#enabled.keys()].sort((a, b) => a - b);
  }

  /** Records written since start(). */
  get written(): number {
    return this.#ring.written;
  }

  /** Records that can still be read. */
  get entries(): number {
    return Math.min(this.written, this.#ring.capacity);
  }

  /** Records that newer ones overwrote. */
  get overruns(): number {
    return this.written - this.entries;
  }

  /** Empties the ring. */
  clear(): void {
    this.#ring.reset(this.#capacity);
  }

  /** The events still in the ring, oldest first. */
  *events(): Generator<FunctionEvent> {
    for (const { ip, parentIp, count } of this.#ring.records()) {
      const symbol = this.#host.symbolAt(ip);
      const parent = this.#host.symbolAt(parentIp);
      const seconds = count / this.#host.clockHz;
      yield {
        type: "function",
        time: seconds,
        microseconds: Math.floor((count * 1e6) / this.#host.clockHz),
        cpu: 0,
        name: symbol?.name ?? hex(ip),
        module: symbol?.module ?? null,
        parentName: parent?.name ?? hex(parentIp),
        ip,
        parentIp,
        count,
      };
    }
  }

  /** The trace as the kernel's `trace` file shows it, line by line. */
  *text(task: TraceTask = { name: "farjal", pid: 1 }): Generator<string> {
    yield ftraceHeader(this.entries, this.written);
    for (const event of this.events()) yield ftraceLine(task, event);
  }

  get #onState(): SiteState {
    return this.way === "guest" ? "call" : "record";
  }

  #write({ site, loaded }: TraceSite, state: SiteState): void {
    this.#host.writeCode(site.address, sitePatch(site, state, loaded));
  }

  #readFilters(
    filter: readonly string[] = [],
    notrace: readonly string[] = [],
  ): [FunctionFilter, FunctionFilter] {
    const functions = [...this.#host.sites()];
    const read = (patterns: readonly string[], option: string): FunctionFilter => {
      const rules = new FunctionFilter(patterns);
      rules.requireMatches(functions, option);
      return rules;
    };
    return [read(filter, "filter"), read(notrace, "notrace")];
  }
}
