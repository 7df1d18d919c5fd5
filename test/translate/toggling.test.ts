// Tests code that is switched back and forth under its translation: a million times by the guest, and by the tracer
// between calls. The results are right, and the code compiled and kept doesn't grow with the switching.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { STOP_EXCEPTION } from "../../assembly/shared/stops.ts";
import { machineWith } from "../../bench/modules.ts";
import { CODE, ENDIANS, Guest, R } from "../cpu/guest.ts";
import { rewritesItself } from "./programs.ts";

const TIMES = 1_000_000;
const SWITCHES = 1500;
const CALLS = 40;

for (const endian of ENDIANS) {
  describe(`switching, ${endian}-endian`, () => {
    test("an instruction, a million times", () => {
      const sums = (["interpreter", "auto"] as const).map((engine) => {
        const guest = new Guest(endian);
        guest.put(CODE, ...rewritesItself(CODE, 0));
        guest.core.setGpr(R.s0, TIMES);
        guest.core.pc = CODE;
        guest.core.engine = engine;
        assert.equal(guest.core.run(20 * TIMES), STOP_EXCEPTION);
        const { statistics } = guest.core;
        if (statistics !== null) {
          assert.ok(statistics.compilations > 0 && statistics.compilations < TIMES / 100);
          assert.ok(statistics.modules <= 400);
        }
        return [guest.core.gpr(R.v0), guest.core.count];
      });
      assert.deepEqual(sums[0], sums[1]);
    });

    test("tracing, between calls", async () => {
      const machine = await machineWith("leaf", endian);
      machine.processor.engine = "translator";
      const off = machine.call("leaf_loop", [CALLS]);
      const tracer = machine.trace({ tracer: "function", filter: ["leaf_step"] });
      let compiled = 0;
      for (let times = 0; times < SWITCHES; times++) {
        const on = times % 2 === 0;
        if (on) tracer.start();
        else tracer.stop();
        tracer.clear();
        const { v0, instructions } = machine.call("leaf_loop", [CALLS]);
        assert.equal(v0, off.v0);
        assert.equal(instructions, off.instructions);
        assert.equal([...tracer.events()].length, on ? CALLS : 0);
        if (times === 20) compiled = machine.processor.statistics?.compilations ?? 0;
      }
      // By then both versions have been translated; they only alternate.
      assert.equal(machine.processor.statistics?.compilations, compiled);
      // The code that a switch removed is used again after the next one, though only translated code calls it.
      assert.ok((machine.processor.statistics?.invalidations ?? 0) > SWITCHES - 20);
    });
  });
}
