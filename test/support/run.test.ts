// Tests what `npm test -- WORD… --name TEXT` runs, and that a word or name without a match is an error: a run of no
// test must not look like a successful one.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { suite, test } from "node:test";
import { repositoryFile } from "./repository.ts";

function run(...words: readonly string[]) {
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [repositoryFile("build/test/support/run.js"), ...words],
    { encoding: "utf8", env, timeout: 60_000 },
  );
  return { status, stderr, last: stdout.trimEnd().split("\n").at(-1) };
}

suite("a named run", () => {
  test("is of the files whose path has the word", () => {
    const { status, last } = run("trampoline/region");
    assert.equal(status, 0);
    assert.match(last ?? "", /^[1-9]\d* passed, 0 failed, 0 skipped$/);
  });

  test("is of one test, if its title is given", () => {
    const { status, last } = run("support/tally", "--name", "counts tests, and no suite that");
    assert.deepEqual([status, last], [0, "1 passed, 0 failed, 0 skipped"]);
  });

  test("of no file is an error, even beside a word that is right", () => {
    const { status, stderr } = run("trampoline/region", "nowhere");
    assert.equal(status, 1);
    assert.equal(stderr, "no test file's path has 'nowhere' in it: look into test/\n");
  });

  test("of no title is an error", () => {
    const { status, stderr } = run("trampoline/region", "--name", "no (such) title");
    assert.equal(status, 1);
    assert.match(stderr, /no test's title has 'no \(such\) title' in it\n$/);
  });
});
