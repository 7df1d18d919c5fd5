// Tests the table that counts visits, in which several addresses share an entry: a hot address still gets translated.

import assert from "node:assert/strict";
import { test } from "node:test";
import { STOP_EXCEPTION } from "../../assembly/shared/stops.ts";
import {
  DISPATCH_ENTRIES,
  DISPATCH_HIGH,
  DISPATCH_LOW,
} from "../../assembly/shared/translated-code.ts";
import type { Engine } from "../../src/index.ts";
import { asm, CODE, ENDIANS, Guest, NOP, R } from "../cpu/guest.ts";

/** Shares the entry of CODE. */
const OTHER = CODE + 0x40004;
const INNER = 1000;
/** Too few rounds to make an address hot that is reached once in each round. */
const ROUNDS = 5000;

const LOOP = [
  asm("addiu", R.v0, R.v0, 1),
  asm("xor", R.v1, R.v1, R.v0),
  asm("addiu", R.t0, R.t0, -1),
  asm("bgtz", R.t0, -4),
  NOP,
  asm("jal", (OTHER & 0x0fffffff) >>> 2),
  asm("addiu", R.t0, R.zero, INNER),
  asm("addiu", R.s0, R.s0, -1),
  asm("bgtz", R.s0, -9),
  NOP,
  asm("break", 0, 0),
];

function place(pc: number): number {
  return ((pc >>> DISPATCH_LOW) ^ (pc >>> DISPATCH_HIGH)) % DISPATCH_ENTRIES;
}

for (const endian of ENDIANS) {
  test(`a loop is translated even if another address has its entry, ${endian}-endian`, () => {
    assert.equal(place(OTHER), place(CODE));
    const run = (engine: Engine) => {
      const guest = new Guest(endian);
      guest.put(CODE, ...LOOP);
      guest.put(OTHER, asm("jr", R.ra), NOP);
      guest.core.engine = engine;
      guest.core.setGpr(R.s0, ROUNDS);
      guest.core.setGpr(R.t0, INNER);
      guest.core.pc = CODE;
      assert.equal(guest.core.run(1e9), STOP_EXCEPTION);
      const { core } = guest;
      return { core, state: [core.gpr(R.v0), core.gpr(R.v1), core.count] };
    };
    const { core, state } = run("auto");
    assert.deepEqual(state, run("interpreter").state);
    assert.ok((core.statistics?.instructions ?? 0) > core.count / 2);
  });
}
