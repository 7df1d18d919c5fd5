// speedscope's file format (its file-format-schema.json): a profile of opening and closing frames for each
// task, in nanoseconds, where the trace is of function_graph. What the function tracer gives is no stack in
// time, so it becomes a sampled profile: each path of caller and callee, weighed by its calls.

import type { EntryEvent, ReturnEvent } from "../../ftrace/event.ts";
import { nanosecondsOf, type Trace } from "../trace.ts";
import { type CallNode, callTrees, symbolText } from "./call-tree.ts";
import { isTimed } from "./folded.ts";

const SCHEMA = "https://www.speedscope.app/file-format-schema.json";

/** The document, piece by piece. Frames stand behind the profiles: only the end knows them all. */
export function* speedscope(trace: Trace): Generator<string> {
  const frames = new Frames();
  yield `{"$schema":"${SCHEMA}","exporter":"farjal","name":${JSON.stringify(trace.task.name)},"profiles":[\n`;
  yield* isTimed(trace) ? evented(trace, frames) : sampled(trace, frames);
  yield `],"shared":{"frames":[\n${frames.json()}\n]}}\n`;
}

class Frames {
  readonly #numbers = new Map<string, number>();
  readonly #json: string[] = [];

  of(name: string, module: string | null): number {
    const text = symbolText({ name, module });
    let number = this.#numbers.get(text);
    if (number === undefined) {
      number = this.#numbers.size;
      this.#numbers.set(text, number);
      this.#json.push(JSON.stringify({ name: text, ...(module === null ? {} : { file: module }) }));
    }
    return number;
  }

  json(): string {
    return this.#json.join(",\n");
  }
}

/** Events whose text is held at once, so that a trace of many tasks isn't gone through once for each. */
const HELD = 1 << 20;

interface Span {
  readonly task: string;
  readonly first: number;
  last: number;
  events: number;
}

/** A profile for each task. */
function* evented(trace: Trace, frames: Frames): Generator<string> {
  const nanoseconds = nanosecondsOf(trace.clockHz);
  const spans = new Map<string, Span>();
  for (const { task = trace.task, count } of trace.events) {
    const key = taskKey(task);
    const span = spans.get(key);
    if (span === undefined) spans.set(key, { task: key, first: count, last: count, events: 1 });
    else Object.assign(span, { last: count, events: span.events + 1 });
  }
  let between = "";
  const head = ({ task, first, last }: Span): string => {
    const range = `"startValue":${nanoseconds(first)},"endValue":${nanoseconds(last)}`;
    const text = `${between}{"type":"evented","name":${JSON.stringify(task)},"unit":"nanoseconds",${range},"events":[\n`;
    between = ",\n";
    return text;
  };
  for (const batch of batchesOf([...spans.values()])) {
    const profiles = new Map(
      batch.map((span) => [span.task, new Profile(span, frames, nanoseconds)]),
    );
    const [alone] = batch.length === 1 ? batch : [];
    if (alone !== undefined) yield head(alone);
    for (const event of trace.events) {
      const profile = profiles.get(taskKey(event.task ?? trace.task));
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

function taskKey({ name, pid }: Trace["task"]): string {
  return `${name}-${pid}`;
}

/** As many tasks together as have few enough events; one with more is alone, and never held. */
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

/** One task's frames as they open and close. */
class Profile {
  readonly span: Span;
  readonly held: string[] = [];
  readonly #frames: Frames;
  readonly #nanoseconds: (count: number) => number;
  readonly #open: number[] = [];
  #comma = "";

  constructor(span: Span, frames: Frames, nanoseconds: (count: number) => number) {
    this.span = span;
    this.#frames = frames;
    this.#nanoseconds = nanoseconds;
  }

  add(event: EntryEvent | ReturnEvent): string {
    if (event.type === "funcgraph_entry") {
      const frame = this.#frames.of(event.name, event.module);
      this.#open.push(frame);
      return this.#piece("O", event.count, frame);
    }
    // A return whose entry was lost closes nothing.
    const frame = this.#open.pop();
    return frame === undefined ? "" : this.#piece("C", event.count, frame);
  }

  /** Closes what is open. */
  end(): string {
    let text = "";
    for (let frame = this.#open.pop(); frame !== undefined; frame = this.#open.pop()) {
      text += this.#piece("C", this.span.last, frame);
    }
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
