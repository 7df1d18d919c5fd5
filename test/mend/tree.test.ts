// Tests `farjal mend DIR`: the new directory has each module as mending its file alone gives it, appears when it is
// complete and not before, and parts on many machines make the same directory and the same report.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { suite, test } from "node:test";
import { setTimeout as pass } from "node:timers/promises";
import { gzipSync } from "node:zlib";
import { mendModule, mendTree } from "../../src/index.ts";
import {
  assertMisuse,
  builtModule,
  farjal,
  farjalJson,
  PROGRAM,
  temporaryDirectory,
} from "../cli/farjal.ts";

/** Modules of test/modules/built, by their paths in the tree; packed.ko is gzip's. */
const TREE = {
  "kernel/jal2009.ko": "jal2009",
  "kernel/deep/shapes_jal.ko": "shapes_jal",
  "kernel/modern.ko": "modern",
  "packed.ko.gz": "frames_jal",
};
const TEXT = "text.ko";

function makeTree(root: string): string {
  const tree = join(root, "tree");
  mkdirSync(join(tree, "kernel/deep"), { recursive: true });
  for (const [path, name] of Object.entries(TREE)) {
    const bytes = readFileSync(builtModule(name, "little"));
    writeFileSync(join(tree, path), path.endsWith(".gz") ? gzipSync(bytes) : bytes);
  }
  chmodSync(join(tree, "kernel/jal2009.ko"), 0o640);
  return tree;
}

function filesOf(directory: string): string[] {
  return readdirSync(directory, { recursive: true, encoding: "utf8" })
    .filter((path) => statSync(join(directory, path)).isFile())
    .sort();
}

/** Each file is what mending the original alone gives. */
function assertMended(out: string): void {
  const originals = Object.entries(TREE).map(([path, name]) => [path.replace(".gz", ""), name]);
  assert.deepEqual(filesOf(out), originals.map(([path]) => path).sort());
  for (const [path = "", name = ""] of originals) {
    const { file } = mendModule(readFileSync(builtModule(name, "little")));
    assert.deepEqual(
      new Uint8Array(readFileSync(join(out, path))),
      new Uint8Array(file ?? []),
      path,
    );
  }
}

suite("a tree of modules, mended", () => {
  test("has each module as mending its file alone gives it", (context) => {
    const root = temporaryDirectory(context);
    const tree = makeTree(root);
    const out = join(root, "out");
    const { code, json } = farjalJson(["mend", tree, "-o", out, "--jobs", "2"]);
    assert.equal(code, 0);
    assert.deepEqual(
      json.results.map((one: { path: string; verdict: string }) => [one.path, one.verdict]),
      [
        ["kernel/deep/shapes_jal.ko", "mended"],
        ["kernel/jal2009.ko", "mended"],
        ["kernel/modern.ko", "nothing"],
        ["packed.ko.gz", "mended"],
      ],
    );
    assertMended(out);
    assert.equal(statSync(join(out, "kernel/jal2009.ko")).mode & 0o777, 0o640);
    assert.deepEqual(readdirSync(root).sort(), ["out", "tree"]);
  });

  test("names the modules that can't be mended, and has the others", (context) => {
    const root = temporaryDirectory(context);
    const tree = makeTree(root);
    writeFileSync(join(tree, TEXT), "no module");
    const out = join(root, "out");
    const { code, stdout } = farjal(["mend", tree, "-o", out]);
    assert.equal(code, 1);
    assert.match(stdout, /^text\.ko: can't be mended\n {2}.*\n/m);
    assertMended(out);
  });

  test("is made by parts, which report the same, and are done again alone", (context) => {
    const root = temporaryDirectory(context);
    const tree = makeTree(root);
    const out = join(root, "out");
    const whole = farjalJson(["mend", tree, "--check"]).json;
    const files = [1, 2, 3].map((index) => join(root, `${index}.json`));
    const part = (index: number): void => {
      const words = ["mend", tree, "-o", out, "--shard", `${index}/3`, "--json"];
      writeFileSync(files[index - 1] ?? "", farjal(words).stdout);
    };
    part(1);
    part(3);
    const lacking = farjal(["mend", "--merge", ...files.filter((_, at) => at !== 1)]);
    assert.deepEqual([lacking.code, lacking.stdout], [2, "2/3\n"]);
    part(2);
    part(1);
    assertMended(out);
    const { code, json } = farjalJson(["mend", "--merge", ...files]);
    assert.equal(code, 0);
    assert.deepEqual({ ...json, times: [] }, { ...whole, times: [] });
    const last = join(root, "last.json");
    writeFileSync(last, JSON.stringify({ ...json, times: [8, 1, 1, 1] }));
    const balanced = farjalJson([
      "mend",
      tree,
      "--check",
      "--shard",
      "1/2",
      "--timings",
      last,
    ]).json;
    assert.deepEqual(balanced.places, [0]);
  });

  test("is refused where it can't be made whole", (context) => {
    const root = temporaryDirectory(context);
    const tree = makeTree(root);
    const out = join(root, "out");
    mkdirSync(out);
    writeFileSync(join(out, "mine"), "");
    assertMisuse(farjal(["mend", tree, "-o", out]), /out has files already: name a new directory/);
    assertMisuse(farjal(["mend", tree, "-o", join(tree, "out")]), /whose modules are read/);
    const link = join(root, "link");
    symlinkSync(tree, link);
    for (const same of [link, join(link, "out")]) {
      assertMisuse(farjal(["mend", tree, "-o", same, "--shard", "1/2"]), /whose modules are read/);
    }
    assertMisuse(farjal(["mend", tree]), /name the mended modules' directory with -o DIR/);
    assertMisuse(farjal(["mend", tree, tree, "-o", out]), /one module or one directory/);
    const file = builtModule("modern", "little");
    assertMisuse(farjal(["mend", file, "--check", "--shard", "1/2"]), /are for a directory/);
    assertMisuse(farjal(["mend", "--merge", "a", "-o", out]), /writes no modules/);
    cpSync(join(tree, "kernel/modern.ko"), join(tree, "packed.ko"));
    assertMisuse(farjal(["mend", tree, "--check"]), /packed\.ko and packed\.ko\.gz are one module/);
    assert.deepEqual(filesOf(out), ["mine"]);
  });

  test("leaves nothing when a signal or the caller ends it", async (context) => {
    const root = temporaryDirectory(context);
    const tree = makeTree(root);
    const bytes = readFileSync(builtModule("jal2009", "little"));
    for (let index = 0; index < 400; index++) writeFileSync(join(tree, `${index}.ko`), bytes);
    const child = spawn(
      process.execPath,
      [PROGRAM, "mend", tree, "-o", join(root, "out"), "--jobs", "1"],
      {
        stdio: "ignore",
      },
    );
    const exit = once(child, "exit");
    while (!readdirSync(root).some((name) => name.startsWith(".farjal-"))) await pass(5);
    child.kill("SIGTERM");
    assert.deepEqual(await exit, [null, "SIGTERM"]);
    assert.deepEqual(readdirSync(root), ["tree"]);
    const failure = new Error("the disk is full");
    await assert.rejects(
      mendTree(tree, { jobs: 1, onFile: () => Promise.reject(failure) }),
      (error) => error === failure,
    );
    assert.equal(existsSync(join(root, "out")), false);
  });
});
