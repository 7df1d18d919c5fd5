// Measures how fast translated code is. The sixteen programs run in every engine and in every installed rival, in turns
// in one run: our interpreter and translator in both byte orders, QEMU's user mode and its Malta board, Unicorn, and
// gcc's native code for this machine, and clang's WebAssembly of the same C: the limit of a translator to WebAssembly.
// The bench fails unless all return the same sums.

import type { Endian, Engine } from "../src/index.ts";
import { columns } from "../src/report/table.ts";
import { missing, PEERS, PeerProgram } from "./peers.ts";
import {
  callProgram,
  instructionsARound,
  machineWithProgram,
  PROGRAMS,
  type Program,
} from "./programs.ts";

const ROUNDS = 7;
const SAMPLE_SECONDS = 0.15;
/** Calls before the first sample: hot code is translated by then, and V8 has optimised it. */
const WARMING_SECONDS = 0.6;

const TRANSLATOR = "translator";
const OURS: readonly { readonly name: string; readonly engine: Engine; readonly endian: Endian }[] =
  [
    { name: "interpreter", engine: "interpreter", endian: "little" },
    { name: TRANSLATOR, engine: "auto", endian: "little" },
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
  ["C to WebAssembly", "0.65"],
]);

interface Running {
  readonly name: string;
  /** Seconds of one round. */
  readonly sample: () => number;
  readonly remove: () => void;
}

/** Returns the lines of the report. */
export async function* engines(): AsyncGenerator<string> {
  yield `Million guest instructions a second, p50 of ${ROUNDS} samples in turns (native: as if it ran MIPS)`;
  const here = PEERS.filter((peer) => missing(peer) === undefined);
  for (const peer of PEERS) {
    const why = missing(peer);
    if (why !== undefined) yield `  without ${peer.name}: ${why}`;
  }
  const names = [...OURS, ...here].map(({ name }) => name);
  const speeds = new Map(names.map((name) => [name, [] as Speed[]]));
  for (const program of PROGRAMS) {
    const running: Running[] = [];
    try {
      let instructions = Number.NaN;
      for (const { name, engine, endian } of OURS) {
        const own = await Own.of(program, engine, endian);
        instructions = own.instructionsARound;
        running.push({ name, sample: () => own.sample(), remove: () => {} });
      }
      const reference = await machineWithProgram(program, "little");
      for (const peer of here) {
        const rival = await PeerProgram.of(peer, program);
        running.push({
          name: peer.name,
          sample: () => rival.sample(),
          remove: () => rival.remove(),
        });
        const { v0 } = callProgram(reference, program, rival.rounds);
        if (rival.sum() !== v0) throw new Error(`${program.name}: ${peer.name} has another sum`);
      }
      const samples = running.map((): number[] => []);
      for (let round = 0; round < ROUNDS; round++) {
        for (const [index, { sample }] of running.entries()) samples[index]?.push(sample());
      }
      for (const [index, { name }] of running.entries()) {
        speeds.get(name)?.push(speedOf(samples[index] ?? [], instructions));
      }
    } finally {
      for (const { remove } of running) remove();
    }
  }
  yield* columns(
    [
      ["", ...PROGRAMS.map(({ name }) => name)],
      ...[...speeds].map(([name, row]) => [name, ...row.map(({ p50 }) => p50.toFixed(0))]),
      ["translator's p25-p75", ...(speeds.get(TRANSLATOR) ?? []).map(spread)],
    ],
    ["left", ...PROGRAMS.map(() => "right" as const)],
  );
  yield "The translator's speed as a ratio to each";
  const ours = speeds.get(TRANSLATOR) ?? [];
  yield* columns(
    [
      ["", ...PROGRAMS.map(({ name }) => name), "geometric mean", "worst", "at least"],
      ...[...speeds]
        .filter(([name]) => name !== TRANSLATOR)
        .map(([name, row]) => {
          const ratios = row.map(({ p50 }, index) => (ours[index]?.p50 ?? Number.NaN) / p50);
          const mean = Math.exp(
            ratios.reduce((sum, ratio) => sum + Math.log(ratio), 0) / row.length,
          );
          const texts = [...ratios, mean, Math.min(...ratios)].map((ratio) => ratio.toFixed(2));
          return [name, ...texts, GOALS.get(name) ?? ""];
        }),
    ],
    ["left", ...PROGRAMS.map(() => "right" as const), "right", "right", "left"],
  );
}

interface Speed {
  readonly p50: number;
  readonly p25: number;
  readonly p75: number;
}

function speedOf(samples: readonly number[], instructions: number): Speed {
  const sorted = [...samples].sort((a, b) => b - a);
  const at = (share: number): number =>
    instructions / (sorted[Math.round((sorted.length - 1) * share)] ?? Number.NaN) / 1e6;
  return { p50: at(0.5), p25: at(0.25), p75: at(0.75) };
}

function spread({ p25, p75 }: Speed): string {
  return `${p25.toFixed(0)}-${p75.toFixed(0)}`;
}

/** A program in one of farjal's engines. */
class Own {
  readonly instructionsARound: number;
  readonly #call: (rounds: number) => void;
  readonly #rounds: number;

  static async of(program: Program, engine: Engine, endian: Endian): Promise<Own> {
    const machine = await machineWithProgram(program, endian, engine);
    const call = (rounds: number): void => void callProgram(machine, program, rounds);
    return new Own(call, instructionsARound(machine, program));
  }

  private constructor(call: (rounds: number) => void, instructions: number) {
    this.#call = call;
    this.instructionsARound = instructions;
    const few = Math.ceil(2e6 / instructions);
    for (let spent = 0; spent < WARMING_SECONDS; ) spent += this.#time(few);
    this.#rounds = Math.ceil((few * SAMPLE_SECONDS) / this.#time(few));
  }

  /** Seconds of one round. */
  sample(): number {
    return this.#time(this.#rounds) / this.#rounds;
  }

  #time(rounds: number): number {
    const start = performance.now();
    this.#call(rounds);
    return (performance.now() - start) / 1000;
  }
}
