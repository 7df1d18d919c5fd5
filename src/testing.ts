// Assertions about traces, for tests, and the coverage of a test suite: `farjal/testing`. They throw Node's AssertionError with a readable difference, so
// they work in node:test, in vitest and in any runner that reports a thrown error as a failure. Conditions under which
// a test would pass without checking anything are errors too: a pattern that matches nothing, a trace that lost events,
// a missing golden trace.

import { AssertionError } from "node:assert";
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Call, callsOf, callText } from "./compare/calls.ts";
import { divergenceLines, type Step, walk } from "./compare/divergence.ts";
import { goldenText, readGolden } from "./compare/golden.ts";
import { plainTree, treeLines } from "./compare/tree.ts";
import { mergeCoverage } from "./coverage/coverage.ts";
import { coverageJson } from "./coverage/json.ts";
import { coverageOf } from "./coverage/of-execution.ts";
import { openDebugInfo } from "./dwarf/debug-info.ts";
import { Misuse } from "./errors.ts";
import type { TraceEvent, TracerName } from "./ftrace/event.ts";
import { FunctionFilter } from "./ftrace/filters/filter.ts";
import { temporaryBeside } from "./host/temporary-name.ts";
import type { ExecutedCode } from "./lab/code-counts.ts";

const UPDATE = "FARJAL_UPDATE";
const HOW_TO_MAKE = `run the test with ${UPDATE}=1 to write it`;

/** The directory for coverage, as NODE_V8_COVERAGE is for V8's. */
const COVERAGE = "FARJAL_COVERAGE";
const covered = new Set<CoverableMachine>();

/** A Machine, as far as its coverage needs it: so the declarations of this entry don't contain the library's. */
export interface CoverableMachine {
  counting: boolean;
  /** What it executed while `counting` was on. */
  readonly executed: unknown;
}

/**
 * Counts what a machine executes from now on, if the environment has FARJAL_COVERAGE=DIRECTORY; otherwise does nothing.
 * When the process ends, one file for all of its machines is written there, which `farjal coverage` adds up and shows.
 */
export function cover(machine: CoverableMachine): void {
  const { [COVERAGE]: directory = "" } = process.env;
  if (directory === "") return;
  if (covered.size === 0) process.once("exit", () => writeCovered(directory));
  machine.counting = true;
  covered.add(machine);
}

function writeCovered(directory: string): void {
  const all = [...covered].map((machine) =>
    coverageOf(machine.executed as ExecutedCode, ({ file }) => openDebugInfo(file.elf)),
  );
  mkdirSync(directory, { recursive: true });
  const path = join(directory, `coverage-${process.pid}-${Date.now()}.json`);
  writeFileSync(path, coverageJson(mergeCoverage(all)), { flag: "wx" });
}

/** The accepted sources: a tracer that was stopped, a trace that readTrace() read, or events. */
export type TraceSource =
  | { events(): Iterable<TraceEvent>; readonly overruns: number }
  | { readonly events: Iterable<TraceEvent>; readonly overruns: number }
  | Iterable<TraceEvent>;

/**
 * Begins an assertion about a trace.
 * @throws Misuse when the trace has no event or has lost some, since no assertion about it would be reliable.
 */
export function expectTrace(trace: TraceSource): TraceExpectation {
  return new TraceExpectation(trace);
}

export class TraceExpectation {
  readonly #all: readonly Call[];
  readonly #tracer: TracerName;

  constructor(trace: TraceSource) {
    const { events, overruns } = opened(trace);
    if (overruns > 0) {
      throw new Misuse(
        `the trace has lost ${overruns} events, so a test can't rely on it: give the tracer more capacity, or filters`,
      );
    }
    let tracer: TracerName | undefined;
    const watched = function* (): Generator<TraceEvent> {
      for (const event of events) {
        tracer = event.type === "function" ? "function" : "function_graph";
        yield event;
      }
    };
    this.#all = [...callsOf(watched())];
    if (tracer === undefined) throw new Misuse("the trace has no event: was anything traced?");
    this.#tracer = tracer;
  }

  /**
   * Selects the calls of some functions; without patterns, all calls.
   * @param patterns names, the kernel's globs, `pattern:mod:module`, `!pattern` to exclude again.
   */
  calls(...patterns: string[]): CallsExpectation {
    return new CallsExpectation(this.#all, this.#tracer, patterns);
  }

  /** Fails if a function that matches a pattern was called. */
  never(...patterns: string[]): void {
    const takes = selector(patterns);
    if (patterns.length === 0)
      throw new Misuse("never() needs the functions that aren't to be called");
    const found = this.#all.filter(takes);
    const [first] = found;
    if (first === undefined) return;
    fail(
      `${patterns.join(" ")} must never be called, and ${count(found.length, "call")} came, the first: ${callText({ ...first, depth: 0 }, this.#tracer)}`,
      found.map(({ name }) => name).join("\n"),
      "",
      "never",
    );
  }
}

export class CallsExpectation {
  readonly #all: readonly Call[];
  readonly #tracer: TracerName;
  readonly #takes: (call: Call) => boolean;
  readonly #what: string;
  readonly #calls: readonly Call[];

