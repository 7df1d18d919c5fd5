// Tests how the test files are divided among processes, and that no way in which a process can end hides a test.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { suite, test } from "node:test";
import { temporaryDirectory } from "../cli/farjal.ts";
import { divide, writeScript } from "./processes.ts";

suite("the division of the test files", () => {
  const files = Array.from({ length: 25 }, (_, index) => `test/${index}.test.ts`);
  const none = () => "// Tests something.\n";

  test("has each file once, and lets every processor have some", () => {
    for (const count of [1, 2, 3, 10, 25]) {
      const shares = divide(files.slice(0, count), 2, none);
      assert.deepEqual(shares.flat(), files.slice(0, count));
      assert.ok(shares.length >= Math.min(count, 2), `${count} files: ${shares.length}`);
      assert.ok(shares.every(({ length }) => length > 0 && length <= 10));
    }
  });

  test("begins with those that run alone", () => {
    const shares = divide(files.slice(0, 6), 2, (file) =>
      file === "test/4.test.ts" ? `${none()}// Runs alone: it changes PATH.\n` : none(),
    );
    assert.deepEqual(
      shares.map((share) => share.map((file) => file.charAt(5)).join("")),
      ["4", "012", "35"],
    );
  });
});

suite("the script of a process", () => {
  const BEFORE = 'import { test } from "node:test";\ntest("before", () => {});\n';
  const cases = [
    { name: "whose tests pass", text: "", status: 0, says: /# pass 2\n/ },
    { name: "with a failing test", text: 'test("a", () => { throw 1; });', status: 1 },
    {
      name: "with a file that can't be imported",
      text: 'throw new Error("no import");',
      status: 1,
      says: /not ok \d+ - import of file:.*\/first\.mjs\n.*ok \d+ - before\n.*# fail 1\n/s,
    },
    {
      name: "that a test ends",
      text: 'test("a", () => { process.exit(0); });',
      status: 1,
    },
  ];
  for (const { name, text, status, says = /^/ } of cases) {
    test(`has the exit code ${status} for a process ${name}`, (context) => {
      const folder = temporaryDirectory(context);
      const files = ["first", "second"].map((file) => join(folder, `${file}.mjs`));
      const [first = "", second = ""] = files;
      writeFileSync(first, `${BEFORE.replace("before", "first")}${text}`);
      writeFileSync(second, BEFORE);
      const script = join(folder, "script.mjs");
      writeScript(script, files);
      const { NODE_TEST_CONTEXT: _, ...env } = process.env;
      const { stdout, ...ended } = spawnSync(process.execPath, ["--test-reporter=tap", script], {
        encoding: "utf8",
        env,
        timeout: 60_000,
      });
      assert.equal(ended.status, status, stdout);
      assert.match(stdout, says);
    });
  }
});
