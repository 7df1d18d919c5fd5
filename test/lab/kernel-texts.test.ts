// A machine's traces and the files of its tracefs are those of its kernel: of the release that is asked for, or that the
// module is built for, and single rules change them. The texts of all releases are in test/kernel/trace-rules.test.ts.

import assert from "node:assert/strict";
import { suite, test } from "node:test";
import type { TraceFile } from "../../src/ftrace/tracefs.ts";
import type { RuleChoice } from "../../src/kernel/rules/profile.ts";
import { Machine } from "../../src/lab/machine.ts";
import { repositoryFile } from "../support/repository.ts";

const MODULE = repositoryFile("test/modules/built/leaf-little.ko");

/** Has called a traced function, and shows files of tracefs. */
async function traced(rules?: RuleChoice) {
  const machine = await Machine.create({ rules });
  await machine.insmod(MODULE);
  const tracer = machine.trace({ filter: ["leaf_step"] });
  machine.call("leaf_loop", [1]);
  const show = (name: TraceFile): string => machine.tracefs(name);
  return { machine, tracer, show };
}

suite("a machine's tracefs is its kernel's", () => {
  test("the header and the lines have the columns of the release", async () => {
    for (const [release, title, columns] of [
      ["5.10", "irqs-off", "...."],
      ["5.15.100", "irqs-off", "....."],
      ["6.12.95", "irqs-off/BH-disabled", "....."],
    ] as const) {
      const { show } = await traced({ release });
      const lines = show("trace").split("\n");
      assert.ok(lines.includes(`#                                _-----=> ${title}`), release);
      const line = lines.find((one) => one.includes("leaf_step <-leaf_loop")) ?? "";
      assert.match(line, new RegExp(`\\[000\\] \\${columns.split("").join("\\")} {5}0\\.`));
    }
  });

  test("without a release, the module's own decides; a single rule wins over both", async () => {
    const own = await traced();
    assert.match(own.machine.kernelProfile.release, /^6\.1\.0-/);
    assert.equal(own.machine.kernelProfile.from, "vermagic");
    assert.match(own.show("trace"), /irqs-off\/BH-disabled/);
    const ruled = await traced({ rules: { F1: "four", F5: "five" } });
    assert.match(ruled.show("trace"), /preempt-depth\n# +\|{3} \/ {5}delay\n/);
    assert.equal(ruled.show("enabled_functions"), `leaf_step [leaf] (1)${" ".repeat(11)}\n`);
  });

  test("enabled_functions and trace_options are those of the running tracer", async () => {
    const { tracer, show } = await traced({ release: "6.12.95" });
    assert.equal(show("enabled_functions"), `leaf_step [leaf] (1)${" ".repeat(11)}\n`);
    assert.match(show("trace_options"), /\nnofunc-no-repeats\n$/);
    tracer.stop();
    assert.equal(show("enabled_functions"), "");
    assert.match(show("trace_options"), /\ntrace_printk_dest\n.*\nnotest_nop_refuse\n$/s);
  });

  test("the files that 6.6 brought are there since then", async () => {
    const { machine, tracer, show } = await traced({ release: "6.6" });
    const [first] = machine.traceable.functions;
    const lines = show("available_filter_functions_addrs").split("\n");
    assert.equal(lines[0], `${first?.address.toString(16)} ${first?.name} [leaf]`);
    assert.equal(lines.length, machine.traceable.functions.length + 1);
    const blanks = " ".repeat(11);
    assert.equal(show("touched_functions"), `leaf_step [leaf] (1)${blanks}\n`);
    tracer.write("set_ftrace_filter", "leaf_loop");
    const touched = show("touched_functions").split("\n").sort();
    const after = ["", `leaf_loop [leaf] (1)${blanks}`, `leaf_step [leaf] (0)${blanks}`];
    assert.deepEqual(touched, after);
    machine.rmmod("leaf");
    assert.equal(show("touched_functions"), "");
    const before = await traced({ release: "6.1" });
    for (const name of ["touched_functions", "available_filter_functions_addrs"] as const) {
      assert.throws(() => before.show(name), {
        name: "Misuse",
        message: new RegExp(`the machine's kernel has no ${name}: Linux has it since 6\\.6`),
      });
    }
  });
});
