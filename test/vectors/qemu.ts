// Runs programs on QEMU's user-mode MIPS (-cpu 24Kc, or 4Kc) through runner.c, and returns what a processor's kernel
// would see: it converts Linux's signals back to the exceptions that cause them. Two things that a signal doesn't
// state are taken from the instruction: whether a load or a store caused an address error or TLB miss, and that a
// syscall was executed, which Linux answers with ENOSYS when it doesn't have the number.

import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as opcodes from "../../assembly/shared/opcodes.ts";
import { find, hasDelaySlot, INSTRUCTIONS } from "../../src/isa/table.ts";
import { repositoryFile } from "../support/repository.ts";
import { DATA, type Endian, type Program, REGISTERS, type Stop, setsBadVAddr } from "./program.ts";

/** The processors used, by QEMU's names. */
export type Cpu = "24Kc" | "4Kc";

function tools(endian: Endian) {
  const arch = endian === "big" ? "mips" : "mipsel";
  return { compiler: `${arch}-linux-gnu-gcc`, emulator: `qemu-${arch}` };
}

/** No C library: its start-up needs an FPU, which the 24Kc doesn't have. */
const COMPILER_FLAGS =
  "-std=gnu11 -O1 -Wall -Werror -ffreestanding -nostdlib -static -msoft-float -mno-abicalls -fno-pic -G0".split(
    " ",
  );

const RUNNER = repositoryFile("test/vectors/runner.c");

/** For node:test's `skip`: false when QEMU and a compiler for both byte orders are here, or the reason. */
export function qemuSkip(): string | false {
  for (const endian of ["little", "big"] as const) {
    for (const tool of Object.values(tools(endian))) {
      if (spawnSync(tool, ["--version"]).error) return `${tool} isn't installed`;
    }
    const { compiler } = tools(endian);
    if (spawnSync(compiler, [...COMPILER_FLAGS, "-M", RUNNER]).status !== 0) {
      return `what ${compiler} needs of Linux's headers isn't installed`;
    }
  }
  return false;
}

/** Linux's signal numbers and codes on MIPS. */
const SIGILL = 4;
const SIGTRAP = 5;
const SIGFPE = 8;
const SIGBUS = 10;
const SIGSEGV = 11;
const TRAP_BRKPT = 1;
const SI_KERNEL = 0x80;
const FPE_INTOVF = 2;
const ENOSYS = 89;

const V0 = 2;
const A3 = 7;

function words(buffer: Buffer, endian: Endian): number[] {
  const swapped = endian === "big" ? Buffer.from(buffer).swap32() : buffer;
  return Array.from({ length: buffer.length / 4 }, (_, i) => swapped.readUInt32LE(4 * i));
}

function wordAt(program: Program, address: number): number {
  return program.words[(address - program.address) / 4] ?? 0;
}

/** Whether the instruction at epc, or the one in its delay slot, made the failed access. */
function isStore(program: Program, epc: number): boolean {
  const at = find(INSTRUCTIONS, wordAt(program, epc));
  const accessing = at && hasDelaySlot(at) ? find(INSTRUCTIONS, wordAt(program, epc + 4)) : at;
  return accessing?.group === "store";
}

function exceptionOf(signal: number, code: number, program: Program, epc: number): number {
  if (signal === SIGTRAP && code === TRAP_BRKPT) return opcodes.EXC_BP;
  if (signal === SIGTRAP && code === SI_KERNEL) return opcodes.EXC_TR;
  if (signal === SIGFPE && code === FPE_INTOVF) return opcodes.EXC_OV;
  if (signal === SIGILL) return opcodes.EXC_RI;
  if (signal === SIGBUS) return isStore(program, epc) ? opcodes.EXC_ADES : opcodes.EXC_ADEL;
  if (signal === SIGSEGV) return isStore(program, epc) ? opcodes.EXC_TLBS : opcodes.EXC_TLBL;
  throw new Error(
    `signal ${signal} with si_code ${code} stands for no exception (pc ${epc.toString(16)})`,
  );
}

/** A stop after a syscall that Linux refused, as the exception that the syscall raised. */
function syscallStop(program: Program, stop: Stop): Stop {
  const before = find(INSTRUCTIONS, wordAt(program, stop.epc - 4));
  if (before?.name !== "syscall" || stop.epc - 4 !== program.entry) return stop;
  if (stop.registers[V0] !== ENOSYS || stop.registers[A3] !== 1)
    throw new Error("a syscall was carried out");
  const registers = stop.registers.slice();
  registers[V0] = program.registers[V0] as number;
  registers[A3] = program.registers[A3] as number;
  return { ...stop, exception: opcodes.EXC_SYS, epc: stop.epc - 4, registers };
}

/**
 * Runs the programs, all with data of one length, on QEMU. Returns a list of stops for each; it is shorter than
 * program.stops when the program reached BREAK_LAST earlier.
 */
export function runOnQemu(
  endian: Endian,
  programs: readonly Program[],
  cpu: Cpu = "24Kc",
): Stop[][] {
  const dataWords = programs[0]?.data.length ?? 0;
  const input: number[] = [DATA, dataWords];
  for (const program of programs) {
    if (program.data.length !== dataWords)
      throw new Error("programs of one run have data of one length");
    input.push(program.address, program.words.length, program.entry, program.stops);
    for (const register of program.registers.subarray(1)) input.push(register);
    for (const word of program.words) input.push(word);
    for (const word of program.data) input.push(word);
  }
  const output = runRunner(endian, cpu, Uint32Array.from(input));
  let at = 0;
  const take = () => {
    const word = output[at++];
    if (word === undefined) throw new Error("the runner's output ends too early");
    return word;
  };
  const result = programs.map((program) => {
    const stops: Stop[] = [];
    while (stops.length < program.stops) {
      const signal = take();
      if (signal === 0) break;
      const code = take();
      const address = take();
      const epc = take();
      const registers = new Uint32Array(REGISTERS);
      for (let i = 1; i < REGISTERS; i++) registers[i] = take();
      const data = Array.from({ length: dataWords }, take);
      const exception = exceptionOf(signal, code, program, epc);
      const badVAddr = setsBadVAddr(exception) ? address : 0;
      stops.push(syscallStop(program, { exception, epc, badVAddr, registers, data }));
    }
    return stops;
  });
  if (at !== output.length) throw new Error("the runner's output is too long");
  return result;
}

const OUTPUT_LIMIT = 2 ** 30;

function runRunner(endian: Endian, cpu: Cpu, input: Uint32Array<ArrayBuffer>): number[] {
  const { compiler, emulator } = tools(endian);
  const directory = mkdtempSync(join(tmpdir(), "farjal-vectors-"));
  try {
    const runner = join(directory, "runner");
    execFileSync(compiler, [...COMPILER_FLAGS, "-o", runner, RUNNER]);
    const bytes = Buffer.from(input.buffer);
    if (endian === "big") bytes.swap32();
    return words(
      execFileSync(emulator, ["-cpu", cpu, runner], { input: bytes, maxBuffer: OUTPUT_LIMIT }),
      endian,
    );
  } finally {
    rmSync(directory, { recursive: true });
  }
}
