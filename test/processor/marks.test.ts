// Tests that a jump to a marked address calls the host once, with the registers and the count as they are there, however
// the code is run. The reference is the exact reading stepped one instruction at a time, for control flow that no
// compiler produces.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { STOP_DEVICE, STOP_LIMIT } from "../../assembly/shared/stops.ts";
import type { Processor } from "../../src/processor/processor.ts";
import { asm, CODE, ENDIANS, Guest, NOP, R } from "../cpu/guest.ts";
import { Random } from "../support/random.ts";
import * as programs from "../translate/programs.ts";

const LIMIT = 4000;
const MEMORY = 2 << 20;

const CASES: Readonly<Record<string, readonly number[]>> = {
  "many targets": programs.manyTargets(CODE, 50),
  irreducible: programs.irreducible(CODE, 60, 1),
  "mutual recursion": programs.mutualRecursion(CODE),
  "into delay slots": programs.intoDelaySlots(CODE),
  "rewrites itself": programs.rewritesItself(CODE, 0),
};

const WAYS: Readonly<Record<string, (core: Processor, limit: number) => number>> = {
  interpreter: (core, limit) => core.run(limit),
  "exact reading": (core, limit) => core.runExactly(limit),
  "auto, which interprets meanwhile": (core, limit) => {
    core.engine = "auto";
    return core.run(limit);
  },
};

/** A jump: where it leads, the instructions completed by then, and ra. */
type Jump = readonly [address: number, count: number, ra: number];

for (const endian of ENDIANS) {
  describe(`marked addresses, ${endian}-endian`, () => {
    for (const [name, words] of Object.entries(CASES)) {
      const expected = stepped(started(endian, words), words);
      for (const [way, run] of Object.entries(WAYS)) {
        test(`${name}: the ${way} reports each jump`, () => {
          const core = started(endian, words);
          const jumps: Jump[] = [];
          core.follow((address) => jumps.push([address, core.count, core.gpr(R.ra)]));
          for (const address of marked(words)) core.mark(address);
          const random = new Random(words.length);
          for (let left = LIMIT; left > 0; ) {
            const before = core.count;
            if (run(core, Math.min(1 + random.below(300), left)) !== STOP_LIMIT) break;
            left -= core.count - before;
          }
          assert.ok(expected.length > 0);
          assert.deepEqual(jumps, expected);
        });
      }
    }

    test("the host can end the run there", () => {
      // The loop leads back to its first instruction.
      const words = [asm("addiu", R.t0, R.t0, 1), asm("beq", R.zero, R.zero, -2), NOP];
      for (const run of Object.values(WAYS)) {
        const core = started(endian, words);
        core.follow(() => core.stopAfterThis());
        core.mark(CODE);
        for (const turns of [1, 2, 3]) {
          assert.equal(run(core, 1000), STOP_DEVICE);
          assert.deepEqual([core.pc, core.count, core.gpr(R.t0)], [CODE, 3 * turns, turns]);
        }
        core.follow(null);
        assert.equal(run(core, 30), STOP_LIMIT);
      }
    });

    test("an address that shares its bit with a marked one isn't reported", () => {
      const words = [asm("addiu", R.t0, R.t0, 1), asm("beq", R.zero, R.zero, -2), NOP];
      const core = started(endian, words);
      core.follow(() => assert.fail());
      core.mark(CODE + 0x40000000);
      core.run(30);
    });
  });
}

function started(endian: "little" | "big", words: readonly number[]): Processor {
  const guest = new Guest(endian, false, MEMORY);
  guest.put(CODE, ...words);
  const { core } = guest;
  core.setGpr(R.s0, 40);
  core.setGpr(R.sp, 0x80000000 + MEMORY - 64);
  core.pc = CODE;
  return core;
}

/** Two of three addresses. */
function marked(words: readonly number[]): number[] {
  return words.flatMap((_, index) => (index % 3 === 1 ? [] : [CODE + 4 * index]));
}

function stepped(core: Processor, words: readonly number[]): Jump[] {
  const jumps: Jump[] = [];
  const wanted = new Set(marked(words));
  for (let left = LIMIT; left > 0; left -= 1) {
    const { pc, count, nextPc, inDelaySlot } = core;
    core.runExactly(1);
    if (core.count === count) break;
    const isJump = inDelaySlot && nextPc !== pc + 4;
    if (isJump && core.pc === nextPc && wanted.has(nextPc)) {
      jumps.push([nextPc, core.count, core.gpr(R.ra)]);
    }
  }
  return jumps;
}
