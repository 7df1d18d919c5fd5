// Tests `farjal demo`: it succeeds in both byte orders, fits on a screen or two, and shows what it claims; with --files
// it writes the documents' examples, all or none.

import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { repositoryFile } from "../support/repository.ts";
import { assertDocument } from "./documents.ts";
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

test("demo --files writes the modules of the examples, again too, and no other file's bytes over", () => {
  const folder = mkdtempSync(join(tmpdir(), "farjal-demo-"));
  try {
    const into = join(folder, "new/examples");
    const { code, json } = farjalJson(["demo", "--files", into]);
    assert.equal(code, 0);
    assertDocument("demo", json);
    assert.ok(json.files.includes("modules/faulty.ko"), json.files.join(" "));
    const built = readFileSync(repositoryFile("test/modules/built/jal2009-little.ko"));
    assert.deepEqual(readFileSync(join(into, "old.ko")), built);
    assert.equal(farjal(["demo", "--files", into]).code, 0);

    rmSync(join(into, "card.ko"));
    writeFileSync(join(into, "old.ko"), "mine");
    const refused = farjal(["demo", "--files", into]);
    assert.equal(refused.code, 2);
    assert.match(refused.stderr, /old\.ko is another file already, and is left alone/);
    assert.equal(readFileSync(join(into, "old.ko"), "utf8"), "mine");
    assert.throws(() => readFileSync(join(into, "card.ko")), /ENOENT/);
    assert.equal(farjal(["demo", "--files", join(into, "old.ko")]).code, 2);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
