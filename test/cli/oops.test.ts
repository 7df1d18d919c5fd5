// Tests `farjal oops`: text and JSON from a file and from standard input, the files that it finds or misses, and misuse.

import assert from "node:assert/strict";
import { cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { repositoryFile } from "../support/repository.ts";
import { builtModule, farjal, farjalJson, temporaryDirectory } from "./farjal.ts";

const NULL = repositoryFile("test/oops/transcripts/null.txt");
const MODULES = repositoryFile("test/oops/built/little");

test("oops prints what happened, where and the trace", () => {
  const { code, stdout, stderr } = farjal(["oops", NULL, "--modules", MODULES]);
  assert.equal(code, 0);
  assert.equal(stderr, "");
  assert.match(stdout, /^Oops\[#1\] in init \(pid \d+\) on CPU 0 of Linux 6\.1\.0-50-4kc-malta$/m);
  assert.match(stdout, /^ {2}TLBL: .*, address 0x0000000c$/m);
  assert.match(
    stdout,
    /^epc +c00a3030 faulty_null\+0x0\/0xc \[faulty\], \.text\.unlikely\+0x0\n +faulty_null at faulty\.c:38/m,
  );
  assert.match(stdout, /^ {2}=> c00a3030 +8c82000c +lw v0,12\(a0\)$/m);
  assert.match(stdout, /^ {2}80100f74 +do_one_initcall\+0x74\/0x270$/m);
  assert.match(stdout, /^Cause 00800008: IV: /m);
});

test("oops reads standard input, and its JSON has addresses as text", () => {
  const input = readFileSync(NULL);
  const { code, json } = farjalJson(["oops", "--modules", MODULES], { input });
  assert.equal(code, 0);
  const [oops] = json.oopses;
  assert.equal(oops.epc.address, "0xc00a3030");
  assert.equal(oops.epc.source[0].path, "/src/faulty/faulty.c");
  assert.equal(oops.epc.source[0].line, 38);
  assert.equal(oops.exception.name, "TLBL");
  assert.equal(oops.registers.a0, "0x00000000");
  assert.equal(oops.calls[0].found, "frame");
  assert.deepEqual(json.notes, []);
});

test("oops without the module's file still reads the text", () => {
  const { code, stdout, stderr } = farjal(["oops", NULL]);
  assert.equal(code, 0);
  assert.match(stdout, /^epc +c00a3030 faulty_null\+0x0\/0xc \[faulty\]$/m);
  assert.match(stderr, /no file of faulty was found: .*--modules/);
});

test("oops takes debugging information from a twin of the same build only", (t) => {
  const folder = temporaryDirectory(t);
  mkdirSync(join(folder, "m"));
  mkdirSync(join(folder, "other"));
  cpSync(builtModule("modern", "little"), join(folder, "other/faulty.ko"));
  // Without its debugging information: the sections' names are changed, so that nothing else is.
  const stripped = Buffer.from(readFileSync(join(MODULES, "faulty.ko")));
  const names = stripped.toString("latin1").replaceAll(".debug_", ".gone!_");
  writeFileSync(join(folder, "m/faulty.ko"), names, "latin1");
  const run = (...args: string[]) =>
    farjal(["oops", NULL, "--modules", join(folder, "m"), ...args]);

  const without = run();
  assert.match(without.stderr, /faulty\.ko has no debugging information/);
  assert.doesNotMatch(without.stdout, /faulty\.c/);
  for (const twin of [MODULES, join(MODULES, "faulty.ko")]) {
    const found = run("--debug-info", twin);
    assert.equal(found.stderr, "");
    assert.match(found.stdout, /faulty_null at faulty\.c:38/);
  }
  const id = /build-id is ([0-9a-f]{40}), and that of the module is ([0-9a-f]{40})/;
  for (const wrong of [join(folder, "other"), join(folder, "other/faulty.ko")]) {
    const refused = run("--debug-info", wrong);
    assert.equal(refused.code, 2);
    const [, theirs, own] = id.exec(refused.stderr) ?? [];
    assert.notEqual(theirs, own);
    assert.ok(theirs !== undefined);
  }
  assert.match(run("--debug-info", join(folder, "missing")).stderr, /missing can't be read/);
});

test("a text without an oops is misuse", () => {
  const { code, stderr } = farjal(["oops"], { input: Buffer.from("nothing happened\n") });
  assert.equal(code, 2);
  assert.match(stderr, /no oops of a MIPS kernel/);
});

test("a kernel's lines come from the file of its build that --debug-info leads to", (t) => {
  const folder = temporaryDirectory(t);
  const linked = readFileSync(repositoryFile("test/dwarf/built/linked32"));
  const kernel = join(folder, "vmlinux");
  const written = (path: string, bytes: string): void => writeFileSync(path, bytes, "latin1");
  written(kernel, linked.toString("latin1").replaceAll(".debug_", ".gone!_"));
  const debug = join(folder, "debug/usr/lib/debug/boot");
  mkdirSync(debug, { recursive: true });
  const twin = join(debug, "vmlinux-6.1.0-test");
  writeFileSync(twin, linked);
  const text = join(folder, "oops.txt");
  writeFileSync(
    text,
    "Oops[#1]:\nCPU: 0 PID: 1 Comm: init Not tainted 6.1.0-test #1\n" +
      "epc   : 80100120 lines_check+0x1c/0x48\nra    : 80100240 lines_start+0x10/0x40\n",
  );
  const run = (...words: string[]) => farjal(["oops", text, ...words]);
  assert.doesNotMatch(run("--kernel", kernel).stdout, /lines\.c/);
  const [, place] = /(lines_check at lines\.c:\d+)/.exec(run("--kernel", twin).stdout) ?? [];
  assert.ok(place !== undefined);
  for (const words of [["--kernel", kernel], []]) {
    const { code, stdout, stderr } = run(...words, "--debug-info", join(folder, "debug"));
    assert.equal(code, 0, stderr);
    assert.ok(stdout.includes(place), stdout);
  }
  const id = linked.indexOf("GNU\0") + 4;
  linked[id] = (linked[id] ?? 0) ^ 1;
  writeFileSync(twin, linked);
  const { code, stderr } = run("--kernel", kernel, "--debug-info", join(folder, "debug"));
  assert.equal(code, 2);
  assert.match(stderr, /is of another build: its build-id is \w{40}, and the kernel has \w{40}$/m);
});
