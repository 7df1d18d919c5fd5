// The tasks of a new user's first hour, each from its question to its last step, with the commands that README and --help
// name. Each command's details are tested beside it; here the steps have to fit together. A project in TypeScript with a
// worker and vitest is examples/project; a fault found with gdb is in test/gdb.

import assert from "node:assert/strict";
import { copyFileSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { suite, test } from "node:test";
import { builtModule, farjal, farjalJson, temporaryDirectory } from "../cli/farjal.ts";

suite("the first hour", () => {
  test("a module that overflows is mended, and Linux then loads it", (context) => {
    const mended = join(temporaryDirectory(context), "mended.ko");
    const old = builtModule("jal2009", "little");
    const { code, stdout } = farjal(["load", old]);
    assert.equal(code, 1);
    assert.match(stdout, /^Linux refuses jal2009$/m);
    assert.match(stdout, /farjal mend .* -o /);
    assert.equal(farjal(["mend", old, "-o", mended]).code, 0);
    const again = farjalJson(["load", mended]);
    assert.deepEqual([again.code, again.json.linux, again.json.mend], [0, "loads", null]);
  });

  test("a filtered trace becomes a trace.dat, and a page", (context) => {
    const directory = temporaryDirectory(context);
    const dat = join(directory, "trace.dat");
    const page = join(directory, "trace.html");
    const words = ["trace", builtModule("modern", "big"), "--call", "work_run(5)"];
    assert.equal(farjal([...words, "-l", "work_f*", "-o", dat]).code, 0);
    assert.match(farjal(["report", dat]).stdout, /work_fibonacci <-- work_fibonacci/);
    assert.equal(farjal(["report", dat, "-o", page]).code, 0);
    assert.match(readFileSync(page, "utf8"), /<!doctype html>/i);
    assert.equal(farjal([...words, "-l", "wrok_f*"]).code, 1);
  });

  test("a function gets a pointer to a structure, and the structure is shown", () => {
    const words = ["run", builtModule("card", "big"), "--call", "card_grow(inout:g, 3)"];
    const { stdout } = farjal([...words, "--let", 'g={mtu:1500, name:"eth0"}']);
    assert.match(stdout, /= 0x000005df \(1503\)$/m);
    assert.match(stdout, /^ {2}mtu +1503 \(0x5df\)$/m);
  });

  test("an import is replaced, and its calls are seen", () => {
    const words = ["run", builtModule("modern", "little"), "--call", "work_run(3)"];
    const { json } = farjalJson([...words, "--provide", "strlen=1", "--trace-imports"]);
    const calls = json.importCalls.filter(({ name }: { name: string }) => name === "strlen");
    assert.ok(calls.length > 0);
    for (const { result } of calls) assert.equal(result, "0x00000001");
  });

  test("a fault names its pointer, its register and its line", () => {
    const { code, stdout, stderr } = farjal([
      "run",
      builtModule("card", "little"),
      "--call",
      "card_grow(0, 3)",
      "--lines",
    ]);
    assert.equal(code, 1);
    assert.match(stdout, /a NULL pointer dereference at member offset 0x[0-9a-f]+: a0 is NULL/);
    assert.match(stderr, /card\.c:\d+/);
  });

  test("what call sites cost is measured, and two builds are compared", () => {
    const call = ["--call", "work_run(3)"];
    const [modern, plain] = [builtModule("modern", "big"), builtModule("plain", "big")];
    const { json } = farjalJson(["bench", modern, "--plain", plain, ...call, "--time", "2"]);
    const [without, off] = json.rows;
    assert.deepEqual([json.verdict, without.tracer, off.tracer], ["equal", "none", "off"]);
    assert.ok(off.instructions > without.instructions);
    const against = ["bench", modern, "--against", plain, ...call, "--max-instructions"];
    assert.equal(farjal([...against, "+0%"]).code, 1);
    assert.equal(farjal([...against, "+50%"]).code, 0);
  });

  test("a tree is checked against a kernel, and the causes are counted", (context) => {
    const directory = temporaryDirectory(context);
    for (const name of ["jal2009", "modern", "plain_short"]) {
      copyFileSync(builtModule(name, "little"), join(directory, `${name}.ko`));
    }
    const { code, json } = farjalJson(["sweep", directory, "--jobs", "1"]);
    assert.equal(code, 1);
    assert.deepEqual([json.summary.linuxLoads, json.summary.linuxRefused], [1, 2]);
    assert.deepEqual(json.causes, [{ cause: "relocation overflow (ENOEXEC)", modules: 2 }]);
  });

  test("a parameter is set, and a wrong one refused", () => {
    const words = ["run", builtModule("init", "big"), "--init", "--param"];
    assert.match(farjal([...words, "level=7"]).stdout, /^init: level 7, /m);
    const wrong = farjalJson([...words, "level=seven"]);
    assert.deepEqual([wrong.code, wrong.json.errno], [1, "EINVAL"]);
  });

  test("a call is saved, resumed, and reported to CI", (context) => {
    const directory = temporaryDirectory(context);
    const half = join(directory, "half");
    const junit = join(directory, "junit.xml");
    const modern = builtModule("modern", "little");
    const call = ["run", modern, "--call", "work_run(50)"];
    const whole = farjalJson(call).json;
    farjal([...call, "--budget", "2000", "--save", half, "--junit", junit]);
    assert.match(readFileSync(junit, "utf8"), /failures="1"/);
    const resumed = farjalJson(["run", modern, "--restore", half, "--junit", junit]);
    assert.deepEqual(resumed.json, whole);
    assert.match(readFileSync(junit, "utf8"), /failures="0"/);
    writeFileSync(half, "");
    assert.equal(farjal(["run", modern, "--restore", half]).code, 2);
  });
});
