// Tests `farjal jumps`: it lists what objdump disassembles, in modules and in a linked file; it states which jumps
// reach their target from which base; and it finds MT7620's erratum, which no longer affects a mended module.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { copyFileSync } from "node:fs";
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

const TOOLS = { little: "mipsel-linux-gnu-", big: "mips-linux-gnu-" } as const;
const skip = spawnSync("mips-linux-gnu-ld", ["--version"]).error
  ? "mips-linux-gnu-ld isn't installed"
  : false;

interface Jump {
  readonly file?: string;
  readonly section: string;
  readonly offset: number;
  readonly word: string;
  readonly symbol: string;
  readonly target: string | null;
  readonly reaches: boolean;
}

/** Offset or address, word, and target of each j and jal in objdump's output. */
function disassembled(order: "little" | "big", path: string): string[][] {
  const { stdout } = spawnSync(`${TOOLS[order]}objdump`, ["-d", path], { encoding: "utf8" });
  return [
    ...stdout.matchAll(/^ *([0-9a-f]+):\t([0-9a-f]{8}) \tj(?:al)?\t(?:0x)?([0-9a-f]+)/gm),
  ].map(([, ...fields]) => fields);
}

for (const order of ORDERS) {
  test(`jumps lists what objdump sees in a ${order}-endian module`, { skip }, () => {
    for (const name of ["jal2009", "shapes_jal", "init_jal", "modern"]) {
      const path = builtModule(name, order);
      const { code, json } = farjalJson(["jumps", path]);
      assert.equal(code, 0);
      assert.deepEqual(
        json.jumps.map(({ offset, word }: Jump) => [offset, Number(word)]),
        disassembled(order, path).map(([at = "", word = ""]) => [
          Number.parseInt(at, 16),
          Number.parseInt(word, 16),
        ]),
        name,
      );
    }
  });

  test(`jumps finds the targets of a linked ${order}-endian file`, { skip }, (context) => {
    const out = join(temporaryDirectory(context), "vmlinux");
    const imports = ["_mcount", "__kmalloc", "strlen", "kfree", "memcpy"];
    const symbols = imports.map((name, index) => `--defsym=${name}=${0x80200000 + 64 * index}`);
    const options = ["-Ttext=0x80100000", "-e", "0", ...symbols, "-o", out];
    const emulation = order === "little" ? "elf32ltsmip" : "elf32btsmip";
    const ld = spawnSync(`${TOOLS[order]}ld`, [
      "-m",
      emulation,
      ...options,
      builtModule("jal2009ra", order),
    ]);
    assert.equal(ld.status, 0, String(ld.stderr));
    const { json } = farjalJson(["jumps", out]);
    const wanted = disassembled(order, out).map(([, word, target]) => [`0x${word}`, `0x${target}`]);
    assert.deepEqual(
      json.jumps.map(({ word, target }: Jump) => [word, target]),
      wanted,
    );
    assert.ok(wanted.length > 20);
    const named = json.jumps.filter(({ symbol }: Jump) => symbol === "work_fibonacci");
    assert.ok(named.length > 0);
  });
}

test("a jump reaches the region of its delay slot, wherever the module is", () => {
  const far = (base: string): string[] => {
    const { json } = farjalJson(["jumps", builtModule("jal2009", "little"), "--base", base]);
    return json.jumps.filter(({ reaches }: Jump) => !reaches).map(({ symbol }: Jump) => symbol);
  };
  const imports = ["_mcount", "__kmalloc", "strlen", "kfree", "memcpy"];
  assert.deepEqual(new Set(far("c0000000")), new Set(imports));
  assert.equal(far("c0000000").length, 14);
  assert.deepEqual(far("80400000"), []);
  // In a block across a region's line, local calls don't reach either.
  assert.ok(far("cffffe00").some((symbol) => !imports.includes(symbol)));
});

test("jumps walks a directory", (context) => {
  const directory = temporaryDirectory(context);
  for (const name of ["jal2009", "modern"]) {
    copyFileSync(builtModule(name, "big"), join(directory, `${name}.ko`));
  }
  const { code, json } = farjalJson(["jumps", directory]);
  assert.equal(code, 0);
  const counts = ["jal2009.ko", "modern.ko"].map(
    (name) => json.jumps.filter(({ file }: Jump) => file === name).length,
  );
  assert.deepEqual(counts, [28, 0]);
});

for (const order of ORDERS) {
  test(`an MT7620 breaks the ${order}-endian module of 2009, and not the mended one`, () => {
    const words = [
      "jumps",
      builtModule("jal2009", order),
      "--erratum",
      "mt7620",
      "--call",
      "work_run",
      "50",
    ];
    const { code, json } = farjalJson(words);
    assert.equal(code, 0);
    assert.equal(json.verdict, "mended");
    assert.equal(json.asItIs.v0, 0x3133f6fd);
    assert.equal(json.asItIs.trials.length, 16);
    for (const { outcome, target, wentTo } of json.asItIs.trials) {
      assert.notEqual(outcome, "same");
      assert.equal((Number(target) ^ Number(wentTo)) & 0x0fffffff, 0);
      assert.notEqual(target, wentTo);
    }
    assert.deepEqual(
      [json.mended.v0, json.mended.jumps, json.mended.executions],
      [0x3133f6fd, 0, 0],
    );
    assert.deepEqual(farjalJson(words).json, json, "a seed gives the same trials");
    const one = farjalJson([...words, "--site", ".text+0x47c", "--trials", "3"]).json;
    assert.deepEqual([one.asItIs.jumps, one.asItIs.trials.length], [1, 3]);
  });
}

test("wrong calls of jumps are refused", () => {
  assertMisuse(
    farjal(["jumps", builtModule("jal2009", "little"), "--erratum", "mt7620"]),
    /--call/,
  );
  assertMisuse(
    farjal(["jumps", builtModule("jal2009", "little"), "--call", "work_run"]),
    /--erratum/,
  );
  assertMisuse(
    farjal([
      "jumps",
      builtModule("jal2009", "little"),
      "--erratum",
      "mt7620",
      "--call",
      "work_run",
      "1",
      "--site",
      "x",
    ]),
    /SECTION\+0xOFFSET/,
  );
});
