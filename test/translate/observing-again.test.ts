// Tests that code is observed again: a load that was not reached while its loop was observed goes through the page
// tables, and no guard of it ever fails; in the same run it is found to be in a window.

import assert from "node:assert/strict";
import { test } from "node:test";
import { CPU_LIMIT } from "../../assembly/shared/cpu-state.ts";
import { STOP_EXCEPTION } from "../../assembly/shared/stops.ts";
import { asm, CODE, DATA, ENDIANS, Guest, li, NOP, R } from "../cpu/guest.ts";

/** Rounds without the load come first: more than are observed. */
const [LAST_WITHOUT, WITHOUT] = [1 << 20, 4000] as const;

/** Counts s0 down; the load is skipped while s0 is at least LAST_WITHOUT. */
const PROGRAM = [
  ...li(R.s0, LAST_WITHOUT + WITHOUT),
  ...li(R.a0, DATA),
  asm("addiu", R.s0, R.s0, -1),
  asm("srl", R.t0, R.s0, Math.log2(LAST_WITHOUT)),
  asm("bne", R.t0, R.zero, 3),
  NOP,
  asm("lw", R.t1, 0, R.a0),
  asm("addu", R.v0, R.v0, R.t1),
  asm("bne", R.s0, R.zero, -7),
  NOP,
  asm("break", 0, 0),
];

for (const endian of ENDIANS) {
  test(`a load that is first reached later gets its window, ${endian}-endian`, () => {
    const [right, tried] = (["interpreter", "translator"] as const).map((engine) => {
      const guest = new Guest(endian);
      guest.put(DATA, 0x01234567);
      guest.put(CODE, ...PROGRAM);
      guest.core.pc = CODE;
      guest.core.engine = engine;
      assert.equal(guest.core.run(20_000_000), STOP_EXCEPTION);
      guest.core.words[CPU_LIMIT / 4] = 0; // the host's word
      return guest;
    }) as [Guest, Guest];
    assert.ok(tried.state().equals(right.state()));
    assert.equal(tried.core.count, right.core.count);
    assert.equal(tried.core.statistics?.improvements, 1);
  });
}
