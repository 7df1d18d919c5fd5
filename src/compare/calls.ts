// A trace as calls, in one form for the function tracer and function_graph. function_graph records each call's depth;
// the function tracer records each call's caller, from which the depth is computed. Events are processed one at a
// time: memory is bounded by the nesting depth of calls, not by their number.

import { Misuse } from "../errors.ts";
import type { TraceEvent, TracerName } from "../ftrace/event.ts";
import { COMPARED_DEPTH } from "../limits.ts";

/** A call, whichever tracer recorded it. */
export interface Call {
  readonly name: string;
  /** Its module, if the trace names it; null for the kernel's functions and if the trace doesn't. */
  readonly module: string | null;
  /** function: the function it returns into. function_graph: the traced function around it, or null. */
  readonly caller: string | null;
  /** The number of traced calls that enclose it, as far as the trace shows. */
  readonly depth: number;
  /** Whole microseconds on the trace's clock. */
  readonly microseconds: number;
}

/** The cost of a call that returned (function_graph only), in counts of the trace's clock: for farjal, instructions. */
export interface CallCost {
  readonly name: string;
  readonly total: number;
  /** Without the traced calls inside it. */
  readonly self: number;
}

/** An event, with its task if the trace names it. */
export type ComparedEvent = TraceEvent & { readonly task?: { readonly pid: number } };

interface Frame {
  readonly name: string;
  /** The cost of the calls inside it that have returned. */
  inner: number;
}

export class CallReader {
  #tracer: TracerName | undefined;
  /** Open calls, the innermost last: of each task; of each CPU for idle tasks and for a trace that names no tasks. */
  readonly #open = new Map<string, Frame[]>();

  /** The tracer that recorded the events; undefined before the first event. */
  get tracer(): TracerName | undefined {
    return this.#tracer;
  }

  /**
   * Takes the next event.
   * @returns the call that begins, or the cost of the call that ends, or undefined.
   * @throws Misuse when the events of two tracers are mixed.
   */
  take(event: ComparedEvent): Call | CallCost | undefined {
    const tracer = event.type === "function" ? "function" : "function_graph";
    this.#tracer ??= tracer;
    if (this.#tracer !== tracer) {
      throw new Misuse("a trace with events of both function and function_graph can't be compared");
    }
    const frames = this.#framesOf(event);
    const { name, module, microseconds } = event;
    if (event.type === "function") {
      while (frames.length > 0 && frames.at(-1)?.name !== event.parentName) frames.pop();
      const depth = enter(frames, name);
      return { name, module, caller: event.parentName, depth, microseconds };
    }
    if (event.type === "funcgraph_entry") {
      frames.splice(event.depth);
      const caller = frames.at(-1)?.name ?? null;
      const { depth } = event;
      if (frames.length === depth) enter(frames, name);
      return { name, module, caller, depth, microseconds };
    }
    const total = event.count - event.entryCount;
    const frame = frames.splice(event.depth)[0];
    const around = frames.at(-1);
    if (around !== undefined) around.inner += total;
    return { name, total, self: total - (frame?.name === name ? frame.inner : 0) };
  }

  #framesOf({ cpu, task }: ComparedEvent): Frame[] {
    const stack = task === undefined || task.pid === 0 ? `cpu ${cpu}` : `task ${task.pid}`;
    const known = this.#open.get(stack);
    if (known !== undefined) return known;
    const frames: Frame[] = [];
    this.#open.set(stack, frames);
    return frames;
  }
}

export function isCall(taken: Call | CallCost | undefined): taken is Call {
  return taken !== undefined && "caller" in taken;
}

/** The calls of a trace, in order. */
export function* callsOf(events: Iterable<ComparedEvent>): Generator<Call> {
  const reader = new CallReader();
  for (const event of events) {
    const taken = reader.take(event);
    if (isCall(taken)) yield taken;
  }
}

/** The text of a call in a comparison: the function tracer's line, or indented by depth for function_graph. */
export function callText({ name, caller, depth }: Call, tracer: TracerName): string {
  return tracer === "function" ? `${name} <-${caller}` : `${"  ".repeat(depth)}${name}()`;
}

/** Pushes a call. @returns the number of calls that enclose it. */
function enter(frames: Frame[], name: string): number {
  // Drops half at once, because each removal moves all the others.
  if (frames.length >= COMPARED_DEPTH) frames.splice(0, COMPARED_DEPTH / 2);
  return frames.push({ name, inner: 0 }) - 1;
}
