// Measures whether translating stays fast in long runs, and what it costs in short ones: instructions per second and
// memory at 10^6, 10^8 and 10^10 instructions; and the time of a cold call of a million instructions, beside the
// interpreter's time.

import type { Engine } from "../src/index.ts";
import { columns } from "../src/report/table.ts";
import {
  callProgram,
  instructionsARound,
  machineWithProgram,
  PROGRAMS,
  type Program,
} from "./programs.ts";

const COLD_INSTRUCTIONS = 1e6;
const COLD_SAMPLES = 11;
/** A page apart, so that no two samples run the same code: V8 keeps code that it has compiled once. */
const BASE = 0xc0000000;
const APART = 0x10000;

const GROWTH = [1e6, 1e8, 1e10];
const GROWN = ["crc", "tree"];
const MEBIBYTE = 1 << 20;

/** Returns the lines of the report. */
export async function* scale(): AsyncGenerator<string> {
  yield "Growth, engine auto: million instructions a second, MiB of the process, KiB of translated code";
  const grown = [];
  for (const program of PROGRAMS.filter(({ name }) => GROWN.includes(name))) {
    const machine = await machineWithProgram(program, "little");
    for (const instructions of GROWTH) {
      const rounds = Math.ceil(instructions / instructionsARound(machine, program));
      const start = performance.now();
      const { instructions: done } = callProgram(machine, program, rounds);
      const speed = done / (performance.now() - start) / 1e3;
      const { rss } = process.memoryUsage();
      const bytes = machine.processor.statistics?.bytes ?? 0;
      grown.push([
        program.name,
        done.toExponential(1),
        speed.toFixed(0),
        (rss / MEBIBYTE).toFixed(0),
        (bytes / 1024).toFixed(0),
      ]);
    }
  }
  yield* columns(
    [["", "instructions", "M/s", "MiB", "KiB"], ...grown],
    ["left", "right", "right", "right", "right"],
  );

  yield `Milliseconds of a cold call of ${COLD_INSTRUCTIONS.toLocaleString("en")} instructions, p50 of ${COLD_SAMPLES} fresh machines each`;
  const rows = [];
  for (const program of PROGRAMS) {
    const rounds = await roundsFor(program, COLD_INSTRUCTIONS);
    const times = { interpreter: [] as number[], auto: [] as number[] };
    for (let sample = 0; sample < COLD_SAMPLES; sample++) {
      for (const engine of ["interpreter", "auto"] as const) {
        times[engine].push(await coldCall(program, engine, BASE + sample * APART, rounds));
      }
    }
    const [interpreter, auto] = [middle(times.interpreter), middle(times.auto)];
    const texts = [interpreter.toFixed(1), auto.toFixed(1), (auto / interpreter).toFixed(2)];
    rows.push([program.name, ...texts]);
  }
  yield* columns(
    [["", "interpreter", "auto", "ratio"], ...rows],
    ["left", "right", "right", "right"],
  );
}

async function roundsFor(program: Program, instructions: number): Promise<number> {
  const machine = await machineWithProgram(program, "little", "interpreter");
  return Math.ceil(instructions / instructionsARound(machine, program));
}

async function coldCall(
  program: Program,
  engine: Engine,
  base: number,
  rounds: number,
): Promise<number> {
  const machine = await machineWithProgram(program, "little", engine, base);
  const start = performance.now();
  callProgram(machine, program, rounds);
  return performance.now() - start;
}

function middle(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
}
