// Tests code that rewrites itself in every round, which causes the most work for the translator: the run's
// instructions pay for that work, so a run never costs a hundred times its interpretation. The same run on each
// engine.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Machine } from "../../src/index.ts";
import { assemble } from "../../src/isa/assemble.ts";

const [T0, T1, T2, S0, S1] = [8, 9, 10, 16, 17] as const;
const INSTRUCTIONS = 12_000_000;
/** The translator's cost of a module and of an instruction in it, in interpreted instructions. */
const MODULE = 50_000;
const INSTRUCTION = 2000;
const FREE = 2e8;
const PAID = 8;

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
    }
    assert.deepEqual(states[1], states[0]);
  });
}
