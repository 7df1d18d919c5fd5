// Tests examples/project as a user's project: farjal comes from the package that npm would publish, its dependencies
// from the registry; the strict TypeScript compiles, a thread's events are followed, and vitest runs the tests.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { cpSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { builtModule, temporaryDirectory } from "../cli/farjal.ts";
import { repositoryFile } from "../support/repository.ts";
import { thorough } from "../support/thorough.ts";

const skip = thorough ? false : "long: only in a thorough run";
const MODULE = builtModule("modern", "little");

function npm(folder: string, ...words: readonly string[]): string {
  const { NODE_TEST_CONTEXT: _none, ...environment } = process.env;
  const { status, stdout, stderr } = spawnSync("npm", words, {
    cwd: folder,
    encoding: "utf8",
    env: { ...environment, MODULE, NO_COLOR: "1" },
  });
  assert.equal(status, 0, `npm ${words.join(" ")}: ${stdout}${stderr}`);
  return stdout;
}

function installed(context: TestContext): string {
  const folder = temporaryDirectory(context);
  const packed = npm(
    repositoryFile("."),
    "pack",
    "--json",
    "--ignore-scripts",
    "--pack-destination",
    folder,
  );
  const [{ filename }] = JSON.parse(packed) as [{ filename: string }];
  const project = join(folder, "project");
  cpSync(repositoryFile("examples/project"), project, { recursive: true });
  npm(project, "install", "--no-audit", "--no-fund", join(folder, filename));
  return project;
}

test("a strict TypeScript project compiles, follows a thread's events, and tests with vitest", {
  skip,
}, (context) => {
  const project = installed(context);
  npm(project, "run", "build");
  const counts = npm(project, "start", "--silent", "--", MODULE);
  assert.match(counts, /^work_run: 20$/m);
  assert.match(counts, /^lost: 0$/m);
  assert.match(npm(project, "test"), /Tests +2 passed/);
});
