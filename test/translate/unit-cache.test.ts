// Tests that units are written once: after a snapshot is restored and in another machine, the same code is taken again,
// and what was changed is written anew. The random programs of the other tests share the cache too, at one address.

import assert from "node:assert/strict";
import { test } from "node:test";
import { STOP_EXCEPTION } from "../../assembly/shared/stops.ts";
import { putState, stateOf } from "../../src/processor/snapshot.ts";
import type { Flow } from "../../src/translate/blocks.ts";
import type { Emitter } from "../../src/translate/instruction.ts";
import { UnitCache } from "../../src/translate/unit-cache.ts";
import { asm, CODE, ENDIANS, Guest, NOP, R } from "../cpu/guest.ts";
import { modulesMade } from "./captured.ts";

const ROUNDS = 20_000;
const LIMIT = 1e6;

/** Adds `step` ROUNDS times, in a function that is called in each round. */
function program(step: number): number[] {
  return [
    asm("ori", R.s0, R.zero, ROUNDS),
    asm("jal", ((CODE + 28) & 0x0fffffff) >>> 2), // the loop
    asm("addiu", R.s0, R.s0, -1),
    asm("bgtz", R.s0, -3),
    NOP,
    asm("break", 0, 0),
    NOP,
    asm("addiu", R.v0, R.v0, step), // the function
    asm("jr", R.ra),
    NOP,
  ];
}

function loaded(endian: "little" | "big", step: number): Guest {
  const guest = new Guest(endian);
  guest.put(CODE, ...program(step));
  guest.core.pc = CODE;
  guest.core.engine = "translator";
  return guest;
}

for (const endian of ENDIANS) {
  test(`a unit is written once, ${endian}-endian`, () => {
    const guest = loaded(endian, 21);
    const { core } = guest;
    const start = stateOf(core);
    const run = (by: Guest): Uint8Array[] =>
      modulesMade(() => assert.equal(by.core.run(LIMIT), STOP_EXCEPTION));
    const written = run(guest);
    const first = core.statistics;
    assert.ok(first !== null && written.length > 0);
    assert.equal(first.reusedUnits, 0);
    assert.ok(first.translatedInstructions > 0);
    const [v0, count] = [core.gpr(R.v0), core.count];

    putState(core, start);
    assert.deepEqual(run(guest), written);
    assert.equal(core.statistics?.translatedInstructions, first.translatedInstructions);
    assert.equal(core.statistics?.reusedUnits, first.compilations);
    assert.deepEqual([core.gpr(R.v0), core.count], [v0, count]);

    const another = loaded(endian, 21);
    assert.deepEqual(run(another), written);
    assert.equal(another.core.statistics?.translatedInstructions, 0);
    assert.equal(another.core.gpr(R.v0), v0);

    const changed = loaded(endian, 22);
    run(changed);
    assert.equal(changed.core.statistics?.reusedUnits, 0);
    assert.equal(changed.core.gpr(R.v0), 22 * ROUNDS);
  });
}

test("the oldest units are dropped", () => {
  const flow: Flow = {
    blocks: [{ pc: CODE, instructions: [], end: { kind: "exit", pc: CODE } }],
    successors: [[]],
  };
  const cache = new UnitCache(1000);
  const isKept = (slot: number): boolean =>
    cache.body(flow, {
      slot,
      index: 0,
      emitter: null as unknown as Emitter,
      access: () => "pages",
      slotOf: () => 0,
      likelyTarget: () => null,
      counterOf: null,
    }).isKept;
  assert.equal(isKept(1), false);
  assert.equal(isKept(1), true);
  for (let slot = 2; slot < 50; slot++) {
    assert.equal(isKept(slot), false);
    assert.equal(isKept(1), true, "it was used again each time");
  }
  assert.equal(isKept(2), false);
  assert.equal(isKept(49), true);
});
