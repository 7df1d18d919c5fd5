// Measures how fast translated code of real modules is. Functions of Debian's malta modules run on Debian's kernel,
// whose memcpy and memset they call: in the interpreter, in the translator, and in Unicorn on the same memory, in
// turns in one run. All must give the same answer. test/debian/fetch.sh downloads the modules.
// test/debian/known-answers.test.ts compares their answers with published ones.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Argument, type Kernel, Machine, readKernel } from "../src/index.ts";
import { columns } from "../src/report/table.ts";
import { debian, debianSkip } from "../test/support/debian.ts";
import { Random } from "../test/support/random.ts";
import { missing, PEERS, unicorn } from "./peers.ts";

/** An address in kseg0, which Unicorn maps too. */
const BASE = 0x82000000;
const MEMORY = 0x80000000;
const SAMPLES = 9;
const SAMPLE_SECONDS = 0.15;
const WARMING_SECONDS = 0.6;
const ENGINES = ["interpreter", "auto"] as const;
/** Number of bytes that a call processes, for the functions that process bytes. */
const SIZE = 0x4000;

interface Work {
  readonly module: string;
  readonly call: string;
  /** The arguments, with the data they point to in the machine's memory, and the place of the result. */
  readonly prepare: (machine: Machine) => {
    readonly args: readonly Argument[];
    readonly result?: { readonly at: number; readonly size: number };
  };
}

function filled(machine: Machine, size: number): number {
  const random = new Random(size);
  const at = machine.memory.alloc(size);
  machine.memory.write(
    at,
    Uint8Array.from({ length: size }, () => random.below(random.below(256) + 1)),
  );
  return at;
}

const WORKS: readonly Work[] = [
  {
    module: "crc16",
    call: "crc16",
    prepare: (machine) => ({ args: [0, filled(machine, SIZE), SIZE] }),
  },
  {
    module: "libchacha",
    call: "chacha_crypt_generic",
    prepare: (machine) => {
      const [state, out] = [filled(machine, 64), machine.memory.alloc(SIZE)];
      const args = [state, out, filled(machine, SIZE), SIZE, 20];
      return { args, result: { at: out, size: SIZE } };
    },
  },
  {
    module: "libpoly1305",
    call: "poly1305_core_blocks",
    prepare: (machine) => {
      // struct poly1305_state, the key's r in limbs of 26 bits, the text, its blocks, the bit above each block.
      const state = machine.memory.alloc(64);
      const key = machine.memory.alloc(64);
      for (let limb = 0; limb < 10; limb++)
        machine.memory.setU32(key + 4 * limb, 0x2345678 >> limb);
      const args = [state, key, filled(machine, SIZE), SIZE / 16, 1];
      return { args, result: { at: state, size: 20 } };
    },
  },
  {
    module: "libcurve25519-generic",
    call: "curve25519_generic",
    prepare: (machine) => {
      const out = machine.memory.alloc(32);
      return {
        args: [out, filled(machine, 32), filled(machine, 32)],
        result: { at: out, size: 32 },
      };
    },
  },
  {
    module: "lz4_compress",
    call: "LZ4_compress_default",
    prepare: (machine) => {
      const room = SIZE + 0x100;
      const out = machine.memory.alloc(room);
      const args = [filled(machine, SIZE), out, SIZE, room, machine.memory.alloc(16_416)];
      return { args, result: { at: out, size: 256 } };
    },
  },
  {
    module: "raid6_pq",
    call: "raid6_int4_gen_syndrome",
    prepare: (machine) => {
      const disks = Array.from({ length: 6 }, () => filled(machine, SIZE));
      const list = machine.memory.alloc(4 * disks.length);
      for (const [index, at] of disks.entries()) machine.memory.setU32(list + 4 * index, at);
      const syndrome = { at: disks.at(-1) ?? 0, size: SIZE };
      return { args: [disks.length, SIZE, list], result: syndrome };
    },
  },
  {
    module: "sha3_generic",
    call: "crypto_sha3_update",
    prepare: (machine) => {
      // The context in struct shash_desc is a struct sha3_state: 200 bytes, then SHA3-256's rate in bytes and in
      // words.
      const desc = machine.memory.alloc(512);
      machine.memory.setU32(desc + 8 + 200, 136);
      machine.memory.setU32(desc + 8 + 204, 17);
      return { args: [desc, filled(machine, SIZE), SIZE], result: { at: desc + 8, size: 200 } };
    },
  },
  {
    module: "zstd_compress",
    call: "zstd_compress_cctx",
    prepare: (machine) => {
      const call = (name: string, args: readonly number[]): number => {
        const { v0 } = machine.call(name, args);
        return v0;
      };
      const parameters = machine.memory.alloc(64);
      call("zstd_get_params", [parameters, 1, SIZE, 0]);
      const workspace = call("zstd_cctx_workspace_bound", [parameters]);
      const context = call("zstd_init_cctx", [machine.memory.alloc(workspace), workspace]);
      const room = 2 * SIZE;
      const out = machine.memory.alloc(room);
      const args = [context, out, room, filled(machine, SIZE), SIZE, parameters];
      return { args, result: { at: out, size: 256 } };
    },
  },
];

/** How one system repeats a function. */
interface Ready {
  /** v0 of the first call and the bytes that the call wrote. */
  readonly answer: string;
  /** Guest instructions of one call. */
  readonly instructions: number;
  /** Seconds of one call. */
  readonly sample: () => number;
}

