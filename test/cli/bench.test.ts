// Tests `farjal bench`: the rows, and their instruction counts, which are exact.

import assert from "node:assert/strict";
import { test } from "node:test";
import { assertMisuse, builtModule, farjal, farjalJson, ORDERS } from "./farjal.ts";

const SHORT = ["--time", "16"];

for (const order of ORDERS) {
  test(`bench compares a ${order}-endian module with its build without -pg`, () => {
    const words = ["bench", builtModule("modern", order), "--plain", builtModule("plain", order)];
    const { code, json } = farjalJson([...words, "--call", "work_fibonacci", "15", ...SHORT]);
    assert.equal(code, 0);
    const [none, off, native, guest, graph, guestGraph] = json.rows;
    assert.equal(json.rows.length, 6);
    assert.deepEqual(
      [none.tracer, off.tracer, native.way, guest.way],
      ["none", "off", "native", "guest"],
    );
    // fib(15) calls itself 986 times: gcc makes a loop of one of the two recursions.
    const calls = 987;
    assert.deepEqual([native.tracedCalls, guest.tracedCalls], [calls, calls]);
    // Off, a site costs its b and the nop in the delay slot; on and traced natively, it costs the same.
    assert.equal(off.instructions - none.instructions, 2 * calls);
    assert.equal(native.instructions, off.instructions);
    assert.equal(off.perCallOverhead, 2);
    assert.deepEqual([graph.tracer, guestGraph.way], ["function_graph", "guest"]);
    assert.deepEqual([graph.tracedCalls, guestGraph.tracedCalls], [calls, calls]);
    assert.equal(graph.instructions, off.instructions);
    assert.ok(guestGraph.perCallOverhead > guest.perCallOverhead);
    assert.ok(guest.perCallOverhead > 20 && guest.perCallOverhead < 200, guest.perCallOverhead);
    for (const row of json.rows) {
      assert.equal(row.engine, "auto");
      assert.equal(row.v0, 610);
      assert.ok(row.seconds.p50 > 0 && row.seconds.samples > 0);
      assert.ok(Math.abs(row.instructionsPerSecond * row.seconds.p50 - row.instructions) < 1);
    }
  });
}

test("bench measures the rows that are asked for", () => {
  const words = ["bench", builtModule("jal2009", "big"), "--call", "work_run", "3", ...SHORT];
  const { json } = farjalJson([...words, "--tracer", "off", "--engine", "interpreter"]);
  assert.deepEqual(
    json.rows.map(({ tracer }: { tracer: string }) => tracer),
    ["off"],
  );
  const { code, stdout, stderr } = farjal(words);
  assert.equal(code, 0);
  assert.match(stdout, /^work_run\(3\) = 0x0b50a6bf in every row$/m);
  assert.match(stdout, /^ {2}function, guest +[\d,]+ +x \d\.\d{3} +\+\d+\.\d\d /m);
  assert.match(stderr, /the row without tracing is left out/);
});

test("bench measures one engine beside the other", () => {
  const words = ["bench", builtModule("modern", "little"), "--call", "work_run", "50", ...SHORT];
  const options = ["--tracer", "off", "--tracer", "function"];
  const engines = ["--engine", "interpreter", "--engine", "translator"];
  const { json } = farjalJson([...words, ...options, ...engines]);
  assert.deepEqual(
    json.rows.map(({ engine, tracer, way }: Record<string, string>) => [engine, tracer, way]),
    ["interpreter", "translator"].flatMap((engine) => [
      [engine, "off", null],
      [engine, "function", "native"],
      [engine, "function", "guest"],
    ]),
  );
  const counts = json.rows.map(({ instructions }: { instructions: number }) => instructions);
  assert.deepEqual(counts.slice(0, 3), counts.slice(3));
  const { stdout } = farjal([...words, ...options, ...engines]);
  assert.match(stdout, /^ {2}engine: tracing +instructions/m);
  assert.match(stdout, /^ {2}translator: function, native +[\d,]+ +x 1\.000 /m);
});

test("bench has one row for a module without call sites", () => {
  const words = ["bench", builtModule("plain", "little"), "--call", "work_run", "3", ...SHORT];
  const { code, stdout, stderr } = farjal(words);
  assert.equal(code, 0);
  assert.match(stdout, /^ {2}none +[\d,]+ /m);
  assert.match(stderr, /no call site/);
});

test("bench: a call that doesn't return is no measurement", () => {
  const words = ["bench", builtModule("modern", "little"), "--call", "work_fill", "0", "1", "2"];
  const { code, json } = farjalJson([...words, ...SHORT]);
  assert.equal(code, 1);
  assert.equal(json.verdict, "refused");
  assert.match(json.explanation, /TLBS/);
});

test("bench: results that differ are a failed verdict", () => {
  // Another module's function of the same name, so that the untraced row returns another result.
  const words = [
    "bench",
    builtModule("modern", "little"),
    "--plain",
    builtModule("plain", "little"),
  ];
  const { code, json } = farjalJson([
    ...words,
    "--call",
    "work_checksum",
    "0xc0000000",
    "64",
    ...SHORT,
  ]);
  assert.equal(code, 1);
  assert.equal(json.verdict, "differ");
});

test("bench: a measurement that isn't possible is refused in one line", () => {
  const bench = (...options: string[]) =>
    farjal([
      "bench",
      builtModule("modern", "little"),
      "--call",
      "work_run",
      "1",
      ...SHORT,
      ...options,
    ]);
  assertMisuse(bench("--tracer", "none"), /give it with --plain FILE/);
  assertMisuse(bench("--tracer", "nop"), /'nop' can't be measured/);
  assertMisuse(bench("--engine", "jit"), /'jit' can't be measured/);
  assertMisuse(
    farjal(["bench", builtModule("plain", "big"), "--call", "work_run", "--tracer", "off"]),
    /built without -pg/,
  );
});
