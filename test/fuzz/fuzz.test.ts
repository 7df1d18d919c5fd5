// Tests the fuzzer itself: a short run over every entry point from a fixed seed, and that it notices each kind of
// failure and that the case it keeps reproduces the failure.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { temporaryDirectory } from "../cli/farjal.ts";
import { Random } from "../support/random.ts";
import { repositoryFile } from "../support/repository.ts";
import { thorough } from "../support/thorough.ts";
import { TARGETS } from "./targets.ts";

const CASES = thorough ? 150 : 75;
const MISBEHAVING = repositoryFile("build/test/fuzz/misbehaving.js");

for (const { name, seeds, vary, run } of TARGETS) {
  test(`${CASES} inputs for ${name} end in a verdict`, async () => {
    const random = new Random(2026);
    const inputs = seeds();
    for (let count = 0; count < CASES; count++) {
      await run(vary(random.pick(inputs), random.pick(inputs), random));
    }
  });
}

function fuzz(words: readonly string[]) {
  return spawnSync(
    process.execPath,
    [repositoryFile("build/test/fuzz/run.js"), "--targets", MISBEHAVING, ...words],
    { encoding: "utf8", timeout: 60_000 },
  );
}

for (const [name, says] of [
  ["error", /FAILED error: TypeError: nobody named this/],
  ["hang", /FAILED hang: the process ended with SIGKILL/],
  ["hungry", /FAILED hungry: Error: \d+ MiB of memory/],
  ["dead", /FAILED dead: the process ended with SIGABRT/],
] as const) {
  test(`the fuzzer notices and keeps: ${name}`, (context) => {
    const keep = temporaryDirectory(context);
    const limits = ["--failures", "1", "--seconds", "1.5", "--memory", "400"];
    const { status, stdout } = fuzz(["--keep", keep, "--target", name, ...limits]);
    assert.equal(status, 1, stdout);
    assert.match(stdout, says);
    const [kept = ""] = readdirSync(keep);
    assert.match(kept, new RegExp(`^${name}-[0-9a-f]{8}\\.bin$`));
    if (name !== "error") return; // the other failures would end this process too
    const again = fuzz(["--case", join(keep, kept)]);
    assert.notEqual(again.status, 0);
    assert.match(again.stderr, /nobody named this/);
  });
}

test("the fuzzer reports nothing for good inputs", (context) => {
  const words = ["--keep", temporaryDirectory(context), "--target", "good", "--minutes", "0.05"];
  const { status, stdout } = fuzz(words);
  assert.equal(status, 0, stdout);
  assert.match(stdout, /^good: \d+ cases \(fine \d+\).*\n.* 0 failures$/m);
});
