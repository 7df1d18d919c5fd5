// Tests `farjal plan`: the module of 2009, mended and refused, and modules without far jumps.

import assert from "node:assert/strict";
import { test } from "node:test";
import { builtModule, farjal, farjalJson, ORDERS } from "./farjal.ts";

interface FarJump {
  readonly address: string;
  readonly target: string;
  readonly symbol: string;
  readonly section: string;
  readonly offset: number;
}

interface Trampoline {
  readonly address: string;
  readonly target: string;
  readonly symbol: string;
  readonly words: readonly string[];
  readonly sites: readonly string[];
}

/** The target of `lui t9; addiu t9; jr t9; nop`. */
function destination(words: readonly string[]): number {
  const [lui = 0, addiu = 0, jr, nop] = words.map(Number);
  assert.equal(lui >>> 16, 0x3c19);
  assert.equal(addiu >>> 16, 0x2739);
  assert.equal(jr, 0x03200008);
  assert.equal(nop, 0);
  return ((lui << 16) + ((addiu << 16) >> 16)) >>> 0;
}

for (const order of ORDERS) {
  test(`plan mends the ${order}-endian module of 2009`, () => {
    const { code, json } = farjalJson(["plan", builtModule("jal2009", order)]);
    assert.equal(code, 0);
    assert.equal(json.verdict, "loads");
    assert.equal(json.errno, null);
    const farJumps: FarJump[] = json.farJumps;
    const trampolines: Trampoline[] = json.trampolines;
    assert.equal(farJumps.length, 14);
    assert.deepEqual(trampolines.map(({ symbol }) => symbol).sort(), [
      "__kmalloc",
      "_mcount",
      "kfree",
      "memcpy",
      "strlen",
    ]);
    for (const { target, words } of trampolines) assert.equal(destination(words), Number(target));
    const mended = trampolines.flatMap(({ sites, target }) => sites.map((site) => [site, target]));
    assert.deepEqual(
      mended.sort(),
      farJumps.map(({ address, target }) => [address, target]).sort(),
      "each far jump goes through the one trampoline to its target",
    );
    assert.equal(farJumps[0]?.section, ".text");
    assert.equal(Number(farJumps[0]?.address), 0xc0000000 + (farJumps[0]?.offset ?? 0));
  });

  test(`plan refuses the ${order}-endian module of 2009 as Linux does`, () => {
    const words = ["plan", builtModule("jal2009", order), "--far-jumps", "refuse"];
    const { code, json } = farjalJson(words);
    assert.equal(code, 1);
    assert.equal(json.verdict, "refused");
    assert.equal(json.errno, "ENOEXEC");
    assert.equal(json.dmesg.at(-1), "module jal2009: relocation overflow");
    assert.equal(json.farJumps.length, 14);
    assert.deepEqual(json.trampolines, []);
    const { stdout } = farjal(words);
    assert.match(stdout, /^module jal2009: relocation overflow$/m);
    assert.match(stdout, /^ENOEXEC \(insmod: Invalid module format\)$/m);
  });
}

test("plan finds nothing far in a module with long calls", () => {
  const { code, json } = farjalJson(["plan", builtModule("modern", "big")]);
  assert.equal(code, 0);
  assert.deepEqual([json.verdict, json.farJumps, json.trampolines], ["loads", [], []]);
});

test("plan follows the base: in the kernel's region nothing is far", () => {
  const { json } = farjalJson(["plan", builtModule("jal2009", "little"), "--base", "0x82000000"]);
  assert.deepEqual([json.verdict, json.farJumps], ["loads", []]);
});

test("plan prints veneers as assembly", () => {
  const { stdout } = farjal(["plan", builtModule("jal2009", "little"), "--base", "d0000000"]);
  assert.match(stdout, /^14 far jumps$/m);
  assert.match(stdout, / {2}[0-9a-f]{8} {2}03200008 {2}jr t9$/m);
  assert.match(stdout, /^jal2009 loads with 5 trampolines$/m);
});
