// Tests hostile paths: links in a circle or out of the tree, pipes named as modules, endless files, links in the
// place of a temporary file, names of the maximum length. Each ends in a result or one sentence.

import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { type TestContext, test } from "node:test";
import {
  assertMisuse,
  builtModule,
  farjal,
  farjalJson,
  PROGRAM,
  temporaryDirectory,
} from "../cli/farjal.ts";

const MODULE = builtModule("modern", "little");

/** lib/modules/6.1/kernel with one module. */
function tree(context: TestContext) {
  const root = temporaryDirectory(context);
  const release = join(root, "lib/modules/6.1");
  const kernel = join(release, "kernel");
  mkdirSync(kernel, { recursive: true });
  copyFileSync(MODULE, join(kernel, "modern.ko"));
  return { root, release, kernel };
}

function swept(directory: string): string[] {
  const { code, json, stderr } = farjalJson(["sweep", directory, "--jobs", "1"]);
  assert.equal(code, 0, stderr);
  return json.results.map(({ path }: { path: string }) => path);
}

test("links in a circle, links out of the tree, pipes and links to nothing are no modules", (context) => {
  const { root, release, kernel } = tree(context);
  symlinkSync("..", join(kernel, "a"));
  symlinkSync("..", join(kernel, "b"));
  symlinkSync("itself.ko", join(kernel, "itself.ko"));
  symlinkSync("nowhere", join(kernel, "dangling.ko"));
  symlinkSync("modern.ko", join(kernel, "second.ko"));
  symlinkSync("/dev/zero", join(kernel, "zero.ko"));
  assert.equal(spawnSync("mkfifo", [join(kernel, "pipe.ko")]).status, 0);
  const outside = join(root, "outside");
  mkdirSync(outside);
  copyFileSync(MODULE, join(outside, "stranger.ko"));
  symlinkSync(outside, join(release, "build"));
  symlinkSync(join(outside, "stranger.ko"), join(kernel, "stranger.ko"));
  assert.deepEqual(swept(release), ["kernel/modern.ko", "kernel/second.ko"]);
});

test("a kernel that is a device or an endless pipe is one sentence", () => {
  assertMisuse(farjal(["load", MODULE, "--kernel", "/dev/zero"]), /has more than 512 MiB/);
  assertMisuse(farjal(["sweep", dirname(MODULE), "--kernel", "/dev/zero"]), /not a plain file/);
  assertMisuse(farjal(["load", "/dev/zero"]), /has more than 256 MiB/);
});

