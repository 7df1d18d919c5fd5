// Tests `farjal info`: its JSON keys, and numbers that readelf prints too.

import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import { builtModule, farjal, farjalJson, ORDERS, temporaryDirectory } from "./farjal.ts";

for (const order of ORDERS) {
  test(`info prints the contents of a ${order}-endian module's file`, () => {
    const { code, json } = farjalJson(["info", builtModule("jal2009", order)]);
    assert.equal(code, 0);
    assert.equal(json.class, 32);
    assert.equal(json.endian, order);
    assert.equal(json.abi, "o32");
    assert.equal(json.isa, "mips32r2");
    assert.equal(json.callSites, 10);
    assert.equal(json.relocations.R_MIPS_26, 28);
    const names = (list: { name: string }[]) => list.map(({ name }) => name).sort();
    assert.deepEqual(names(json.imports), ["__kmalloc", "_mcount", "kfree", "memcpy", "strlen"]);
    assert.deepEqual(names(json.exports), ["work_checksum", "work_run", "work_text"]);
    assert.ok(names(json.sections).includes("__mcount_loc"));
  });
}

test("info prints a checksum as an address is printed", () => {
  const { json } = farjalJson(["info", builtModule("init", "big")]);
  const count = json.exports.find(({ name }: { name: string }) => name === "init_count");
  assert.deepEqual(count, { name: "init_count", gpl: false, crc: "0x1badcafe", namespace: null });
});

test("info prints the same as text", () => {
  const { code, stdout, stderr } = farjal(["info", builtModule("modern", "big")]);
  assert.equal(code, 0);
  assert.equal(stderr, "");
  assert.match(stdout, /^modern: ELF32, big-endian, o32, mips32r2$/m);
  assert.match(stdout, /^10 calls of _mcount$/m);
  assert.match(stdout, /^ {2}R_MIPS_HI16 +\d+ +\d+ applied$/m);
});

test("info reads a module from standard input and compressed", (context) => {
  const path = builtModule("modern", "little");
  const plain = farjal(["info", path]).stdout;
  assert.equal(farjal(["info", "-"], { input: readFileSync(path) }).stdout, plain);
  const packed = join(temporaryDirectory(context), "modern.ko.gz");
  writeFileSync(packed, gzipSync(readFileSync(path)));
  assert.equal(farjal(["info", packed]).stdout, plain);
});
