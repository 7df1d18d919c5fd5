// Tests `farjal cost`: farjal's own designs, a user's modules in one or several builds, the document's keys, and
// modules that can't be compared.

import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { readModule } from "../../src/index.ts";
import { costModule } from "../cost/modules.ts";
import {
  assertMisuse,
  builtModule,
  farjal,
  farjalJson,
  type Json,
  temporaryDirectory,
} from "./farjal.ts";

/** Few rounds and little memory: enough to see that every part is present. */
const SHORT = ["--time", "8", "--memory", "16"];

const KEYS = [
  "design",
  "kind",
  "file",
  "reckoned",
  "veneers",
  "v0",
  "sites",
  "calls",
  "bytes",
  "base",
  "instructions",
  "perCall",
  "nanoseconds",
  "patches",
  "code",
];

test("cost compares farjal's own designs", () => {
  const { code, json } = farjalJson(["cost", ...SHORT]);
  assert.equal(code, 0);
  assert.deepEqual([json.verdict, json.call], ["equal", "cost_loop(1000)"]);
  const off = (row: Json) => [row.design, row.bytes.code, row.bytes.veneers, row.perCall.off];
  assert.deepEqual(json.rows.map(off), [
    ["no call sites", 208, 0, null],
    ["no call sites, long calls", 240, 0, null],
    ["jal _mcount, a trampoline each", 208, 48, 3],
    ["jal _mcount, shared trampolines", 208, 16, 3],
    ["jal _mcount, rewritten", 244, 0, 2],
    ["long call", 256, 0, 2],
    ["long call, ra address", 272, 0, 2],
    ["3 nops", 240, 16, 3],
    ["4 nops", 256, 0, 2],
  ]);
  for (const row of json.rows) {
    assert.deepEqual(Object.keys(row), KEYS);
    assert.equal(row.v0, 0x0003a96c);
    const { off, function: traced, functionGraph } = row.nanoseconds;
    const timed = row.kind === "none" ? [off] : [off, traced, functionGraph];
    for (const spread of timed) {
      assert.ok(spread.p25 <= spread.p50 && spread.p50 <= spread.p75 && spread.samples > 0);
    }
    if (row.kind === "none") continue;
    assert.equal(row.calls, 3001);
    assert.ok(row.perCall.off < row.perCall.function);
    assert.ok(row.perCall.function < row.perCall.functionGraph);
  }
  assert.deepEqual(
    json.rows.flatMap(({ kind, patches }: Json) =>
      patches.map((patch: Json) => [kind, patch.name, patch.words, patch.sites, patch.atomic]),
    ),
    [
      ["jal", "call and push", 2, 3, false],
      ["jal", "one word, past the pop", 1, 3, true],
      ["jal", "call and push", 2, 3, false],
      ["jal", "one word, past the pop", 1, 3, true],
      ["long-ra", "as Linux 6.1 does", 2, 3, false],
      ["long-ra", "one word", 1, 3, true],
      ["long", "as Linux 6.1 does", 2, 3, false],
      ["long", "one word", 1, 3, true],
      ["long-ra", "as Linux 6.1 does", 2, 3, false],
      ["long-ra", "one word", 1, 3, true],
      ["nops", "one word", 1, 3, true],
      ["nops", "one word", 1, 3, true],
    ],
  );
});

test("cost prints three tables, of big-endian modules too, and says what a patch did wrong", () => {
  const { code, stdout } = farjal(["cost", "--endian", "big", ...SHORT]);
  assert.equal(code, 0);
  assert.match(stdout, /^cost_loop\(1000\) = 0x0003a96c in every row, 3,001 traced calls$/m);
  assert.match(stdout, /^ {2}4 nops +256 +0 +\+2\.00 +\+27\.00 +\+171\.00 {2}no call sites$/m);
  assert.match(stdout, /^ {2}long call +as Linux 6\.1 does +2 +36 +3 {2}no$/m);
  assert.match(stdout, /^ {2}4 nops +one word +1 +12 +0 {2}yes$/m);
  assert.match(stdout, /^ {2}long call, as Linux 6\.1 does: switched off .* exception Bp/m);
  assert.match(stdout, /^ {2}3 nops +\d+\.\d\d {2}\(\d+\.\d\d-\d+\.\d\d\) /m);
});

test("cost writes a page", (context) => {
  const path = join(temporaryDirectory(context), "cost.html");
  const files = [costModule("plain", "big"), costModule("nops4", "big")];
  const { code, stdout } = farjal([
    "cost",
    ...files,
    "--call",
    "cost_loop(9)",
    "--html",
    path,
    ...SHORT,
  ]);
  assert.deepEqual([code, stdout], [0, `${path}\n`]);
  const page = readFileSync(path, "utf8");
  assert.match(page, /<svg class="plot"/);
  assert.match(page, /<td>cost-nops4-big\.ko: 4 nops<\/td><td class="n">256<\/td>/);
});

