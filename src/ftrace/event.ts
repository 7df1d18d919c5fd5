// What a tracer tells of a run, as values: the kernel's three ftrace entries (`function`, `funcgraph_entry`,
// `funcgraph_exit`) with their symbols found. Tracers make them, formats and comparisons take them; nobody
// else needs to know how a ring record looks. Times are exact: instructions over the machine's clock.

/** The tracers there are. */
export const TRACERS = ["function", "function_graph"] as const;
export type TracerName = (typeof TRACERS)[number];

interface Moment {
  /** Instructions completed when the event happened. */
  readonly count: number;
  /** Seconds since the machine's reset: instructions / clock rate. */
  readonly time: number;
  /** The same in whole microseconds, rounded down as the kernel prints them. */
  readonly microseconds: number;
  readonly cpu: number;
}

interface Traced {
  /** The function, as a bare name; `0x%08x` when no symbol holds it. */
  readonly name: string;
  /** Its module; null for the kernel's own. */
  readonly module: string | null;
  /** function: the site's address as _mcount sees it. Graph events: the function's own address. */
  readonly ip: number;
}

/** A traced function was entered (the function tracer). */
export interface FunctionEvent extends Moment, Traced {
  readonly type: "function";
  readonly parentName: string;
  readonly parentIp: number;
}

/** A traced function was entered (function_graph); its return may follow. */
export interface EntryEvent extends Moment, Traced {
  readonly type: "funcgraph_entry";
  /** Traced functions that are open around it. */
  readonly depth: number;
}

/** A traced function returned. */
export interface ReturnEvent extends Moment, Traced {
  readonly type: "funcgraph_exit";
  readonly depth: number;
  /** Functions that found the shadow stack full so far. */
  readonly overrun: number;
  /** Instructions completed at its entry: count - entryCount is its duration, calls included. */
  readonly entryCount: number;
}

export type TraceEvent = FunctionEvent | EntryEvent | ReturnEvent;
