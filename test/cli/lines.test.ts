// Tests --lines and --debug-info: the lines of faults, far jumps and call sites in text and JSON, and the trace formats
// that have a place for them. The lines themselves are compared with addr2line's in test/dwarf and test/oops.

import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { openDebugInfo } from "../../src/dwarf/debug-info.ts";
import { readElf } from "../../src/elf/reader.ts";
import { repositoryFile } from "../support/repository.ts";
import { builtModule, farjal, farjalJson, ORDERS, temporaryDirectory } from "./farjal.ts";

const FAULTY = repositoryFile("test/oops/built/little/faulty.ko");
const FAULT = ["run", FAULTY, "--call", "faulty_work", "2", "--stub-missing"];
/** work.c's functions begin at these lines: what a reader of the file sees. */
const WORK = readFileSync(repositoryFile("test/modules/work.c"), "utf8").split("\n");
const lineOf = (name: string): number => WORK.findIndex((line) => line.includes(` ${name}(`)) + 1;

test("a fault has the lines of pc and of the code around it, if they are wanted", () => {
  const { code, json } = farjalJson([...FAULT, "--lines"]);
  assert.equal(code, 1);
  const { source, neighbourhood } = json.exception;
  assert.deepEqual(
    source.map((frame: { function: string; path: string; line: number }) => [
      frame.function,
      frame.path,
      frame.line,
    ]),
    [["faulty_store", "/src/faulty/faulty.c", 45]],
  );
  const current = neighbourhood.find((line: { current: boolean }) => line.current);
  assert.deepEqual(current.source, source);
  const { stderr } = farjal([...FAULT, "--lines"]);
  assert.match(stderr, /^ {2}faulty_store at faulty\.c:45/m);
  assert.match(stderr, /=> c0000008 .* sw a1,12\(a0\) .* faulty\.c:45/);

  const without = farjalJson(FAULT);
  assert.ok(!("source" in without.json.exception));
  assert.doesNotMatch(farjal(FAULT).stderr, /faulty\.c/);
});

for (const order of ORDERS) {
  test(`a ${order}-endian module's call sites have the lines that its debugging information gives`, () => {
    const path = builtModule("debug", order);
    const info = openDebugInfo(readElf(readFileSync(path)));
    const { json } = farjalJson(["explain", path, "--lines"]);
    assert.ok(json.callSites.length > 5);
    for (const { section, offset, source } of json.callSites) {
      const found = info?.elf.sections.find(({ name }) => name === section);
      assert.ok(info !== null && found !== undefined);
      const lines = info.framesAt(found, offset).map(({ line }) => line);
      assert.ok(lines.length > 0);
      assert.deepEqual(
        source.map((frame: { line: number }) => frame.line),
        lines,
      );
    }
    assert.match(farjal(["explain", path, "--lines"]).stdout, /work_fill\+0x0 +work\.c:\d+/);
  });
}

test("far jumps have their lines, and a module without lines is named", () => {
  const { json } = farjalJson(["plan", FAULTY, "--lines", "--stub-missing", "--base", "cffff000"]);
  for (const far of json.farJumps) assert.ok(far.source.length > 0);
  const old = farjal(["plan", builtModule("jal2009", "little"), "--lines"]);
  assert.equal(old.code, 0);
  assert.match(old.stderr, /note: jal2009 has no debugging information/);
  assert.match(old.stdout, /_mcount 0x80100000 +via 0x[0-9a-f]{8}$/m);
});

test("traces have functions' files and lines where the format has a place for them", (t) => {
  const folder = temporaryDirectory(t);
  const written = (name: string, ...more: string[]): string => {
    const path = join(folder, name);
    const module = builtModule("debug", "little");
    const { code, stderr } = farjal([
      ...["trace", module, "--call", "work_run", "2", "-p", "function_graph", "-o", path],
      ...more,
    ]);
    assert.equal(code, 0, stderr);
    return readFileSync(path, "utf8");
  };
  const fill = lineOf("work_fill");
  const frames = JSON.parse(written("t.speedscope.json", "--lines")).shared.frames;
  const frame = frames.find(({ name }: { name: string }) => name === "work_fill [debug]");
  assert.deepEqual(frame, { name: "work_fill [debug]", file: "./work.c", line: fill });
  const events = JSON.parse(written("t.chrome.json", "--lines")).traceEvents;
  const event = events.find(
    (one: { ph: string; name: string }) => one.ph === "B" && one.name === "work_fill",
  );
  assert.equal(event.args.file, "./work.c");
  assert.equal(event.args.line, fill);
  assert.match(
    written("t.folded", "--lines"),
    new RegExp(`;work_fill \\[debug\\] \\(\\./work\\.c:${fill}\\) \\d+$`, "m"),
  );
  assert.match(written("t.html", "--lines"), new RegExp(`"source":"\\./work\\.c:${fill}"`));
  for (const name of ["u.speedscope.json", "u.chrome.json", "u.folded", "u.html"]) {
    assert.doesNotMatch(written(name), /work\.c/);
  }
});

test("lines of a rewritten module are refused, since its code has moved", () => {
  const { code, stderr } = farjal([...FAULT, "--lines", "--far-jumps", "rewrite"]);
  assert.equal(code, 2);
  assert.match(stderr, /--far-jumps rewrite moves code/);
});

test("coverage takes its lines from --debug-info", (t) => {
  const folder = temporaryDirectory(t);
  const stripped = join(folder, "debug.ko");
  const bytes = readFileSync(builtModule("debug", "little"), "latin1");
  writeFileSync(stripped, bytes.replaceAll(".debug_", ".gone!_"), "latin1");
  const call = ["run", stripped, "--call", "work_text", "7", "--coverage", join(folder, "c.info")];
  assert.equal(farjal(call).code, 2);
  const { code, stderr } = farjal([...call, "--debug-info", builtModule("debug", "little")]);
  assert.equal(code, 0, stderr);
  const line = lineOf("work_text");
  assert.match(readFileSync(join(folder, "c.info"), "utf8"), new RegExp(`^FN:${line},`, "m"));
});
