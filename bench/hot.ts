// Measures how soon a program is fast: the speed of its first call of a hundred million instructions as a share of the
// same call's when everything is optimised. Each sample is a process of its own (hot-call.ts); the least of them counts,
// since other load only adds to it.

import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { columns } from "../src/report/table.ts";
import type { HotCall } from "./hot-call.ts";
import type { BenchOptions } from "./options.ts";
import { PROGRAMS } from "./programs.ts";

const CALL = fileURLToPath(new URL("hot-call.js", import.meta.url));

/** Returns the lines of the report. */
export function* hot({ programs, samples }: BenchOptions): Generator<string> {
  yield `The first call of 10^8 instructions in a process, milliseconds, least of ${samples}; required: 0.8 of the warm speed`;
  const rows = PROGRAMS.filter(({ name }) => programs?.includes(name) ?? true).map(({ name }) => {
    const all = Array.from({ length: samples }, () => sampleOf(name));
    const least = (of: keyof HotCall): number => Math.min(...all.map((sample) => sample[of]));
    const [first, warm] = [least("first"), least("warm")];
    const times = [first, least("translating"), least("cpu"), warm].map((ms) => ms.toFixed(0));
    return [name, ...times, (warm / first).toFixed(2)];
  });
  yield* columns(
    [["", "first", "translating", "CPU", "warm", "warm / first"], ...rows],
    ["left", "right", "right", "right", "right", "right"],
  );
}

function sampleOf(program: string): HotCall {
  return JSON.parse(execFileSync(process.execPath, [CALL, program], { encoding: "utf8" }));
}
