// Tests control flow that no compiler produces, and code that changes after its translation: the state afterwards
// must equal the exact reading's, in registers, memory and count, and the translations kept stay bounded.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { CPU_LIMIT } from "../../assembly/shared/cpu-state.ts";
import { STOP_EXCEPTION, STOP_LIMIT } from "../../assembly/shared/stops.ts";
import { asm, CODE, ENDIANS, Guest, R } from "../cpu/guest.ts";
import { everyOther } from "../support/thorough.ts";
import { assertValid, modulesMade } from "./captured.ts";
import * as programs from "./programs.ts";

const MEMORY = 2 << 20;
const STACK = 0x80000000 + MEMORY - 64;
const KSEG1_BIT = 0x20000000;
const MOST_BYTES = 32 << 20;
const MOST_MODULES = 400;

interface Case {
  readonly name: string;
  readonly words: readonly number[];
  readonly rounds: number;
  readonly limit: number;
  readonly stop: number;
}

const CASES: readonly Case[] = [
  {
    name: "100,000 instructions in a row",
    words: programs.straightLine(CODE, 100_000),
    rounds: 5,
    limit: 1e6,
    stop: STOP_EXCEPTION,
  },
  {
    name: "10,000 blocks",
    words: programs.manyBlocks(CODE, 10_000),
    rounds: 3,
    limit: 1e6,
    stop: STOP_EXCEPTION,
  },
  ...[1, 2, 3].map((seed) => ({
    name: `irreducible everywhere, seed ${seed}`,
    words: programs.irreducible(CODE, 150, seed),
    rounds: 60_000,
    limit: 1e6,
    stop: STOP_EXCEPTION,
  })),
  {
    name: "a jump to 10,000 places",
    words: programs.manyTargets(CODE, 10_000),
    rounds: 40_000,
    limit: 1e6,
    stop: STOP_EXCEPTION,
  },
  {
    name: "endless recursion",
    words: programs.endlessRecursion(CODE),
    rounds: 0,
    limit: 300_000,
    stop: STOP_LIMIT,
  },
  {
    name: "recursion 20,000 deep and back",
    words: programs.mutualRecursion(CODE),
    rounds: 20_000,
    limit: 1e6,
    stop: STOP_EXCEPTION,
  },
  {
    name: "jumps into delay slots",
    words: programs.intoDelaySlots(CODE),
    rounds: 20_000,
    limit: 1e6,
    stop: STOP_EXCEPTION,
  },
  {
    name: "an instruction rewritten each time round",
    words: programs.rewritesItself(CODE, 0),
    rounds: 5000,
    limit: 1e6,
    stop: STOP_EXCEPTION,
  },
  {
    name: "the same through kseg1",
    words: programs.rewritesItself(CODE, KSEG1_BIT),
    rounds: 5000,
    limit: 1e6,
    stop: STOP_EXCEPTION,
  },
  {
    name: "a jump between instructions",
    words: [
      ...[asm("addiu", R.s0, R.s0, -1), asm("bgtz", R.s0, -2), asm("addiu", R.v0, R.v0, 3)],
      ...[asm("lui", R.t1, CODE >>> 16), asm("ori", R.t1, R.t1, (CODE & 0xffff) + 2)],
      ...[asm("jr", R.t1), 0],
    ],
    rounds: 10_000,
    limit: 1e6,
    stop: STOP_EXCEPTION,
  },
  {
    name: "a branch in a branch's delay slot",
    words: [
      ...[asm("addiu", R.s0, R.s0, -1), asm("bgtz", R.s0, -2), asm("addiu", R.v0, R.v0, 3)],
      ...[asm("bgtz", R.v0, 3), asm("beq", R.zero, R.zero, -5), 0],
    ],
    rounds: 10_000,
    limit: 1e6,
    stop: STOP_EXCEPTION,
  },
];

for (const [order, endian] of ENDIANS.entries()) {
  describe(`hard for the translator, ${endian}-endian`, () => {
    for (const { name, words, rounds, limit, stop } of everyOther(CASES, order)) {
      test(name, () => {
        const prepare = (): Guest => {
          const guest = new Guest(endian, false, MEMORY);
          guest.put(CODE, ...words);
          guest.core.setGpr(R.s0, rounds);
          guest.core.setGpr(R.sp, STACK);
          guest.core.pc = CODE;
          return guest;
        };
        const exact = prepare();
        const translated = prepare();
        translated.core.engine = "translator";
        assert.equal(exact.core.runExactly(limit), stop);
        const modules = modulesMade(() => assert.equal(translated.core.run(limit), stop));
        assert.equal(translated.core.count, exact.core.count);
        for (const { core } of [exact, translated]) core.words[CPU_LIMIT / 4] = 0; // the host's word
        assert.ok(translated.state().equals(exact.state()), "another state");
        const statistics = translated.core.statistics;
        assert.ok(statistics !== null && statistics.compilations > 0);
        assert.ok(statistics.bytes <= MOST_BYTES && statistics.modules <= MOST_MODULES);
        // Earlier versions aren't compiled again.
        assert.ok(statistics.compilations < 300, `${statistics.compilations} compilations`);
        assertValid(modules.slice(0, 8));
      });
    }
  });
}
