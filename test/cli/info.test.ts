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

test("info begins with what modinfo shows, in its order, and ends with the imports", () => {
  const { stdout } = farjal(["info", builtModule("init", "big")]);
  const keys = [...(stdout.split("10 calls")[0]?.matchAll(/^ {2}(\w+) {2,}\S/gm) ?? [])].map(
    ([, key]) => key,
  );
  assert.deepEqual(
    keys.slice(0, 2),
    ["license", "description"].sort((a, b) => stdout.indexOf(a) - stdout.indexOf(b)),
  );
  assert.ok(keys.includes("vermagic"));
  const heads = [
    ...stdout.matchAll(
      /^(?:\d+ )?(parameters?|calls? of _mcount|relocations|sections|exports?|imports?)$/gm,
    ),
  ];
  assert.deepEqual(
    heads.map(([, head]) => head),
    ["parameters", "calls of _mcount", "relocations", "sections", "exports", "imports"],
  );
});

test("a file for another processor is called by its name, with the likely cause", (context) => {
  const path = join(temporaryDirectory(context), "x86.ko");
  for (const [machine, name] of [
    [62, "x86-64"],
    [183, "64-bit ARM (AArch64)"],
  ] as const) {
    const bytes = readFileSync(builtModule("modern", "little"));
    bytes.writeUInt16LE(machine, 18);
    writeFileSync(path, bytes);
    const { code, json } = farjalJson(["info", path]);
    assert.deepEqual([code, json.errno], [1, "ENOEXEC"]);
    assert.equal(json.dmesg.at(-1), `Invalid architecture in ELF header: ${machine}`);
    assert.ok(
      json.explanation.includes(`the file is for ${name}; it was probably built without ARCH=mips`),
    );
  }
});

test("info reads a module from standard input and compressed", (context) => {
  const path = builtModule("modern", "little");
  const plain = farjal(["info", path]).stdout;
  assert.equal(farjal(["info", "-"], { input: readFileSync(path) }).stdout, plain);
  const packed = join(temporaryDirectory(context), "modern.ko.gz");
  writeFileSync(packed, gzipSync(readFileSync(path)));
  assert.equal(farjal(["info", packed]).stdout, plain);
});
