// Measures what tracing costs. A leaf of four instructions is called from a loop of eight, twelve in a round: built
// without -pg, with its call site off, traced natively and by guest code, and with a host function called at each
// event. Instruction counts are exact, from two runs of different length. Times are of rows that run in turns. The
// table also gives the instructions that a real 6.1 kernel takes for the same round (Debian's 4kc-malta under QEMU
// -icount, 20,000 rounds).

import { KERNEL_ROUND } from "../src/cost/trace-cost.ts";
import type { Endian, Machine, Tracer, TracerName, TraceWay } from "../src/index.ts";
import { interleave } from "../src/measure/interleave.ts";
import { columns } from "../src/report/table.ts";
import { machineWith } from "./modules.ts";

const ENDIANS: readonly Endian[] = ["little", "big"];
const ROUNDS = 20_000;
const EFFORT = { milliseconds: 1500, rounds: 10 };

interface Setup {
  readonly module: string;
  readonly says: string;
  readonly way: TraceWay | null;
  /** Default: `function`. */
  readonly tracer?: TracerName;
  /** Each event calls this host function, in place of the guest code that records it otherwise. */
  readonly callback?: string;
  /** Instructions per round in the real kernel. */
  readonly kernel: string;
}

const SETUPS: readonly Setup[] = [
  { module: "leaf_plain", says: "without -pg", way: null, kernel: String(KERNEL_ROUND.none) },
  { module: "leaf", says: "-pg, off", way: null, kernel: String(KERNEL_ROUND.off) },
  { module: "leaf", says: "-pg, traced natively", way: "native", kernel: "" },
  {
    module: "leaf",
    says: "-pg, traced by guest code",
    way: "guest",
    kernel: String(KERNEL_ROUND.function),
  },
  {
    module: "leaf",
    says: "-pg, traced by a host function",
    way: "guest",
    callback: "lab_trace_function",
    kernel: "",
  },
  {
    module: "leaf",
    says: "-pg, function_graph natively",
    way: "native",
    tracer: "function_graph",
    kernel: "",
  },
  {
    module: "leaf",
    says: "-pg, function_graph by guest code",
    way: "guest",
    tracer: "function_graph",
    kernel: String(KERNEL_ROUND.function_graph),
  },
  { module: "leaf_jal", says: "2009's jal and trampolines, off", way: null, kernel: "" },
  { module: "leaf_jal", says: "2009's, traced by guest code", way: "guest", kernel: "" },
];

const WHY = `  The kernel's ${KERNEL_ROUND.function} is ftrace_caller's 30 or so instructions and what they call: with MIPS' one entry
  for all tracers that is the list function, which tests recursion and looks the site up in each filter's
  hash, then the function tracer, which reserves and commits an event of its ring buffer and reads a clock.
  Here guest code runs ftrace_caller and a recording function that ends in one word, TRACE_CALL: the
  filter is in which sites are switched on, and the ring is the host's. Off, a site costs what it costs
  the kernel: a branch and the nop in its delay slot. 2009's short site also keeps its move at,ra.`;

/** Returns the lines of the report. */
export async function* tracing(): AsyncGenerator<string> {
  for (const endian of ENDIANS) {
    yield `Tracing a leaf of 4 instructions called from a loop of 8, ${endian}-endian`;
    const rows = [];
    for (const setup of SETUPS) rows.push(new Row(setup, await machineWith(setup.module, endian)));
    const timings = await interleave(rows, EFFORT);
    const base = timings[0]?.p50 ?? Number.NaN;
    const off = timings[1]?.p50 ?? Number.NaN;
    yield* columns(
      [
        ["", "instructions a round", "kernel's", "time", "(p25-p75)", "ns a round", "above off"],
        ...rows.map(({ name, perRound, setup }, index) => {
          const { p50 = Number.NaN, p25 = 0, p75 = 0 } = timings[index] ?? {};
          const ratio = (seconds: number): string => (seconds / base).toFixed(2);
          const spread = `(${ratio(p25)}-${ratio(p75)})`;
          const nanoseconds = (seconds: number): string => ((seconds / ROUNDS) * 1e9).toFixed(1);
          const above = setup.way === null ? "" : nanoseconds(p50 - off);
          const time = [`x ${ratio(p50)}`, spread, nanoseconds(p50), above];
          return [name, perRound.toFixed(2), setup.kernel, ...time];
        }),
      ],
      ["left", "right", "right", "right", "left", "right", "right"],
    );
  }
  yield WHY;
}

class Row {
  readonly name: string;
  readonly setup: Setup;
  /** Guest instructions, exact. */
  readonly perRound: number;
  readonly #machine: Machine;
  #tracer: Tracer | undefined;
  #seen = 0;

  constructor(setup: Setup, machine: Machine) {
    this.name = setup.says;
    this.setup = setup;
    this.#machine = machine;
    const { callback } = setup;
    if (callback !== undefined) machine.provide(callback, () => void this.#seen++);
    this.before();
    this.perRound = (this.#call(2 * ROUNDS) - this.#call(ROUNDS)) / ROUNDS;
    this.after();
  }

  readonly run = (): void => void this.#call(ROUNDS);

  readonly before = (): void => {
    const { way, tracer = "function" } = this.setup;
    if (way !== null) this.#tracer = this.#machine.trace({ tracer, way });
  };

  readonly after = (): void => this.#tracer?.stop();

  #call(rounds: number): number {
    const { instructions } = this.#machine.call("leaf_loop", [rounds]);
    return instructions;
  }
}
