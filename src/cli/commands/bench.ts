// `farjal bench M.ko --call NAME [ARG…]`: the same call untraced, with tracing off and traced, in one process.
// Instruction counts are exact and come from a first call on a new machine, where the results are compared too; times
// come from repeating the call, the rows alternating.

import type { Command } from "commander";
import { hex } from "../../hex.ts";
import {
  allowedInstructions,
  benchRows,
  type Costs,
  costDifferences,
  costsOf,
  ENGINES,
  type Engine,
  interleave,
  type Machine,
  Misuse,
  type Open,
  profileOf,
  Run,
  type Setup,
  TRACERS,
  type TraceWay,
  type Tracing,
} from "../../index.ts";
import { benchText } from "../../report/bench-text.ts";
import { costDifferencesText } from "../../report/cost-differences-text.ts";
import type { Answer, Give } from "../answer.ts";
import { type CallText, callTarget, callTitle } from "../call/call-text.ts";
import { ARGUMENT_HELP, called, wantedCall } from "../call/options.ts";
import { opener } from "../measured.ts";
import {
  type InstructionLimitOptions,
  withInstructionLimit,
} from "../options/instruction-limit.ts";
import { debugInfosOf } from "../options/lines.ts";
import { type CallOptions, moduleCommand } from "../options/module-options.ts";
import { countReader, gather } from "../options/numbers.ts";
import { readSource, type Source } from "../session.ts";
import type { Terminal } from "../terminal.ts";

const EXAMPLES = `${ARGUMENT_HELP}

The cost without -pg can't be measured on a module built with it: --plain names the same module built without.

Examples:
  farjal bench crc16.ko --call crc16 0 @message.bin 4096
  farjal bench demo.ko --plain demo-plain.ko --call demo_run 8
  farjal bench demo.ko --call demo_run 8 --tracer off --tracer function --json
  farjal bench new.ko --against old.ko --call work 9 --max-instructions +2%
  farjal bench demo.ko --call demo_run 8 --tracer off --engine interpreter --engine translator`;

const TRACINGS: readonly Tracing[] = ["none", "off", ...TRACERS];
const WAYS: readonly TraceWay[] = ["native", "guest"];
const ROUNDS = 8;

interface BenchOptions extends Omit<CallOptions, "engine">, InstructionLimitOptions {
  readonly plain?: string;
  readonly against?: string;
  readonly engine?: readonly string[];
  readonly tracer?: readonly string[];
  readonly time: number;
}

export function addBench(program: Command, give: Give, terminal: Terminal): void {
  withInstructionLimit(called(moduleCommand(program, "bench")))
    .option(
      "--against <FILE>",
      "another build of the module: say which functions and lines cost more than in it",
    )
    .option("--plain <FILE>", "the same module built without -pg, for the row without tracing")
    .option("--engine <E>", `${ENGINES.join(", ")} (may be given again; default: auto)`, gather)
    .option(
      "--tracer <T>",
      "none, off, function or function_graph (may be given again; default: all)",
      gather,
    )
    .option("--time <MS>", "milliseconds for each row", countReader(1, 600_000), 400)
    .summary("measure a call untraced, with tracing off, and traced")
    .description(
      "Measures a call untraced, with its call sites switched off, and traced in both ways: exact guest " +
        "instructions, and time. With --against it compares two builds instead, in instructions alone. Exit code 1: " +
        "the module doesn't load, a call doesn't return, the results differ, or a build is over the limit.",
    )
    .addHelpText("after", EXAMPLES)
    .action((path: string, args: string[], options: BenchOptions) =>
      give(options, () => bench(path, args, options, terminal)),
    );
}

async function bench(
  path: string,
  texts: readonly string[],
  options: BenchOptions,
  terminal: Terminal,
): Promise<Answer> {
  const engines = enginesOf(options);
  const subject = wantedCall(options, texts);
  if (options.against !== undefined) {
    return compareBuilds([options.against, path], subject, options, terminal);
  }
  if (options.maxInstructions !== undefined) {
    throw new Misuse("--max-instructions compares two builds: name the other with --against FILE");
  }
  const wanted = tracersOf(options);
  const source = await readSource(path, sourceOptions(options));
  const traced = source.file.callSites.recorded.length > 0;
  const open = opener(source, subject, options);
  const plain = await untraced(source, traced, subject, options, wanted);
  const setups = engines.flatMap((engine) =>
    [...plain, ...tracedSetups(open, traced, wanted)].map((setup) => ({ engine, ...setup })),
  );
  if (setups.length === 0) throw new Misuse(whyNothing(source, traced));
  const runs: Run[] = [];
  const call = { name: callTarget(subject), budget: options.budget };
  for (const setup of setups) runs.push(await Run.start(setup, call));
  const timings = await interleave(
    runs.map((run) => run.task()),
    { milliseconds: options.time, rounds: ROUNDS },
  );
  const rows = benchRows(runs, timings);
  const equal = rows.every(({ v0 }) => v0 === rows[0]?.v0);
  const title = callTitle(subject);
  const notes = leftOut(traced, options, wanted);
  return {
    held: equal,
    json: { verdict: equal ? "equal" : "differ", call: title, rows },
    text: benchText(title, rows, terminal.paint),
    ...(notes === "" ? {} : { notes }),
  };
}

