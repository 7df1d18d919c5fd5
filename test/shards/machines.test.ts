// Tests a sweep in parts as engines really run it: Slurm's array (its daemons run on this machine), GNU parallel, and the
// command of the Kubernetes example with the variable that a pod has. The joined parts are the result of one run.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { suite, type TestContext, test } from "node:test";
import {
  assertMisuse,
  builtModule,
  farjal,
  farjalJson,
  PROGRAM,
  temporaryDirectory,
} from "../cli/farjal.ts";
import { repositoryFile } from "../support/repository.ts";
import { Cluster, clusterSkip } from "./cluster.ts";

const MODULES = ["leaf", "modern", "jal2009", "plain", "greet", "init"];
const FARJAL = `${process.execPath} ${PROGRAM}`;

function treeIn(directory: string): string {
  const tree = join(directory, "tree");
  mkdirSync(tree);
  for (const name of MODULES) copyFileSync(builtModule(name, "little"), join(tree, `${name}.ko`));
  return tree;
}

const documents = (out: string) =>
  readdirSync(out)
    .filter((name) => name.endsWith(".json"))
    .map((name) => join(out, name));

/** Asserts that the parts join to what one run of the tree gives. */
function assertWhole(tree: string, out: string): void {
  const { json } = farjalJson(["sweep", "--merge", ...documents(out)]);
  const whole = farjalJson(["sweep", tree, "--jobs", "1"]).json;
  assert.deepEqual(json.results, whole.results);
  assert.equal(json.results.length, MODULES.length);
}

test("a merge prints the parts to do again, and exits with 2", (context) => {
  const directory = temporaryDirectory(context);
  const tree = treeIn(directory);
  const parts = [1, 2, 3].map((index) => {
    const { json } = farjalJson(["sweep", tree, "--jobs", "1", "--shard", `${index}/3`]);
    assert.deepEqual(json.shard, { index, count: 3 });
    assert.match(json.subject.farjal, /^\d+\.\d+/);
    return json;
  });
  const write = (name: string, json: unknown): string => {
    const path = join(directory, name);
    spawnSync("tee", [path], { input: JSON.stringify(json) });
    return path;
  };
  const paths = parts.map((json, at) => write(`${at + 1}.json`, json));
  const [one = "", two = "", three = ""] = paths;
  const merged = farjalJson(["sweep", "--merge", three, one, two]);
  assert.equal(merged.json.results.length, MODULES.length);
  const lacking = farjal(["sweep", "--merge", two]);
  assert.deepEqual([lacking.code, lacking.stdout], [2, "1/3\n3/3\n"]);
  assert.match(lacking.stderr, /^error: shards 1\/3, 3\/3 are missing\n$/);
  const older = write("older.json", {
    ...parts[0],
    subject: { ...parts[0].subject, farjal: "0.1.0" },
  });
  const foreign = farjalJson(["sweep", "--merge", older, two, three]);
  assert.equal(foreign.code, 2);
  assert.deepEqual([foreign.json.verdict, foreign.json.retry], ["misuse", ["1/3"]]);
  assert.match(foreign.json.error, /older\.json and .*2\.json are of different versions of farjal/);
  const twice = farjal(["sweep", "--merge", one, one, two, three]);
  assert.deepEqual([twice.code, twice.stdout], [2, ""]);
  assert.match(twice.stderr, /1\.json and .*1\.json are both shard 1\/3/);

  // The times of this run balance the next one's parts, whose results are the same.
  const last = write("last.json", merged.json);
  const balanced = [1, 2].map((index) => {
    const words = ["sweep", tree, "--jobs", "1", "--shard", `${index}/2`, "--timings", last];
    return write(`balanced-${index}.json`, farjalJson(words).json);
  });
  const again = farjalJson(["sweep", "--merge", ...balanced]);
  assert.deepEqual(again.json.results, merged.json.results);
  assert.match(
    farjal(["sweep", "--merge", balanced[0] ?? "", balanced[1] ?? "", one]).stderr,
    /different timings/,
  );
});

test("verdicts on a tree are joined in the same way", (context) => {
  const directory = temporaryDirectory(context);
  const tree = treeIn(directory);
  const symvers = join(directory, "Module.symvers");
  spawnSync("tee", [symvers], { input: "0x9514151a\t_mcount\tvmlinux\tEXPORT_SYMBOL\t\n" });
  const words = ["fits", tree, "--kernel", symvers, "--jobs", "1"];
  const paths = [1, 2].map((index) => {
    const path = join(directory, `${index}.json`);
    spawnSync("tee", [path], {
      input: farjal([...words, "--shard", `${index}/2`, "--json"]).stdout,
    });
    return path;
  });
  const whole = farjalJson(words).json;
  const { json, code } = farjalJson(["fits", "--merge", ...paths]);
  assert.deepEqual([code, json.modules, json.fits], [1, whole.modules, false]);
  const lacking = farjal(["fits", "--merge", paths[1] ?? ""]);
  assert.deepEqual([lacking.code, lacking.stdout], [2, "1/2\n"]);
  assertMisuse(farjal(["fits", "--merge", symvers]), /is not JSON/);
  assertMisuse(
    farjal(["fits", builtModule("leaf", "little"), "--kernel", symvers, "--shard", "1/2"]),
    /for a directory/,
  );
});

