// Tests `farjal demo`: it succeeds in both byte orders, fits on a screen or two, and shows what it claims.

import assert from "node:assert/strict";
import { test } from "node:test";
import { farjal, farjalJson, ORDERS } from "./farjal.ts";

for (const order of ORDERS) {
  test(`the demo holds, ${order}-endian`, () => {
    const { code, json } = farjalJson(["demo", "--endian", order]);
    assert.equal(code, 0);
    assert.equal(json.verdict, "held");
    assert.equal(json.failure.errno, "ENOEXEC");
    assert.equal(json.failure.dmesg.at(-1), "module demo: relocation overflow");
    assert.equal(json.farJumps.length, 15);
    assert.equal(json.trampolines.length, 7);
    // QEMU's answer, test/modules/expected.json.
    assert.equal(json.run.v0, 3406228498);
    assert.equal(json.trace.events[0].func, "demo_run");
    const [none, off, native, guest] = json.cost.rows;
    assert.ok(none.instructions < off.instructions);
    assert.equal(off.instructions, native.instructions);
    assert.ok(native.instructions < guest.instructions);
    assert.equal(json.cost.calls, 19);
  });
}

test("the demo's text", () => {
  const { code, stdout, stderr } = farjal(["demo"]);
  assert.equal(code, 0);
  assert.equal(stderr, "");
  const lines = stdout.trimEnd().split("\n");
  assert.ok(lines.length <= 60, `${lines.length} lines`);
  for (const line of lines) assert.ok(line.length <= 110, line);
  assert.match(stdout, /^module demo: relocation overflow$/m);
  assert.match(stdout, / {2}03200008 {2}jr t9$/m);
  assert.match(stdout, /^demo_run\(4\) = 0xcb06ec12, as it must/m);
  assert.match(stdout, /: hub_create <-demo_run$/m);
});

test("the demo is in colour only where it is asked for", () => {
  const esc = String.fromCharCode(27);
  assert.ok(!farjal(["demo"]).stdout.includes(esc), "a pipe has no colours");
  const forced = farjal(["demo"], { environment: { FORCE_COLOR: "1" } }).stdout;
  assert.ok(forced.includes(`${esc}[1m`));
  const both = { environment: { FORCE_COLOR: "1", NO_COLOR: "1" } };
  assert.ok(!farjal(["demo"], both).stdout.includes(esc), "NO_COLOR wins");
});
