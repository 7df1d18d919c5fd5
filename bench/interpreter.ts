// Measures the interpreter beside the simplest fast one. The sixteen programs run in turns in one process: a whole
// processor with TLB, exceptions and exact counting against a switch over flat memory without checks (yardstick/).
// The bench fails unless both count the same instructions and return the same sums.

import { interleave } from "../src/measure/interleave.ts";
import { columns } from "../src/report/table.ts";
import { instructionsARound, machineWithProgram, PROGRAMS } from "./programs.ts";
import { buildYardstick, Yardstick } from "./yardstick.ts";

const EFFORT = { milliseconds: 800, rounds: 8 };
/** Instructions in a sample: a few milliseconds. */
const SAMPLE = 2_000_000;

/** Returns the lines of the report. */
export async function* interpreter(): AsyncGenerator<string> {
  yield "The interpreter beside a plain switch over unchecked flat memory, million guest instructions a second";
  const module = buildYardstick();
  const rows = [];
  const ratios = { little: [] as number[], big: [] as number[] };
  for (const program of PROGRAMS) {
    const little = await machineWithProgram(program, "little", "interpreter");
    const big = await machineWithProgram(program, "big", "interpreter");
    const plain = new Yardstick(module, little, program);
    const rounds = Math.ceil(SAMPLE / instructionsARound(little, program));
    const ours = little.call(program.name, [rounds]);
    const theirs = plain.call(rounds);
    const other = big.call(program.name, [rounds]);
    if (ours.v0 !== theirs.v0 || ours.v0 !== other.v0 || ours.exception !== undefined) {
      throw new Error(`${program.name}: sums ${ours.v0}, ${other.v0} and ${theirs.v0} differ`);
    }
    if (ours.instructions !== theirs.instructions) {
      throw new Error(
        `${program.name}: ${ours.instructions} and ${theirs.instructions} instructions`,
      );
    }
    const timings = await interleave(
      [
        { run: () => void plain.call(rounds) },
        { run: () => void little.call(program.name, [rounds]) },
        { run: () => void big.call(program.name, [rounds]) },
      ],
      EFFORT,
    );
    const counts = [theirs, ours, other].map(({ instructions }) => instructions);
    const speeds = timings.map(({ p50, p25, p75 }, index) => {
      const speed = (seconds: number): number => (counts[index] ?? 0) / seconds / 1e6;
      return {
        middle: speed(p50),
        text: `${speed(p50).toFixed(0)} (${speed(p75).toFixed(0)}-${speed(p25).toFixed(0)})`,
      };
    });
    const [yardstick, first, second] = speeds.map(({ middle }) => middle);
    ratios.little.push((first ?? Number.NaN) / (yardstick ?? Number.NaN));
    ratios.big.push((second ?? Number.NaN) / (yardstick ?? Number.NaN));
    rows.push([
      program.name,
      ...speeds.map(({ text }) => text),
      (ratios.little.at(-1) ?? Number.NaN).toFixed(2),
      (ratios.big.at(-1) ?? Number.NaN).toFixed(2),
    ]);
  }
  const mean = (values: readonly number[]): string =>
    Math.exp(values.reduce((sum, value) => sum + Math.log(value), 0) / values.length).toFixed(2);
  yield* columns(
    [
      ["", "switch (p25-p75)", "little-endian", "big-endian", "ratio", "big's"],
      ...rows,
      ["geometric mean", "", "", "", mean(ratios.little), mean(ratios.big)],
    ],
    ["left", "right", "right", "right", "right", "right"],
  );
}
