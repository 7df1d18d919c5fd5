// Checks coverage as a user gets it: what --coverage writes for calls whose counts are known from the source, how runs
// add up, that lcov's own programs read the files, and what damaged files end in.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { type Coverage, mergeCoverage } from "../../src/coverage/coverage.ts";
import { readCoverageJson } from "../../src/coverage/json.ts";
import { lcovText, readLcov } from "../../src/coverage/lcov.ts";
import { assemble as asm } from "../../src/isa/assemble.ts";
import { isConditional } from "../../src/isa/conditional.ts";
import { builtModule, farjal, farjalJson, ORDERS, temporaryDirectory } from "../cli/farjal.ts";
import { repositoryFile } from "../support/repository.ts";

const SOURCE = "./work.c";

function coverageIn(path: string): Coverage {
  return readCoverageJson(readFileSync(path, "utf8"), path);
}

/** The number of the line of work.c that has this text. */
function lineOf(text: string): number {
  const lines = readFileSync(repositoryFile("test/modules/work.c"), "utf8").split("\n");
  return lines.findIndex((line) => line.includes(text)) + 1;
}

function executed({ sources }: Coverage, text: string): number | undefined {
  const source = sources.find(({ path }) => path === SOURCE);
  return source?.lines.find(({ line }) => line === lineOf(text))?.executed;
}

for (const order of ORDERS) {
  describe(`--coverage, ${order}-endian`, () => {
    for (const engine of ["interpreter", "translator"]) {
      test(`counts lines, functions, branches and instructions (${engine})`, (context) => {
        const folder = temporaryDirectory(context);
        const [json, info] = ["c.json", "c.info"].map((name) => join(folder, name)) as [
          string,
          string,
        ];
        const { code, json: result } = farjalJson(
          ["run", builtModule("debug", order), "--call", "work_text", "4294967295"].concat([
            "--engine",
            engine,
            "--coverage",
            json,
            "--coverage",
            info,
          ]),
        );
        assert.equal(code, 0);
        const coverage = coverageIn(json);
        assert.equal(coverage.instructions, result.instructions);
        // The number has ten digits, and five pairs of them are swapped.
        assert.equal(executed(coverage, "text[length++] ="), 10);
        assert.equal(executed(coverage, "char swapped ="), 5);
        assert.equal(executed(coverage, "b = (b + a)"), 10);
        assert.equal(executed(coverage, "work_fibonacci(n - 1)"), 0);
        const [source] = coverage.sources.filter(({ path }) => path === SOURCE);
        const entries = new Map(source?.functions.map((one) => [one.name, one.executed]));
        assert.deepEqual(
          ["work_text", "work_checksum", "mix", "work_run"].map((name) => entries.get(name)),
          [1, 1, 1, 0],
        );
        // The test for failed allocation is executed once and goes one way.
        const failed = source?.branches.filter(({ line }) => line === lineOf("if (!text)"));
        assert.deepEqual(failed?.map((one) => one.executed).sort(), [0, 1]);
        const lcov = readLcov(readFileSync(info, "utf8"), info);
        assert.deepEqual(lcov, coverage.sources);
      });
    }
  });
}

test("what init and exit code executed is kept when their memory is freed", (context) => {
  const path = join(temporaryDirectory(context), "init.json");
  const words = ["run", builtModule("init", "little"), "--init", "--call", "init_keys"];
  farjal([...words, "--coverage", path]);
  const sections = coverageIn(path).modules.find(({ name }) => name === "init")?.sections ?? [];
  const init = sections.find(({ name }) => name === ".init.text");
  assert.ok((init?.instructions.length ?? 0) > 3);
});

test("coverage of several runs adds up, in either format", (context) => {
  const folder = temporaryDirectory(context);
  const at = (name: string): string => join(folder, name);
  for (const [name, n] of [
    ["a", "3"],
    ["b", "5"],
  ] as const) {
    const words = ["run", builtModule("debug", "big"), "--call", "work_fibonacci", n];
    farjal([...words, "--coverage", at(`${name}.json`), "--coverage", at(`${name}.info`)]);
  }
  assert.equal(
    farjal(["coverage", "merge", at("a.json"), at("b.json"), "-o", at("1.info")]).code,
    0,
  );
  assert.equal(
    farjal(["coverage", "merge", at("a.info"), at("b.info"), "-o", at("2.info")]).code,
    0,
  );
  assert.equal(readFileSync(at("1.info"), "utf8"), readFileSync(at("2.info"), "utf8"));
  const [a, b] = [coverageIn(at("a.json")), coverageIn(at("b.json"))];
  const both = mergeCoverage([a, b]);
  assert.equal(both.instructions, a.instructions + b.instructions);
  assert.equal(both.modules.length, 1);
  const text = [...lcovText(both.sources)].join("");
  assert.equal(text, readFileSync(at("1.info"), "utf8"));
  const report = farjal(["coverage", "report", at("a.json"), at("b.json")]);
  assert.match(report.stdout, /work_fibonacci +\.text/);
  const page = farjal(["coverage", "report", at("a.json"), "-o", at("a.html")]);
  assert.deepEqual([page.code, page.stdout], [0, ""]);
  assert.match(readFileSync(at("a.html"), "utf8"), /work_fibonacci/);
});

