// A tracer's four filter files, and the sites that they select: set_ftrace_filter, set_ftrace_notrace,
// set_graph_function and set_graph_notrace, as sets of functions that are updated when modules are loaded or unloaded.

import { GRAPH_OPENS, GRAPH_SILENCES, GRAPH_WITHIN } from "../../../assembly/shared/trace-ring.ts";
import { Misuse } from "../../errors.ts";
import type { TracerName } from "../event.ts";
import type { TraceSite } from "../trace-host.ts";
import {
  FILTER_FILES,
  type FilterFile,
  FunctionSet,
  type Traceable,
  type TraceableSite,
} from "./function-set.ts";

/** The patterns of each file, by option. */
export interface FilterPatterns {
  readonly filter?: readonly string[];
  readonly notrace?: readonly string[];
  readonly graph?: readonly string[];
  readonly graphNotrace?: readonly string[];
}

export class TraceFilters {
  readonly #tracer: TracerName;
  readonly #sets: Readonly<Record<FilterFile, FunctionSet>> = {
    set_ftrace_filter: new FunctionSet("set_ftrace_filter"),
    set_ftrace_notrace: new FunctionSet("set_ftrace_notrace"),
    set_graph_function: new FunctionSet("set_graph_function"),
    set_graph_notrace: new FunctionSet("set_graph_notrace"),
  };
  /** The functions that existed at the last update of the sets. */
  #known: ReadonlyMap<number, TraceableSite>;

  /** @throws Misuse when a pattern matches no function. */
  constructor(tracer: TracerName, patterns: FilterPatterns, traceable: Traceable) {
    this.#tracer = tracer;
    this.#known = byAddress(traceable.functions);
    const given = {
      set_ftrace_filter: ["filter", patterns.filter],
      set_ftrace_notrace: ["notrace", patterns.notrace],
      set_graph_function: ["graph", patterns.graph],
      set_graph_notrace: ["graphNotrace", patterns.graphNotrace],
    } as const;
    for (const [file, [option, texts = []]] of Object.entries(given)) {
      for (const text of texts) this.#sets[file as FilterFile].append(text, traceable, option);
    }
  }

  /**
   * What `echo text > file` does, or `>> file` with `append`.
   * @throws Misuse at the first word that matches nothing (EINVAL); the words before it hold.
   */
  write(file: FilterFile, text: string, append: boolean, traceable: Traceable): void {
    const set = this.#set(file);
    if (!append) set.clear();
    set.append(text, traceable);
  }

  /** What `cat file` shows, line by line. */
  read(file: FilterFile, traceable: Traceable): string[] {
    return this.#set(file).lines(traceable);
  }

  /** @throws Misuse for a name that is none of the four. */
  #set(file: FilterFile): FunctionSet {
    if (!FILTER_FILES.includes(file)) {
      throw new Misuse(`there is no filter file '${file}'; take ${FILTER_FILES.join(", ")}`);
    }
    return this.#sets[file];
  }

  /** Updates the sets for functions that were removed and modules that were loaded. */
  follow({ functions }: Traceable): void {
    const now = byAddress(functions);
    const sets = Object.values(this.#sets);
    const before = this.#known;
    this.#known = now;
    for (const [address, { module }] of before) {
      // Another module may have been loaded at the same address.
      if (now.get(address)?.module !== module) for (const set of sets) set.left(address);
    }
    const known = new Set([...before.values()].map(({ module }) => module));
    for (const name of new Set(functions.map(({ module }) => module))) {
      if (name === null || known.has(name)) continue;
      const own = functions.filter(({ module }) => module === name);
      for (const set of sets) set.arrived(name, own);
    }
  }

  /** Whether a site is traced. */
  takes({ site: { address }, recorded }: TraceSite): boolean {
    const { set_ftrace_filter: filter, set_ftrace_notrace: notrace } = this.#sets;
    // A site that recordmcount missed calls the tracer regardless of the filters. The function tracer's list function
    // checks the filters again and accepts the call if there are none; function_graph doesn't check.
    if (!recorded) return this.#tracer === "function_graph" || filter.empty;
    return (filter.empty || filter.has(address)) && !notrace.has(address);
  }

  /** GRAPH_* bits of a function's enter word. */
  graphBits(address: number): number {
    const { set_graph_function: within, set_graph_notrace: without } = this.#sets;
    const silences = without.has(address) ? GRAPH_SILENCES : 0;
    if (within.empty) return silences;
    return silences | (within.has(address) ? GRAPH_OPENS : GRAPH_WITHIN);
  }

  /** The sites of set_graph_function (null when it is empty) and of set_graph_notrace. */
  get graphSites(): { readonly within: number[] | null; readonly without: number[] } {
    const { set_graph_function: within, set_graph_notrace: without } = this.#sets;
    const named = (set: FunctionSet): number[] =>
      [...this.#known.keys()].filter((address) => set.has(address));
    return { within: within.empty ? null : named(within), without: named(without) };
  }
}

/** The functions that filters select from: those whose sites are in __mcount_loc. */
export function traceableOf(sites: Iterable<TraceSite>, modules: readonly string[]): Traceable {
  const functions = [...sites]
    .filter(({ recorded }) => recorded)
    .map(({ name, module, site: { address } }) => ({ name, module, address }));
  return { functions, modules };
}

function byAddress(functions: readonly TraceableSite[]): ReadonlyMap<number, TraceableSite> {
  return new Map(functions.map((one) => [one.address, one]));
}
