// Measures how fast translated code is. The sixteen programs run in every engine and in every installed rival, in turns
// in one run: our interpreter and translator in both byte orders, QEMU's user mode and its Malta board, Unicorn, and
// gcc's native code for this machine, and clang's WebAssembly of the same C: the limit of a translator to WebAssembly.
// The bench fails unless all return the same sums. A rival that fails is left out of that program, with a note.

import type { Endian, Engine } from "../src/index.ts";
import { columns } from "../src/report/table.ts";
import type { BenchOptions } from "./options.ts";
import { C_TO_WEBASSEMBLY, missing, PEERS, PeerProgram } from "./peers.ts";
import {
  callProgram,
  instructionsARound,
  machineWithProgram,
  PROGRAMS,
  type Program,
} from "./programs.ts";

const SAMPLE_SECONDS = 0.08;
/** Calls before the first sample: hot code is translated by then, and V8 has optimised it. */
const WARMING_SECONDS = 0.5;

const TRANSLATOR = "translator";
const OURS: readonly { readonly name: string; readonly engine: Engine; readonly endian: Endian }[] =
  [
    { name: TRANSLATOR, engine: "auto", endian: "little" },
    { name: "interpreter", engine: "interpreter", endian: "little" },
    { name: "translator, big", engine: "auto", endian: "big" },
  ];

/** The required speed of translated code, as a ratio to each system's speed. */
const GOALS = new Map([
  ["interpreter", "10"],
  ["translator, big", "1 / 0.95"],
  ["qemu-mipsel", "1.8, worst 1.0"],
  ["qemu-system-mipsel", "1.7"],
  ["Unicorn", "5"],
  ["native", "0.48"],
  [C_TO_WEBASSEMBLY, "0.65"],
]);

/** All rows of the table. */
export const ENGINE_ROWS: readonly string[] = [...OURS, ...PEERS].map(({ name }) => name);

interface Running {
  readonly name: string;
  /** Seconds of one round. */
  readonly sample: () => number;
}

/** By row, the seconds of a program's round in each sample. */
type Samples = Map<string, number[]>;

/** Returns the lines of the report. The program that is being measured is named on stderr. */
export async function* engines(options: BenchOptions): AsyncGenerator<string> {
  const isAsked = ({ name }: { name: string }): boolean =>
    name === TRANSLATOR || (options.against?.includes(name) ?? true);
  const programs = PROGRAMS.filter(({ name }) => options.programs?.includes(name) ?? true);
  yield `Node ${process.versions.node}. Million guest instructions a second, p50 of ${options.samples} samples in turns (native: as if it ran MIPS)`;
  const peers = PEERS.filter(isAsked);
  const here = peers.filter((peer) => missing(peer) === undefined);
  for (const peer of peers) {
    const why = missing(peer);
    if (why !== undefined) yield `  without ${peer.name}: ${why}`;
  }
  const rows = [...OURS.filter(isAsked), ...here].map(({ name }) => name);
  const speeds = new Map(rows.map((name) => [name, [] as Speed[]]));
  const start = performance.now();
  for (const [index, program] of programs.entries()) {
    const seconds = ((performance.now() - start) / 1000).toFixed(0);
    note(`${program.name}, ${index + 1} of ${programs.length}, after ${seconds} s`);
    const { samples, instructions } = await measured(program, rows, options.samples);
    for (const name of rows) speeds.get(name)?.push(speedOf(samples.get(name), instructions));
  }
  const names = programs.map(({ name }) => name);
  yield* columns(
    [
      ["", ...names],
      ...[...speeds].map(([name, row]) => [name, ...row.map(({ p50 }) => text(p50, 0))]),
      ...[...speeds].map(([name, row]) => [`${name}: p25-p75`, ...row.map(spread)]),
    ],
    ["left", ...names.map(() => "right" as const)],
  );
  yield "The translator's speed as a ratio to each";
  const ours = speeds.get(TRANSLATOR) ?? [];
  yield* columns(
    [
      ["", ...names, "geometric mean", "worst", "at least"],
      ...[...speeds]
        .filter(([name]) => name !== TRANSLATOR)
        .map(([name, row]) => {
          const ratios = row.map(({ p50 }, index) => (ours[index]?.p50 ?? Number.NaN) / p50);
          const known = ratios.filter((ratio) => !Number.isNaN(ratio));
          const logs = known.reduce((sum, ratio) => sum + Math.log(ratio), 0);
          const mean = Math.exp(logs / known.length);
          const texts = [...ratios, mean, Math.min(...known)].map((ratio) => text(ratio, 2));
          return [name, ...texts, GOALS.get(name) ?? ""];
        }),
    ],
    ["left", ...names.map(() => "right" as const), "right", "right", "left"],
  );
}

