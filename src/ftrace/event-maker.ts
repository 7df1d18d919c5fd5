// Turns the ring's records into events: computes times from the clock and looks names up with a given function. A trace
// names the same few functions again and again, so names are cached until the caller says that they may have changed.
// Each kind of event is one object literal; building one by spreading takes V8 several microseconds.

import { hex } from "../hex.ts";
import { EVENT_NAMES } from "../limits.ts";
import type { EntryEvent, FunctionEvent, ReturnEvent, TraceEvent } from "./event.ts";
import { functionRecord, type GraphRecord, graphRecord, type TraceRecord } from "./ring/record.ts";

/** The symbol at an address. */
export interface EventName {
  readonly name: string;
  readonly module: string | null;
}

export class EventMaker {
  readonly #clockHz: number;
  readonly #symbolAt: (address: number) => EventName | undefined;
  readonly #names = new Map<number, EventName>();

  constructor(clockHz: number, symbolAt: (address: number) => EventName | undefined) {
    this.#clockHz = clockHz;
    this.#symbolAt = symbolAt;
  }

  /** Must be called when the names of addresses may have changed; clears the cache. */
  forget(): void {
    this.#names.clear();
  }

  /** The event of the record whose words begin at index `at`. */
  event(tracer: "function" | "function_graph", words: Int32Array, at: number): TraceEvent {
    return tracer === "function"
      ? this.function(functionRecord(words, at))
      : this.graph(graphRecord(words, at));
  }

  function({ ip, parentIp, count }: TraceRecord): FunctionEvent {
    const { name, module } = this.#nameOf(ip);
    return {
      type: "function",
      count,
      time: count / this.#clockHz,
      microseconds: this.#microseconds(count),
      cpu: 0,
      name,
      module,
      ip,
      parentName: this.#nameOf(parentIp).name,
      parentIp,
    };
  }

  graph({ ip, count, depth, returns, entryCount, overrun }: GraphRecord): EntryEvent | ReturnEvent {
    const { name, module } = this.#nameOf(ip);
    const time = count / this.#clockHz;
    const microseconds = this.#microseconds(count);
    if (!returns) {
      return {
        type: "funcgraph_entry",
        count,
        time,
        microseconds,
        cpu: 0,
        name,
        module,
        ip,
        depth,
      };
    }
    return {
      type: "funcgraph_exit",
      count,
      time,
      microseconds,
      cpu: 0,
      name,
      module,
      ip,
      depth,
      overrun,
      entryCount,
    };
  }

  #microseconds(count: number): number {
    return Math.floor((count * 1e6) / this.#clockHz);
  }

  #nameOf(address: number): EventName {
    const known = this.#names.get(address);
    if (known !== undefined) return known;
    if (this.#names.size >= EVENT_NAMES) this.#names.clear();
    const found = this.#symbolAt(address);
    const named = { name: found?.name ?? hex(address), module: found?.module ?? null };
    this.#names.set(address, named);
    return named;
  }
}
