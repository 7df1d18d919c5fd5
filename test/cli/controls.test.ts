// Checks control characters in a hostile file's names: farjal prints them as \xNN, in text and in a document.

import assert from "node:assert/strict";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { SHN_UNDEF } from "../../src/elf/numbers.ts";
import { writeModule } from "../support/module-writer.ts";
import { builtModule, farjal, farjalJson, temporaryDirectory } from "./farjal.ts";

/** ESC, DEL and CSI, which a terminal may obey. */
const NAME = "no\x1b[31m\x7fsuch\x9b0m";
const MODULE = writeModule({ symbols: [{ name: NAME, section: SHN_UNDEF }] });
// biome-ignore lint/suspicious/noControlCharactersInRegex: the test is about them
const CONTROL = /[\0-\x09\x0b-\x1f\x7f-\x9f]/;

test("a kernel line has a name's control characters as \\xNN", (context) => {
  const directory = temporaryDirectory(context);
  const path = join(directory, "evil.ko");
  writeFileSync(path, MODULE);
  const { code, stdout } = farjal(["load", path]);
  assert.equal(code, 1);
  assert.match(stdout, /Unknown symbol no.*\\x7fsuch\\x9b0m \(err -2\)/);
  const printed = farjal(["load", path, "--json"]).stdout;
  assert.doesNotMatch(printed, CONTROL);
  const { json } = farjalJson(["load", path]);
  assert.match(json.dmesg.join("\n"), /\\x7fsuch\\x9b0m/);
});

test("sweep's document has it too", (context) => {
  const directory = join(temporaryDirectory(context), "modules");
  mkdirSync(directory);
  writeFileSync(join(directory, "evil.ko"), MODULE);
  const { code, json } = farjalJson(["sweep", directory, "--jobs", "1"]);
  assert.equal(code, 1);
  assert.match(JSON.stringify(json), /x7fsuch/);
  assert.doesNotMatch(JSON.stringify(json), CONTROL);
});

test("a misuse is a document as well", () => {
  const { code, json } = farjalJson(["info", "no\x7f.ko"]);
  assert.deepEqual([code, json.verdict], [2, "misuse"]);
  assert.match(json.error, /^no\x7f\.ko/);
});

test("no symbol's name forges a line or colours one, and the trace of it is read back", (context) => {
  const directory = temporaryDirectory(context);
  const { code, stdout } = readForged(directory, "\x1b[31;8mEVILxxx");
  assert.equal(code, 0);
  assert.match(stdout, /\\x1b\[31;8mEVILxxx/);
  assert.doesNotMatch(stdout, CONTROL);
  const forged = readForged(directory, "a\nfake line ok");
  assert.equal(forged.code, 0);
  assert.match(forged.stdout, /a\\x0afake\\x20line\\x20ok/);
  assert.doesNotMatch(forged.stdout, /^fake/m);
});

/** Traces a module with one function renamed to text with a terminal's colour codes, and reads the trace back. */
function readForged(directory: string, name: string) {
  const bytes = readFileSync(builtModule("modern", "little"));
  const at = bytes.indexOf("work_fibonacci\0");
  bytes.write(name.padEnd("work_fibonacci".length, "x"), at, "latin1");
  const path = join(directory, "forged.ko");
  writeFileSync(path, bytes);
  const output = join(directory, "forged.ftrace");
  const traced = farjal(["trace", path, "--call", "work_run", "3", "-o", output]);
  assert.equal(traced.code, 0, traced.stderr);
  const list = farjal(["list", path, "-f"]).stdout;
  const report = farjal(["report", output]);
  return { code: report.code, stdout: list + report.stdout };
}
