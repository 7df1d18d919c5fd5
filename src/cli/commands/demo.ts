// `farjal demo`: shows on a module that comes with farjal (src/lab-kernel/demo.c) what farjal does, from the failure
// of 2009 to the cost of a trace. No line is made up: each comes from a machine that did what it says. With --files it
// writes the modules of the documents' examples instead.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Command } from "commander";
import { Option } from "commander";
import {
  type Endian,
  Machine,
  type ModuleFile,
  Refusal,
  type RefusalDetails,
  readModule,
  type TraceWay,
} from "../../index.ts";
import { type CostRow, type Demo, type DemoTrace, demoText } from "../../report/demo-text.ts";
import type { Answer, AnswerOptions, Give } from "../answer.ts";
import { writeExampleFiles } from "../example-files.ts";
import { farJumpJson, trampolineJson } from "../json/far-jump.ts";
import { recordJson } from "../json/trace-record.ts";
import { DEFAULT_BASE } from "../options/module-options.ts";
import type { Terminal } from "../terminal.ts";

const FUNCTION = "demo_run";
const DEVICES = 4;
/** A smaller argument, so that the trace is short enough to read. */
const TRACED_DEVICES = 1;
/** demo_run(4), computed from demo.c by hand and by QEMU; the same in both byte orders. */
const EXPECTED = 0xcb06ec12;

const EXAMPLES = `
Examples:
  farjal demo
  farjal demo --files .    then: farjal load old.ko`;

interface DemoOptions extends AnswerOptions {
  readonly endian: Endian;
  readonly files?: string;
}

/** The builds of demo.c: with jal, with long calls, and with long calls but without -pg. */
type Build = "demo" | "demo-modern" | "demo-plain";

export function addDemo(program: Command, give: Give, terminal: Terminal): void {
  program
    .command("demo")
    .summary("see what farjal does on a built-in module: start here")
    .description(
      "Shows on a built-in module what farjal is for: the far jump that kept modules from being traced " +
        "in 2009, its cause, its cure, the run, the trace and its cost.",
    )
    .addOption(
      new Option("--endian <ORDER>", "byte order").choices(["little", "big"]).default("little"),
    )
    .option("--files <DIR>", "instead, write the files of the documents' examples into DIR")
    .option("--json", "print one JSON document")
    .addHelpText("after", EXAMPLES)
    .action((options: DemoOptions) =>
      give(options, async () =>
        options.files === undefined
          ? answer(await perform(options.endian), terminal)
          : filesAnswer(options.files, await writeExampleFiles(options.files)),
      ),
    );
}

function filesAnswer(folder: string, files: readonly string[]): Answer {
  return {
    held: true,
    json: { verdict: "held", folder, files },
    text: files.map((name) => `${join(folder, name)}\n`),
  };
}

function answer(demo: Demo, { paint }: Terminal): Answer {
  return {
    held: demo.held,
    json: {
      ...demo,
      verdict: demo.held ? "held" : "failed",
      farJumps: demo.farJumps.map((far) => farJumpJson(far)),
      trampolines: demo.trampolines.map(trampolineJson),
      trace: {
        ...demo.trace,
        events: demo.trace.events.map((event) => recordJson(event, demo.trace.clockHz)),
        clockHz: undefined,
        text: undefined,
      },
    },
    text: demoText(demo, paint),
  };
}

async function perform(endian: Endian): Promise<Demo> {
  const file = readBuild("demo", endian);
  const failure = refused(await Machine.create({ endian }), file);

  const machine = await Machine.create({ endian });
  const { plan } = machine.insmodFile(file, { base: DEFAULT_BASE, farJumps: "trampoline" });
  const { v0, instructions } = machine.call(FUNCTION, [DEVICES]);
  const log = [...machine.log];
  const trace = traced(machine);

  const rows = await costs(endian);
  return {
    held: failure !== null && v0 === EXPECTED && rows.every((row) => row.v0 === EXPECTED),
    endian,
    failure,
    farJumps: plan.farJumps,
    trampolines: plan.trampolines,
    run: { call: `${FUNCTION}(${DEVICES})`, v0, expected: EXPECTED, instructions, log },
    trace,
    cost: { calls: rows.find(({ way }) => way === "native")?.calls ?? 0, rows },
  };
}

/** Loads it as Linux would; null if that succeeds, which is a failure of the demo. */
function refused(machine: Machine, file: ModuleFile): RefusalDetails | null {
  try {
    machine.insmodFile(file, { base: DEFAULT_BASE, farJumps: "refuse" });
    return null;
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    const { errno, dmesg, explanation } = error;
    return { errno, dmesg, explanation };
  }
}

function traced(machine: Machine): DemoTrace {
  const tracer = machine.trace({ tracer: "function" });
  machine.call(FUNCTION, [TRACED_DEVICES]);
  tracer.stop();
  const { entries, overruns } = tracer;
  const text = [...tracer.text()].join("").trimEnd();
  const call = `${FUNCTION}(${TRACED_DEVICES})`;
  const { clockHz } = machine;
  return { call, events: [...tracer.events()], clockHz, entries, overruns, text };
}

/** The same call, each time on a new machine: without call sites, with them off, and on in both ways. */
async function costs(endian: Endian): Promise<CostRow[]> {
  const rows: CostRow[] = [];
  const setups: readonly (readonly [Build, "none" | "off" | "function", TraceWay | null])[] = [
    ["demo-plain", "none", null],
    ["demo-modern", "off", null],
    ["demo-modern", "function", "native"],
    ["demo-modern", "function", "guest"],
    ["demo", "off", null],
  ];
  for (const [build, tracing, way] of setups) {
    const machine = await Machine.create({ endian });
    machine.insmodFile(readBuild(build, endian), { base: DEFAULT_BASE, farJumps: "trampoline" });
    const tracer = way === null ? undefined : machine.trace({ tracer: "function", way });
    const { v0, instructions } = machine.call(FUNCTION, [DEVICES]);
    tracer?.stop();
    const base = rows[0]?.instructions ?? instructions;
    const ratio = instructions / base;
    rows.push({
      build,
      tracer: tracing,
      way,
      v0,
      instructions,
      ratio,
      calls: tracer?.written ?? 0,
    });
  }
  return rows;
}

function readBuild(build: Build, endian: Endian): ModuleFile {
  const url = new URL(`../../../../src/lab-kernel/built/${build}-${endian}.ko`, import.meta.url);
  return readModule(readFileSync(url));
}
