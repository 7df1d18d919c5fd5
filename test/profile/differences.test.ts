// Checks the comparison of two builds' costs: the changes add up, lines are found again when code moves, and a limit
// decides the exit code as it says.

import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import {
  allowedInstructions,
  type Costs,
  costDifferences,
  type LineCost,
} from "../../src/profile/differences.ts";
import { builtModule, farjal, farjalJson, temporaryDirectory } from "../cli/farjal.ts";

const CALL = ["--call", "work_run", "50"];

function line(at: number, instructions: number, definition: number | null): LineCost {
  return { function: "f", path: "a.c", line: at, definition, instructions };
}

test("a line is the same one when its function has moved", () => {
  const costs = (by: number, instructions: number): Costs => ({
    instructions,
    functions: [{ name: "f", module: "m", instructions }],
    lines: [line(12 + by, instructions - 5, 10 + by), line(13 + by, 5, 10 + by)],
  });
  const found = costDifferences(costs(0, 100), costs(7, 130));
  assert.deepEqual(found, {
    before: 100,
    after: 130,
    functions: [{ name: "f [m]", before: 100, after: 130 }],
    lines: [{ name: "a.c:19", before: 95, after: 125 }],
  });
});

test("a limit is a number, or above the first build by a number or a share", () => {
  assert.equal(allowedInstructions({ most: 7 }, 1000), 7);
  assert.equal(allowedInstructions({ more: 7 }, 1000), 1007);
  assert.equal(allowedInstructions({ percent: 2.5 }, 1000), 1025);
});

for (const order of ["little", "big"] as const) {
  test(`bench --against: what two builds differ in, ${order}-endian`, () => {
    const words = ["bench", builtModule("debug", order), "--against", builtModule("plain", order)];
    const { code, json } = farjalJson([...words, ...CALL]);
    assert.equal(code, 0);
    // Every executed site costs two instructions: the branch over it and its delay slot.
    const counts = ["plain", "debug"].map(
      (name) => farjalJson(["run", builtModule(name, order), ...CALL]).json.instructions,
    );
    assert.deepEqual([json.before, json.after], counts);
    const sum = json.functions.reduce(
      (all: number, { before, after }: { before: number; after: number }) => all + after - before,
      0,
    );
    assert.equal(sum, json.after - json.before);
  });
}

test("a build over the limit exits with 1, from bench and from diff of kept profiles", (context) => {
  const folder = temporaryDirectory(context);
  const kept = ["plain", "debug"].map((name) => {
    const path = join(folder, `${name}.json`);
    const { stdout } = farjal(["profile", builtModule(name, "little"), ...CALL, "--json"]);
    writeFileSync(path, stdout);
    return path;
  });
  const bench = [
    "bench",
    builtModule("debug", "little"),
    "--against",
    builtModule("plain", "little"),
  ];
  for (const [limit, code] of [
    ["+3%", 0],
    ["+2%", 1],
    ["+89", 0],
    ["+88", 1],
    ["3963", 0],
    ["3962", 1],
  ] as const) {
    assert.equal(farjal([...bench, ...CALL, "--max-instructions", limit]).code, code, limit);
    const diff = farjal(["diff", ...kept, "--max-instructions", limit]);
    assert.equal(diff.code, code, limit);
    assert.match(diff.stdout, /instructions 3,874 -> 3,963 {2}\+89, \+2\.3 %/);
  }
  const [plain = "", debug = ""] = kept;
  assert.equal(farjal(["diff", plain, debug]).code, 1);
  assert.equal(farjal(["diff", plain, plain]).code, 0);
});

test("what can't be compared is misuse", (context) => {
  const bad = join(temporaryDirectory(context), "bad.json");
  writeFileSync(bad, '{"profile":{"instructions":1,"functions":[{"name":7}]}}');
  const bench = ["bench", builtModule("debug", "little"), ...CALL];
  for (const [words, error] of [
    [["diff", bad, bad], /functions\[0\]\.name is no text/],
    [["diff", bad, bad, "--ignore-time"], /--ignore-time is for traces/],
    [["diff", "a", "b", "--max-instructions", "+2%"], /compares profiles/],
    [["diff", bad, bad, "--max-instructions", "2%"], /Expected \+2%/],
    [[...bench, "--max-instructions", "+2%"], /--against FILE/],
    [[...bench, "--against", builtModule("plain", "little"), "--plain", "x"], /--plain/],
  ] as const) {
    const { code, stderr } = farjal(words);
    assert.equal(code, 2, words.join(" "));
    assert.match(stderr, error);
  }
});
