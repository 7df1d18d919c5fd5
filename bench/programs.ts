// The sixteen freestanding programs that the speed benches run, and the sums that they must return. Their C is in
// programs/, with built objects of both byte orders. Each program is one function with the program's name. It takes a
// number of rounds (some thousand instructions each) and starts from the same state in every call, so the same
// program can run 10^6 instructions or 10^10.

import { readFileSync } from "node:fs";
import { type CallResult, type Endian, type Engine, Machine, readModule } from "../src/index.ts";

const BASE = 0xc0000000;

export interface Program {
  /** The name of its file and of its function, `unsigned name(unsigned rounds)`. */
  readonly name: string;
  /** Rounds → the sum that gcc's native code and QEMU's MIPS both return. */
  readonly sums: ReadonlyMap<number, number>;
}

/** The programs of programs/built/sums.txt, in its order. */
export const PROGRAMS: readonly Program[] = readPrograms();

function readPrograms(): Program[] {
  const text = readFileSync(builtFile("sums.txt"), "utf8");
  const [head = [], ...lines] = text
    .trim()
    .split("\n")
    .map((line) => line.split(" "));
  const rounds = head.slice(1).map(Number);
  return lines.map(([name = "", ...sums]) => ({
    name,
    sums: new Map(rounds.map((count, index) => [count, Number(sums[index])])),
  }));
}

/** A program's relocatable object. */
export function programObject({ name }: Program, endian: Endian): Buffer {
  return readFileSync(builtFile(`${name}-${endian}.o`));
}

/** A machine with the program loaded; default address: BASE. */
export async function machineWithProgram(
  program: Program,
  endian: Endian,
  engine: Engine = "auto",
  base: number = BASE,
): Promise<Machine> {
  const machine = await Machine.create({ endian, engine });
  const file = readModule(programObject(program, endian), { object: true, name: program.name });
  machine.insmodFile(file, { base });
  return machine;
}

/** Instructions of one more round, from the difference of two runs. */
export function instructionsARound(machine: Machine, { name }: Program): number {
  const [few, many] = [10, 110];
  const instructions = (rounds: number): number => machine.call(name, [rounds]).instructions;
  return (instructions(many) - instructions(few)) / (many - few);
}

/** A call that must succeed. A bench's time never includes the call that explains a failure. */
export function callProgram(machine: Machine, { name }: Program, rounds: number): CallResult {
  return machine.call(name, [rounds], { budget: 1e12, throws: true });
}

function builtFile(name: string): URL {
  return new URL(`../../bench/programs/built/${name}`, import.meta.url);
}
