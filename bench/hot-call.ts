// One sample of the bench `hot`, in a process of its own, so that V8 has compiled nothing before: the first call of the
// program that is named, and what the same call takes when everything is optimised. Prints one line of JSON.

import { callProgram, machineWithProgram, PROGRAMS } from "./programs.ts";

/** The instructions of a call. */
const INSTRUCTIONS = 1e8;
/** Calls of which the fastest is the warm one. */
const WARM_CALLS = 10;

export interface HotCall {
  /** Milliseconds of the first call: wall time, CPU time with V8's threads, and the translator's share of wall time. */
  readonly first: number;
  readonly cpu: number;
  readonly translating: number;
  /** Milliseconds of a warm call, wall time. */
  readonly warm: number;
}

const program = PROGRAMS.find(({ name }) => name === process.argv[2]);
if (program === undefined) throw new Error(`no program ${process.argv[2]}`);
const counted = await machineWithProgram(program, "little", "interpreter");
const few = 10;
const aRound = callProgram(counted, program, few).instructions / few;
const machine = await machineWithProgram(program, "little");
const call = (): number => {
  const start = performance.now();
  callProgram(machine, program, Math.ceil(INSTRUCTIONS / aRound));
  return performance.now() - start;
};
const before = process.cpuUsage();
const first = call();
const { user, system } = process.cpuUsage(before);
const translating = machine.processor.statistics?.compileMilliseconds ?? 0;
const warm = Math.min(...Array.from({ length: WARM_CALLS }, call));
const sample: HotCall = { first, cpu: (user + system) / 1000, translating, warm };
process.stdout.write(`${JSON.stringify(sample)}\n`);
