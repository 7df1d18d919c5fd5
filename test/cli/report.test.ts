// Tests `farjal report`, and the formats of `trace`: one trace through all of them, trace-cmd's reading of it, and
// files that can't be read or written.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, lstatSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { suite, test } from "node:test";
import { repositoryFile } from "../support/repository.ts";
import { traceCmdReportOf, traceCmdSkip } from "../support/trace-cmd.ts";
import {
  assertMisuse,
  builtModule,
  farjal,
  farjalJson,
  ORDERS,
  PROGRAM,
  temporaryDirectory,
} from "./farjal.ts";

const work = (order: "little" | "big") => [
  "trace",
  builtModule("modern", order),
  "--call",
  "work_run",
  "7",
];

suite("report", () => {
  for (const order of ORDERS) {
    for (const version of ["6", "7"]) {
      const name = `${order}-endian, version ${version}`;
      test(`prints a trace.dat as trace-cmd does: ${name}`, { skip: traceCmdSkip }, (context) => {
        const path = join(temporaryDirectory(context), "trace.dat");
        farjal([...work(order), "-o", path, "--file-version", version]);
        assert.equal(farjal(["report", path]).stdout, traceCmdReportOf(path));
        assert.equal(farjal(["report", "-i", path]).stdout, traceCmdReportOf(path));
      });
    }

    test(`gives back the text that was traced: ${order}-endian`, (context) => {
      const path = join(temporaryDirectory(context), "trace.dat");
      const { stdout } = farjal(work(order));
      farjal([...work(order), "-o", path]);
      assert.equal(farjal(["report", path, "--format", "ftrace"]).stdout, stdout);
    });
  }

  test("takes ftrace text, from standard input too", (context) => {
    const path = join(temporaryDirectory(context), "trace.txt");
    const { stdout } = farjal(work("big"));
    writeFileSync(path, stdout);
    assert.equal(farjal(["report", path, "--format", "ftrace"]).stdout, stdout);
    const input = Buffer.from(stdout);
    const piped = farjal(["report", "-", "--format", "ftrace"], { input });
    assert.equal(piped.stdout, stdout);
    const { json } = farjalJson(["report", path]);
    assert.equal(json.events[1].func, "work_fill");
    assert.deepEqual(json.events[1].task, { name: "farjal", pid: 1 });
    assertMisuse(farjal(["report", path, "-o", `${path}.dat`]), /text has no addresses/);
    assert.equal(existsSync(`${path}.dat`), false);
  });

  test("a format is chosen by its name or by the file's", (context) => {
    const folder = temporaryDirectory(context);
    const from = join(folder, "trace.dat");
    farjal([...work("little"), "-o", from]);
    const folded = farjal(["report", from, "--format", "folded"]).stdout;
    assert.match(folded, /^farjal-1;host_call;work_run \[modern\] 1$/m);
    farjal(["report", from, "-o", join(folder, "x.folded")]);
    assert.equal(readFileSync(join(folder, "x.folded"), "utf8"), folded);
    assertMisuse(farjal(["report", from, "-o", join(folder, "x.json")]), /can have two formats/);
    assertMisuse(farjal(["report", from, "--format", "trace.dat"]), /name its file with -o/);
    assertMisuse(farjal(["report", from, "--format", "svg"]), /Allowed choices are ftrace, report/);
    assertMisuse(farjal(["report", from, "-i", from]), /named twice/);
  });

  test("a file that is no trace, or is damaged, is one error and no output file", (context) => {
    const folder = temporaryDirectory(context);
    const path = join(folder, "trace.dat");
    const output = join(folder, "out.folded");
    farjal([...work("little"), "-o", path]);
    const bytes = readFileSync(path);
    writeFileSync(path, bytes.subarray(0, 5000));
    assertMisuse(farjal(["report", path, "-o", output]), /trace\.dat is damaged at offset \d+: /);
    assertMisuse(
      farjal(["report", repositoryFile("README.md")]),
      /neither a trace\.dat nor ftrace/,
    );
    assertMisuse(farjal(["report", join(folder, "none")]), /none can't be read: no such file/);
    assertMisuse(farjal(["report", folder]), /is a directory, not a file/);
    assert.deepEqual(readdirSync(folder), ["trace.dat"]);
  });

  test("a failure while writing leaves the old file, and nothing beside it", (context) => {
    const folder = temporaryDirectory(context);
    const [path, output] = [join(folder, "trace.dat"), join(folder, "out.folded")];
    farjal([...work("little"), "-p", "function_graph", "-o", path]);
    const bytes = readFileSync(path);
    // The commit count of the last page is more than a page holds.
    bytes.writeUInt32LE(0x7ffffff, Math.floor((bytes.length - 1) / 4096 - 1) * 4096 + 8);
    writeFileSync(path, bytes);
    writeFileSync(output, "old");
    assertMisuse(farjal(["report", path, "-o", output]), /a page that holds \d+ bytes/);
    assert.equal(readFileSync(output, "utf8"), "old");
    assert.deepEqual(readdirSync(folder).sort(), ["out.folded", "trace.dat"]);
  });

  test("lines that are no event, and events that a format can't represent, are reported on stderr", (context) => {
    const path = join(temporaryDirectory(context), "trace.txt");
    const event = "              sh-141     [000] .....     9.000001: tick: n=1\n";
    writeFileSync(path, `${farjal(work("little")).stdout}${event}not a line\n`);
    const { code, stderr, stdout } = farjal(["report", path, "--format", "folded"]);
    assert.equal(code, 0);
    assert.match(stdout, /work_run 1$/m);
    assert.match(stderr, /passed over 1 line that is no event, line \d+ first: not a line\n/);
    assert.match(stderr, /1 event of other kinds left out: folded holds calls only/);
  });

  test("a full disk is an error, and a device is written to and not replaced", (context) => {
    const path = join(temporaryDirectory(context), "trace.dat");
    farjal([...work("little"), "-o", path]);
    assertMisuse(
      farjal(["report", path, "-o", "/dev/full"]),
      /\/dev\/full can't be written: no space/,
    );
    assert.equal(lstatSync("/dev/full").isCharacterDevice(), true);
    assert.equal(farjal(["report", path, "-o", "/dev/null"]).code, 0);
    assert.equal(lstatSync("/dev/null").isCharacterDevice(), true);
  });

  test("a reader that closes the pipe in the middle ends it quietly", (context) => {
    const path = join(temporaryDirectory(context), "trace.dat");
    const words = ["trace", builtModule("modern", "little"), "--call", "work_fibonacci", "20"];
    farjal([...words, "-o", path]);
    const { stdout, stderr } = spawnSync(
      "sh",
      ["-c", '"$0" "$1" report "$2" | head -n 2', process.execPath, PROGRAM, path],
      { encoding: "utf8" },
    );
    assert.match(stdout, /^cpus=1\n.*\n$/);
    assert.equal(stderr, "");
  });
});
