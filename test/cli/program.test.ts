// Tests the program around its commands: help, exit codes, wrong calls, files that are no modules, pipes that close.
// Each mistake gets one clear error.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { Random } from "../support/random.ts";
import {
  assertMisuse,
  builtModule,
  farjal,
  farjalJson,
  PROGRAM,
  temporaryDirectory,
} from "./farjal.ts";

const COMMANDS = ["demo", "info", "plan", "load", "run", "trace", "bench"];

test("help lists every command, and each command's help has examples", () => {
  const { code, stdout, stderr } = farjal(["--help"]);
  assert.deepEqual([code, stderr], [0, ""]);
  for (const command of COMMANDS) {
    assert.match(stdout, new RegExp(`^ {2}${command} \\[options\\]`, "m"));
    const help = farjal([command, "--help"]);
    assert.equal(help.code, 0);
    if (command !== "demo") assert.match(help.stdout, new RegExp(`^ {2}farjal ${command} `, "m"));
  }
});

test("the version is the package's", () => {
  assert.match(farjal(["--version"]).stdout, /^\d+\.\d+\.\d+\n$/);
});

test("wrong calls are misuse", () => {
  const modern = builtModule("modern", "little");
  assertMisuse(farjal([]), /^Usage: farjal/);
  assertMisuse(farjal(["rmmod"]), /unknown command 'rmmod'/);
  assertMisuse(farjal(["load"]), /missing required argument 'M.ko'/);
  assertMisuse(farjal(["load", modern, "--bsae", "0"]), /unknown option '--bsae'/);
  assertMisuse(farjal(["load", modern, "another.ko"]), /too many arguments/);
  assertMisuse(farjal(["load", modern, "--base", "0xc000000g"]), /up to eight hexadecimal digits/);
  assertMisuse(farjal(["load", modern, "--base", "0xc00000000"]), /an address of 64 bits/);
  assertMisuse(farjal(["load", modern, "--base", "c0000010"]), /page-aligned/);
  assertMisuse(farjal(["load", modern, "--memory", "1024"]), /whole number from 16 to 512/);
  assertMisuse(
    farjal(["load", modern, "--far-jumps", "maybe"]),
    /Allowed choices are refuse, trampoline/,
  );
  assertMisuse(farjal(["load", modern, "--kernel", "/nonexistent"]), /\/nonexistent/);
  assertMisuse(farjal(["trace", modern]), /name the function to call: --call NAME/);
  assertMisuse(
    farjal(["run", modern, "--call", "work_run", "--budget", "0"]),
    /whole number from 1 to/,
  );
});

test("a wrong call with --json still answers one document", () => {
  for (const words of [
    ["load", "/nonexistent"],
    ["load"],
    ["run", builtModule("modern", "big"), "--call", "x"],
  ]) {
    const { code, json } = farjalJson(words);
    assert.equal(code, 2);
    assert.equal(json.verdict, "misuse");
    assert.equal(typeof json.error, "string");
  }
});

test("an unreadable file is misuse", (context) => {
  const directory = temporaryDirectory(context);
  assertMisuse(
    farjal(["info", join(directory, "no.ko")]),
    /can't be read: no such file or directory/,
  );
  assertMisuse(farjal(["info", directory]), /is a directory, not a file/);
  assertMisuse(farjal(["info", "/dev/zero"]), /more than 256 MiB/);
  const packed = join(directory, "bad.ko.gz");
  writeFileSync(
    packed,
    Uint8Array.of(0x1f, 0x8b, 8, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14),
  );
  assertMisuse(farjal(["info", packed]), /can't be unpacked/);
});

test("files that are no modules are refused in the kernel's words", () => {
  const file = readFileSync(builtModule("modern", "little"));
  const random = new Random(1);
  const noise = Uint8Array.from({ length: 4096 }, () => random.below(256));
  const changed = (at: number, ...bytes: number[]): Uint8Array => {
    const copy = Uint8Array.from(file);
    copy.set(bytes, at);
    return copy;
  };
  const cases: readonly (readonly [string, Uint8Array, RegExp])[] = [
    ["nothing", new Uint8Array(0), /^Invalid ELF header len 0$/m],
    ["noise", noise, /^Invalid ELF header magic: != \x7fELF$/m],
    ["text", Buffer.from("hello\n".repeat(100)), /^Invalid ELF header magic/m],
    ["a 64-bit file", changed(4, 2), /64/],
    ["an executable", changed(16, 2, 0), /^Invalid ELF header type: 2 != 1$/m],
    ["an x86 file", changed(18, 3, 0), /^Invalid architecture in ELF header: 3$/m],
    ["a truncated file", file.subarray(0, 1000), /^Invalid ELF section header overflow$/m],
  ];
  for (const [name, input, says] of cases) {
    for (const command of ["info", "plan", "load"]) {
      const { code, stdout, stderr } = farjal([command, "-"], { input });
      assert.equal(code, 1, `${command} ${name}: ${stderr}`);
      const said = stdout + stderr;
      assert.match(said.replaceAll("\\x7f", "\x7f"), says, `${command} ${name}`);
      assert.match(said, /^ENOEXEC/m, `${command} ${name}`);
      assert.doesNotMatch(said, /internal error|^\s+at /m);
    }
  }
});

test("names from a file don't reach the terminal as control characters", () => {
  const file = readFileSync(builtModule("modern", "little"));
  const at = file.indexOf("description=") + "description=".length;
  const painted = Uint8Array.from(file);
  painted.set(Buffer.from("\x1b]0;owned\x07\x1b[2J"), at);
  const { stdout } = farjal(["info", "-"], { input: painted });
  assert.match(stdout, /description {2}\\x1b\]0;owned\\x07\\x1b\[2J/);
});

test("a reader that closes the pipe ends the program quietly", () => {
  const words = ["trace", builtModule("modern", "little"), "--call", "work_fibonacci", "22"];
  const line = `"${process.execPath}" "${PROGRAM}" ${words.join(" ")} | head -n 1`;
  const { stdout, stderr } = spawnSync("sh", ["-c", line], { encoding: "utf8", timeout: 60_000 });
  assert.equal(stdout, "# tracer: function\n");
  assert.doesNotMatch(stderr, /EPIPE|internal error|^\s+at /m);
});
