// Checks the counts of executed instructions against two references: the exact reading stepped one instruction at a
// time, for control flow that no compiler produces, and QEMU's own log of what it executed, for compiled programs.

import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import { COUNT_CELLS_USED } from "../../assembly/shared/execution-counts.ts";
import { COUNT_CELLS_SIZE } from "../../assembly/shared/memory-map.ts";
import { STOP_LIMIT } from "../../assembly/shared/stops.ts";
import { machineWithProgram, PROGRAMS } from "../../bench/programs.ts";
import type { Processor } from "../../src/processor/processor.ts";
import { CODE, ENDIANS, Guest, R } from "../cpu/guest.ts";
import { FRESH, programNumber } from "../lockstep/seeds.ts";
import { Random } from "../support/random.ts";
import { repositoryFile } from "../support/repository.ts";
import { everyOther, thorough } from "../support/thorough.ts";
import * as programs from "../translate/programs.ts";
import { Guest as ProgramGuest, READINGS, type Reading } from "../vectors/guest.ts";
import { qemuSkip } from "../vectors/qemu.ts";

const MEMORY = 2 << 20;
const STACK = 0x80000000 + MEMORY - 64;
const LIMIT = 6000;

/** By address. */
interface Expected {
  readonly executed: Map<number, number>;
  readonly taken: Map<number, number>;
}

const WAYS: Readonly<Record<string, (core: Processor, limit: number) => number>> = {
  interpreter: (core, limit) => core.run(limit),
  "exact reading": (core, limit) => core.runExactly(limit),
  translator: READINGS.translator,
};

const CASES: Readonly<Record<string, readonly number[]>> = {
  "many blocks": programs.manyBlocks(CODE, 200),
  "irreducible, 1": programs.irreducible(CODE, 60, 1),
  "irreducible, 2": programs.irreducible(CODE, 60, 2),
  "many targets": programs.manyTargets(CODE, 50),
  "endless recursion": programs.endlessRecursion(CODE),
  "mutual recursion": programs.mutualRecursion(CODE),
  "into delay slots": programs.intoDelaySlots(CODE),
  "rewrites itself": programs.rewritesItself(CODE, 0),
  "across pages": programs.straightLine(CODE + 0xf00, 300),
};

for (const [order, endian] of ENDIANS.entries()) {
  describe(`counts of executed instructions, ${endian}-endian`, () => {
    for (const [name, words] of everyOther(Object.entries(CASES), order)) {
      const address = name === "across pages" ? CODE + 0xf00 : CODE;
      const start = (): Processor => started(endian, address, words);
      const expected = stepped(start());
      for (const [way, run] of Object.entries(WAYS)) {
        test(`${name}: the ${way} counts what stepping counts`, () => {
          const random = new Random(words.length);
          const core = start();
          core.counting = true;
          let left = LIMIT;
          while (left > 0) {
            const limit = Math.min(1 + random.below(random.below(4) === 0 ? 7 : 900), left);
            const before = core.count;
            if (run(core, limit) !== STOP_LIMIT) break;
            left -= core.count - before;
          }
          assertCounts(core, expected);
        });
      }
    }

    for (const reading of Object.keys(READINGS) as Reading[]) {
      test(`random programs with exceptions: the sum is the processor's count (${reading})`, () => {
        const guest = new ProgramGuest(endian, reading);
        guest.processor.counting = true;
        for (let n = 0; n < 12; n++) guest.run(programNumber(2 * FRESH + n));
        assert.equal(guest.processor.executionCounts.total, guest.processor.count);
        guest.processor.executionCounts.check();
      });
    }

    test("code that there are no cells for is refused, not left out", () => {
      const core = started(endian, CODE, CASES["many blocks"] ?? []);
      core.counting = true;
      core.words[COUNT_CELLS_USED / 4] = COUNT_CELLS_SIZE;
      core.run(100);
      assert.equal(core.count, 100);
      assert.throws(() => core.executionCounts.check(), /about 10 MiB of code, and more of it ran/);
    });

    test("instructions that ran while counting was off aren't counted", () => {
      const core = started(endian, CODE, CASES["many blocks"] ?? []);
      core.run(100);
      core.counting = true;
      core.run(50);
      core.counting = false;
      core.run(100);
      assert.equal(core.executionCounts.total, 50);
    });
  });
}

describe("counts of executed instructions and QEMU's", { skip: qemuSkip() }, () => {
  for (const endian of ENDIANS) {
    for (const [index, program] of PROGRAMS.entries()) {
      // Each order takes every other program; a thorough run takes all.
      if (!thorough && index % 2 !== ENDIANS.indexOf(endian)) continue;
      test(`${program.name}, ${endian}-endian`, async () => {
        const theirs = qemuCounts(program.name, endian);
        for (const engine of ["interpreter", "translator"] as const) {
          const machine = await machineWithProgram(program, endian, engine);
          machine.processor.counting = true;
          machine.call(program.name, [1]);
          const text = machine.modules[0]?.sections.find(({ name }) => name === ".text");
          assert.ok(text);
          const ours = machine.processor.executionCounts.range(text.address, text.size).executed;
          assert.deepEqual(
            [...ours],
            Array.from(ours, (_, index) => theirs.get(4 * index) ?? 0),
          );
        }
      });
    }
  }
});

