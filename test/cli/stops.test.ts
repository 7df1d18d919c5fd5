// Tests how `farjal run` and `farjal trace` report calls that fail: the sentence, the registers with their ABI names
// and the instructions around pc, on stderr and in --json; never a host error. test/lab/stops.test.ts tests the
// exceptions that a well-built module can't raise.

import assert from "node:assert/strict";
import { test } from "node:test";
import { builtModule, farjal, farjalJson, ORDERS } from "./farjal.ts";

for (const order of ORDERS) {
  const modern = builtModule("modern", order);
  const bad = ["--call", "work_fill", "0", "5", "7"];

  test(`run shows registers and code of an exception, ${order}-endian`, () => {
    const { code, stdout, stderr } = farjal(["run", modern, ...bad]);
    assert.equal(code, 1);
    assert.match(stdout, /^work_fill\(0, 5, 7\) did not return: exception TLBS: /);
    assert.match(stderr, /^ +zero 00000000 +at 00000000 +v0 0000003d +v1 3c6ef35f$/m);
    assert.match(stderr, /^ +gp [0-9a-f]{8} +sp [0-9a-f]{8} +s8 00000000 +ra 80000ff0$/m);
    const lines = stderr.split("\n\n")[1]?.trimEnd().split("\n") ?? [];
    assert.equal(lines.length, 11);
    assert.match(
      lines[4] ?? "",
      /^ {5}c0000264 {2}<work_fill\+0x44> +1485fffb {2}bne a0,a1,0xc0000254$/,
    );
    assert.match(
      lines[5] ?? "",
      /^ {2}=> c0000268 {2}<work_fill\+0x48> +a082ffff {2}sb v0,-1\(a0\) {2}\(delay slot\)$/,
    );
    assert.match(lines[7] ?? "", /nop {2}\(delay slot\)$/);
  });

  test(`trace shows them too, ${order}-endian`, () => {
    const { code, stderr } = farjal(["trace", modern, ...bad]);
    assert.equal(code, 1);
    assert.match(stderr, /did not return: exception TLBS/);
    assert.match(stderr, /^ +=> c0000268 {2}<work_fill\+0x48> /m);
  });

  test(`--json has registers and neighbourhood, ${order}-endian`, () => {
    for (const command of ["run", "trace"]) {
      const { json } = farjalJson([command, modern, ...bad]);
      const { registers, neighbourhood } = json.exception;
      assert.equal(registers.length, 32);
      assert.equal(registers[31], "0x80000ff0");
      assert.equal(neighbourhood.length, 11);
      assert.deepEqual(neighbourhood[5], {
        address: "0xc0000268",
        word: "0xa082ffff",
        symbol: "work_fill+0x48",
        text: "sb\tv0,-1(a0)",
        current: true,
        delaySlot: true,
      });
      assert.equal(json.exception.code, undefined);
    }
  });

  test(`a function without code is reported with the word at its address, ${order}-endian`, () => {
    const imports = builtModule("imports", order);
    const words = ["run", imports, "--call", "imports_run", "1", "--stub-missing"];
    const { code, stderr } = farjal(words);
    assert.equal(code, 1);
    assert.match(
      stderr,
      /^ +=> 8[0-9a-f]{7} {2}<init_\w+\+0x0> +[0-9a-f]{8} {2}farjal\.hypercall 0x/m,
    );
  });
}
