// Tests the translator's statistics: how many instructions ran translated, and why translated code was left.

import assert from "node:assert/strict";
import { test } from "node:test";
import { machineWith } from "../../bench/modules.ts";
import { ENDIANS } from "../cpu/guest.ts";

const ROUNDS = 20_000;

for (const endian of ENDIANS) {
  test(`instructions and exits are counted by cause, ${endian}-endian`, async () => {
    const machine = await machineWith("leaf", endian);
    const { processor } = machine;
    assert.equal(processor.statistics?.instructions, 0);
    processor.engine = "translator";
    machine.call("leaf_loop", [ROUNDS]);
    const first = processor.statistics;
    assert.ok(first !== null && first.instructions > 0.9 * processor.count);
    assert.ok(first.instructions < processor.count);
    assert.ok(first.exits.returned >= 1);

    machine.call("leaf_loop", [ROUNDS], { budget: ROUNDS, throws: false });
    const second = processor.statistics;
    assert.ok(second !== null && second.exits.limit > first.exits.limit);
    assert.equal(second.exits.returned, first.exits.returned);

    // The tracer's switching writes to the loop's code, so the run leaves the translation of the old code.
    const tracer = machine.trace({ tracer: "function", filter: ["leaf_step"] });
    machine.call("leaf_loop", [ROUNDS]);
    tracer.stop();
    const third = processor.statistics;
    assert.ok(third !== null && third.exits.untranslated > second.exits.untranslated);
    assert.ok(third.instructions > second.instructions);
  });
}