function started(endian: "little" | "big", address: number, words: readonly number[]): Processor {
  const guest = new Guest(endian, false, MEMORY);
  guest.put(address, ...words);
  const { core } = guest;
  core.setGpr(R.s0, 40);
  core.setGpr(R.sp, STACK);
  core.pc = address;
  return core;
}

/** The counts of a program that is executed one instruction at a time. */
function stepped(core: Processor): Expected {
  const executed = new Map<number, number>();
  const taken = new Map<number, number>();
  for (let left = LIMIT; left > 0; left--) {
    const { pc, count } = core;
    core.runExactly(1);
    if (core.count === count) break;
    add(executed, pc);
    if (core.inDelaySlot && core.nextPc !== pc + 8) add(taken, pc);
  }
  return { executed, taken };
}

function assertCounts(core: Processor, expected: Expected): void {
  const executed = new Map<number, number>();
  const taken = new Map<number, number>();
  for (const page of core.executionCounts.pages) {
    const counts = core.executionCounts.range(page, 0x1000);
    counts.executed.forEach((times, index) => {
      if (times !== 0) executed.set(page + 4 * index, times);
    });
    counts.taken.forEach((times, index) => {
      if (times !== 0) taken.set(page + 4 * index, times);
    });
  }
  assert.deepEqual(sorted(executed), sorted(expected.executed));
  assert.deepEqual(sorted(taken), sorted(expected.taken));
  assert.equal(core.executionCounts.total, core.count);
}

function add(counts: Map<number, number>, address: number): void {
  counts.set(address, (counts.get(address) ?? 0) + 1);
}

function sorted(counts: ReadonlyMap<number, number>): [number, number][] {
  return [...counts].sort(([a], [b]) => a - b);
}

/** A process that runs one round of a program. */
const PROCESS = (name: string): string => `
#include "${repositoryFile("src/verify/process.h")}"
unsigned ${name}(unsigned rounds);
int main(void) { ${name}(1); kernel(4001, 0); return 0; }
`;
const FLAGS =
  "-O1 -ffreestanding -nostdlib -static -march=mips32r2 -msoft-float -mno-abicalls -fno-pic -G0".split(
    " ",
  );

/** How often QEMU executes each instruction of a program's .text in one round, by its offset. */
function qemuCounts(name: string, endian: "little" | "big"): Map<number, number> {
  const arch = endian === "big" ? "mips" : "mipsel";
  const directory = mkdtempSync(join(tmpdir(), "farjal-counts-"));
  try {
    const file = (name: string): string => join(directory, name);
    const object = repositoryFile(`bench/programs/built/${name}-${endian}.o`);
    writeFileSync(file("main.c"), PROCESS(name));
    execFileSync(`${arch}-linux-gnu-gcc`, [
      ...FLAGS,
      file("main.c"),
      object,
      "-o",
      file("program"),
    ]);
    // The function's own address, and its place in .text.
    const [there = 0] = symbol(arch, file("program"), name);
    const [at = 0] = symbol(arch, object, name);
    const size = textSize(arch, object);
    const start = there - at;
    const range = `0x${start.toString(16)}..0x${(start + size - 1).toString(16)}`;
    const options = ["-singlestep", "-d", "exec,nochain", "-dfilter", range, "-D", file("log")];
    const ran = spawnSync(`qemu-${arch}`, [...options, file("program")]);
    assert.equal(ran.status, 0, String(ran.stderr));
    const counts = new Map<number, number>();
    const log = execFileSync(
      "sed",
      ["-n", "s|^Trace.*\\[[0-9a-f]*/\\([0-9a-f]*\\)/.*|\\1|p", file("log")],
      {
        maxBuffer: 1 << 30,
        encoding: "latin1",
      },
    );
    for (const line of log.trim().split("\n")) add(counts, Number.parseInt(line, 16) - start);
    return counts;
  } finally {
    rmSync(directory, { recursive: true });
  }
}

function symbol(arch: string, file: string, name: string): number[] {
  const lines = execFileSync(`${arch}-linux-gnu-nm`, [file], { encoding: "latin1" }).split("\n");
  return lines
    .filter((line) => line.split(" ")[2] === name)
    .map((line) => Number.parseInt(line, 16));
}

function textSize(arch: string, file: string): number {
  const text = execFileSync(`${arch}-linux-gnu-size`, ["-A", file], { encoding: "latin1" });
  return Number(/^\.text\s+(\d+)/m.exec(text)?.[1]);
}
