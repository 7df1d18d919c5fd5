// Tests long traces and their interruptions: more events than any ring holds, a full disk, a reader that closes the
// pipe, Ctrl-C. Each gives a whole file or none, and one line that states the reason.

import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import { suite, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import {
  assertMisuse,
  builtModule,
  farjal,
  ORDERS,
  PROGRAM,
  temporaryDirectory,
} from "./farjal.ts";

const ONE_LINE = /^error: [^\n]*\n$/;
/** More than the default ring of 65,536 events. */
const ROUNDS = 100_000;

function traceLeaf(order: "little" | "big", rounds: number, ...options: string[]): string[] {
  return ["trace", builtModule("leaf", order), "--call", "leaf_loop", String(rounds), ...options];
}

for (const order of ORDERS) {
  test(`trace -o keeps every event of a ${order}-endian run`, (context) => {
    const directory = temporaryDirectory(context);
    const text = join(directory, "trace");
    const data = join(directory, "trace.dat");
    for (const output of [text, data]) {
      const { code, stderr } = farjal(traceLeaf(order, ROUNDS, "-o", output));
      assert.equal(code, 0);
      assert.match(stderr, /^ {2}100001 of 100001 events kept, 0 overrun$/m);
    }
    const lines = readFileSync(text, "latin1").split("\n");
    assert.equal(lines[2], "# entries-in-buffer/entries-written: 100001/100001   #P:1");
    assert.equal(lines.filter((line) => line.endsWith("leaf_step <-leaf_loop")).length, ROUNDS);
    const again = join(directory, "again");
    assert.equal(farjal(["report", data, "--format", "ftrace", "-o", again]).code, 0);
    assert.equal(readFileSync(again, "latin1"), lines.join("\n"));
    assert.deepEqual(readdirSync(directory).sort(), ["again", "trace", "trace.dat"]);
  });
}

test("trace -o with -b keeps what a ring of that size does", (context) => {
  const output = join(temporaryDirectory(context), "trace.dat");
  const { stderr } = farjal(traceLeaf("big", 1000, "-b", "1", "-o", output));
  assert.match(stderr, /^ {2}64 of 1001 events kept, 937 overrun$/m);
});

suite("a file that can't be written", () => {
  const skip = existsSync("/dev/full") ? false : "/dev/full isn't here";

  test("is one error, for -o and for standard output", { skip }, () => {
    assertMisuse(farjal(traceLeaf("little", 10, "-o", "/dev/full")), ONE_LINE);
    const shell = ["-c", '"$0" "$@" > /dev/full', process.execPath, PROGRAM];
    const words = traceLeaf("little", 5000);
    const { status, stderr } = spawnSync("sh", [...shell, ...words], { encoding: "utf8" });
    assert.equal(status, 2);
    assert.match(stderr, /^error: standard output can't be written: no space left on device$/m);
    assert.doesNotMatch(stderr, /^\s+at /m);
  });

  test("leaves no file, during the run and after it", (context) => {
    const directory = temporaryDirectory(context);
    // The shell limits files to this many blocks of 1,024 bytes: too few for the records, or for the text only.
    for (const [blocks, ending] of [
      [100, "dat"],
      [2000, "trace"],
    ] as const) {
      const output = join(directory, `trace.${ending}`);
      const shell = ["-c", `ulimit -f ${blocks} && exec "$0" "$@"`, process.execPath, PROGRAM];
      const words = traceLeaf("big", ROUNDS, "-o", output);
      const { status, stderr, stdout } = spawnSync("bash", [...shell, ...words], {
        encoding: "utf8",
      });
      assertMisuse(
        { code: status, stdout, stderr },
        /^error: .* can't be written: file too large$/m,
      );
      assert.match(stderr, ONE_LINE);
      assert.deepEqual(readdirSync(directory), []);
    }
  });
});

test("a reader that closes the pipe ends a long report at once", async (context) => {
  const output = join(temporaryDirectory(context), "trace.dat");
  assert.equal(farjal(traceLeaf("little", 10 * ROUNDS, "-o", output)).code, 0);
  const child = spawn(process.execPath, [PROGRAM, "report", output]);
  const [first] = (await once(child.stdout, "data")) as [Buffer];
  assert.match(first.toString(), /^cpus=1\n/);
  const notes: Buffer[] = [];
  child.stderr.on("data", (bytes: Buffer) => notes.push(bytes));
  const begin = performance.now();
  child.stdout.destroy();
  const [code] = (await once(child, "exit")) as [number];
  assert.equal(code, 0);
  assert.equal(Buffer.concat(notes).toString(), "");
  // The whole report would take several seconds.
  assert.ok(performance.now() - begin < 2000);
});

test("a signal in the middle of a file leaves no part of it", async (context) => {
  const directory = temporaryDirectory(context);
  const data = join(directory, "trace.dat");
  assert.equal(farjal(traceLeaf("big", 5 * ROUNDS, "-o", data)).code, 0);
  for (const [signal, output] of [
    ["SIGINT", "long.dat"],
    ["SIGTERM", "long.systrace"],
    ["SIGHUP", "long.folded"],
    ["SIGQUIT", "long.chrome.json"],
  ] as const) {
    const words = ["report", data, "-o", join(directory, output)];
    const child = spawn(process.execPath, [PROGRAM, ...words]);
    const files = () => readdirSync(directory).filter((name) => name !== "trace.dat");
    while (files().length === 0) await sleep(5);
    assert.deepEqual(
      files().map((name) => /^\.farjal-[0-9a-f]+$/.test(name)),
      [true],
    );
    child.kill(signal);
    assert.deepEqual(await once(child, "exit"), [null, signal]);
    assert.deepEqual(files(), []);
  }
});

/** Whether a process has its file of records open. The process makes it just before the call; the file has no name. */
function hasRecords(pid: number): boolean {
  const descriptors = `/proc/${pid}/fd`;
  return readdirSync(descriptors).some((name) => {
    try {
      return /\.farjal-[0-9a-f]+ \(deleted\)$/.test(readlinkSync(join(descriptors, name)));
    } catch {
      return false; // closed in the meantime
    }
  });
}

const procSkip = existsSync("/proc/self/fd") ? false : "/proc isn't here";

test("Ctrl-C ends the call, and what was traced is written", {
  skip: procSkip,
}, async (context) => {
  const directory = temporaryDirectory(context);
  const output = join(directory, "trace");
  const words = traceLeaf("little", 0xffffffff, "-l", "leaf_loop", "-o", output);
  const child = spawn(process.execPath, [PROGRAM, ...words, "--budget", "9000000000000"]);
  const notes: Buffer[] = [];
  child.stderr.on("data", (bytes: Buffer) => notes.push(bytes));
  // A signal sent before the call begins would end the program.
  while (!hasRecords(child.pid ?? 0)) await sleep(50);
  await sleep(300);
  child.kill("SIGINT");
  const [code] = (await once(child, "exit")) as [number | null];
  assert.equal(code, 1);
  const told = Buffer.concat(notes).toString();
  assert.match(told, /did not return: ended by an interrupt at /);
  assert.match(told, /^ {2}1 of 1 events kept, 0 overrun$/m);
  assert.match(readFileSync(output, "latin1"), /: leaf_loop <-host_call\n$/);
  assert.deepEqual(readdirSync(directory), ["trace"]);
});
