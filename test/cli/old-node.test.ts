// Runs the command on a Node that is too old: it prints one sentence and exits with 2. The program itself would not
// parse there.

import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { repositoryFile } from "../support/repository.ts";
import { PROGRAM, temporaryDirectory } from "./farjal.ts";

const { engines } = JSON.parse(readFileSync(repositoryFile("package.json"), "utf8")) as {
  engines: { node: string };
};
const OLDEST = Number(engines.node.replace(/\D+/g, ""));
/** The place where .ci/run installs it. */
const OLD = repositoryFile(
  `.cache/old-node/node_modules/node-${process.platform}-${process.arch}/bin/node`,
);

function refusal(node: string, options: readonly string[], version: string): void {
  const { status, stdout, stderr } = spawnSync(node, [...options, PROGRAM, "demo"], {
    encoding: "utf8",
  });
  const sentence = `error: farjal needs Node ${OLDEST} or newer, and this is Node ${version}\n`;
  assert.deepEqual([status, stdout, stderr], [2, "", sentence]);
}

test("a Node that reports an older version gets the sentence", (context) => {
  const pretence = join(temporaryDirectory(context), "old.cjs");
  const version = `${OLDEST - 1}.9.9`;
  writeFileSync(
    pretence,
    `Object.defineProperty(process, "versions", { value: { ...process.versions, node: "${version}" } });`,
  );
  refusal(process.execPath, ["--require", pretence], version);
});

test("a real old Node does, too", (context) => {
  if (!existsSync(OLD)) return context.skip("an old Node isn't here: .ci/run installs one");
  const version = execFileSync(OLD, ["--version"], { encoding: "utf8" }).trim().slice(1);
  refusal(OLD, [], version);
});
