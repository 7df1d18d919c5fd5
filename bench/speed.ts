// How many guest instructions does the interpreter run in a second? Three kinds of code: calls and
// little else, loads with divisions, and a stack that grows and shrinks; in both byte orders.

import { interleave } from "../src/cli/interleave.ts";
import type { Endian, Machine } from "../src/index.ts";
import { columns } from "../src/report/table.ts";
import { machineWith } from "./modules.ts";

const ENDIANS: readonly Endian[] = ["little", "big"];
const EFFORT = { milliseconds: 1500, rounds: 10 };

interface Work {
  readonly name: string;
  readonly module: string;
  readonly call: (machine: Machine) => { readonly instructions: number };
}

const WORKS: readonly Work[] = [
  {
    name: "a leaf in a loop",
    module: "leaf_plain",
    call: (machine) => machine.call("leaf_loop", [50_000]),
  },
  {
    name: "loads and divisions",
    module: "plain",
    call: (machine) => machine.call("work_checksum", [machine.modules[0]?.core.base ?? 0, 2048]),
  },
  {
    name: "recursion",
    module: "plain",
    call: (machine) => machine.call("work_fibonacci", [22]),
  },
];

/** Lines of text. */
export async function* speed(): AsyncGenerator<string> {
  yield "Guest instructions a second, interpreted";
  const rows = [];
  for (const endian of ENDIANS) {
    for (const work of WORKS) {
      const machine = await machineWith(work.module, endian);
      const { instructions } = work.call(machine);
      rows.push({ name: work.name, endian, instructions, run: () => void work.call(machine) });
    }
  }
  const timings = await interleave(rows, EFFORT);
  const millions = (count: number, seconds: number): string => (count / seconds / 1e6).toFixed(0);
  yield* columns(
    rows.map(({ name, endian, instructions }, index) => {
      const { p50 = Number.NaN, p25 = 0, p75 = 0 } = timings[index] ?? {};
      const spread = `(${millions(instructions, p75)}-${millions(instructions, p25)})`;
      return [name, `${endian}-endian`, `${millions(instructions, p50)} M/s`, spread];
    }),
    ["left", "left", "right", "left"],
  );
}
