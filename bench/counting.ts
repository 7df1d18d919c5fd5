// Measures what counting executed instructions costs, as coverage and profiles do it: for each of the sixteen programs, the
// CPU time of translated code with `counting` on as a ratio to its time without. Both take turns in one process. CPU time
// is used because other processes lengthen it less than elapsed time.

import { columns } from "../src/report/table.ts";
import type { BenchOptions } from "./options.ts";
import { callProgram, instructionsARound, machineWithProgram, PROGRAMS } from "./programs.ts";

const SAMPLE_SECONDS = 0.04;
/** Before the first sample: hot code is translated by then, and V8 has optimised it. */
const WARMING_SECONDS = 0.4;
const GOAL = 1.2;

/** Returns the lines of the report. */
export async function* counting(options: BenchOptions): AsyncGenerator<string> {
  const programs = PROGRAMS.filter(({ name }) => options.programs?.includes(name) ?? true);
  const ratios: number[] = [];
  for (const program of programs) {
    const samples: (() => number)[] = [];
    for (const counts of [false, true]) {
      const machine = await machineWithProgram(program, "little");
      machine.counting = counts;
      const few = Math.ceil(2e6 / instructionsARound(machine, program));
      /** CPU seconds of so many rounds. */
      const seconds = (count: number): number => {
        const start = process.cpuUsage();
        callProgram(machine, program, count);
        const { user, system } = process.cpuUsage(start);
        return (user + system) / 1e6;
      };
      for (let spent = 0; spent < WARMING_SECONDS; ) spent += seconds(few);
      const count = Math.ceil((few * SAMPLE_SECONDS) / Math.max(seconds(few), 1e-4));
      samples.push(() => seconds(count) / count);
    }
    const least = samples.map(() => Number.POSITIVE_INFINITY);
    for (let turn = 0; turn < options.samples; turn++) {
      for (const [row, sample] of samples.entries()) {
        least[row] = Math.min(least[row] ?? 0, sample());
      }
    }
    const [without = Number.NaN, counted = Number.NaN] = least;
    ratios.push(counted / without);
  }
  const logs = ratios.reduce((sum, ratio) => sum + Math.log(ratio), 0);
  const mean = Math.exp(logs / ratios.length);
  yield `CPU time with counting, as a ratio to the time without: least of ${options.samples} samples in turns; at most ${GOAL} is asked`;
  const names = [...programs.map(({ name }) => name), "geometric mean", "worst"];
  yield* columns(
    [names, [...ratios, mean, Math.max(...ratios)].map((ratio) => ratio.toFixed(2))],
    names.map(() => "right" as const),
  );
}
