// Tests --provide and --trace-imports: results in place of a module's imports, and what the module called.

import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import {
  assertMisuse,
  assertNothing,
  builtModule,
  farjal,
  farjalJson,
  ORDERS,
  temporaryDirectory,
} from "./farjal.ts";

for (const order of ORDERS) {
  const imports = builtModule("imports", order);
  const run = (call: string, provided: readonly string[], ...more: string[]) => [
    "run",
    imports,
    "--call",
    call,
    "--stub-missing",
    ...provided.flatMap((one) => ["--provide", one]),
    ...more,
  ];
  // imports_run(index) adds init_count(), init_lookup(index) and the variable init_counter.
  const counter = (v0: number, rest: number): number => v0 - rest;

  test(`--provide gives numbers, arguments and lists of results, ${order}-endian`, (context) => {
    const list = join(temporaryDirectory(context), "results.json");
    writeFileSync(list, '[40, -5, "0x10"]');
    const base = farjalJson(run("imports_run(7)", ["init_count=0", "init_lookup=0"])).json.v0;
    const result = (...provided: string[]) =>
      counter(farjalJson(run("imports_run(7)", provided)).json.v0, base);
    assert.equal(result("init_count=40", "init_lookup=arg0"), 47);
    assert.equal(result("init_count=-2", "init_lookup=0x10"), 14);
    assert.equal(result(`init_count=@${list}`, "init_lookup=1"), 41);
    const short = join(temporaryDirectory(context), "short.json");
    writeFileSync(short, "[1]");
    const same = run("imports_run(7)", [`init_count=@${short}`, "init_lookup=2"]);
    assert.equal(counter(farjalJson(same).json.v0, base), 3);
  });

  test(`--trace-imports shows each call with its result, ${order}-endian`, () => {
    const words = run("imports_run(7)", ["init_count=40", "init_lookup=arg0"], "--trace-imports");
    const { json } = farjalJson(words);
    const shown = json.importCalls.map(
      ({ name, args, result }: { name: string; args: string[]; result: string }) => [
        name,
        args[0],
        result,
      ],
    );
    assert.deepEqual(shown, [
      ["init_count", "0x00000007", "0x00000028"],
      ["init_lookup", "0x00000007", "0x00000007"],
    ]);
    assert.match(json.importCalls[0].from, /\(imports_run\+0x/);
    const text = farjal(words).stderr;
    assert.match(text, /^init_lookup\(0x00000007, .*\) = 0x00000007 {2}from 0x.*imports_run\+0x/m);
    // Code of the lab kernel is seen too, and the call is the same with and without.
    const modern = ["run", builtModule("modern", order), "--call", "work_run(3)"];
    const traced = farjalJson([...modern, "--trace-imports"]).json;
    const plain = farjalJson(modern).json;
    assert.deepEqual([traced.v0, traced.instructions], [plain.v0, plain.instructions]);
    const names = new Set(traced.importCalls.map(({ name }: { name: string }) => name));
    assert.deepEqual([...names].sort(), ["__kmalloc", "kfree", "memcpy", "strlen"]);
    assert.equal(traced.importCallsTotal, traced.importCalls.length);
  });
}

test("a list of results that ends too early ends the call, and exits 1", (context) => {
  const list = join(temporaryDirectory(context), "results.json");
  writeFileSync(list, "[1]");
  const { code, json } = farjalJson([
    "run",
    builtModule("modern", "little"),
    "--call",
    "work_run(3)",
    "--provide",
    `strlen=@${list}`,
  ]);
  assert.equal(code, 1);
  assert.match(json.explanation, /strlen was called 2 times, and .* has 1 result$/m);
});

test("--provide of what is nothing is refused", (context) => {
  const modern = builtModule("modern", "little");
  const run = (provided: string) =>
    farjal(["run", modern, "--call", "work_run(3)", "--provide", provided]);
  assertNothing(run("kmalooc=1"), /no module imports it; did you mean '__kmalloc'\?/);
  assertNothing(run("work_copy=1"), /a module's own function/);
  assertMisuse(run("strlen"), /--provide takes NAME=RESULT/);
  assertMisuse(run("strlen=ten"), /'ten' is no result/);
  assertMisuse(run("strlen=1e3"), /not a whole number/);
  const list = join(temporaryDirectory(context), "results.json");
  for (const [text, says] of [
    ["x", /is not JSON/],
    ["[]", /is no list of results/],
    ["[1.5]", /not a whole number/],
    ["[null]", /null as result 1/],
  ] as const) {
    writeFileSync(list, text);
    assertMisuse(run(`strlen=@${list}`), says);
  }
  const unused = farjal(["run", modern, "--call", "work_signed(1, 2)", "--provide", "strlen=1"]);
  assert.match(unused.stderr, /^note: strlen was provided and not called/m);
});
