// Tests `farjal run`: arguments of every kind, results that QEMU computed, and calls that fail.

import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import {
  assertMisuse,
  builtModule,
  farjal,
  farjalJson,
  ORDERS,
  temporaryDirectory,
} from "./farjal.ts";

for (const order of ORDERS) {
  const modern = builtModule("modern", order);

  test(`run passes words, ${order}-endian`, () => {
    const { code, json } = farjalJson(["run", modern, "--call", "work_signed", "-100", "7"]);
    assert.equal(code, 0);
    assert.equal(json.v0 | 0, -14002);
    assert.equal(json.exception, null);
    assert.ok(json.instructions > 5 && json.instructions < 20, json.instructions);
    assert.equal(
      farjalJson(["run", modern, "--call", "work_signed", "-0x64", "0x7"]).json.v0,
      json.v0,
    );
  });

  test(`run passes 64 bits in a pair, ${order}-endian`, () => {
    // work_wide takes two words, which a pair of 64 bits fills: 0xffffffff, 0xffffffff.
    const { json } = farjalJson(["run", modern, "--call", "work_wide", "-1ll"]);
    const [low, high] = order === "little" ? [json.v0, json.v1] : [json.v1, json.v0];
    assert.deepEqual([low, high], [0x80b583ea, 0x63c88646]);
  });

  test(`run passes strings and files and shows what the function wrote, ${order}-endian`, (context) => {
    // Adler's checksum of "hello".
    const hello = 0x062c0215;
    const checksum = (argument: string) =>
      farjalJson(["run", modern, "--call", "work_checksum", argument, "5"]).json.v0;
    assert.equal(checksum('"hello"'), hello);
    const file = join(temporaryDirectory(context), "greeting");
    writeFileSync(file, "hello, world");
    assert.equal(checksum(`@${file}`), hello);
    // work_fill(bytes, 5, 7): the high bytes of seed = seed * 1664525 + 1013904223.
    const { json } = farjalJson(["run", modern, "--call", "work_fill", "out:8", "5", "7"]);
    assert.deepEqual(json.outputs, ["3de99ced0c000000"]);
    const { stdout } = farjal(["run", modern, "--call", "work_fill", "out:8", "5", "7"]);
    assert.match(stdout, /^ {2}00000000 {2}3d e9 9c ed 0c 00 00 00 /m);
  });

  test(`run ends an endless call at its budget, ${order}-endian`, () => {
    const words = ["run", modern, "--call", "work_fibonacci", "1000", "--budget", "5000"];
    const { code, json } = farjalJson(words);
    assert.equal(code, 1);
    assert.equal(json.exception.kind, "budget");
    assert.equal(json.instructions, 5000);
    assert.match(
      farjal(words).stdout,
      /did not return: the budget of 5000 instructions ran out at 0x/,
    );
  });

  test(`run reports a store to address 0, ${order}-endian`, () => {
    const { code, json } = farjalJson(["run", modern, "--call", "work_fill", "0", "5", "7"]);
    assert.equal(code, 1);
    assert.equal(json.exception.name, "TLBS");
    assert.equal(json.exception.badVAddr, "0x00000000");
    assert.match(json.exception.message, /work_fill\+0x/);
    assert.equal(json.exception.registers.length, 32);
  });
}

test("run: nothing outside the guest's memory can be written", () => {
  const modern = builtModule("modern", "little");
  for (const address of ["0x7fff0000", "0x84000000", "0xa4000000", "0xbfc00000", "0xfffff000"]) {
    const { code, json } = farjalJson(["run", modern, "--call", "work_fill", address, "4", "7"]);
    assert.equal(code, 1, address);
    assert.equal(json.exception.kind, "exception", address);
  }
});

test("run reports a stack overflow", () => {
  const { code, json } = farjalJson([
    "run",
    builtModule("modern", "big"),
    "--call",
    "work_fibonacci",
    "100000",
  ]);
  assert.equal(code, 1);
  assert.equal(json.exception.kind, "exception");
  assert.equal(json.exception.name, "TLBS");
});

test("run names a function that no module exports when it is called", () => {
  const imports = builtModule("imports", "little");
  assert.equal(farjal(["run", imports, "--call", "imports_run", "1"]).code, 1);
  const words = ["run", imports, "--call", "imports_run", "1", "--stub-missing"];
  const { code, json } = farjalJson(words);
  assert.equal(code, 1);
  assert.equal(json.exception.kind, "unresolved");
  assert.match(json.exception.message, /init_(count|lookup) was called from .*imports_run/);
});

test("run shows what the guest printed, and runs init when asked", () => {
  const greet = builtModule("greet", "big");
  const { json } = farjalJson(["run", builtModule("init", "big"), "--init", "--call", "init_keys"]);
  assert.equal(json.v0, 10);
  assert.deepEqual(json.log, ["init: level 3, mask 0xff, label unset"]);
  assert.match(farjal(["run", greet, "--call", "init_module"]).stdout, /^greet: hello$/m);
});

test("run: arguments that don't fit into memory are misuse", () => {
  const modern = builtModule("modern", "little");
  const run = (...args: string[]) => farjal(["run", modern, "--call", "work_signed", ...args]);
  assertMisuse(run("4294967296"), /4294967296 doesn't fit into 32 bits; 4294967296ll passes 64/);
  assertMisuse(run("18446744073709551616ll"), /doesn't fit into 64 bits/);
  assertMisuse(run("@/nonexistent"), /\/nonexistent can't be read: no such file or directory/);
  assertMisuse(farjal(["run", modern, "--call", "nothing"]), /'nothing'/);
});

test("run: more memory than the machine has is refused", () => {
  const { code, json } = farjalJson([
    "run",
    builtModule("modern", "little"),
    "--call",
    "work_fill",
    "out:4000000000",
  ]);
  assert.equal(code, 1);
  assert.equal(json.errno, "ENOMEM");
});
