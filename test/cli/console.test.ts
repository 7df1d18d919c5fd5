// Tests `farjal boot` on a real terminal, which python's pty module makes: keys go to the guest in raw mode, Ctrl-A x
// leaves, and the terminal is as it was afterwards, however the command ends. The guest is a program of some words that
// sends back what it gets.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, suite, test } from "node:test";
import { asm, li, NOP, R } from "../cpu/guest.ts";
import { elfOf } from "../support/debian-boot.ts";
import { repositoryFile } from "../support/repository.ts";
import { farjal, PROGRAM } from "./farjal.ts";

const skip = spawnSync("python3", ["--version"]).error ? "python3 isn't installed" : false;
const ENTRY = 0x80100000;
const LINE_STATUS = 5;
const WHOLE = { echo: true, lines: true, signals: true };
const RAW = { echo: false, lines: false, signals: false };

type Step = { expect: string } | { send: string } | { signal: string } | { modes: true };

/** Prints "> " and then sends back each byte. */
const ECHO = [
  ...li(R.s0, 0xb80003f8),
  ...[0x3e, 0x20].flatMap((letter) => [
    asm("addiu", R.t0, R.zero, letter),
    asm("sb", R.t0, 0, R.s0),
  ]),
  asm("lbu", R.t0, LINE_STATUS, R.s0),
  asm("andi", R.t0, R.t0, 1),
  asm("beq", R.t0, R.zero, -3),
  NOP,
  asm("lbu", R.t0, 0, R.s0),
  asm("sb", R.t0, 0, R.s0),
  asm("beq", R.zero, R.zero, -7),
  NOP,
];

suite("the console on a terminal", { skip }, () => {
  const directory = mkdtempSync(join(tmpdir(), "farjal-terminal-"));
  after(() => rmSync(directory, { recursive: true }));
  const kernel = join(directory, "echo.elf");
  const bytes = new Uint8Array(Uint32Array.from(ECHO).buffer);
  const segments = [{ physical: ENTRY - 0x80000000, bytes, size: bytes.length }];
  writeFileSync(kernel, elfOf({ endian: "little", entry: ENTRY, segments }));

  function boot(steps: readonly Step[], options: readonly string[] = []) {
    const command = [process.execPath, PROGRAM, "boot", kernel, ...options];
    const { stdout, stderr } = spawnSync("python3", [repositoryFile("test/cli/terminal.py")], {
      input: JSON.stringify({ command, steps }),
      encoding: "utf8",
    });
    assert.equal(stderr, "");
    return JSON.parse(stdout) as { output: string; modes: unknown[]; code: number };
  }

  test("gives every key to the guest, Ctrl-C too, until Ctrl-A x", () => {
    const { output, modes, code } = boot([
      { modes: true },
      { expect: "> " },
      { modes: true },
      { send: "a\x03b\x1a" },
      { expect: "a\x03b\x1a" },
      { send: "\x01\x01" },
      { expect: "\x01" },
      { send: "\x01x" },
    ]);
    assert.ok(output.includes("> a\x03b\x1a\x01"), output);
    assert.deepEqual(modes, [WHOLE, RAW, WHOLE]);
    assert.equal(code, 0);
  });

  for (const [signal, expected] of [
    ["SIGINT", 1],
    ["SIGTERM", -15],
    ["SIGHUP", -1],
    ["SIGQUIT", -3],
  ] as const) {
    test(`leaves the terminal as it was after ${signal}`, () => {
      const { modes, code } = boot([{ expect: "> " }, { modes: true }, { signal }]);
      assert.deepEqual(modes, [RAW, WHOLE]);
      assert.equal(code, expected);
    });
  }

  test("leaves it as it was when a file can't be written", () => {
    const { output, modes, code } = boot(
      [{ expect: "> " }, { modes: true }, { send: "x" }],
      ["--log", "/dev/full"],
    );
    assert.match(output, /\/dev\/full/);
    assert.deepEqual(modes.at(-1), WHOLE);
    assert.equal(code, 2);
  });

  test("names the text that a script waits for", () => {
    const script = join(directory, "script");
    writeFileSync(script, "expect >\nsend abc\nexpect abc\nexpect never\nsend x\n");
    const { code, stderr } = farjal(["boot", kernel, "--script", script, "--time-limit", "1"]);
    assert.equal(code, 1);
    assert.match(stderr, /^the console hasn't shown "never"$/m);
  });
});
