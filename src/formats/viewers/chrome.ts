// The Trace Event Format that Chrome's viewers and Perfetto import: one JSON document, an event a line.
// Graph events are B and E, which nest by themselves; an E whose B the ring lost becomes a whole X. The
// function tracer tells no durations, so its events are instants with their caller. ts is microseconds.

import { hex } from "../../hex.ts";
import { namesOf, type RecordedEvent, type Trace } from "../trace.ts";

/** The document, piece by piece. */
export function* chromeTrace(trace: Trace): Generator<string> {
  yield '{"displayTimeUnit":"ns","otherData":{"version":"farjal"},"traceEvents":[\n';
  const names = namesOf(trace).tasks.flatMap(({ pid, name }) => [
    metadata("process_name", pid, name),
    metadata("thread_name", pid, name),
  ]);
  yield names.join(",\n");
  const writer = new Writer(trace);
  for (const event of trace.events) yield `,\n${writer.event(event)}`;
  yield "\n]}\n";
}

function metadata(kind: string, pid: number, name: string): string {
  return `{"ph":"M","name":"${kind}","pid":${pid},"tid":${pid},"args":{"name":${JSON.stringify(name)}}}`;
}

class Writer {
  readonly #trace: Trace;
  /** Calls that are open, of each task. */
  readonly #open = new Map<number, number>();
  /** Names as JSON, each made once. */
  readonly #names = new Map<string, string>();

  constructor(trace: Trace) {
    this.#trace = trace;
  }

  event(event: RecordedEvent): string {
    const pid = event.task?.pid ?? this.#trace.task.pid;
    const open = this.#open.get(pid) ?? 0;
    switch (event.type) {
      case "function": {
        const args = `"parent":${this.#json(event.parentName)},"cpu":${event.cpu}`;
        const ip = this.#trace.addresses ? `,"ip":"${hex(event.ip)}"` : "";
        return `{"ph":"i","s":"t",${this.#head(event, pid, event.count)},"args":{${args}${ip}}}`;
      }
      case "funcgraph_entry":
        this.#open.set(pid, open + 1);
        return `{"ph":"B",${this.#head(event, pid, event.count)},"args":{"depth":${event.depth},"cpu":${event.cpu}}}`;
      case "funcgraph_exit": {
        if (open > 0) {
          this.#open.set(pid, open - 1);
          return `{"ph":"E",${this.#head(event, pid, event.count)}}`;
        }
        const dur = this.#microseconds(event.count - event.entryCount);
        return `{"ph":"X",${this.#head(event, pid, event.entryCount)},"dur":${dur}}`;
      }
    }
  }

  #head({ name, module }: RecordedEvent, pid: number, count: number): string {
    const category = this.#json(module ?? "kernel");
    return `"name":${this.#json(name)},"cat":${category},"pid":${pid},"tid":${pid},"ts":${this.#microseconds(count)}`;
  }

  /** Exact to the nanosecond where a number holds that. */
  #microseconds(count: number): number {
    return Math.round((count * 1e9) / this.#trace.clockHz) / 1000;
  }

  #json(text: string): string {
    let json = this.#names.get(text);
    if (json === undefined) {
      json = JSON.stringify(text);
      this.#names.set(text, json);
    }
    return json;
  }
}
