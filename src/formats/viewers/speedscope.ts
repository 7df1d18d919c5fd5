// Writes speedscope's file format (its file-format-schema.json). A function_graph trace becomes an evented profile for
// each task, frames that open and close, in nanoseconds. The function tracer records no stack over time, so its trace
// becomes a sampled profile: each pair of caller and callee, weighted by its calls.

import type { EntryEvent, ReturnEvent } from "../../ftrace/event.ts";
import { nanosecondsOf, type Trace } from "../trace.ts";
import { type CallNode, callTrees, symbolText } from "./call-tree.ts";
import { isTimed } from "./folded.ts";
import type { FunctionLineOf } from "./function-line.ts";
import { OpenCalls } from "./open-calls.ts";
import { type Thread, Threads } from "./threads.ts";

const SCHEMA = "https://www.speedscope.app/file-format-schema.json";

/** The document, piece by piece. The frames follow the profiles, since they are complete only at the end. */
export function* speedscope(trace: Trace, lineOf?: FunctionLineOf): Generator<string> {
  const frames = new Frames(lineOf);
  yield `{"$schema":"${SCHEMA}","exporter":"farjal","name":${JSON.stringify(trace.task.name)},"profiles":[\n`;
  yield* isTimed(trace) ? evented(trace, frames) : sampled(trace, frames);
  yield `],"shared":{"frames":[\n${frames.json()}\n]}}\n`;
}

class Frames {
  readonly #lineOf: FunctionLineOf | undefined;
  readonly #numbers = new Map<string, number>();
  readonly #json: string[] = [];

  constructor(lineOf: FunctionLineOf | undefined) {
    this.#lineOf = lineOf;
  }

  of(name: string, module: string | null): number {
    const text = symbolText({ name, module });
    let number = this.#numbers.get(text);
    if (number === undefined) {
      number = this.#numbers.size;
      this.#numbers.set(text, number);
      const place = this.#lineOf?.(name, module) ?? (module === null ? {} : { file: module });
      this.#json.push(JSON.stringify({ name: text, ...place }));
    }
    return number;
  }

  json(): string {
    return this.#json.join(",\n");
  }
}

/** Events whose text is held at once, so that a trace of many tasks isn't read once for each task. */
const HELD = 1 << 20;

interface Span {
  readonly thread: Thread;
  readonly first: number;
  last: number;
  events: number;
}

/** A profile for each stack. */
function* evented(trace: Trace, frames: Frames): Generator<string> {
  const nanoseconds = nanosecondsOf(trace.clockHz);
  const threads = new Threads(trace);
  const spans = new Map<Thread, Span>();
  for (const event of trace.events) {
    const thread = threads.of(event);
    const { count } = event;
    const span = spans.get(thread);
    if (span === undefined) spans.set(thread, { thread, first: count, last: count, events: 1 });
    else Object.assign(span, { last: Math.max(span.last, count), events: span.events + 1 });
  }
  let between = "";
  const head = ({ thread, first, last }: Span): string => {
    const range = `"startValue":${nanoseconds(first)},"endValue":${nanoseconds(last)}`;
    const text = `${between}{"type":"evented","name":${JSON.stringify(thread.label)},"unit":"nanoseconds",${range},"events":[\n`;
    between = ",\n";
    return text;
  };
  for (const batch of batchesOf([...spans.values()])) {
    const profiles = new Map(
      batch.map((span) => [span.thread, new Profile(span, frames, nanoseconds)]),
    );
    const [alone] = batch.length === 1 ? batch : [];
    if (alone !== undefined) yield head(alone);
    for (const event of trace.events) {
      const profile = profiles.get(threads.of(event));
      if (profile === undefined || event.type === "function") continue;
      const text = profile.add(event);
      if (alone !== undefined) yield text;
      else profile.held.push(text);
    }
    for (const profile of profiles.values()) {
      if (alone === undefined) yield head(profile.span);
      yield* profile.held;
      yield `${profile.end()}]}`;
    }
  }
}

/** Groups stacks that together have few enough events; a larger one is alone and never held in memory. */
function batchesOf(spans: readonly Span[]): Span[][] {
  const batches: Span[][] = [];
  let room = 0;
  for (const span of spans) {
    room -= span.events;
    if (room < 0 || batches.length === 0) {
      batches.push([]);
      room = HELD - span.events;
    }
    batches.at(-1)?.push(span);
  }
  return batches;
}

interface OpenFrame {
  readonly frame: number;
  readonly name: string;
  readonly module: string | null;
}

/** One stack's frames, opening and closing. */
class Profile {
  readonly span: Span;
  readonly held: string[] = [];
  readonly #frames: Frames;
  readonly #nanoseconds: (count: number) => number;
  readonly #open = new OpenCalls<OpenFrame>();
  #comma = "";

  constructor(span: Span, frames: Frames, nanoseconds: (count: number) => number) {
    this.span = span;
    this.#frames = frames;
    this.#nanoseconds = nanoseconds;
  }

  add(event: EntryEvent | ReturnEvent): string {
    const { name, module, depth, count } = event;
    let text = "";
    const close = ({ frame }: OpenFrame): void => {
      text += this.#piece("C", count, frame);
    };
    if (event.type === "funcgraph_entry") {
      this.#open.closeFrom(depth, close);
      const frame = this.#frames.of(name, module);
      this.#open.enter(depth, { frame, name, module });
      return text + this.#piece("O", count, frame);
    }
    // A return whose entry was lost closes no frame.
    const isIts = (call: OpenFrame): boolean => call.name === name && call.module === module;
    const closed = this.#open.leave(depth, isIts, close);
    if (closed !== undefined) close(closed);
    return text;
  }

  /** Closes the frames that are still open. */
  end(): string {
    let text = "";
    this.#open.closeFrom(0, ({ frame }) => {
      text += this.#piece("C", this.span.last, frame);
    });
    return text;
  }

  #piece(type: "O" | "C", count: number, frame: number): string {
    const comma = this.#comma;
    this.#comma = ",\n";
    return `${comma}{"type":"${type}","at":${this.#nanoseconds(count)},"frame":${frame}}`;
  }
}

function* sampled(trace: Trace, frames: Frames): Generator<string> {
  let between = "";
  for (const { task, root } of callTrees(trace)) {
    const samples: string[] = [];
    const weights: number[] = [];
    for (const { path, calls } of paths(root, [], frames)) {
      samples.push(`[${path.join(",")}]`);
      weights.push(calls);
    }
    const total = weights.reduce((sum, calls) => sum + calls, 0);
    yield `${between}{"type":"sampled","name":${JSON.stringify(task)},"unit":"none","startValue":0,` +
      `"endValue":${total},"samples":[${samples.join(",\n")}],"weights":[${weights.join(",")}]}`;
    between = ",\n";
  }
}

function* paths(
  { children }: CallNode,
  above: readonly number[],
  frames: Frames,
): Generator<{ path: readonly number[]; calls: number }> {
  for (const child of children.values()) {
    const path = [...above, frames.of(child.name, child.module)];
    if (child.self > 0) yield { path, calls: child.self };
    yield* paths(child, path, frames);
  }
}
