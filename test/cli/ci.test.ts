// Tests what CI systems read: JUnit XML, GitHub's annotations and job summary, exit codes in every help, and the JSON
// documents against the schemas that the package contains.

import assert from "node:assert/strict";
import { copyFileSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { suite, test } from "node:test";
import { Ajv2020 } from "ajv/dist/2020.js";
import { annotations, jobSummary } from "../../src/cli/ci/github.ts";
import { junitXml } from "../../src/cli/ci/junit.ts";
import { repositoryFile } from "../support/repository.ts";
import { builtModule, farjal, farjalJson, temporaryDirectory } from "./farjal.ts";

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
  const commands = [...farjal(["--help"]).stdout.matchAll(/^ {2}([a-z]+) \[/gm)].map(
    ([, name]) => name ?? "",
  );
  assert.ok(commands.length > 15);
  for (const command of commands.filter((name) => name !== "help")) {
    assert.match(farjal([command, "--help"]).stdout, /^Exit codes: 0, .*; 1, .*; 2, /m, command);
  }
});

suite("the documents of --json", () => {
  const ajv = new Ajv2020({ allErrors: true, allowUnionTypes: true });
  const folder = repositoryFile("schemas");
  for (const name of readdirSync(folder)) {
    ajv.addSchema(JSON.parse(readFileSync(join(folder, name), "utf8")) as object, name);
  }
  const call = ["--call", "work_run(3)"];
  const fault = ["--call", "work_fill(0, 5, 7)"];
  const cases: Readonly<Record<string, readonly (readonly string[])[]>> = {
    load: [
      [modern],
      [old],
      [old, "--far-jumps", "trampoline"],
      [old, "--far-jumps", "refuse"],
      [old, "--far-jumps", "rewrite"],
      [builtModule("imports", "big")],
    ],
    plan: [[modern], [old], [old, "--far-jumps", "refuse"]],
    run: [
      [modern, ...call],
      [old, ...call],
      [modern, ...fault],
      [modern, ...call, "--trace-imports"],
      [modern],
      [builtModule("init", "big"), "--init"],
    ],
    trace: [
      [modern, ...call],
      [modern, ...call, "-p", "function_graph"],
      [modern, ...fault],
      [modern, ...call, "--show", "current_tracer"],
    ],
    mend: [
      [old, "--check"],
      [modern, "--check"],
    ],
  };
  for (const [command, lines] of Object.entries(cases)) {
    test(`of ${command} are as its schema says`, () => {
      for (const words of lines) {
        const { json } = farjalJson([command, ...words]);
        const valid = ajv.validate(`${command}.schema.json`, json);
        assert.ok(valid, `${command} ${words.join(" ")}: ${ajv.errorsText(ajv.errors)}`);
      }
    });
  }

  test("of sweep are as its schema says", (context) => {
    const directory = temporaryDirectory(context);
    for (const file of [old, modern]) copyFileSync(file, join(directory, file.replace(/.*\//, "")));
    const { json } = farjalJson(["sweep", directory, "--jobs", "1"]);
    assert.ok(ajv.validate("sweep.schema.json", json), ajv.errorsText(ajv.errors));
  });

  test("of diff are as its schema says", (context) => {
    const directory = temporaryDirectory(context);
    const [one = "", other = ""] = ["one.trace", "other.trace"].map((name) =>
      join(directory, name),
    );
    farjal(["trace", modern, ...call, "-o", one]);
    farjal(["trace", modern, "--call", "work_run(4)", "-o", other]);
    for (const words of [
      [one, one],
      [one, other],
    ]) {
      const { json } = farjalJson(["diff", ...words]);
      assert.ok(ajv.validate("diff.schema.json", json), ajv.errorsText(ajv.errors));
    }
  });

  test("of a wrong call, and of what matches nothing, are as theirs say", () => {
    for (const words of [
      ["load"],
      ["explain", modern, "--symbol", "zzz"],
      ["run", modern, "--call", "work_run(1e3)"],
    ]) {
      const { json } = farjalJson(words);
      assert.ok(ajv.validate("error.schema.json", json), ajv.errorsText(ajv.errors));
    }
  });

  test("a document that lacks a key, or has another type, isn't", () => {
    const { json } = farjalJson(["load", modern]);
    for (const broken of [
      { ...json, linux: "yes" },
      { ...json, errno: 8 },
      { ...json, verdict: undefined },
    ]) {
      assert.equal(ajv.validate("load.schema.json", JSON.parse(JSON.stringify(broken))), false);
    }
  });
});
