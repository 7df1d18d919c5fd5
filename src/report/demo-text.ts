// Prints the demo: what demo.ts did and measured, in six parts that fit on one or two screens.

import type { Endian } from "../bytes/endian.ts";
import type { RefusalDetails } from "../errors.ts";
import type { FunctionEvent } from "../ftrace/event.ts";
import type { TraceWay } from "../ftrace/tracer.ts";
import { digits, hex } from "../hex.ts";
import { counted, grouped } from "../html/numbers.ts";
import type { FarJump } from "../trampoline/far-jump.ts";
import type { Trampoline } from "../trampoline/place.ts";
import type { Paint } from "./paint.ts";
import { reach, veneerLines } from "./plan-text.ts";
import { refusalText } from "./refusal-text.ts";
import { columns } from "./table.ts";

export interface Demo {
  /** Whether every result is as expected. */
  readonly held: boolean;
  readonly endian: Endian;
  /** Linux's verdict on the unmodified module. */
  readonly failure: RefusalDetails | null;
  readonly farJumps: readonly FarJump[];
  readonly trampolines: readonly Trampoline[];
  readonly run: DemoRun;
  readonly trace: DemoTrace;
  readonly cost: { readonly calls: number; readonly rows: readonly CostRow[] };
}

export interface DemoRun {
  readonly call: string;
  readonly v0: number;
  readonly expected: number;
  readonly instructions: number;
  readonly log: readonly string[];
}

export interface DemoTrace {
  readonly call: string;
  readonly events: readonly FunctionEvent[];
  readonly clockHz: number;
  readonly entries: number;
  readonly overruns: number;
  readonly text: string;
}

export interface CostRow {
  readonly build: string;
  readonly tracer: "none" | "off" | "function";
  readonly way: TraceWay | null;
  readonly v0: number;
  /** Guest instructions of the whole call, and their ratio to the first row's. */
  readonly instructions: number;
  readonly ratio: number;
  /** The number of recorded events. */
  readonly calls: number;
}

/** The lines, each with its newline. */
export function* demoText(demo: Demo, paint: Paint): Generator<string> {
  for (const line of lines(demo, paint)) yield `${line}\n`;
}

function* lines(demo: Demo, paint: Paint): Generator<string> {
  const title = (text: string): string => paint.bold(paint.cyan(text));
  yield title(
    `1  The failure: a ${demo.endian}-endian module with -pg and short calls, as in 2009`,
  );
  yield "$ insmod demo.ko";
  yield* failureLines(demo.failure, paint);

  yield title("2  The cause: jal holds 28 bits of its target, the rest comes from its own address");
  const [first] = demo.farJumps;
  if (first !== undefined) yield* causeLines(first, paint);

  const { trampolines } = demo;
  const mended = counted(demo.farJumps.length, "far jump");
  yield title(`3  The cure: ${counted(trampolines.length, "trampoline")} for ${mended}`);
  yield* cureLines(trampolines, paint);

  const { call, v0, expected, instructions, log } = demo.run;
  yield title("4  The run: the mended module at work");
  yield* log.map((line) => paint.dim(line));
  const verdict =
    v0 === expected ? paint.green("as it must") : paint.red(`and not ${hex(expected)}`);
  yield `${call} = ${paint.bold(hex(v0))}, ${verdict}, in ${counted(instructions, "instruction")}`;

  yield title(`5  The trace: ${demo.trace.call} with the function tracer on`);
  yield* demo.trace.text.split("\n");

  yield title(
    `6  The cost: instructions of ${call}, which makes ${grouped(demo.cost.calls)} traced calls`,
  );
  yield* costLines(demo.cost.rows);
}

function* failureLines(failure: RefusalDetails | null, paint: Paint): Generator<string> {
  if (failure === null) {
    yield paint.red("it loads, but Linux must refuse it");
    return;
  }
  yield* refusalText({ ...failure, explanation: "" }, paint)
    .trimEnd()
    .split("\n");
}

function* causeLines(far: FarJump, paint: Paint): Generator<string> {
  const { symbol, section, offset, address, siteRegion, target, targetRegion } = far;
  const place = `${section}+0x${offset.toString(16)}`;
  yield* columns([
    [reach(targetRegion), "the kernel", `${symbol} at ${paint.bold(hex(target))}`],
    ["...", "", "no jal gets across"],
    [reach(siteRegion), "the module", `jal ${symbol} at ${paint.bold(hex(address))} (${place})`],
  ]);
}

function* cureLines(trampolines: readonly Trampoline[], paint: Paint): Generator<string> {
  const [first] = trampolines;
  if (first === undefined) return;
  yield* veneerLines(first).map((line, index) =>
    index === 0 ? `${line}  # ${first.symbol}` : line,
  );
  yield* columns(
    trampolines.map(({ address, words, symbol, target, sites }) => [
      hex(address),
      words.map(digits).join(" "),
      `${symbol} ${hex(target)}`,
      `for ${counted(sites.length, "jump")}`,
    ]),
  );
  yield paint.dim("  in the module's own memory; t9 is the register that is dead at every call");
}

function costLines(rows: readonly CostRow[]): string[] {
  const [base] = rows;
  return columns(
    rows.map(({ build, tracer, way, instructions, ratio, calls }) => {
      const more =
        calls === 0
          ? ""
          : `${((instructions - (base?.instructions ?? 0)) / calls).toFixed(1)} a call`;
      return [describe(build, tracer, way), grouped(instructions), `x ${ratio.toFixed(2)}`, more];
    }),
    ["left", "right", "right", "right"],
  );
}

function describe(build: string, tracer: CostRow["tracer"], way: TraceWay | null): string {
  if (tracer === "none") return "long calls, without -pg";
  if (build === "demo") return "short calls and trampolines, -pg, tracing off";
  const state = way === null ? "tracing off" : `traced, the ${way} way`;
  return `long calls, -pg, ${state}`;
}
