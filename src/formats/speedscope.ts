// speedscope's file format (its file-format-schema.json): a profile of opening and closing frames for each
// task, in nanoseconds, where the trace is of function_graph. What the function tracer gives is no stack in
// time, so it becomes a sampled profile: each path of caller and callee, weighed by its calls.

import { type CallNode, callTrees, symbolText } from "./call-tree.ts";
import { isTimed } from "./folded.ts";
import { nanosecondsOf, type Trace } from "./trace.ts";

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

/** A profile for each task; the trace is gone through once for each. */
function* evented(trace: Trace, frames: Frames): Generator<string> {
  const nanoseconds = nanosecondsOf(trace.clockHz);
  const spans = new Map<string, { name: string; first: number; last: number }>();
  for (const { task = trace.task, count } of trace.events) {
    const key = `${task.name}-${task.pid}`;
    const span = spans.get(key);
    if (span === undefined) spans.set(key, { name: key, first: count, last: count });
    else span.last = count;
  }
  let between = "";
  for (const { name, first, last } of spans.values()) {
    const range = `"startValue":${nanoseconds(first)},"endValue":${nanoseconds(last)}`;
    yield `${between}{"type":"evented","name":${JSON.stringify(name)},"unit":"nanoseconds",${range},"events":[\n`;
    between = ",\n";
    let comma = "";
    const open: number[] = [];
    for (const event of trace.events) {
      const { pid, name: comm } = event.task ?? trace.task;
      if (event.type === "function" || `${comm}-${pid}` !== name) continue;
      const at = nanoseconds(event.count);
      if (event.type === "funcgraph_entry") {
        const frame = frames.of(event.name, event.module);
        open.push(frame);
        yield `${comma}{"type":"O","at":${at},"frame":${frame}}`;
        comma = ",\n";
      } else {
        // A return whose entry was lost closes nothing.
        const frame = open.pop();
        if (frame !== undefined) yield `${comma}{"type":"C","at":${at},"frame":${frame}}`;
      }
    }
    const end = nanoseconds(last);
    while (open.length > 0) yield `${comma}{"type":"C","at":${end},"frame":${open.pop()}}`;
    yield "]}";
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
