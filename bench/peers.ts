// Runs the rivals of translated code. Each runs the same program in a process of its own, built here from peers/ and
// the committed objects; all of them but the native one therefore run the same MIPS instructions. A peer that isn't
// installed gives a reason. A sample is the time of many rounds less the least time of one, so it doesn't include the
// start of the process.

import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Program, programObject } from "./programs.ts";

/** The time that the rounds of one sample are meant to take; a machine that boots first varies by more than others. */
const SAMPLE_SECONDS = 0.1;
const BOOTED_SAMPLE_SECONDS = 0.3;
/** A peer is first tried with the rounds that it would do in a sample if it were so many times slower. */
const SLOWER = 8;
/** Runs of one round, of which the fastest is the start of a process. */
const STARTS = 4;
const LONGEST_MS = 60_000;
/** For V8 to optimise code that runs in this process: it replaces a function's code between calls. */
const WARMING_MS = 500;
/** Where a program is in Unicorn's memory. Unicorn's MIPS maps user addresses one to one. */
const UNICORN_BASE = 0x10000000;
const UNICORN_SIZE = 0x200000;
/** Room above the stack pointer, for arguments and for the word that calls return to. */
const ABOVE_STACK = 0x100;
/** The offset of e_entry in an Elf32_Ehdr. */
const E_ENTRY = 24;

/** A program prepared for a peer: a command that runs a number of rounds, and the sum that it must give. */
type Runner = (rounds: number) => { readonly seconds: number; readonly sum: number };

export interface Peer {
  readonly name: string;
  /** What it requires besides itself: commands that answer --version, and C libraries. */
  readonly commands: readonly string[];
  readonly library?: string;
  /** The time of a sample's rounds, default: SAMPLE_SECONDS. */
  readonly sampleSeconds?: number;
  /** @param directory an empty directory for the files that it builds */
  readonly prepare: (program: Program, directory: string) => Promise<Runner>;
}

const CROSS = "mipsel-linux-gnu";
export const C_TO_WEBASSEMBLY = "C to WebAssembly";

export const PEERS: readonly Peer[] = [
  {
    name: "qemu-mipsel",
    commands: ["qemu-mipsel", `${CROSS}-gcc`],
    prepare: async (program, directory) => {
      const start = assembled("linux", directory);
      const path = join(directory, "process");
      return linked(program, [start], path, () => process("qemu-mipsel", [path]));
    },
  },
  {
    name: "qemu-system-mipsel",
    commands: ["qemu-system-mipsel", `${CROSS}-gcc`],
    sampleSeconds: BOOTED_SAMPLE_SECONDS,
    prepare: async (program, directory) => {
      const start = assembled("board", directory);
      const path = join(directory, "kernel");
      const printed = join(directory, "printed");
      const options = `-M malta -cpu 24Kc -m 64 -nic none -vga none -display none -monitor none -no-reboot`;
      const serial = ["-serial", "null", "-serial", "null", "-serial", `file:${printed}`];
      return linked(program, ["-Ttext=0x80100000", start], path, () => {
        process("qemu-system-mipsel", [...options.split(" "), ...serial, "-kernel", path]);
        return readFileSync(printed);
      });
    },
  },
  {
    name: "Unicorn",
    commands: ["gcc", `${CROSS}-gcc`],
    library: "unicorn",
    prepare: async (program, directory) => {
      const linked = join(directory, "linked");
      const object = objectFile(program, directory);
      const at = [`-Ttext=${UNICORN_BASE.toString(16)}`, "-N", "-e", program.name];
      execFileSync(`${CROSS}-ld`, [...at, object, "-o", linked]);
      const image = join(directory, "image");
      const without = ["-R", ".reginfo", "-R", ".MIPS.abiflags"];
      execFileSync(`${CROSS}-objcopy`, ["-O", "binary", ...without, linked, image]);
      const run = unicorn(directory, {
        image: readFileSync(image),
        base: UNICORN_BASE,
        size: UNICORN_SIZE,
        entry: readFileSync(linked).readUInt32LE(E_ENTRY),
      });
      return timed((rounds) => run({ args: [rounds] }));
    },
  },
  {
    name: "native",
    commands: ["gcc"],
    prepare: async ({ name }, directory) => {
      const path = join(directory, "native");
      const files = [source(`programs/${name}.c`), source("programs/main.c")];
      execFileSync("gcc", ["-O2", "-w", `-DPROGRAM=${name}`, ...files, "-o", path]);
      return timed((rounds) => {
        const sum = Buffer.alloc(4);
        sum.writeUInt32BE(Number(process(path, [String(rounds)]).toString()));
        return sum;
      });
    },
  },
  {
    // In this process: the same V8 compiles it as compiles translated code, so it is the limit of any translator.
    name: C_TO_WEBASSEMBLY,
    commands: ["clang", "wasm-ld"],
    prepare: async (program, directory) => {
      const run = compiledToWebAssembly(program, directory);
      const start = performance.now();
      while (performance.now() - start < WARMING_MS) run(1);
      return timed((rounds) => {
        const sum = Buffer.alloc(4);
        sum.writeUInt32BE(run(rounds));
        return sum;
      });
    },
  },
];

/** The program's function, compiled by clang, without builtins, as the MIPS objects are. */
function compiledToWebAssembly({ name }: Program, directory: string): (rounds: number) => number {
  const path = join(directory, "program.wasm");
  const flags = "--target=wasm32 -O2 -nostdlib -ffreestanding -fno-builtin -w -Wl,--no-entry";
  const files = [source(`programs/${name}.c`), "-o", path];
  execFileSync("clang", [...flags.split(" "), `-Wl,--export=${name}`, ...files]);
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(readFileSync(path)));
  const run = exports[name] as (rounds: number) => number;
  return (rounds) => run(rounds) >>> 0;
}

