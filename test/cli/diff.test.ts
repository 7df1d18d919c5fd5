// Tests `farjal diff`: the exit codes that CI relies on, and the output.

import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { suite, test } from "node:test";
import {
  assertMisuse,
  builtModule,
  farjal,
  farjalJson,
  ORDERS,
  temporaryDirectory,
} from "./farjal.ts";

suite("farjal diff", () => {
  for (const order of ORDERS) {
    test(`exits 0 for the same trace and 1 for a different one, ${order}-endian`, (context) => {
      const folder = temporaryDirectory(context);
      const record = (name: string, ...words: string[]): string => {
        const path = join(folder, name);
        const call = ["trace", builtModule("modern", order), "--call", "work_run", ...words];
        assert.equal(farjal([...call, "-o", path]).code, 0);
        return path;
      };
      const golden = record("a.trace", "7");
      const again = record("b.trace", "7");
      const other = record("c.trace", "8");
      assert.deepEqual(farjal(["diff", golden, again]), {
        code: 0,
        stdout: `the same: ${callsOf(golden)} calls\n`,
        stderr: "",
      });
      const { code, stdout } = farjal(["diff", golden, other]);
      assert.equal(code, 1);
      assert.match(stdout, /^the calls diverge at call \d+$/m);
      const { json } = farjalJson(["diff", golden, other, "--ignore-time"]);
      assert.equal(json.verdict, "differ");
      assert.equal(json.firstTime, null);
      assert.ok(json.divergence.index > 0);
    });
  }

  test("reads trace.dat beside text", (context) => {
    const folder = temporaryDirectory(context);
    const [text, dat] = [join(folder, "a.trace"), join(folder, "a.dat")];
    for (const path of [text, dat]) {
      farjal(["trace", builtModule("modern", "little"), "--call", "work_run", "7", "-o", path]);
    }
    assert.equal(farjal(["diff", text, dat]).code, 0);
  });

  test("refuses a file that is no trace", (context) => {
    const path = join(temporaryDirectory(context), "hello");
    writeFileSync(path, "hello");
    assertMisuse(farjal(["diff", path, path]), /neither a trace.dat nor ftrace text/);
    assertMisuse(farjal(["diff", path, `${path}.nosuch`]), /nosuch|neither/);
    assertMisuse(farjal(["diff", path]), /missing required argument/);
  });
});

/** The function tracer's events for a list of calls. */
function callsOf(path: string): number {
  const { json } = farjalJson(["report", path]);
  return json.events.length;
}
