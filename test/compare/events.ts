// Makes traces for the tests of comparisons from a short notation: a line for each call, as the tracers' texts show
// it.

import type { EntryEvent, FunctionEvent, ReturnEvent } from "../../src/ftrace/event.ts";

export const CLOCK_HZ = 100_000_000;

/** `"b<-a"` each: the function tracer's events, ten instructions apart. */
export function functionEvents(...lines: string[]): FunctionEvent[] {
  return lines.map((line, index) => {
    const [name = "", parentName = ""] = line.split("<-");
    return {
      ...{ type: "function", ...moment(index * 1000), name, module: null },
      ...{ parentName, ip: 0, parentIp: 0 },
    } as const;
  });
}

/** Calls within calls, each with its own number of instructions, without those of the calls in it. */
export type Graph = readonly [name: string, self: number, ...inner: Graph[]];

export function graphEvents(...graphs: Graph[]): (EntryEvent | ReturnEvent)[] {
  const events: (EntryEvent | ReturnEvent)[] = [];
  let now = 0;
  const add = ([name, self, ...inner]: Graph, depth: number): void => {
    const traced = { name, module: "m", ip: 0, depth };
    const entryCount = now;
    events.push({ type: "funcgraph_entry", ...moment(now), ...traced });
    for (const one of inner) add(one, depth + 1);
    now += self;
    events.push({ type: "funcgraph_exit", ...moment(now), ...traced, overrun: 0, entryCount });
  };
  for (const graph of graphs) add(graph, 0);
  return events;
}

function moment(count: number) {
  const time = count / CLOCK_HZ;
  return { count, time, microseconds: Math.floor(time * 1e6), cpu: 0 };
}
