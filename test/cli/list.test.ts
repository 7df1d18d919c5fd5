// Tests `farjal list`, and the files of tracefs that `farjal trace --show` prints.

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

test("list -t names the tracers, as available_tracers does", () => {
  assert.equal(farjal(["list", "-t"]).stdout, "function_graph function nop\n");
  assert.deepEqual(farjalJson(["list", "-t"]).json.tracers, ["function", "function_graph"]);
});

for (const order of ORDERS) {
  test(`list -f gives the functions in the order that numbers count, ${order} endian`, () => {
    const file = builtModule("init", order);
    const { stdout } = farjal(["list", file, "-f"]);
    const lines = stdout.trimEnd().split("\n");
    assert.ok(lines.every((line) => /^\w+ \[init\]$/.test(line)));
    assert.ok(lines.includes("init_start [init]"));
    const after = farjal(["list", file, "-f", "--init"]).stdout;
    assert.ok(!after.includes("init_start"), "init code is gone after init");
    const { json } = farjalJson(["list", file, "-f"]);
    const names = json.functions.map(({ name, module }: { name: string; module: string }) => {
      return `${name} [${module}]`;
    });
    assert.deepEqual(names, lines);
  });
}

test("list -f without a module, or with a file that is no module, is refused in one line", () => {
  assertMisuse(farjal(["list", "-f"]), /name the module/);
  assertMisuse(farjal(["list", "nosuch.ko", "-f"]), /can't be read/);
});

test("a number of the list is a filter, and so is a file of them", (context) => {
  const file = builtModule("shapes", "little");
  const list = farjal(["list", file, "-f"]).stdout.split("\n");
  const index = list.indexOf("shapes_leaf [shapes]") + 1;
  const words = ["trace", file, "--call", "shapes_run", "3", "--show", "set_ftrace_filter"];
  assert.equal(farjal([...words, "-l", String(index)]).stdout, "shapes_leaf [shapes]\n");
  const filters = join(temporaryDirectory(context), "filters");
  writeFileSync(filters, "# leaves\nshapes_leaf*\n!*_frame\n");
  assert.equal(farjal([...words, "--filter-file", filters]).stdout, "shapes_leaf [shapes]\n");
  writeFileSync(filters, "shapes_leaf nosuch\n");
  assertNothing(farjal([...words, "--filter-file", filters]), /nosuch: no function .*EINVAL/);
});

test("trace --show prints what tracefs would show after the call", () => {
  const show = (name: string, ...options: string[]) =>
    farjal([
      "trace",
      builtModule("shapes", "little"),
      "--call",
      "shapes_tail",
      "5",
      "-p",
      "function_graph",
      ...options,
      "--show",
      name,
    ]).stdout;
  assert.equal(
    show("trace_stat/function0"),
    `  Function                               Hit    Time            Avg             s^2
  --------                               ---    ----            ---             ---
  shapes_tail                              1    0.110 us        0.110 us        0.000 us    
  shapes_leaf                              1    0.050 us        0.050 us        0.000 us    
`,
  );
  assert.match(
    show("per_cpu/cpu0/stats"),
    /^entries: 4\noverrun: 0\ncommit overrun: 0\nbytes: 120\n/,
  );
  assert.equal(show("enabled_functions", "-l", "*_tail"), "shapes_tail [shapes] (1)      \n");
  assert.equal(show("set_graph_function", "-g", "*_leaf"), "shapes_leaf [shapes]\n");
  assert.equal(show("set_ftrace_filter"), "#### all functions enabled ####\n");
  assert.equal(
    show("set_ftrace_filter", "-l", ":mod:later *_leaf"),
    "shapes_leaf [shapes]\n:mod:later\n",
  );
  assert.equal(show("set_ftrace_notrace"), "#### no functions disabled ####\n");
  assert.equal(show("max_graph_depth", "--max-graph-depth", "1"), "1\n");
  assert.equal(show("current_tracer"), "function_graph\n");
  assert.match(show("trace"), /^# tracer: function_graph\n#\n# CPU {2}DURATION/);
});
