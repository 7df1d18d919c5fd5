// The interface through which the tracers use a machine: its call sites, its names and the guest's own tracing code.

import type { TraceRules } from "../kernel/rules/table.ts";
import type { TracerName } from "./event.ts";
import type { TraceableFunction } from "./filters/pattern.ts";
import type { ShadowStack } from "./ring/shadow-stack.ts";
import type { SiteSwitch, SwitchableSite } from "./sites/switching.ts";
import type { SymbolTable } from "./symbol-table.ts";

/** A site with its function and module. */
export interface TraceSite extends TraceableFunction, SwitchableSite {}

export interface TraceHost {
  readonly buffer: SharedArrayBuffer;
  readonly clockHz: number;
  /** The rules of the machine's kernel; modules that are loaded may change them. */
  rules(): TraceRules;
  /** All present sites. */
  sites(): Iterable<TraceSite>;
  /** Writes them. */
  readonly siteSwitch: SiteSwitch;
  /** Names of the loaded modules. */
  moduleNames(): readonly string[];
  /** The base addresses of modules' blocks. */
  blockStarts(): readonly number[];
  /** Points ftrace_call or ftrace_graph_call at the function that the tracer needs, or makes them nops again. */
  setMcountCalls(tracer: TracerName | null): void;
  /** The shadow stack of the guest's own code. */
  readonly guestGraph: GuestGraph;
  /** Symbol tables, the newest first. A table that has not changed is the same object as before. */
  symbolTables(): readonly SymbolTable[];
  /**
   * Arranges for work to be done at regular intervals, in instructions, while the guest runs.
   * @returns a function that ends it.
   */
  pauseEvery(instructions: number, work: () => void): () => void;
}

/** The configuration of the guest's own function_graph. */
export interface GuestGraph extends Pick<ShadowStack, "start" | "resize" | "stop" | "overrun"> {
  /** The base addresses of modules' blocks, where the search for a prologue ends. */
  setStarts(addresses: readonly number[]): void;
  /** The sites of set_graph_function (null: the file is empty) and of set_graph_notrace. */
  setFunctions(within: readonly number[] | null, without: readonly number[]): void;
}
