// Tests `farjal explain`: the document's keys, which must not change, and the text.

import assert from "node:assert/strict";
import { test } from "node:test";
import {
  assertMisuse,
  assertNothing,
  builtModule,
  farjal,
  farjalJson,
  type Json,
  ORDERS,
} from "./farjal.ts";

const KEYS = {
  "": [
    "name",
    "linux",
    "verdict",
    "stage",
    "errno",
    "dmesg",
    "explanation",
    "file",
    "regions",
    "ranges",
    "sections",
    "leftOut",
    "rewritten",
    "farJumps",
    "trampolines",
    "pairs",
    "callSites",
    "imports",
    "exports",
    "staticKeys",
    "parameters",
  ],
  regions: ["base", "end", "holds"],
  ranges: ["name", "kind", "base", "size"],
  sections: [
    "name",
    "block",
    "address",
    "offset",
    "size",
    "padding",
    "alignment",
    "flags",
    "round",
  ],
  leftOut: ["name", "size", "why"],
  callSites: [
    "section",
    "offset",
    "address",
    "function",
    "functionOffset",
    "recorded",
    "lost",
    "form",
    "start",
    "before",
    "after",
  ],
  imports: ["name", "address", "from", "module", "gpl", "weak"],
  exports: ["name", "address", "gpl", "crc", "namespace"],
  staticKeys: ["code", "target", "key", "likely", "word"],
};

for (const order of ORDERS) {
  test(`explain --json has its keys, and addresses as text, ${order}-endian`, () => {
    const { code, json } = farjalJson(["explain", builtModule("init_jal", order)]);
    assert.equal(code, 0);
    for (const [list, keys] of Object.entries(KEYS)) {
      const value: Json = list === "" ? json : json[list][0];
      assert.deepEqual(Object.keys(value), keys, list);
    }
    assert.equal(json.sections[0].address, "0xc0000000");
    assert.equal(typeof json.sections[0].offset, "number");
    assert.match(json.callSites[0].before[0], /^0x[0-9a-f]{8}$/);
    assert.equal(json.farJumps.length, 12);
    assert.match(json.trampolines[0].words[0], /^0x3c19/);
    assert.deepEqual(Object.keys(json.pairs), ["hi16", "lo16", "mostWaiting", "findings"]);
  });
}

test("explain prints a module as text, veneers and sites as assembly", () => {
  const { code, stdout } = farjal(["explain", builtModule("init_jal", "little")]);
  assert.equal(code, 0);
  assert.match(stdout, /^12 far jumps$/m);
  assert.match(stdout, /03200008 {2}jr t9$/m);
  assert.match(stdout, /jal 0xc0000cd0 +→ {2}00000000 {2}nop$/m);
  assert.match(stdout, /^ +0xc00003c8 +core .* 3 ro after init +__jump_table$/m);
});

test("explain of a refused module goes up to the refusal, and exits 1", () => {
  const words = ["explain", builtModule("jal2009", "big"), "--far-jumps", "refuse"];
  const { code, stdout } = farjal(words);
  assert.equal(code, 1);
  assert.match(stdout, /^placed, every symbol resolved, then refused\n/m);
  assert.match(stdout, /^module jal2009: relocation overflow$/m);
  assert.match(stdout, /^14 far jumps$/m);
  const { code: same, json } = farjalJson(words);
  assert.deepEqual([same, json.verdict, json.stage], [1, "refused", "placed"]);
});

test("explain --symbol shows only what has to do with the symbol", () => {
  const old = builtModule("jal2009", "little");
  const words = ["explain", old, "--symbol", "work_checksum"];
  const { code, json } = farjalJson(words);
  assert.equal(code, 0);
  const names = (list: { name: string }[]) => list.map(({ name }) => name);
  assert.deepEqual(names(json.sections), [".text"]);
  assert.deepEqual([json.leftOut, json.regions, json.imports, json.parameters], [[], [], [], []]);
  assert.deepEqual(
    json.farJumps.map((far: { symbol: string }) => far.symbol),
    ["_mcount"],
  );
  assert.deepEqual(
    json.callSites.map((site: { function: string }) => site.function),
    ["work_checksum"],
  );
  const text = farjal(words).stdout;
  assert.doesNotMatch(text, /kfree|\.modinfo|address space|HI16 and/);
  const imported = farjalJson(["explain", old, "--symbol", "kfree"]).json;
  assert.deepEqual(names(imported.imports), ["kfree"]);
  assert.ok(imported.farJumps.every((far: { symbol: string }) => far.symbol === "kfree"));
});

test("explain of a symbol or a section that the module lacks says so, with the near ones", () => {
  const modern = builtModule("modern", "big");
  assertNothing(
    farjal(["explain", modern, "--symbol", "work_chekcsum"]),
    /modern has no symbol 'work_chekcsum'; did you mean 'work_checksum'\?/,
  );
  assertNothing(farjal(["explain", modern, "--symbol", "zzz"]), /has no symbol 'zzz'$/m);
  assertNothing(
    farjal(["explain", modern, "--section", ".txet"]),
    /has no section '\.txet'; did you mean '\.text'/,
  );
  const { code, json } = farjalJson(["explain", modern, "--symbol", "zzz"]);
  assert.deepEqual([code, json.verdict], [1, "nothing matches"]);
});

test("explain refuses contradictory arguments", () => {
  assertMisuse(farjal(["explain", "no-such.ko"]), /no-such\.ko can't be read/);
});
