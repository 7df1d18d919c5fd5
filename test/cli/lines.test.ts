// Tests --lines and --debug-info: the lines of faults, far jumps and call sites in text and JSON, and the trace formats
// that have a place for them. The lines themselves are compared with addr2line's in test/dwarf and test/oops.

import assert from "node:assert/strict";
import { cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
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

test("load gives the lines of far jumps, and of an init function that stops", () => {
  const base = ["--base", "cffff000", "--stub-missing"];
  const { json } = farjalJson(["load", FAULTY, "--lines", ...base]);
  assert.ok(!("exception" in json));
  const old = farjalJson(["load", builtModule("jal2009", "little"), "--lines"]).json;
  assert.equal(old.farJumps.length, 14);
  assert.deepEqual(old.farJumps[0].source, []);
  const planned = farjalJson(["plan", FAULTY, "--lines", ...base]).json;
  assert.deepEqual(json.farJumps, planned.farJumps);

  const init = ["load", FAULTY, "--stub-missing", "--init", "--param", "fault=1"];
  const stopped = farjal([...init, "--lines"]);
  assert.equal(stopped.code, 1);
  assert.match(
    stopped.stderr,
    /^ {2}faulty_null at faulty\.c:38:\d+\n {2}called from faulty_work at faulty\.c:88:\d+$/m,
  );
  assert.match(stopped.stderr, /=> c0000030 .* lw v0,12\(a0\) .* faulty\.c:38/);
  const { exception } = farjalJson([...init, "--lines"]).json;
  assert.equal(exception.pc, "0xc0000030");
  assert.equal(exception.source[0].line, 38);
  assert.doesNotMatch(farjal(init).stderr, /faulty\.c/);
  const run = farjal(["run", ...init.slice(1), "--lines"]);
  assert.equal(run.stderr.split("\n")[0], stopped.stderr.split("\n")[0]);
});

test("explain's page has a column of lines, if they are wanted", (t) => {
  const page = join(temporaryDirectory(t), "page.html");
  const explain = ["explain", builtModule("debug", "big"), "--html", page];
  assert.equal(farjal([...explain, "--lines"]).code, 0);
  const { json } = farjalJson(["explain", builtModule("debug", "big"), "--lines"]);
  const text = readFileSync(page, "utf8");
  for (const { source } of json.callSites) {
    assert.ok(text.includes(`<code>${source[0].file}:${source[0].line}:`), source[0].line);
  }
  assert.equal(farjal(explain).code, 0);
  assert.doesNotMatch(readFileSync(page, "utf8"), /work\.c/);
});

test("a recorded trace has the lines that the trace had when it was made", (t) => {
  const folder = temporaryDirectory(t);
  const module = builtModule("debug", "little");
  const recorded = join(folder, "trace.dat");
  const run = ["trace", module, "--call", "work_run", "2", "-p", "function_graph"];
  assert.equal(farjal([...run, "-o", recorded]).code, 0);
  const report = (...words: string[]) => farjal(["report", recorded, ...words]);
  for (const form of ["speedscope", "chrome", "folded"]) {
    const [now, later] = [join(folder, `now.${form}`), join(folder, `later.${form}`)];
    assert.equal(farjal([...run, "--lines", "-o", now, "--format", form]).code, 0);
    for (const files of [
      ["--modules", module],
      ["--debug-info", module],
    ]) {
      const { code, stderr } = report("-o", later, "--format", form, ...files);
      assert.equal(code, 0, stderr);
      assert.match(readFileSync(later, "utf8"), /work\.c/);
      const names = (path: string) => readFileSync(path, "utf8").match(/[^" ]*work\.c[^,}]*/g);
      assert.deepEqual(new Set(names(later)), new Set(names(now)), form);
    }
  }
  const modules = join(folder, "modules");
  cpSync(module, join(modules, "debug.ko"));
  const page = join(folder, "later.html");
  assert.equal(report("-o", page, "--modules", modules).code, 0);
  assert.match(
    readFileSync(page, "utf8"),
    new RegExp(`"source":"\\./work\\.c:${lineOf("work_fill")}"`),
  );
  const { json } = farjalJson(["report", recorded, "--debug-info", module]);
  const fill = json.events.find(({ func }: { func: string }) => func === "work_fill");
  assert.equal(fill.line, lineOf("work_fill"));
  assert.ok(!("line" in farjalJson(["report", recorded]).json.events[0]));

  const alone = report("--lines", "--format", "folded");
  assert.equal(alone.code, 2);
  assert.match(alone.stderr, /name them with --modules FILE\|DIR/);
  assert.match(report("--modules", module).stderr, /the format report has no place for lines/);
  assert.match(report("--modules", join(folder, "none")).stderr, /none can't be read/);
  const other = report("--modules", builtModule("modern", "little"), "--format", "folded");
  assert.equal(other.code, 0);
  assert.match(other.stderr, /note: no debugging information of debug was found/);
});

test("functions of a kernel have the lines of its file with debugging information", (t) => {
  const folder = temporaryDirectory(t);
  mkdirSync(join(folder, "boot"));
  cpSync(repositoryFile("test/dwarf/built/linked32"), join(folder, "boot/vmlinux-6.1.0-test"));
  const trace = join(folder, "trace.txt");
  const line = (time: string, name: string) =>
    `            init-1       [000] .....     ${time}: ${name} <-lines_start\n`;
  writeFileSync(
    trace,
    `# tracer: function\n#\n${line("1.000001", "lines_stir")}${line("1.000002", "lines_tail")}`,
  );
  const source = readFileSync(repositoryFile("test/dwarf/lines.c"), "utf8").split("\n");
  const kernel = join(folder, "boot/vmlinux-6.1.0-test");
  const { json } = farjalJson(["report", trace, "--debug-info", kernel]);
  assert.equal(json.events.length, 2);
  for (const { func, file, line } of json.events) {
    assert.equal(file, "/src/lines/lines.c");
    assert.match(source[line - 1] ?? "", new RegExp(`\\b${func}\\(`));
  }
});