  constructor(all: readonly Call[], tracer: TracerName, patterns: readonly string[]) {
    this.#all = all;
    this.#tracer = tracer;
    this.#takes = selector(patterns);
    this.#what = patterns.length === 0 ? "the trace" : patterns.join(" ");
    this.#calls = all.filter(this.#takes);
  }

  /** Requires exactly this number of calls; for 0, use never(). */
  times(wanted: number): this {
    if (!(Number.isInteger(wanted) && wanted > 0)) {
      throw new Misuse(`times() takes a count from 1 on, not ${wanted}; for none there is never()`);
    }
    const had = this.#calls.length;
    if (had === wanted) return this;
    return fail(
      `${this.#what}: ${count(had, "call")} where ${wanted} were expected`,
      had,
      wanted,
      "times",
    );
  }

  /** Requires exactly these functions, in this order. */
  toEqual(names: readonly string[]): this {
    if (names.length === 0)
      throw new Misuse("toEqual() needs names; for no calls there is never()");
    this.#compare(
      names,
      this.#calls.map(({ name }) => name),
      "toEqual",
    );
    return this;
  }

  /** Requires these nested calls: a name a line, indented by two more spaces than the call around it. */
  toHaveTree(tree: string): this {
    const wanted = plainTree(tree);
    if (wanted.length === 0)
      throw new Misuse("toHaveTree() needs a tree; for no calls there is never()");
    this.#compare(wanted, [...treeLines(this.#all, this.#takes)], "toHaveTree");
    return this;
  }

  /**
   * Requires the calls of a golden trace, in its order: caller and callee (function), or depth (function_graph). Times
   * are ignored. FARJAL_UPDATE=1 writes the golden trace, unless CI is set.
   */
  toMatch(golden: string | URL): this {
    const path = golden instanceof URL ? fileURLToPath(golden) : golden;
    this.#requireSome();
    if (updating(path)) return this.#write(path);
    const { calls, tracer } = readGolden(path, HOW_TO_MAKE);
    if (tracer !== this.#tracer) {
      throw new Misuse(
        `the golden trace ${path} is of ${tracer}, and this one of ${this.#tracer}: record with the same tracer`,
      );
    }
    const wanted = calls.filter(this.#takes);
    if (wanted.length === 0) {
      throw new Misuse(`${this.#what} matches no call of the golden trace ${path}; ${HOW_TO_MAKE}`);
    }
    const texts = (some: readonly Call[]) => some.map((call) => callText(call, this.#tracer));
    this.#compare(texts(wanted), texts(this.#calls), "toMatch", path);
    return this;
  }

  #write(path: string): this {
    const text = goldenText(this.#calls, this.#tracer);
    if (existsSync(path) && readFileSync(path, "latin1") === text) return this;
    const temporary = temporaryBeside(path);
    writeFileSync(temporary, text, { flag: "wx" });
    renameSync(temporary, path);
    return this;
  }

  #compare(wanted: readonly string[], had: readonly string[], by: string, golden?: string): void {
    this.#requireSome();
    const { divergence } = walk(steps(wanted), steps(had));
    if (divergence === null) return;
    const against = golden === undefined ? "what was expected" : golden;
    const lines = divergenceLines(divergence).join("\n");
    fail(
      `${this.#what} differs from ${against} at call ${divergence.index + 1} (- expected, + this run):\n${lines}\n` +
        `${count(wanted.length, "call")} expected, ${had.length} in this run`,
      had.join("\n"),
      wanted.join("\n"),
      by,
    );
  }

  #requireSome(): void {
    if (this.#calls.length > 0) return;
    const names = new Set(this.#all.map(({ name }) => name));
    const some = [...names].slice(0, 5).join(", ");
    fail(
      `${this.#what} matches no call; the trace has ${count(names.size, "function")}: ${some}`,
      "",
      this.#what,
      "calls",
    );
  }
}

function opened(trace: TraceSource): { events: Iterable<TraceEvent>; overruns: number } {
  if (!("events" in trace)) return { events: trace, overruns: 0 };
  const { overruns } = trace;
  return { events: typeof trace.events === "function" ? trace.events() : trace.events, overruns };
}

function selector(patterns: readonly string[]): (call: Call) => boolean {
  const filter = new FunctionFilter(patterns);
  return (call) => filter.empty || filter.names(call);
}

/** @throws Misuse when golden traces would be written in CI, where the test could then never fail. */
function updating(path: string): boolean {
  const { [UPDATE]: update, CI } = process.env;
  if (update === undefined || ["", "0", "false"].includes(update)) return false;
  if (CI !== undefined && !["", "0", "false"].includes(CI)) {
    throw new Misuse(`${UPDATE} is set in CI: ${path} would be made to match whatever happened`);
  }
  return true;
}

function* steps(texts: readonly string[]): Generator<Step> {
  for (const text of texts) yield { text, time: 0 };
}

function count(value: number, noun: string): string {
  return `${value} ${noun}${value === 1 ? "" : "s"}`;
}

function fail(message: string, actual: unknown, expected: unknown, operator: string): never {
  throw new AssertionError({ message, actual, expected, operator });
}
