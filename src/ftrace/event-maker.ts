// Makes events of the ring's records: times from the clock, names from whoever knows them. The same few
// functions are named again and again, so names are kept until somebody says that they may be others. Each kind of
// event is one object literal: put together by spreading, one takes V8 several microseconds.

import { hex } from "../hex.ts";
import type { EntryEvent, FunctionEvent, ReturnEvent, TraceEvent } from "./event.ts";
import { functionRecord, type GraphRecord, graphRecord, type TraceRecord } from "./ring/record.ts";

/** What is known of an address. */
export interface EventName {
  readonly name: string;
  readonly module: string | null;
}

/** A guest can make up return addresses without end. */
const MOST_NAMES = 1 << 16;

export class EventMaker {
  readonly #clockHz: number;
  readonly #symbolAt: (address: number) => EventName | undefined;
  readonly #names = new Map<number, EventName>();

  constructor(clockHz: number, symbolAt: (address: number) => EventName | undefined) {
    this.#clockHz = clockHz;
    this.#symbolAt = symbolAt;
  }

  /** Addresses may have other names from now on. */
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
    if (this.#names.size >= MOST_NAMES) this.#names.clear();
    const found = this.#symbolAt(address);
    const named = { name: found?.name ?? hex(address), module: found?.module ?? null };
    this.#names.set(address, named);
    return named;
  }
}
