// Tests what CI systems read: JUnit XML, GitHub's annotations and job summary, and exit codes in every help.

import assert from "node:assert/strict";
import { copyFileSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { annotations, jobSummary } from "../../src/cli/ci/github.ts";
import { junitXml } from "../../src/cli/ci/junit.ts";
import { builtModule, commandNames, farjal, temporaryDirectory } from "./farjal.ts";

const modern = builtModule("modern", "little");
const old = builtModule("jal2009", "big");

const CHECKS = [
  { name: "good", failure: null },
  {
    name: 'a<b> & "c"',
    file: "x,y:1.ko",
    failure: { message: "50% | `gone`", details: "one\ntwo\u0007" },
  },
];

test("JUnit XML escapes what it is given, and counts", () => {
  assert.equal(
    junitXml("sweep", CHECKS, 2),
    `<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="farjal" tests="2" failures="1" errors="0" time="2.000">
  <testsuite name="farjal sweep" tests="2" failures="1" errors="0" time="2.000">
    <testcase name="good" classname="farjal.sweep" time="1.000"/>
    <testcase name="a&lt;b&gt; &amp; &quot;c&quot;" classname="farjal.sweep" file="x,y:1.ko" time="1.000">
      <failure message="50% | \`gone\`">one
two</failure>
    </testcase>
  </testsuite>
</testsuites>
`,
  );
});

test("GitHub's annotations and summary are escaped as the runner and Markdown need it", () => {
  assert.equal(
    annotations(CHECKS),
    '::error file=x%2Cy%3A1.ko,title=farjal a<b> & "c"::one%0Atwo\u0007\n',
  );
  assert.equal(
    jobSummary("sweep", CHECKS),
    '### farjal sweep: 1 of 2 passed\n\n| failed | why |\n|---|---|\n| a\\<b\\> & "c" | 50% \\| \\`gone\\` |\n\n',
  );
});

test("--junit and --github report a verdict, and a sweep each module's", (context) => {
  const directory = temporaryDirectory(context);
  const junit = join(directory, "report.xml");
  const summary = join(directory, "summary.md");
  writeFileSync(summary, "before\n");
  const environment = { GITHUB_STEP_SUMMARY: summary };
  const refused = farjal(["load", old, "--junit", junit, "--github"], { environment });
  assert.equal(refused.code, 1);
  assert.match(
    refused.stderr,
    /^::error file=.*jal2009-big\.ko,title=farjal load .*::.*%0Amodule jal2009: relocation overflow/m,
  );
  assert.match(readFileSync(summary, "utf8"), /^before\n### farjal load: 0 of 1 passed\n/);
  assert.match(
    readFileSync(junit, "utf8"),
    /<failure message="module jal2009: relocation overflow">/,
  );
  assert.equal(farjal(["load", modern, "--junit", junit]).code, 0);
  assert.match(readFileSync(junit, "utf8"), /tests="1" failures="0"/);
  for (const file of [old, builtModule("modern", "big")]) {
    copyFileSync(file, join(directory, file.replace(/.*\//, "")));
  }
  assert.equal(farjal(["sweep", directory, "--jobs", "1", "--junit", junit]).code, 1);
  const xml = readFileSync(junit, "utf8");
  assert.match(xml, /tests="2" failures="1"/);
  assert.match(xml, /<testcase name="modern-big\.ko at 0xc0000000" .*\/>/);
  const stopped = farjal(["run", modern, "--call", "work_fill(0, 5, 7)", "--junit", junit]);
  assert.equal(stopped.code, 1);
  assert.match(readFileSync(junit, "utf8"), /<failure message="exception TLBS: /);
});

test("every command's help has the exit codes", () => {
  const commands = commandNames();
  assert.ok(commands.length > 15);
  for (const command of commands) {
    assert.match(farjal([command, "--help"]).stdout, /^Exit codes: 0, .*; 1, .*; 2, /m, command);
  }
});
