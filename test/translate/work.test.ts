// Tests code that is rewritten, which causes the most work for the translator. Code that rewrites itself in every round
// is translated a few times only, because it waits longer each time, and the run's instructions pay for the work. Code
// that runs for long between two changes is translated after each. Of much code that is hot for a moment, only some is
// translated, also after a loop that ran translated for long. The same run on each engine.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Machine } from "../../src/index.ts";
import { assemble } from "../../src/isa/assemble.ts";

const [V0, A0, T0, T1, T2, S0, S1, RA] = [2, 4, 8, 9, 10, 16, 17, 31] as const;
const INSTRUCTIONS = 12_000_000;
/** The translator's cost of a module and of an instruction in it, in interpreted instructions. */
const MODULE = 200_000;
const INSTRUCTION = 12_000;
const FREE = 2e8;
const PAID = 8;
/** The loop's wait doubles from a million instructions; the outer loop's does too. */
const MOST_COMPILATIONS = 12;

/** An endless loop: rewrites its twelfth word, and then runs a short loop over it. */
function selfWriting(at: number): number[] {
  const high = at >>> 16;
  const low = at & 0xffff;
  return [
    assemble("lui", S0, high),
    assemble("ori", S0, S0, low),
    assemble("addiu", S1, S1, 1), // counts the rounds
    assemble("lui", T0, 0x2508),
    assemble("andi", T1, S1, 0xffff),
    assemble("or", T0, T0, T1), // addiu t0, t0, the number of the round
    assemble("sw", T0, 40, S0),
    assemble("addiu", T2, 0, 20),
    assemble("addiu", T2, T2, -1), // the short loop
    0,
    assemble("addiu", T0, T0, 1), // the word that is rewritten
    assemble("bne", T2, 0, -4),
    0,
    assemble("beq", 0, 0, -12),
    0,
  ];
}

for (const endian of ["little", "big"] as const) {
  test(`the translator's work is bounded by what runs, ${endian}-endian`, async () => {
    const states: unknown[] = [];
    for (const engine of ["interpreter", "auto"] as const) {
      const machine = await Machine.create({ engine, endian });
      const at = machine.memory.alloc(4096, 4096);
      for (const [index, word] of selfWriting(at).entries()) {
        machine.memory.setU32(at + 4 * index, word);
      }
      const { instructions, exception } = machine.call(at, [], {
        budget: INSTRUCTIONS,
        throws: false,
      });
      states.push([instructions, exception?.name, exception?.registers]);
      const done = machine.processor.statistics;
      if (done === null) continue;
      const work = done.compilations * MODULE + done.translatedInstructions * INSTRUCTION;
      assert.ok(done.compilations > 0);
      assert.ok(work < 1.1 * (FREE + PAID * INSTRUCTIONS), `${work}`);
      assert.ok(done.compilations <= MOST_COMPILATIONS, `${done.compilations} compilations`);
    }
    assert.deepEqual(states[1], states[0]);
  });

  test(`code that runs for long after each change is translated each time, ${endian}-endian`, async () => {
    const changes = 5;
    const results: number[][] = [];
    for (const engine of ["interpreter", "auto"] as const) {
      const machine = await Machine.create({ engine, endian });
      const at = machine.memory.alloc(4096, 4096);
      const write = (step: number): void =>
        [
          assemble("addiu", V0, 0, 0),
          assemble("addiu", A0, A0, -1),
          assemble("addiu", V0, V0, step),
          assemble("bne", A0, 0, -3),
          0,
          assemble("jr", RA),
          0,
        ].forEach((word, index) => {
          machine.memory.setU32(at + 4 * index, word);
        });
      const sums: number[] = [];
      for (let step = 0; step < changes; step++) {
        write(step);
        sums.push(machine.call(at, [1_000_000]).v0);
      }
      results.push(sums);
      const done = machine.processor.statistics;
      if (done !== null) assert.ok(done.compilations >= changes, `${done.compilations}`);
    }
    assert.deepEqual(results[1], results[0]);
  });
}

/** Functions that are called once, and the turns of the loop in each: a loop is as hot as code has to be. */
const [FUNCTIONS, TURNS] = [500, 12_000] as const;
/** The work that is done for code that has only got hot. */
const EAGER_WORK = 12e6;

function wideCode(at: number): number[] {
  const body = (index: number): number[] => [
    assemble("addiu", A0, 0, TURNS),
    assemble("addiu", A0, A0, -1),
    assemble("addiu", V0, V0, index),
    assemble("bne", A0, 0, -3),
    0,
    assemble("jr", RA),
    0,
  ];
  const size = body(0).length;
  const first = 3 + 2 * FUNCTIONS;
  const all = Array.from({ length: FUNCTIONS }, (_, index) => index);
  const target = (index: number): number => ((at + 4 * (first + size * index)) & 0x0fffffff) >>> 2;
  const calls = all.flatMap((index) => [assemble("jal", target(index)), 0]);
  return [assemble("or", S0, RA, 0), ...calls, assemble("jr", S0), 0, ...all.flatMap(body)];
}

test("code that runs widely is translated only as far as it pays", async () => {
  const results: unknown[] = [];
  for (const engine of ["interpreter", "auto"] as const) {
    const machine = await Machine.create({ engine });
    const at = machine.memory.alloc(0x8000, 4096);
    for (const [index, word] of wideCode(at).entries()) machine.memory.setU32(at + 4 * index, word);
    const { v0, instructions } = machine.call(at, []);
    results.push([v0, instructions]);
    const done = machine.processor.statistics;
    if (done === null) continue;
    const work = done.compilations * MODULE + done.translatedInstructions * INSTRUCTION;
    assert.ok(work > 0.8 * EAGER_WORK, `${work}`);
    assert.ok(work < 1.1 * EAGER_WORK + instructions / 4, `${work}`);
  }
  assert.deepEqual(results[1], results[0]);
});

test("a long hot loop doesn't pay for the translation of the code that runs after it", async () => {
  const machine = await Machine.create({ engine: "auto" });
  const work = (): number => {
    const { compilations = 0, translatedInstructions = 0 } = machine.processor.statistics ?? {};
    return compilations * MODULE + translatedInstructions * INSTRUCTION;
  };
  const loop = machine.memory.alloc(0x100, 4096);
  const words = [assemble("addiu", A0, A0, -1), assemble("bne", A0, 0, -2), 0];
  for (const [index, word] of [...words, assemble("jr", RA), 0].entries())
    machine.memory.setU32(loop + 4 * index, word);
  machine.call(loop, [100_000_000]);
  const before = work();
  assert.ok(before > 0, "the loop is translated");
  const at = machine.memory.alloc(0x8000, 4096);
  for (const [index, word] of wideCode(at).entries()) machine.memory.setU32(at + 4 * index, word);
  const { instructions } = machine.call(at, []);
  const more = work() - before;
  assert.ok(more > 0.8 * EAGER_WORK, `${more}`);
  assert.ok(more < 1.1 * EAGER_WORK + instructions / 4, `${more}`);
});
