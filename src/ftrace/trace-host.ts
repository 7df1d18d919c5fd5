// What the tracers need of a machine, as an interface: they know sites, names and the guest's own tracing code
// through this alone.

import type { TracerName } from "./event.ts";
import type { TraceableFunction } from "./filters/pattern.ts";
import type { ShadowStack } from "./ring/shadow-stack.ts";
import type { SiteSwitch, SwitchableSite } from "./sites/switching.ts";
import type { SymbolTable } from "./symbol-table.ts";

/** A site with what it belongs to. */
export interface TraceSite extends TraceableFunction, SwitchableSite {}

export interface TraceHost {
  readonly buffer: SharedArrayBuffer;
  readonly clockHz: number;
  /** All sites there are now. */
  sites(): Iterable<TraceSite>;
  /** Writes them. */
  readonly siteSwitch: SiteSwitch;
  /** Names of the modules there are. */
  moduleNames(): readonly string[];
  /** Where modules' blocks begin. */
  blockStarts(): readonly number[];
  /** Points ftrace_call or ftrace_graph_call at what the tracer wants, or back at nothing. */
  setMcountCalls(tracer: TracerName | null): void;
  /** The shadow stack of the guest's own code. */
  readonly guestGraph: GuestGraph;
  /** Names of addresses, the newest table first; a table that hasn't changed is the same value again. */
  symbolTables(): readonly SymbolTable[];
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
