// Tests the engines around a flush: the translator drops everything it has made, together with the core's instance,
// in the middle of a run. The run must continue in the new instance, with the same state as on the interpreter.

import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { STOP_LIMIT } from "../../assembly/shared/stops.ts";
import { asm, CODE, ENDIANS, Guest, li, NOP, R } from "../cpu/guest.ts";
import { thorough } from "../support/thorough.ts";

/** More modules than a translator keeps. */
const VERSIONS = 420;
const LOOPS = 12;
/** Rounds of each loop: more than the translator observes before it translates. */
const ROUNDS = 2000;

/** A loop that is rewritten before each of its runs, so that each run needs a translation; then many other loops. */
function program(): number[] {
  const words: number[] = [];
  const put = (...more: readonly number[]): void => void words.push(...more);
  put(...li(R.s0, 0), ...li(R.a0, 0x25080000), ...li(R.a1, 0));
  const outer = words.length;
  put(asm("addiu", R.s0, R.s0, 1), asm("or", R.t0, R.a0, R.s0));
  const patch = words.length + 4; // where the inner loop begins
  put(...li(R.a1, CODE + 4 * patch), asm("sw", R.t0, 0, R.a1));
  put(asm("addiu", R.t1, R.zero, ROUNDS));
  const inner = words.length;
  put(NOP); // the word that changes: addiu t0,t0,n
  put(asm("addiu", R.t1, R.t1, -1), asm("bne", R.t1, R.zero, inner - words.length - 2), NOP);
  put(asm("addiu", R.t2, R.zero, VERSIONS));
  put(asm("bne", R.s0, R.t2, outer - words.length - 1), NOP);
  for (let loop = 0; loop < LOOPS; loop += 1) {
    put(asm("addiu", R.t1, R.zero, ROUNDS));
    put(asm("addiu", R.v0, R.v0, loop), asm("addiu", R.t1, R.t1, -1));
    put(asm("bne", R.t1, R.zero, -3), NOP);
  }
  assert.equal(patch, inner);
  put(asm("beq", R.zero, R.zero, -1), NOP);
  return words;
}

for (const endian of thorough ? ENDIANS : (["little"] as const)) {
  suite(`engines, ${endian}-endian`, () => {
    test("continue in the current instance after a flush within a run", () => {
      const steps = VERSIONS * (10 + 4 * ROUNDS) + LOOPS * (1 + 4 * ROUNDS) + 100;
      const results = (["interpreter", "translator"] as const).map((engine) => {
        const guest = new Guest(endian);
        guest.core.engine = engine;
        const stop = guest.run(program(), steps);
        const { core } = guest;
        if (engine === "translator") assert.ok((core.statistics?.flushes ?? 0) > 0, "a flush");
        return [stop, core.count, core.pc, core.gpr(R.v0), core.gpr(R.t0), core.gpr(R.s0)];
      });
      const [stop, count, , v0] = results[0] ?? [];
      assert.deepEqual([stop, count, v0], [STOP_LIMIT, steps, (ROUNDS * LOOPS * (LOOPS - 1)) / 2]);
      assert.deepEqual(results[1], results[0]);
    });
  });
}
