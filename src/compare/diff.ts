// Compares two traces: where their calls first differ, which call edges were added or removed, which counts and costs
// changed, and whether the times are equal. It makes one pass over both, in memory bounded by the number of functions.

import { Misuse } from "../errors.ts";
import { type CarriedTimes, nanosecondsOf, type Trace } from "../formats/trace.ts";
import type { ReturnEvent, TracerName } from "../ftrace/event.ts";
import { printedDuration } from "../ftrace/text/graph-text.ts";
import { checkOptions, type OptionKeys } from "../options.ts";
import { CallReader, callText, isCall } from "./calls.ts";
import { type Divergence, type Step, walk } from "./divergence.ts";
import { Tally } from "./tally.ts";

export interface DiffOptions {
  /** Compare only the order of calls, edges and counts, not times. Times that one trace lacks are never compared. */
  readonly ignoreTime?: boolean;
}

const DIFF_OPTIONS: OptionKeys<DiffOptions> = {
  ignoreTime: true,
};

/** The part of a trace that is compared. */
export type ComparedTrace = Pick<Trace, "events" | "clockHz" | "carried" | "ticks">;

export interface Edge {
  readonly caller: string;
  readonly callee: string;
  readonly calls: number;
}

/** A number in each trace. */
export interface Pair {
  readonly a: number;
  readonly b: number;
}

export interface ChangedFunction {
  readonly name: string;
  readonly calls: Pair;
  /** Nanoseconds of the calls that returned, with and without the calls inside them; function_graph only. */
  readonly total: Pair;
  readonly self: Pair;
}

export interface TraceDiff {
  readonly same: boolean;
  readonly tracer: TracerName;
  /** Calls in each trace. */
  readonly calls: Pair;
  /** Where the calls first differ; null if they are the same calls in the same order. */
  readonly divergence: Divergence | null;
  /** Edges that only `b` has, and edges that only `a` has. */
  readonly added: readonly Edge[];
  readonly removed: readonly Edge[];
  /** Functions whose number of calls, or whose cost if costs are compared, differs; the largest change first. */
  readonly changed: readonly ChangedFunction[];
  /** The first call after call 0, counted from 0, whose time differs; null if none does. */
  readonly firstTime: number | null;
}

/**
 * @throws Misuse if neither trace has a call, if two tracers recorded them, or if one trace mixes two tracers.
 */
export function diffTraces(
  a: ComparedTrace,
  b: ComparedTrace,
  options: DiffOptions = {},
): TraceDiff {
  checkOptions("diffTraces()", options, DIFF_OPTIONS);
  const { ignoreTime = false } = options;
  const compared = ignoreTime ? NO_TIMES : commonTimes(a, b);
  const one = new Side(a, compared);
  const other = new Side(b, compared);
  const steps = one.steps();
  const otherSteps = other.steps();
  const { divergence, firstTime } = walk(steps, otherSteps);
  drain(steps);
  drain(otherSteps);
  const changed = changedFunctions(one.tally, other.tally, compared.durations === "none");
  const timeDiffers = compared.moments && firstTime !== null;
  return {
    same: divergence === null && changed.length === 0 && !timeDiffers,
    tracer: commonTracer(one.tracer, other.tracer),
    calls: { a: one.tally.calls, b: other.tally.calls },
    divergence,
    added: edgesOnlyIn(other.tally, one.tally),
    removed: edgesOnlyIn(one.tally, other.tally),
    changed,
    firstTime: timeDiffers ? firstTime : null,
  };
}

const ALL_TIMES: CarriedTimes = { moments: true, durations: "exact" };
const NO_TIMES: CarriedTimes = { moments: false, durations: "none" };

/**
 * The times that both traces have. A text may lack some: function_graph's has durations, rounded to a few digits, and
 * no timestamps unless funcgraph-abstime was on. Two clocks can't be compared if the rate of one is unknown.
 */
