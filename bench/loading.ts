// Measures how long it takes to load a module: to make a machine with its kernel, to read a module's file, to plan
// its far jumps, and to load it.

import { readFileSync } from "node:fs";
import { Machine, readModule } from "../src/index.ts";
import { interleave, type Task } from "../src/measure/interleave.ts";
import { duration } from "../src/report/bench-text.ts";
import { columns } from "../src/report/table.ts";
import { builtModule } from "./modules.ts";

const EFFORT = { milliseconds: 600, rounds: 4 };

/** Returns the lines of the report. */
export async function* loading(): AsyncGenerator<string> {
  const machine = await Machine.create({ endian: "little" });
  const bytes = readFileSync(
    new URL("../../test/modules/built/jal2009-little.ko", import.meta.url),
  );
  const file = builtModule("jal2009", "little");
  yield `Loading jal2009.ko (${bytes.length} bytes, 14 far jumps)`;
  const tasks: readonly (Task & { readonly name: string })[] = [
    { name: "read the file", run: () => void readModule(bytes) },
    { name: "plan its far jumps", run: () => void machine.plan(file, {}) },
    { name: "load and unload", run: () => machine.rmmod(machine.insmodFile(file)) },
  ];
  const timings = await interleave(tasks, EFFORT);
  yield* columns(
    tasks.map(({ name }, index) => {
      const { p50 = Number.NaN, p25 = 0, p75 = 0 } = timings[index] ?? {};
      return [name, duration(p50), `(${duration(p25)}-${duration(p75)})`];
    }),
    ["left", "right", "left"],
  );
}