const genhtml = spawnSync("genhtml", ["--version"]).error ? "genhtml isn't installed" : false;

test("genhtml and lcov read the file, with the same totals", { skip: genhtml }, (context) => {
  const folder = temporaryDirectory(context);
  const info = join(folder, "c.info");
  farjal(["run", builtModule("debug", "little"), "--call", "work_run", "3", "--coverage", info]);
  const options = ["--branch-coverage", "-o", join(folder, "html"), info];
  const { status, stdout, stderr } = spawnSync("genhtml", options, {
    cwd: repositoryFile("test/modules"),
    encoding: "utf8",
  });
  assert.equal(status, 0, stderr);
  const text = readFileSync(info, "utf8");
  const total = (key: string): number =>
    [...text.matchAll(new RegExp(`^${key}:(\\d+)$`, "gm"))].reduce(
      (sum, [, n]) => sum + Number(n),
      0,
    );
  for (const [name, hit, all] of [
    ["lines", "LH", "LF"],
    ["functions", "FNH", "FNF"],
    ["branches", "BRH", "BRF"],
  ] as const) {
    assert.match(stdout, new RegExp(`${name}\\.+: .*\\(${total(hit)} of ${total(all)} `));
  }
});

test("a module without debugging information is told how to get lines", (context) => {
  const folder = temporaryDirectory(context);
  const words = ["run", builtModule("modern", "little"), "--call", "work_run", "3", "--coverage"];
  const lcov = farjal([...words, join(folder, "c.info")]);
  assert.equal(lcov.code, 2);
  assert.match(lcov.stderr, /^error: modern has no debugging information.*build it with -g/);
  const json = join(folder, "c.json");
  assert.equal(farjal([...words, json]).code, 0);
  assert.deepEqual(coverageIn(json).sources, []);
  const merged = farjal(["coverage", "merge", json, "-o", join(folder, "m.info")]);
  assert.equal(merged.code, 2);
  assert.match(merged.stderr, /no lines are known/);
  assert.equal(farjal([...words, join(folder, "c.txt")]).code, 2);
});

const objcopy = spawnSync("mipsel-linux-gnu-objcopy", ["--version"]).error
  ? "mipsel-linux-gnu-objcopy isn't installed"
  : false;

test("a stripped module has the lines of a file of the same build", {
  skip: objcopy,
}, (context) => {
  const folder = temporaryDirectory(context);
  const at = (name: string): string => join(folder, name);
  const debug = builtModule("debug", "little");
  spawnSync("mipsel-linux-gnu-objcopy", ["--strip-debug", debug, at("debug.ko")]);
  const call = ["--call", "work_run", "3", "--coverage"];
  assert.equal(farjal(["run", at("debug.ko"), ...call, at("none.info")]).code, 2);
  const twin = ["--debug-info", debug];
  assert.equal(farjal(["run", at("debug.ko"), ...call, at("a.info"), ...twin]).code, 0);
  assert.equal(farjal(["run", debug, ...call, at("b.info")]).code, 0);
  assert.equal(readFileSync(at("a.info"), "utf8"), readFileSync(at("b.info"), "utf8"));
  const rewritten = farjal(["run", debug, "--far-jumps", "rewrite", ...call, at("c.info")]);
  assert.match(rewritten.stderr, /^error: --far-jumps rewrite moves the code of debug/);
});

test("damaged files end in one error", (context) => {
  const path = join(temporaryDirectory(context), "bad");
  for (const [text, error] of [
    ["SF:a\nDA:x,1\nend_of_record\n", /line 2 has 'DA:x,1'/],
    ["DA:1,1\n", /line 1/],
    ["SF:a\nDA:1,1\n", /cut off/],
    ["end_of_record\n", /line 1 ends a record/],
    ["{", /is not JSON/],
    ["{}", /version is no count|is no coverage/],
    ['{"format":"farjal coverage","version":2}', /version 2/],
    ['{"format":"farjal coverage","version":1,"instructions":-1}', /instructions is no count/],
    [
      '{"format":"farjal coverage","version":1,"instructions":1,"modules":[{"name":3}]}',
      /modules\[0\]\.name is no text/,
    ],
  ] as const) {
    writeFileSync(path, text);
    const { code, stderr } = farjal(["coverage", "report", path]);
    assert.equal(code, 2, text);
    assert.match(stderr, error);
  }
});

test("a branch that compares a register with itself isn't conditional", () => {
  assert.deepEqual(
    [asm("beq", 0, 0, 1), asm("beq", 4, 4, 1), asm("bgezal", 0, 1), asm("jr", 31), 0].map(
      isConditional,
    ),
    [false, false, false, false, false],
  );
  assert.deepEqual(
    [asm("beq", 4, 0, 1), asm("bnel", 4, 5, 1), asm("bltz", 4, 1)].map(isConditional),
    [true, true, true],
  );
});