/** Runs one program in all rows, in turns. */
async function measured(
  program: Program,
  rows: readonly string[],
  count: number,
): Promise<{ samples: Samples; instructions: number }> {
  const running: Running[] = [];
  const peers: PeerProgram[] = [];
  try {
    const reference = await Own.of(program, "auto", "little");
    for (const { name, engine, endian } of OURS) {
      if (!rows.includes(name)) continue;
      const own = name === TRANSLATOR ? reference : await Own.of(program, engine, endian);
      running.push({ name, sample: () => own.sample() });
    }
    for (const peer of PEERS) {
      if (!rows.includes(peer.name)) continue;
      const rival = await rivalOf(peer.name, program, reference.roundsASecond);
      if (rival === undefined) continue;
      peers.push(rival);
      if (rival.sum() !== reference.sum(rival.rounds))
        throw new Error(`${program.name}: ${peer.name} has another sum`);
      running.push({ name: peer.name, sample: () => rival.sample() });
    }
    const samples: Samples = new Map(running.map(({ name }) => [name, []]));
    for (let turn = 0; turn < count; turn++) {
      for (const { name, sample } of running) samples.get(name)?.push(sample());
    }
    return { samples, instructions: reference.instructionsARound };
  } finally {
    for (const rival of peers) rival.remove();
  }
}

async function rivalOf(
  name: string,
  program: Program,
  roundsASecond: number,
): Promise<PeerProgram | undefined> {
  const peer = PEERS.find((one) => one.name === name);
  try {
    return peer && (await PeerProgram.of(peer, program, roundsASecond));
  } catch (error) {
    const [why] = String(error).split("\n");
    note(`${program.name} without ${name}: ${why}`);
    return undefined;
  }
}

function note(text: string): void {
  process.stderr.write(`engines: ${text}\n`);
}

interface Speed {
  readonly p50: number;
  readonly p25: number;
  readonly p75: number;
}

/** NaN where nothing was measured. */
function speedOf(samples: readonly number[] = [], instructions: number): Speed {
  const sorted = [...samples].sort((a, b) => b - a);
  const at = (share: number): number =>
    instructions / (sorted[Math.round((sorted.length - 1) * share)] ?? Number.NaN) / 1e6;
  return { p50: at(0.5), p25: at(0.25), p75: at(0.75) };
}

function spread({ p25, p75 }: Speed): string {
  return Number.isNaN(p25) ? "-" : `${p25.toFixed(0)}-${p75.toFixed(0)}`;
}

function text(value: number, digits: number): string {
  return Number.isFinite(value) ? value.toFixed(digits) : "-";
}

/** A program in one of farjal's engines. */
class Own {
  readonly instructionsARound: number;
  readonly roundsASecond: number;
  readonly #call: (rounds: number) => number;
  readonly #rounds: number;

  static async of(program: Program, engine: Engine, endian: Endian): Promise<Own> {
    const machine = await machineWithProgram(program, endian, engine);
    const call = (rounds: number): number => callProgram(machine, program, rounds).v0;
    return new Own(call, instructionsARound(machine, program));
  }

  private constructor(call: (rounds: number) => number, instructions: number) {
    this.#call = call;
    this.instructionsARound = instructions;
    const few = Math.ceil(2e6 / instructions);
    for (let spent = 0; spent < WARMING_SECONDS; ) spent += this.#time(few);
    this.roundsASecond = few / this.#time(few);
    this.#rounds = Math.ceil(this.roundsASecond * SAMPLE_SECONDS);
  }

  /** Seconds of one round. */
  sample(): number {
    return this.#time(this.#rounds) / this.#rounds;
  }

  /** What the program returns for so many rounds. */
  sum(rounds: number): number {
    return this.#call(rounds);
  }

  #time(rounds: number): number {
    const start = performance.now();
    this.#call(rounds);
    return (performance.now() - start) / 1000;
  }
}