function commonTimes(a: ComparedTrace, b: ComparedTrace): CarriedTimes {
  const { moments, durations } = a.carried ?? ALL_TIMES;
  const other = b.carried ?? ALL_TIMES;
  if ((a.ticks ?? false) !== (b.ticks ?? false)) return NO_TIMES;
  const both = [durations, other.durations];
  return {
    moments: moments && other.moments,
    durations: both.includes("none") ? "none" : both.includes("printed") ? "printed" : "exact",
  };
}

/** One trace during the pass: it yields its steps and keeps its totals. */
class Side {
  readonly tally = new Tally();
  readonly #reader = new CallReader();
  readonly #trace: ComparedTrace;
  readonly #compared: CarriedTimes;

  constructor(trace: ComparedTrace, compared: CarriedTimes) {
    this.#trace = trace;
    this.#compared = compared;
  }

  get tracer(): TracerName | undefined {
    return this.#reader.tracer;
  }

  *steps(): Generator<Step> {
    const nanoseconds = nanosecondsOf(this.#trace.clockHz);
    const printed = this.#compared.durations === "printed";
    let first: number | undefined;
    for (const recorded of this.#trace.events) {
      // If one trace's text has rounded durations, the other's exact ones are rounded in the same way.
      const event =
        printed && recorded.type === "funcgraph_exit"
          ? withDuration(
              recorded,
              printedDuration(nanoseconds(recorded.count - recorded.entryCount)),
            )
          : recorded;
      const taken = this.#reader.take(event);
      if (isCall(taken)) {
        first ??= taken.microseconds;
        this.tally.add(taken);
        const tracer = this.tracer ?? "function";
        yield { text: callText(taken, tracer), time: taken.microseconds - first };
      } else if (taken !== undefined) {
        const { name, total, self } = taken;
        const scale = printed ? (count: number): number => count : nanoseconds;
        this.tally.addCost({ name, total: scale(total), self: scale(self) });
      }
    }
  }
}

/** A return with a duration in nanoseconds; its counts are then nanoseconds too. */
function withDuration(event: ReturnEvent, nanoseconds: number): ReturnEvent {
  return { ...event, count: nanoseconds, entryCount: 0 };
}

function drain(steps: Iterator<Step>): void {
  while (steps.next().done !== true);
}

function commonTracer(a: TracerName | undefined, b: TracerName | undefined): TracerName {
  if (a !== undefined && b !== undefined && a !== b) {
    throw new Misuse(
      `a trace of ${a} and one of ${b} can't be compared: record both with one tracer`,
    );
  }
  const tracer = a ?? b;
  if (tracer === undefined)
    throw new Misuse("neither trace has an event: there is nothing to compare");
  return tracer;
}

function changedFunctions(a: Tally, b: Tally, ignoreTime: boolean): ChangedFunction[] {
  const none = { calls: 0, total: 0, self: 0 };
  const names = new Set([...a.functions.keys(), ...b.functions.keys()]);
  const pairs = [...names].map((name): ChangedFunction => {
    const one = a.functions.get(name) ?? none;
    const other = b.functions.get(name) ?? none;
    return {
      name,
      calls: { a: one.calls, b: other.calls },
      total: { a: one.total, b: other.total },
      self: { a: one.self, b: other.self },
    };
  });
  const differs = ({ a: one, b: other }: Pair): boolean => one !== other;
  return pairs
    .filter(
      ({ calls, total, self }) =>
        differs(calls) || (!ignoreTime && (differs(total) || differs(self))),
    )
    .sort((x, y) => change(y.self) - change(x.self) || change(y.calls) - change(x.calls));
}

function change({ a, b }: Pair): number {
  return Math.abs(a - b);
}

function edgesOnlyIn(tally: Tally, other: Tally): Edge[] {
  const edges: Edge[] = [];
  for (const [caller, callee, calls] of tally.edges()) {
    if (other.callsBetween(caller, callee) === 0) edges.push({ caller, callee, calls });
  }
  return edges;
}