test("cost takes a module's own code where there is no build without sites", () => {
  const words = ["cost", builtModule("modern", "little"), "--call", "work_fibonacci(15)"];
  const { code, json } = farjalJson([...words, ...SHORT]);
  assert.equal(code, 0);
  const [row, own, ...others] = json.rows;
  assert.deepEqual(others, []);
  assert.equal(row.design, "modern-little.ko: long call, ra address");
  assert.deepEqual([row.base, row.perCall.off, row.calls], [own.design, 2, 987]);
  assert.deepEqual(
    [own.design, own.kind, own.reckoned],
    ["modern-little.ko: without its sites", "none", true],
  );
  // A site has six words; off, two of them are executed. gcc's code without -pg is otherwise the same.
  assert.equal(row.bytes.code - own.bytes.code, 24 * row.sites);
  const plain = ["cost", builtModule("plain", "little"), "--call", "work_fibonacci(15)"];
  const { json: built } = farjalJson([...plain, ...SHORT]);
  assert.equal(own.instructions.off, built.rows[0].instructions.off);
  assert.deepEqual(
    json.missing.map(({ design }: Json) => design),
    ["no call sites", "jal _mcount", "long call", "3 nops", "4 nops"],
  );
  assert.equal(json.missing[1].why, "it needs another compile: -pg -mno-long-calls");
});

test("cost makes three designs of a module that calls _mcount by jal", () => {
  const words = ["cost", builtModule("jal2009", "big"), "--call", "work_run(2)", ...SHORT];
  const { code, stdout, stderr } = farjal(words);
  assert.equal(code, 0);
  // 14 far jumps; 10 of them are sites, which go to one of the five shared trampolines.
  for (const line of [
    /^ {2}jal2009-big\.ko: jal _mcount, a trampoline each +1,248 +224 +\+3\.00 +\+50\.00 /m,
    /^ {2}jal2009-big\.ko: jal _mcount, shared trampolines +1,248 +80 +\+3\.00 +\+50\.00 /m,
    /^ {2}jal2009-big\.ko: jal _mcount, rewritten +1,400 +0 +\+2\.00 +\+61\.00 /m,
    /^ {2}jal2009-big\.ko: without its sites +1,128 +64$/m,
  ]) {
    assert.match(stdout, line);
  }
  assert.match(stderr, /^not compared: 4 nops; it needs another compile: -fpatchable-function/m);
});

test("cost says why a module's nops can't be switched, and measures it as it is", (context) => {
  const bytes = readFileSync(costModule("nops4", "little"));
  const { elf } = readModule(bytes);
  const table = elf.sections.find(({ name }) => name === "__patchable_function_entries");
  // The first entry is one word later than the function's label.
  const at = table?.offset ?? 0;
  bytes.writeUInt32LE(bytes.readUInt32LE(at) + 4, at);
  const path = join(temporaryDirectory(context), "late.ko");
  writeFileSync(path, bytes);
  const files = [costModule("plain", "little"), path];
  const { code, json } = farjalJson(["cost", ...files, "--call", "cost_loop(5)", ...SHORT]);
  assert.equal(code, 0);
  assert.equal(json.rows[1].design, "late.ko: nops that can't be switched");
  assert.deepEqual(json.rows[1].patches, []);
  assert.match(
    json.notes[0],
    /^cost's patchable entries stay nops: the nops at 0xc0000004 are before/,
  );
});

test("cost compares builds of a module side by side, above the one without sites", () => {
  const files = ["plain", "modern", "jal2009"].map((name) => builtModule(name, "big"));
  const { code, json } = farjalJson(["cost", ...files, "--call", "work_run(2)", ...SHORT]);
  assert.equal(code, 0);
  assert.deepEqual(
    json.rows.map(({ design, base }: Json) => [design, base]),
    [
      ["plain-big.ko: no call sites, long calls", null],
      ["modern-big.ko: long call, ra address", "plain-big.ko: no call sites, long calls"],
      ["jal2009-big.ko: jal _mcount, a trampoline each", "plain-big.ko: no call sites, long calls"],
      [
        "jal2009-big.ko: jal _mcount, shared trampolines",
        "plain-big.ko: no call sites, long calls",
      ],
      ["jal2009-big.ko: jal _mcount, rewritten", "plain-big.ko: no call sites, long calls"],
    ],
  );
});

test("cost recognises designs by the modules' sites", () => {
  const files = (["nops4", "long", "plain"] as const).map((name) => costModule(name, "big"));
  const { json } = farjalJson(["cost", ...files, "--call", "cost_loop(9)", ...SHORT]);
  assert.deepEqual(
    json.rows.map(({ design }: Json) => design),
    [
      "cost-nops4-big.ko: 4 nops",
      "cost-long-big.ko: long call",
      "cost-plain-big.ko: no call sites",
    ],
  );
});

test("cost: results that differ are a failed verdict", () => {
  const words = ["cost", builtModule("modern", "little"), builtModule("plain", "little")];
  const { code, json } = farjalJson([
    ...words,
    "--call",
    "work_checksum(0xc0000000, 64)",
    ...SHORT,
  ]);
  assert.deepEqual([code, json.verdict], [1, "differ"]);
});

test("cost: modules that can't be measured are refused in one line", () => {
  const long = costModule("long", "little");
  assertMisuse(farjal(["cost", "--call", "cost_loop(1)"]), /--call needs a module/);
  assertMisuse(farjal(["cost", long]), /name the call to measure: --call 'NAME\(ARG, …\)'/);
  assertMisuse(farjal(["cost", long, "--call", "cost_loop(1"]), /--call takes 'NAME\(ARG, …\)'/);
  assertMisuse(farjal(["cost", long, "--call", "cost_loop(1,,2)"]), /an argument is missing/);
});
