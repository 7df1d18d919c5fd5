// Verifies a tree on a real kernel, in two parts: their join is what one run gives, but for words of data, which the
// kernel goes on writing.

import assert from "node:assert/strict";
import { copyFileSync, mkdirSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { test } from "node:test";
import type { VerifiedTree } from "../../src/verify/tree.ts";
import { builtModule, farjalJson, temporaryDirectory } from "../cli/farjal.ts";
import { SMALL_KERNELS } from "../support/small-kernels.ts";

const [little] = SMALL_KERNELS;

test("a tree is verified in parts", { skip: little?.skip ?? true }, (context) => {
  const root = temporaryDirectory(context);
  const tree = join(root, "tree");
  mkdirSync(tree);
  for (const name of ["memories", "needs", "short_calls"]) {
    const path = little?.module(name) ?? "";
    copyFileSync(path, join(tree, basename(path)));
  }
  copyFileSync(builtModule("modern", "big"), join(tree, "other.ko"));
  const words = ["verify", tree, "--kernel", little?.vmlinux ?? ""];
  const files = [1, 2].map((index) => {
    const { json } = farjalJson([...words, "--shard", `${index}/2`]);
    const file = join(root, `${index}.json`);
    writeFileSync(file, JSON.stringify(json));
    return file;
  });
  const { code, json } = farjalJson(["verify", "--merge", ...files]);
  const { modules } = json as VerifiedTree;
  assert.equal(code, 1);
  assert.deepEqual(
    modules.map(({ path, loads, problems }) => [path, loads, problems.length]),
    [
      ["memories.ko", true, 0],
      ["needs.ko", true, 0],
      ["other.ko", false, 1],
      ["short_calls.ko", false, 0],
    ],
  );
  const unexplained = modules.flatMap(({ comparisons }) =>
    comparisons.map((one) => one.unexplained),
  );
  assert.ok(unexplained.length >= 8);
  assert.deepEqual(new Set(unexplained), new Set([0]));
  assert.match(modules[2]?.problems[0] ?? "", /is for a big-endian kernel/);
});
