// Runs the examples as their readers run them, and checks their output.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { test } from "node:test";
import { readTrace } from "../../src/formats/read.ts";
import { builtModule, temporaryDirectory } from "../cli/farjal.ts";
import { repositoryFile } from "../support/repository.ts";

function run(words: readonly string[]) {
  // With NODE_TEST_CONTEXT the inner test runner would report to the outer one instead of to its own stdout, as text.
  const { NODE_TEST_CONTEXT: _, ...environment } = process.env;
  return spawnSync(process.execPath, words, {
    encoding: "utf8",
    timeout: 60_000,
    env: environment,
  });
}

const TOOL = repositoryFile("examples/trace-a-module.mjs");

test("the example for tools runs on the demo's module", () => {
  const { status, stdout, stderr } = run([TOOL]);
  assert.deepEqual([status, stderr], [0, ""]);
  assert.match(stdout, /^_mcount: trampoline at 0xc000[0-9a-f]{4}, jumps: 8$/m);
  assert.match(stdout, /^demo_run returned 1017407904 after \d+ instructions$/m);
});

test("the example for tools runs on any module", () => {
  const { status, stdout } = run([TOOL, builtModule("modern", "big"), "work_signed", "100", "7"]);
  assert.equal(status, 0);
  assert.match(stdout, /^[\d.]+ us {2}work_signed <- /m);
  assert.match(stdout, /^work_signed returned 14002 after \d+ instructions$/m);
});

test("the example of two threads follows one from the other", () => {
  const { status, stdout, stderr } = run([repositoryFile("examples/follow-a-trace.mjs")]);
  assert.deepEqual([status, stderr], [0, ""]);
  const [, calls] = /^leaf_step: (\d+) calls$/m.exec(stdout) ?? [];
  assert.ok(Number(calls) >= 99_999, stdout);
  assert.match(stdout, /^\d+ events went by too fast$/m);
});

test("the example that records writes in a worker what the main thread runs", async (context) => {
  const path = join(temporaryDirectory(context), "trace.dat");
  const { status, stdout, stderr } = run([repositoryFile("examples/record-in-a-worker.mjs"), path]);
  assert.deepEqual([status, stderr], [0, ""]);
  const [, written] = /^14000022 instructions, (\d+) events$/m.exec(stdout) ?? [];
  const [, events, lost] = /^(\d+) events in the file, (\d+) went by too fast$/m.exec(stdout) ?? [];
  assert.equal(Number(events) + Number(lost), Number(written));
  let [read, gaps] = [0, 0];
  for (const event of (await readTrace(path)).events) {
    read += 1;
    gaps += event.lost ?? 0;
  }
  // Events lost after the last event aren't shown, because no event follows them.
  assert.equal(read, Number(events));
  assert.ok(gaps <= Number(lost));
});

test("the example of assertions about a trace passes, on its golden as committed", () => {
  const { status, stdout } = run(["--test", repositoryFile("examples/trace.test.mjs")]);
  assert.equal(status, 0, stdout);
  assert.match(stdout, /\bpass 2\b/);
});

test("the example of a regression test passes", () => {
  const { status, stdout } = run(["--test", repositoryFile("examples/regression.test.mjs")]);
  assert.equal(status, 0, stdout);
  assert.match(stdout, /\bpass 6\b/);
});

test("the example of mocks and structures passes", () => {
  const { status, stdout } = run(["--test", repositoryFile("examples/mock.test.mjs")]);
  assert.equal(status, 0, stdout);
  assert.match(stdout, /\bpass 3\b/);
});
