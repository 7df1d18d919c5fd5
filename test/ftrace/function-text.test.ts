// Compares the text of a function trace with lines that a real 6.1 kernel printed.

import assert from "node:assert/strict";
import { test } from "node:test";
import { ftraceHeader, ftraceLine } from "../../src/ftrace/text/function-text.ts";

test("a line is the kernel's", () => {
  const line = {
    microseconds: 4_628_336,
    cpu: 0,
    name: "top",
    parentName: "init_module",
  };
  assert.equal(
    ftraceLine({ name: "insmod", pid: 104 }, line),
    "          insmod-104     [000] .....     4.628336: top <-init_module\n",
  );
  assert.equal(
    ftraceLine({ name: "init", pid: 1 }, { ...line, microseconds: 117_561_451, name: "leaf" }),
    "            init-1       [000] .....   117.561451: leaf <-init_module\n",
  );
});

test("the header is the kernel's", () => {
  assert.deepEqual(ftraceHeader({ entries: 7, written: 7 }).split("\n"), [
    "# tracer: function",
    "#",
    "# entries-in-buffer/entries-written: 7/7   #P:1",
    "#",
    "#                                _-----=> irqs-off/BH-disabled",
    "#                               / _----=> need-resched",
    "#                              | / _---=> hardirq/softirq",
    "#                              || / _--=> preempt-depth",
    "#                              ||| / _-=> migrate-disable",
    "#                              |||| /     delay",
    "#           TASK-PID     CPU#  |||||  TIMESTAMP  FUNCTION",
    "#              | |         |   |||||     |         |",
    "",
  ]);
});
