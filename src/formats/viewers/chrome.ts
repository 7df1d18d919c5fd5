// Writes the Trace Event Format that Chrome's viewers and Perfetto import: one JSON document, one event a line. Graph
// events are B and E, which nest; an E whose B the ring lost becomes a complete event, X. The function tracer has no
// durations, so its events are instants with their caller; events of other kinds are instants with their text. ts is in
// microseconds.

import { hex } from "../../hex.ts";
import { VIEWER_NAMES } from "../../limits.ts";
import type { Trace, TraceRecord } from "../trace.ts";
import type { FunctionLineOf } from "./function-line.ts";
import { OpenCalls } from "./open-calls.ts";
import { type Thread, Threads } from "./threads.ts";

/** The document, piece by piece. */
export function* chromeTrace(trace: Trace, lineOf?: FunctionLineOf): Generator<string> {
  yield '{"displayTimeUnit":"ns","otherData":{"version":"farjal"},"traceEvents":[\n';
  const writer = new Writer(trace, lineOf);
  let empty = true;
  for (const record of trace.records) {
    yield `${empty ? "" : ",\n"}${writer.record(record)}`;
    empty = false;
  }
  if (empty) yield writer.names({ cpu: 0 });
  else yield writer.end();
  yield "\n]}\n";
}

function metadata(kind: string, pid: number, tid: number, name: string): string {
  return `{"ph":"M","name":"${kind}","pid":${pid},"tid":${tid},"args":{"name":${JSON.stringify(name)}}}`;
}

interface OpenCall {
  readonly name: string;
  readonly module: string | null;
}

class Writer {
  readonly #trace: Trace;
  readonly #lineOf: FunctionLineOf | undefined;
  readonly #threads: Threads;
  readonly #open = new Map<Thread, OpenCalls<OpenCall>>();
  readonly #named = new Set<number>();
  /** Cache of names as JSON. */
  readonly #names = new Map<string, string>();
  #last = 0;

  constructor(trace: Trace, lineOf: FunctionLineOf | undefined) {
    this.#trace = trace;
    this.#lineOf = lineOf;
    this.#threads = new Threads(trace);
  }

  /** The record's lines; before it, if necessary, its thread's name and the ends of calls whose returns were lost. */
  record(record: TraceRecord): string {
    const thread = this.#threads.of(record);
    this.#last = Math.max(this.#last, record.count);
    let open = this.#open.get(thread);
    const lines: string[] = [];
    if (open === undefined) {
      open = new OpenCalls();
      this.#open.set(thread, open);
      lines.push(this.names(record));
    }
    const lose = (call: OpenCall): number => lines.push(this.#end(call, thread, record.count));
    switch (record.type) {
      case "function": {
        const args = `"parent":${this.#json(record.parentName)},"cpu":${record.cpu}`;
        const ip = this.#trace.addresses ? `,"ip":"${hex(record.ip)}"` : "";
        lines.push(this.#instant(record, thread, `${args}${ip}${this.#place(record)}`));
        break;
      }
      case "funcgraph_entry": {
        const { name, module, depth, cpu, count } = record;
        open.closeFrom(depth, lose);
        open.enter(depth, { name, module });
        const head = this.#head(record, thread, count);
        lines.push(
          `{"ph":"B",${head},"args":{"depth":${depth},"cpu":${cpu}${this.#place(record)}}}`,
        );
        break;
      }
      case "funcgraph_exit": {
        const { name, module, depth, count, entryCount } = record;
        const isIts = (call: OpenCall): boolean => call.name === name && call.module === module;
        if (open.leave(depth, isIts, lose) !== undefined) {
          lines.push(this.#end(record, thread, count));
          break;
        }
        const dur = this.#microseconds(count - entryCount);
        lines.push(`{"ph":"X",${this.#head(record, thread, entryCount)},"dur":${dur}}`);
        break;
      }
      case "other": {
        const event = { name: record.name, module: "event" };
        const args = `"fields":${JSON.stringify(record.fields)},"cpu":${record.cpu}`;
        lines.push(this.#instant({ ...event, count: record.count }, thread, args));
        break;
      }
    }
    return lines.join(",\n");
  }

  /** The line that names a thread. */
  names(event: { readonly task?: Trace["task"]; readonly cpu: number }): string {
    const { task, id, label } = this.#threads.of(event);
    const { pid, name } = task;
    const process = this.#named.has(pid) ? [] : [metadata("process_name", pid, pid, name)];
    this.#named.add(pid);
    const thread = id === pid ? name : label;
    return [...process, metadata("thread_name", pid, id, thread)].join(",\n");
  }

  /** Ends the calls that are still open; viewers would draw them to the end of the time axis. */
  end(): string {
    const lines: string[] = [];
    for (const [thread, open] of this.#open) {
      open.closeFrom(0, (call) => lines.push(this.#end(call, thread, this.#last)));
    }
    return lines.map((line) => `,\n${line}`).join("");
  }

  /** The function's file and line, as further arguments. */
  #place({ name, module }: OpenCall): string {
    const place = this.#lineOf?.(name, module) ?? null;
    return place === null ? "" : `,"file":${this.#json(place.file)},"line":${place.line}`;
  }

  #end(call: OpenCall, thread: Thread, count: number): string {
    return `{"ph":"E",${this.#head(call, thread, count)}}`;
  }

  #instant(event: OpenCall & { readonly count: number }, thread: Thread, args: string): string {
    return `{"ph":"i","s":"t",${this.#head(event, thread, event.count)},"args":{${args}}}`;
  }

  #head({ name, module }: OpenCall, { task, id }: Thread, count: number): string {
    const category = this.#json(module ?? "kernel");
    return `"name":${this.#json(name)},"cat":${category},"pid":${task.pid},"tid":${id},"ts":${this.#microseconds(count)}`;
  }

  /** Exact to the nanosecond as far as a number can hold it. */
  #microseconds(count: number): number {
    return Math.round((count * 1e9) / this.#trace.clockHz) / 1000;
  }

  #json(text: string): string {
    let json = this.#names.get(text);
    if (json === undefined) {
      json = JSON.stringify(text);
      if (this.#names.size < VIEWER_NAMES) this.#names.set(text, json);
    }
    return json;
  }
}
