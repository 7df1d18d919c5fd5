// Tests the counting at the end of `npm test` and CI, on the events that node:test emits: a test that didn't run must
// not look as if it had, and no test is counted twice.

import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { Tally } from "./tally.ts";

const FILE = "/clone/build/test/module/load.test.js";

function failure(failureType: string): Error & { failureType: string } {
  return Object.assign(new Error(failureType), { failureType });
}

suite("the tally", () => {
  test("counts tests, and no suite that ran", () => {
    const tally = new Tally();
    tally.pass({ name: "a", file: FILE, details: {} });
    tally.pass({ name: "b", file: FILE, details: { type: "test" } });
    tally.pass({ name: "both", file: FILE, details: { type: "suite" } });
    assert.deepEqual(tally.lines(), ["2 passed, 0 failed, 0 skipped"]);
  });

  test("counts no file in which no test ran", () => {
    const tally = new Tally();
    tally.pass({ name: FILE, file: FILE, details: { type: "test" } });
    assert.equal(tally.count, 0);
  });

  test("names skipped tests with their reason: tests, whole suites, and todo tests", () => {
    const tally = new Tally();
    tally.pass({ name: "a", file: FILE, skip: "no qemu", details: {} });
    tally.pass({ name: "many", file: FILE, skip: true, details: { type: "suite" } });
    tally.pass({ name: "later", file: FILE, todo: true, details: {} });
    assert.deepEqual(tally.lines(), [
      "skipped: module/load.test: a (no qemu)",
      "skipped: module/load.test: many (no reason given)",
      "skipped: module/load.test: later (no reason given)",
      "0 passed, 0 failed, 3 skipped",
    ]);
  });

  test("counts a suite's own failure, and not the failure that its tests' failures cause", () => {
    const tally = new Tally();
    tally.fail({ name: "a", file: FILE, details: { error: failure("testCodeFailure") } });
    const subtests = { type: "suite", error: failure("subtestsFailed") } as const;
    tally.fail({ name: "of a", file: FILE, details: subtests });
    const hook = { type: "suite", error: failure("hookFailed") } as const;
    tally.fail({ name: "without a hook", file: FILE, details: hook });
    assert.deepEqual(tally.lines(), [
      "failed: module/load.test: a",
      "failed: module/load.test: without a hook",
      "0 passed, 2 failed, 0 skipped",
    ]);
  });

  test("turns a skip into a failure if its reason doesn't hold", () => {
    const tally = new Tally();
    tally.pass({ name: "a", file: FILE, skip: "qemu-mips isn't installed", details: {} });
    tally.pass({ name: "b", file: FILE, skip: "another version", details: {} });
    tally.mustRun([/isn't installed/]);
    assert.deepEqual([tally.failed, tally.lines().at(-1)], [1, "0 passed, 1 failed, 1 skipped"]);
  });

  test("names the files that a failed process left without a report, or all of them", () => {
    const files = ["test/module/load.test.ts", "test/elf/reader.test.ts"];
    const event = (): Parameters<Tally["fail"]>[0] => ({
      name: "/tmp/tests-1.mjs",
      file: "/tmp/tests-1.mjs",
      details: { type: "test", error: failure("testCodeFailure") },
    });
    const tally = new Tally(new Map([["/tmp/tests-1.mjs", files]]));
    tally.fail(event());
    tally.pass({ name: "a", file: FILE, details: {} });
    tally.fail(event());
    tally.pass({ name: "a", file: FILE.replace("module/load", "elf/reader"), details: {} });
    tally.fail(event());
    assert.deepEqual(tally.lines(), [
      "failed: module/load.test, elf/reader.test: testCodeFailure",
      "failed: elf/reader.test: testCodeFailure",
      "failed: module/load.test, elf/reader.test: testCodeFailure",
      "2 passed, 3 failed, 0 skipped",
    ]);
  });
});
