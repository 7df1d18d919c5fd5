// A tracer's events as values: the kernel's three ftrace entries (`function`, `funcgraph_entry`, `funcgraph_exit`)
// with resolved symbols. Tracers make them; formats and comparisons read them and need not know the layout of ring
// records. Times are exact: instructions divided by the machine's clock rate.

/** The available tracers. */
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
  /** The function's name; `0x%08x` when no symbol contains the address. */
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
  /** The number of traced functions that were entered and have not returned. */
  readonly depth: number;
}

/** A traced function returned. */
export interface ReturnEvent extends Moment, Traced {
  readonly type: "funcgraph_exit";
  readonly depth: number;
  /** Functions not recorded so far because the shadow stack was full. */
  readonly overrun: number;
  /** Instructions completed at its entry: count - entryCount is its duration, calls included. */
  readonly entryCount: number;
}

export type TraceEvent = FunctionEvent | EntryEvent | ReturnEvent;