/** Memory with MIPS code in it, little-endian. */
export interface Image {
  readonly image: Uint8Array;
  /** Guest address of the first byte, and the size of that memory in bytes. The stack is at its end. */
  readonly base: number;
  readonly size: number;
  /** The address of the function to call. */
  readonly entry: number;
}

export interface ImageCall {
  readonly args: readonly number[];
  /** Number of calls, default: 1. */
  readonly calls?: number;
  /** The memory that is read after the calls. */
  readonly result?: { readonly at: number; readonly size: number };
}

/**
 * Writes an image for Unicorn. The returned function makes calls and returns v0, its highest byte first, and the
 * result.
 */
export function unicorn(
  directory: string,
  { image, base, size, entry }: Image,
): (call: ImageCall) => Buffer {
  const driver = join(directory, "unicorn");
  execFileSync("gcc", ["-O2", source("peers/unicorn.c"), "-lunicorn", "-o", driver]);
  const path = join(directory, "memory");
  const memory = Buffer.alloc(size);
  memory.set(image);
  const stack = size - ABOVE_STACK;
  return ({ args, calls = 1, result = { at: base, size: 0 } }) => {
    for (const [index, arg] of args.entries()) memory.writeUInt32LE(arg, stack + 4 * index);
    writeFileSync(path, memory);
    const inRegisters = [0, 1, 2, 3].map((index) => args[index] ?? 0);
    const numbers = [
      base,
      size,
      entry,
      base + stack,
      calls,
      result.at,
      result.size,
      ...inRegisters,
    ];
    return process(driver, [path, ...numbers.map((number) => number.toString(16))]);
  };
}

/** The reason why a peer can't run here, or undefined. */
export function missing({ commands, library }: Peer): string | undefined {
  for (const command of commands) {
    if (spawnSync(command, ["--version"]).error) return `${command} isn't installed`;
  }
  if (library === undefined) return undefined;
  const { status } = spawnSync("gcc", ["-shared", `-l${library}`, "-o", "/dev/null"]);
  return status === 0 ? undefined : `lib${library} isn't installed`;
}

/** A program in a peer, ready to be timed. */
export class PeerProgram {
  readonly rounds: number;
  readonly #run: Runner;
  readonly #directory: string;
  /** The least time of one round: that of a process's start. */
  readonly #start: number;

  /** @param guess the rounds that the translator runs in a second */
  static async of(peer: Peer, program: Program, guess: number): Promise<PeerProgram> {
    const directory = mkdtempSync(join(tmpdir(), "farjal-bench-"));
    try {
      const seconds = peer.sampleSeconds ?? SAMPLE_SECONDS;
      return new PeerProgram(await peer.prepare(program, directory), directory, seconds, guess);
    } catch (error) {
      rmSync(directory, { recursive: true });
      throw error;
    }
  }

  private constructor(run: Runner, directory: string, seconds: number, guess: number) {
    this.#run = run;
    this.#directory = directory;
    this.#start = Math.min(...Array.from({ length: STARTS }, () => run(1).seconds));
    // Most are slower than the translator, so the first try takes no longer than a sample.
    let rounds = Math.ceil((guess * seconds) / SLOWER) + 1;
    let taken = this.#slope(rounds);
    // Half a sample is longer than what a process's start varies by.
    for (; taken < seconds / 2; taken = this.#slope(rounds)) rounds *= 2;
    this.rounds = Math.ceil((rounds * seconds) / taken) + 1;
  }

  /** The sum for this.rounds rounds. */
  sum(): number {
    return this.#run(this.rounds).sum;
  }

  /** Seconds of one round. */
  sample(): number {
    return this.#slope(this.rounds) / (this.rounds - 1);
  }

  remove(): void {
    rmSync(this.#directory, { recursive: true });
  }

  #slope(rounds: number): number {
    return this.#run(rounds).seconds - this.#start;
  }
}

/** Links the program's object once for each requested number of rounds, which becomes a symbol. */
function linked(
  program: Program,
  inputs: readonly string[],
  path: string,
  run: () => Buffer,
): Runner {
  const object = objectFile(program, dirname(path));
  const link = (rounds: number): void => {
    const symbols = [`--defsym=program=${program.name}`, `--defsym=rounds=${rounds}`];
    execFileSync(`${CROSS}-ld`, ["-e", "__start", ...symbols, ...inputs, object, "-o", path]);
  };
  let last = 0;
  return timed(run, (rounds) => {
    if (rounds !== last) link(rounds);
    last = rounds;
  });
}

/** Times a command that prints a sum, its highest byte first; the time excludes `before`. */
function timed(run: (rounds: number) => Buffer, before?: (rounds: number) => void): Runner {
  return (rounds) => {
    before?.(rounds);
    const start = performance.now();
    const answer = run(rounds);
    const seconds = (performance.now() - start) / 1000;
    return { seconds, sum: answer.readUInt32BE() };
  };
}

function process(command: string, options: readonly string[]): Buffer {
  return execFileSync(command, options, { timeout: LONGEST_MS, stdio: ["ignore", "pipe", "pipe"] });
}

function objectFile(program: Program, directory: string): string {
  const path = join(directory, "program.o");
  writeFileSync(path, programObject(program, "little"));
  return path;
}

function assembled(name: string, directory: string): string {
  const output = join(directory, `${name}.o`);
  const flags = "-c -march=mips32r2 -mno-abicalls -fno-pic -msoft-float".split(" ");
  execFileSync(`${CROSS}-gcc`, [...flags, source(`peers/${name}.S`), "-o", output]);
  return output;
}

function source(name: string): string {
  return fileURLToPath(new URL(`../../bench/${name}`, import.meta.url));
}
