// Builds and runs the yardstick (yardstick/switch.ts), an interpreter that exists only for comparison. A bench
// compiles it when it needs it. Its memory is flat and little-endian; a program's image is copied into it.

import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Machine } from "../src/index.ts";
import type { Program } from "./programs.ts";

/** The same values as in yardstick/switch.ts. */
const RAM = 0x10000;
const FLAT = 0x1fffffff;
const MEMORY_PAGES = 65;
const STACK_TOP = 0x003ffff0;
/** An address outside every program. */
const END = 0x00300000;
/** V8 replaces a running function's code only between calls. */
const SLICE = 2_000_000n;
const [V0, A0, SP, RA] = [2, 4, 29, 31] as const;

interface Exports {
  readonly memory: WebAssembly.Memory;
  start(address: number): void;
  run(end: number, limit: bigint): number;
  count(): bigint;
  register(number: number): number;
  setRegister(number: number, value: number): void;
}

/** Compiles it into build/. @returns the module; every instance is one machine. */
export function buildYardstick(): WebAssembly.Module {
  const root = fileURLToPath(new URL("../../", import.meta.url));
  const output = `${root}build/bench/yardstick.wasm`;
  const options =
    `bench/yardstick/switch.ts --outFile ${output} --config none -O3 --converge --runtime stub ` +
    `--noAssert --memoryBase 8192 --initialMemory ${MEMORY_PAGES} --maximumMemory ${MEMORY_PAGES}`;
  execFileSync(
    process.execPath,
    [`${root}node_modules/assemblyscript/bin/asc.js`, ...options.split(" ")],
    { cwd: root },
  );
  return new WebAssembly.Module(readFileSync(output));
}

export class Yardstick {
  readonly #exports: Exports;
  readonly #entry: number;

  /** With a copy of the program that the machine has loaded, at the same addresses. */
  constructor(module: WebAssembly.Module, machine: Machine, { name }: Program) {
    const { exports } = new WebAssembly.Instance(module, { env: { abort: () => {} } });
    this.#exports = exports as unknown as Exports;
    const block = machine.modules[0]?.core;
    this.#entry = machine.addressOf(name) ?? 0;
    if (block === undefined || (block.base & FLAT) !== 0) throw new Error("no program at 0");
    const memory = new Uint8Array(this.#exports.memory.buffer);
    memory.set(machine.memory.read(block.base, block.size), RAM);
  }

  /** The program's sum for that many rounds, and the number of instructions. */
  call(rounds: number): { v0: number; instructions: number } {
    const { start, run, count, register, setRegister } = this.#exports;
    setRegister(SP, STACK_TOP);
    setRegister(RA, END);
    setRegister(A0, rounds);
    start(this.#entry);
    for (let before = -1n; count() !== before; ) {
      before = count();
      if (!run(END, SLICE)) throw new Error("the yardstick doesn't know an instruction of this");
    }
    return { v0: register(V0) >>> 0, instructions: Number(count()) };
  }
}
