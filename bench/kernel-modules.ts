// How fast is translated code of real modules? Functions of Debian's malta modules on Debian's kernel, whose
// memcpy and memset they call, in the interpreter and in the translator, in turns in one run; both must answer
// alike. The modules are where test/debian/fetch.sh leaves them. Their answers are held to published ones in
// test/debian/known-answers.test.ts.

import { interleave } from "../src/cli/interleave.ts";
import { type Argument, type Kernel, Machine, readKernel } from "../src/index.ts";
import { columns } from "../src/report/table.ts";
import { debian, debianSkip } from "../test/support/debian.ts";
import { Random } from "../test/support/random.ts";

const BASE = 0xc0000000;
const EFFORT = { milliseconds: 1200, rounds: 8 };
const ENGINES = ["interpreter", "auto"] as const;
/** Bytes that a call works on, where it works on bytes. */
const SIZE = 0x4000;

interface Work {
  readonly module: string;
  readonly call: string;
  /** The arguments, with what they point to in the machine's memory, and where the result lies. */
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
      // struct poly1305_state, r of the key in limbs of 26 bits, the text, its blocks, the bit above each.
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
];

/** Lines of text. */
export async function* kernelModules(): AsyncGenerator<string> {
  if (debian === null) {
    yield `Debian's modules: ${debianSkip}`;
    return;
  }
  const kernel = await readKernel(debian.vmlinuz);
  yield "Functions of Debian's modules, million guest instructions a second, p50 (p25-p75)";
  const rows = [];
  const ratios = [];
  for (const work of WORKS) {
    const ready: Awaited<ReturnType<typeof readyTo>>[] = [];
    for (const engine of ENGINES) ready.push(await readyTo(work, kernel, engine));
    const [interpreted, translated] = ready;
    if (interpreted?.answer !== translated?.answer) throw new Error(`${work.call}: two answers`);
    const timings = await interleave(ready, EFFORT);
    const speeds = timings.map(({ p50, p25, p75 }, index) => {
      const speed = (seconds: number): number => (ready[index]?.instructions ?? 0) / seconds / 1e6;
      return {
        middle: speed(p50),
        text: `${speed(p50).toFixed(0)} (${speed(p75).toFixed(0)}-${speed(p25).toFixed(0)})`,
      };
    });
    const ratio = (speeds[1]?.middle ?? Number.NaN) / (speeds[0]?.middle ?? Number.NaN);
    ratios.push(ratio);
    const instructions = (interpreted?.instructions ?? 0).toLocaleString("en");
    rows.push([work.call, instructions, ...speeds.map(({ text }) => text), ratio.toFixed(1)]);
  }
  const mean = Math.exp(ratios.reduce((sum, ratio) => sum + Math.log(ratio), 0) / ratios.length);
  yield* columns(
    [
      ["", "instructions", "interpreter", "translator", "ratio"],
      ...rows,
      ["geometric mean", "", "", "", mean.toFixed(1)],
    ],
    ["left", "right", "right", "right", "right"],
  );
}

/** A machine with the module, and a call that it does again and again: enough of them for a sample. */
async function readyTo(work: Work, kernel: Kernel, engine: (typeof ENGINES)[number]) {
  const machine = await Machine.create({ kernel, engine });
  await machine.insmod(debian?.module(work.module) ?? "", { base: BASE });
  const { args, result } = work.prepare(machine);
  const call = (): { v0: number; instructions: number } => {
    const done = machine.call(work.call, args);
    if (done.exception !== undefined) throw new Error(`${work.call}: ${done.exception.message}`);
    return done;
  };
  const { v0, instructions } = call();
  const bytes = result === undefined ? [] : machine.memory.read(result.at, result.size);
  const times = Math.ceil(3e6 / instructions);
  const run = (): void => {
    for (let time = 0; time < times; time++) call();
  };
  return { run, instructions: instructions * times, answer: `${v0} ${[...bytes].join()}` };
}