test("--shard auto says which variables it used, and refuses without any", (context) => {
  const tree = treeIn(temporaryDirectory(context));
  const environment = { CI_NODE_INDEX: "2", CI_NODE_TOTAL: "3" };
  const { stderr, json } = farjalJson(["sweep", tree, "--shard", "auto"], { environment });
  assert.match(stderr, /^shard 2\/3, as GitLab says: CI_NODE_INDEX=2, CI_NODE_TOTAL=3\n/);
  assert.deepEqual(json.shard, { index: 2, count: 3 });
  for (const words of [
    ["sweep", tree],
    ["fits", tree, "--kernel", "none"],
  ]) {
    assertMisuse(
      farjal([...words, "--shard", "auto"], { environment: {} }),
      /finds no engine's variables|none/,
    );
  }
  assertMisuse(farjal(["sweep", "--merge", "a", "--shard", "1/2"]), /no meaning with it/);
  assertMisuse(farjal(["sweep", tree, "--shard", "auto/0"]), /A part is I\/N/);
});

const parallelSkip = spawnSync("parallel", ["--version"]).stdout?.includes("GNU parallel")
  ? false
  : "GNU parallel isn't installed";

test("GNU parallel runs a sweep in parts", { skip: parallelSkip }, (context) => {
  const directory = temporaryDirectory(context);
  const tree = treeIn(directory);
  const out = join(directory, "out");
  mkdirSync(out);
  const command = `${FARJAL} sweep ${tree} --jobs 1 --shard auto/3 --json > ${out}/{#}.json`;
  const env = { ...process.env, PARALLEL_HOME: directory };
  const words = ["-N0", command, ":::", "a", "b", "c"];
  const { status, stderr } = spawnSync("parallel", words, { encoding: "utf8", env });
  // Its exit code is the number of jobs that failed: the part with the module that Linux refuses.
  assert.equal(status, 1, stderr);
  assert.match(stderr, /shard 1\/3, as GNU parallel says: PARALLEL_SEQ=1/);
  assertWhole(tree, out);
});

test("the Kubernetes example runs a sweep in parts", (context) => {
  const directory = temporaryDirectory(context);
  const tree = treeIn(directory);
  const out = join(directory, "out");
  mkdirSync(out);
  const manifest = readFileSync(repositoryFile("examples/ci/kubernetes.yaml"), "utf8");
  assert.match(manifest, /^kind: Job$/m);
  assert.match(manifest, /^ {2}completionMode: Indexed$/m);
  const completions = Number(/^ {2}completions: (\d+)$/m.exec(manifest)?.[1]);
  assert.match(manifest, new RegExp(`--shard auto/${completions} `));
  const [, block = ""] = /args:\n +- \|\n((?: {14}.*\n)+)/.exec(manifest) ?? [];
  for (let index = 0; index < completions; index++) {
    const { status, stderr } = spawnSync("sh", ["-c", block.replace(/^ {14}/gm, "")], {
      encoding: "utf8",
      env: {
        ...process.env,
        FARJAL,
        MODULES: tree,
        RESULTS: out,
        JOB_COMPLETION_INDEX: String(index),
      },
    });
    assert.equal(status, 0, stderr);
  }
  assertWhole(tree, out);
});

suite("a Slurm cluster", { skip: clusterSkip() }, () => {
  test("runs a sweep in parts, and one of them again", async (context: TestContext) => {
    const directory = temporaryDirectory(context);
    const tree = treeIn(directory);
    const out = join(directory, "out");
    const cluster = await Cluster.start(directory, { FARJAL });
    try {
      const script = repositoryFile("examples/ci/slurm.sh");
      const said = await cluster.run(["--array=1-4", script, tree, out, "--jobs", "1"]);
      assert.match(
        said,
        /shard 4\/4, as Slurm says: SLURM_ARRAY_TASK_ID=4, SLURM_ARRAY_TASK_MIN=1/,
      );
      assertWhole(tree, out);
      rmSync(join(out, "3.json"));
      const lacking = farjal(["sweep", "--merge", ...documents(out)]);
      assert.deepEqual([lacking.code, lacking.stdout], [2, "3/4\n"]);
      await cluster.run(["--array=3", "--export=ALL,PARTS=4", script, tree, out, "--jobs", "1"]);
      assertWhole(tree, out);
    } finally {
      cluster.stop();
    }
  });
});
