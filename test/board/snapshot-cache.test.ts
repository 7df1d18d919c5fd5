// Tests the cache of booted kernels as a place that others can write to: no planted link is followed, unfinished files
// of killed processes go, and a log on a full disk ends the command in one sentence.

import assert from "node:assert/strict";
import {
  existsSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { SnapshotCache } from "../../src/board/snapshot-cache.ts";
import { farjal, temporaryDirectory } from "../cli/farjal.ts";
import { pastFile } from "./past.ts";

test("a snapshot is written to a new file of a random name, and nothing else is left", (context) => {
  const directory = temporaryDirectory(context);
  const victim = join(directory, "victim");
  writeFileSync(victim, "mine");
  symlinkSync(victim, join(directory, `k.snapshot.${process.pid}`));
  const abandoned = join(directory, ".farjal-0123456789abcdef");
  const unfinished = join(directory, ".farjal-fedcba9876543210");
  writeFileSync(abandoned, "");
  writeFileSync(unfinished, "");
  utimesSync(abandoned, 1, 1);
  const cache = new SnapshotCache(directory);
  assert.equal(cache.put("k", Uint8Array.of(1, 2, 3)), true);
  assert.deepEqual(cache.get("k"), Uint8Array.of(1, 2, 3));
  assert.equal(readFileSync(victim, "utf8"), "mine");
  assert.ok(!existsSync(abandoned));
  assert.ok(existsSync(unfinished), "another process may be writing it");
  assert.equal(readdirSync(directory).filter((name) => name.endsWith(".snapshot")).length, 1);
});

test("a log on a full disk is one sentence", { skip: !existsSync("/dev/full") }, () => {
  const words = ["boot", "--restore", pastFile("6", "little"), "--log", "/dev/full"];
  const { code, stderr } = farjal([...words, "--time-limit", "5"]);
  assert.equal(code, 2);
  assert.match(stderr, /^error: \/dev\/full can't be written: no space left on device$/m);
});