test("a path that leads to itself, and one that is too long, are one sentence", (context) => {
  const directory = temporaryDirectory(context);
  const loop = join(directory, "loop");
  symlinkSync("loop", loop);
  for (const path of [loop, join(directory, "n".repeat(300))]) {
    assertMisuse(farjal(["load", path]), /can't be read/);
    assertMisuse(farjal(["load", MODULE, "-o", path]), /can't be written/);
    assertMisuse(farjal(["sweep", path]), /can't be read/);
    for (const command of ["jumps", "mend", "info", "fits", "oops", "report", "boot"]) {
      const words = command === "mend" ? [path, "--check"] : [path];
      assertMisuse(farjal([command, ...words]), /can't be read|name the kernel/);
    }
  }
});

test("the file of a result is new, even if a link is planted beside it", async (context) => {
  const directory = temporaryDirectory(context);
  const victim = join(directory, "victim");
  writeFileSync(victim, "precious");
  // The shell plants the link with the process number that exec gives to farjal.
  const script = `ln -s victim ".out.bin.$$"; ln -s victim .out.bin.tmp; exec "$0" "$1" load "$2" -o out.bin`;
  const child = spawn("sh", ["-c", script, process.execPath, PROGRAM, MODULE], { cwd: directory });
  child.stdout.resume();
  const [code] = await once(child, "close");
  assert.equal(code, 0);
  assert.equal(readFileSync(victim, "latin1"), "precious");
  assert.ok(statSync(join(directory, "out.bin")).size > 0);
});

test("a result keeps its file's mode, and may have the longest name", (context) => {
  const directory = temporaryDirectory(context);
  const path = join(directory, "n".repeat(255));
  writeFileSync(path, "");
  chmodSync(path, 0o600);
  assert.equal(farjal(["load", MODULE, "-o", path]).code, 0);
  assert.equal(statSync(path).mode & 0o777, 0o600);
  assert.deepEqual(readdirSync(directory), ["n".repeat(255)]);
});

test("a limit on the size of files is one sentence, and leaves nothing behind", (context) => {
  const directory = temporaryDirectory(context);
  const { status, stderr } = spawnSync(
    "sh",
    ["-c", 'ulimit -f 1; exec "$0" "$1" load "$2" -o out.bin', process.execPath, PROGRAM, MODULE],
    { cwd: directory, encoding: "utf8" },
  );
  assert.equal(status, 2, stderr);
  assert.match(stderr, /out\.bin can't be written: file too large/);
  assert.deepEqual(readdirSync(directory), []);
});

test("a limit on the size of files in the middle of a trace names the result, and leaves nothing behind", (context) => {
  const directory = temporaryDirectory(context);
  for (const tracer of ["function", "function_graph"]) {
    const { status, stderr } = spawnSync(
      "sh",
      [
        "-c",
        `ulimit -f 1; exec "$0" "$1" trace "$2" --call work_run 20 -p ${tracer} -o out.dat`,
        process.execPath,
        PROGRAM,
        MODULE,
      ],
      { cwd: directory, encoding: "utf8" },
    );
    assert.equal(status, 2, stderr);
    assert.match(stderr, /^error: out\.dat can't be written: file too large/m);
    assert.deepEqual(readdirSync(directory), []);
  }
});

/** How a test that root runs becomes another user, since root may read and write everything. */
const asNobody = ["--reuid=65534", "--regid=65534", "--clear-groups"];
const isRoot = process.getuid?.() === 0;

test("a file that may not be read, and a directory that may not be written to, are one sentence", {
  skip: isRoot && spawnSync("setpriv", ["--version"]).error ? "setpriv isn't installed" : false,
}, (context) => {
  const directory = temporaryDirectory(context);
  chmodSync(directory, 0o755);
  const secret = join(directory, "secret.ko");
  copyFileSync(MODULE, secret);
  chmodSync(secret, 0);
  chmodSync(directory, 0o555);
  const run = (words: readonly string[]) => {
    const own = [process.execPath, PROGRAM, ...words];
    const [command = "", ...rest] = isRoot ? ["setpriv", ...asNobody, ...own] : own;
    const { status, stderr } = spawnSync(command, rest, { encoding: "utf8" });
    assert.equal(status, 2, stderr);
    return stderr;
  };
  assert.match(run(["info", secret]), /^error: .*secret\.ko can't be read: permission denied$/m);
  const output = join(directory, "out.bin");
  assert.match(
    run(["load", MODULE, "-o", output]),
    /out\.bin can't be written: permission denied$/m,
  );
  chmodSync(directory, 0o755);
  assert.deepEqual(readdirSync(directory), ["secret.ko"]);
});

test("without addresses for a machine's memory, one sentence says what to do, or a later Node does with less", {
  skip: existsSync("/proc") ? false : "/proc isn't here",
}, () => {
  const command = 'ulimit -v 8000000; exec "$0" "$@"';
  const words = [process.execPath, PROGRAM, "run", MODULE, "--call", "work_run", "3"];
  const { status, stdout, stderr } = spawnSync("sh", ["-c", command, ...words], {
    encoding: "utf8",
  });
  // Node 20 needs the reservation. Node 26 runs within 3 GB.
  if (!process.version.startsWith("v20.") && status === 0) {
    assert.match(stdout, /^work_run\(3\) = 0x0b50a6bf /);
    return;
  }
  assert.equal(status, 2, stderr);
  assert.match(stderr, /Node reserves 10 GiB.*--disable-wasm-trap-handler/);
});

test("without file descriptors for the program's own files, one sentence says what to do, or a later Node does with less", {
  skip: existsSync("/proc") ? false : "/proc isn't here",
}, () => {
  // Node itself needs 18, and can't say anything with less.
  const command = 'ulimit -n 24; exec "$0" "$@"';
  const words = [process.execPath, join(dirname(PROGRAM), "farjal.cjs"), "info", MODULE];
  const { status, stderr } = spawnSync("sh", ["-c", command, ...words], { encoding: "utf8" });
  // Node 26 keeps fewer files open.
  if (!process.version.startsWith("v20.") && status === 0) return;
  assert.equal(status, 2, stderr);
  assert.match(stderr, /^error: farjal's own files can't be opened: too many open files; raise/);
});