/** Runs the call in each build, counting, and compares what it costs. */
async function compareBuilds(
  paths: readonly [before: string, after: string],
  call: CallText,
  options: BenchOptions,
  { paint }: Terminal,
): Promise<Answer> {
  const { maxInstructions: limit, plain, tracer } = options;
  if (plain !== undefined || tracer !== undefined) {
    throw new Misuse("--against compares two builds: --plain and --tracer have no meaning with it");
  }
  const [engine = "auto"] = enginesOf(options);
  const runs: CountedRun[] = [];
  for (const path of paths) {
    const source = await readSource(path, sourceOptions(options));
    runs.push(await countedRun(source, call, engine, options));
  }
  const [before, after] = runs as [CountedRun, CountedRun];
  const found = costDifferences(before.costs, after.costs);
  const allowed = limit === undefined ? null : allowedInstructions(limit, found.before);
  const equal = before.v0 === after.v0;
  const within = allowed === null || found.after <= allowed;
  const notes = [
    ...(equal ? [] : [`the results differ: ${hex(before.v0)} and ${hex(after.v0)}`]),
    ...runs.flatMap(({ note }) => (note === null ? [] : [note])),
  ];
  return {
    held: equal && within,
    json: {
      verdict: equal ? (within ? "held" : "over the limit") : "differ",
      call: callTitle(call),
      v0: { before: before.v0, after: after.v0 },
      allowed,
      ...found,
    },
    text: costDifferencesText(found, allowed, paint),
    ...(notes.length > 0 ? { notes: `${notes.join("\n")}\n` } : {}),
  };
}

interface CountedRun {
  readonly v0: number;
  readonly costs: Costs;
  /** Why there are no lines, or null. */
  readonly note: string | null;
}

async function countedRun(
  source: Source,
  call: CallText,
  engine: Engine,
  options: BenchOptions,
): Promise<CountedRun> {
  const prepare = (machine: Machine): void => {
    machine.counting = true;
  };
  const setup = {
    open: opener(source, call, options),
    engine,
    tracer: "off",
    way: null,
    prepare,
  } as const;
  const { machine, module, first } = await Run.start(setup, {
    name: call.name,
    budget: options.budget,
  });
  const infos = await debugInfosOf({ file: module.file, machine }, { farJumps: options.farJumps });
  const profile = profileOf(machine.executed, callTitle(call), (one) => infos.of(one));
  const note = infos.of(module) === null ? `note: ${source.path}: ${infos.why(module.name)}` : null;
  return { v0: first.v0, costs: costsOf(profile), note };
}

function enginesOf({ engine = ["auto"] }: BenchOptions): readonly Engine[] {
  return [...new Set(engine)].map((name) => known(name, ENGINES));
}

function tracersOf({ tracer = TRACINGS }: BenchOptions): ReadonlySet<Tracing> {
  return new Set(tracer.map((name) => known(name, TRACINGS)));
}

function known<T extends string>(name: string, names: readonly T[]): T {
  const found = names.find((one) => one === name);
  if (found === undefined) {
    throw new Misuse(`'${name}' can't be measured: choose from ${names.join(", ")}`);
  }
  return found;
}

/** The options for reading files, without --engine, which belongs to the rows. */
function sourceOptions({ engine: _rows, ...options }: BenchOptions): CallOptions {
  return options;
}

/** The row without call sites: the module itself if it has none, or else the module that --plain names. */
async function untraced(
  source: Source,
  traced: boolean,
  call: CallText,
  options: BenchOptions,
  wanted: ReadonlySet<Tracing>,
): Promise<Omit<Setup, "engine">[]> {
  if (!wanted.has("none")) return [];
  if (!traced) return [{ open: opener(source, call, options), tracer: "none", way: null }];
  if (options.plain === undefined) {
    if (options.tracer === undefined) return [];
    throw new Misuse(
      "--tracer none needs the same module built without -pg: give it with --plain FILE",
    );
  }
  const plain = await readSource(options.plain, sourceOptions(options));
  return [{ open: opener(plain, call, options), tracer: "none", way: null }];
}

function tracedSetups(
  open: Open,
  traced: boolean,
  wanted: ReadonlySet<Tracing>,
): Omit<Setup, "engine">[] {
  if (!traced) return [];
  const setups: Omit<Setup, "engine">[] = [
    { open, tracer: "off", way: null },
    ...TRACERS.flatMap((tracer) => WAYS.map((way) => ({ open, tracer, way }))),
  ];
  return setups.filter(({ tracer }) => wanted.has(tracer));
}

function whyNothing({ file }: Source, traced: boolean): string {
  return traced
    ? `the options leave no row to measure for ${file.name}`
    : `${file.name} has no call site that ftrace can switch (it is built without -pg): only --tracer none can be measured`;
}

function leftOut(traced: boolean, options: BenchOptions, wanted: ReadonlySet<Tracing>): string {
  if (!traced && [...wanted].some((one) => one !== "none")) {
    return "the module has no call site that ftrace can switch, so there is nothing to switch off or on\n";
  }
  if (traced && wanted.has("none") && options.plain === undefined) {
    return "the row without tracing is left out: it needs the module built without -pg (--plain FILE)\n";
  }
  return "";
}