/** Returns the lines of the report. */
export async function* kernelModules(): AsyncGenerator<string> {
  if (debian === null) {
    yield `Debian's modules: ${debianSkip}`;
    return;
  }
  const kernel = await readKernel(debian.vmlinuz);
  const peer = PEERS.find(({ name }) => name === "Unicorn");
  const without = peer === undefined ? "" : missing(peer);
  yield `Functions of Debian's modules, million guest instructions a second, p50 (p25-p75) of ${SAMPLES}`;
  if (without !== undefined) yield `  without Unicorn: ${without}`;
  const rows = [];
  const ratios: number[][] = [[], []];
  const directory = mkdtempSync(join(tmpdir(), "farjal-bench-"));
  try {
    for (const work of WORKS) {
      const ready: Ready[] = [];
      for (const engine of ENGINES) ready.push(await readyTo(work, kernel, engine));
      const [first] = ready;
      if (first === undefined) continue;
      if (without === undefined) ready.push(await readyInUnicorn(work, kernel, first, directory));
      if (ready.some(({ answer }) => answer !== first.answer)) {
        throw new Error(`${work.call}: two answers`);
      }
      const speeds = speedsOf(ready);
      const [interpreter, translator = Number.NaN, rival] = speeds.map(({ middle }) => middle);
      const times = [interpreter, rival].map((other, index) => {
        if (other === undefined) return "";
        ratios[index]?.push(translator / other);
        return (translator / other).toFixed(1);
      });
      const texts = speeds.map(({ text }) => text);
      if (texts.length < 3) texts.push("");
      rows.push([work.call, first.instructions.toLocaleString("en"), ...texts, ...times]);
    }
  } finally {
    rmSync(directory, { recursive: true });
  }
  const means = ratios.map((all) => (all.length === 0 ? "" : geometricMean(all).toFixed(1)));
  yield* columns(
    [
      ["", "instructions", "interpreter", "translator", "Unicorn", "x interpreter", "x Unicorn"],
      ...rows,
      ["geometric mean", "", "", "", "", ...means],
    ],
    ["left", "right", "right", "right", "right", "right", "right"],
  );
}

function speedsOf(ready: readonly Ready[]): { middle: number; text: string }[] {
  const seconds = ready.map((): number[] => []);
  for (let turn = 0; turn < SAMPLES; turn++) {
    for (const [index, { sample }] of ready.entries()) seconds[index]?.push(sample());
  }
  return ready.map(({ instructions }, index) => {
    const sorted = (seconds[index] ?? []).sort((a, b) => a - b);
    const speed = (share: number): number =>
      instructions / (sorted[Math.floor((SAMPLES - 1) * share)] ?? Number.NaN) / 1e6;
    const text = `${speed(0.5).toFixed(0)} (${speed(0.75).toFixed(0)}-${speed(0.25).toFixed(0)})`;
    return { middle: speed(0.5), text };
  });
}

function geometricMean(numbers: readonly number[]): number {
  return Math.exp(numbers.reduce((sum, one) => sum + Math.log(one), 0) / numbers.length);
}

async function machineFor(work: Work, kernel: Kernel, engine: (typeof ENGINES)[number]) {
  const machine = await Machine.create({ kernel, engine });
  await machine.insmod(debian?.module(work.module) ?? "", { base: BASE });
  return { machine, ...work.prepare(machine) };
}

async function readyTo(
  work: Work,
  kernel: Kernel,
  engine: (typeof ENGINES)[number],
): Promise<Ready> {
  const { machine, args, result } = await machineFor(work, kernel, engine);
  const call = (): { v0: number; instructions: number } => machine.call(work.call, args);
  const { v0, instructions } = call();
  const answer = answerOf(
    v0,
    result === undefined ? [] : machine.memory.read(result.at, result.size),
  );
  const many = (seconds: number): number => {
    const start = performance.now();
    let calls = 0;
    let passed = 0;
    while (passed < seconds) {
      call();
      calls++;
      passed = (performance.now() - start) / 1000;
    }
    return passed / calls;
  };
  many(WARMING_SECONDS);
  return { answer, instructions, sample: () => many(SAMPLE_SECONDS) };
}

/** Unicorn with a copy of the memory of a machine that is ready to call, so with the same relocated code. */
async function readyInUnicorn(
  work: Work,
  kernel: Kernel,
  { instructions }: Ready,
  directory: string,
): Promise<Ready> {
  const { machine, args, result } = await machineFor(work, kernel, "interpreter");
  const numbers = args.map((arg) => {
    if (typeof arg !== "number") throw new Error(`${work.call}: an argument isn't a number`);
    return arg;
  });
  const size = machine.processor.ramSize;
  const run = unicorn(directory, {
    image: machine.memory.read(MEMORY, size),
    base: MEMORY,
    size,
    entry: machine.addressOf(work.call) ?? 0,
  });
  const answer = run({ args: numbers, ...(result === undefined ? {} : { result }) });
  const seconds = (calls: number): number => {
    const start = performance.now();
    run({ args: numbers, calls });
    return (performance.now() - start) / 1000;
  };
  // The cost of starting the process is subtracted.
  const slope = (calls: number): number => {
    const one = seconds(1);
    return seconds(calls) - one;
  };
  let calls = 4;
  for (let last = 0; last < SAMPLE_SECONDS / 2; calls *= 4) last = slope(calls);
  return {
    answer: answerOf(answer.readUInt32BE(), answer.subarray(4)),
    instructions,
    sample: () => slope(calls) / (calls - 1),
  };
}

function answerOf(v0: number, bytes: Iterable<number>): string {
  return `${v0} ${[...bytes].join()}`;
}
