// Tests the comparison of a trace's text: a blank that farjal wouldn't print, a function that it doesn't find traceable
// and an init function that the kernel doesn't trace are each found. The text is what
// Linux 6.1 and later print.

import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { Machine } from "../../src/lab/machine.ts";
import { TraceCheck } from "../../src/verify/traces.ts";
import { repositoryFile } from "../support/repository.ts";

const HEAD = `#
#                                _-----=> irqs-off/BH-disabled
#                               / _----=> need-resched
#                              | / _---=> hardirq/softirq
#                              || / _--=> preempt-depth
#                              ||| / _-=> migrate-disable
#                              |||| /     delay
#           TASK-PID     CPU#  |||||  TIMESTAMP  FUNCTION
#              | |         |   |||||     |         |
`;
const INIT = "            init-12      [000] .....     1.742120: greet_init <-do_one_initcall\n";
const LEAF = "            init-12      [000] d....     1.742121: greet_leaf <-greet_init\n";

function traceOf(lines: readonly string[], written = lines.length): string {
  const counts = `# entries-in-buffer/entries-written: ${lines.length}/${written}   #P:1\n`;
  return `# tracer: function\n#\n${counts}${HEAD}${lines.join("")}`;
}

suite("a live kernel's trace", async () => {
  const machine = await Machine.create();
  const module = await machine.insmod(repositoryFile("test/modules/built/greet-little.ko"));
  const init = module.symbols.find(({ address }) => address === module.initFunction)?.name ?? "";
  const names = [init, "greet_leaf"];
  const traceable = names.map((name) => ({ name, text: `${name} [greet]`, isInit: false }));
  const problems = (trace: string | null, errno = 0): string[] =>
    new TraceCheck().problems({ module, blocks: [], traceable }, { trace, errno });
  const own = (lines: readonly string[]) =>
    lines.map((line) => line.replaceAll("greet_init", init));

  test("of a module that calls its own functions is farjal's", () => {
    assert.deepEqual(problems(traceOf(own([INIT, LEAF]))), []);
    assert.deepEqual(problems(null), []);
  });

  test("with another blank, column or header is not", () => {
    const [text] = problems(traceOf(own([INIT, LEAF.replace("[000] d", "[000]  d")])));
    assert.match(text ?? "", /^line 3 of Linux's trace is ".* 2\/2 .*", farjal prints ".* 1\/1 /);
    const old = traceOf(own([INIT])).replace("irqs-off/BH-disabled", "irqs-off");
    assert.match(
      problems(old)[0] ?? "",
      /^line 5 of Linux's trace is "# .*irqs-off", farjal prints ".*BH-/,
    );
  });

  test("has only functions that farjal finds traceable, unless they are gone", () => {
    const other = LEAF.replace("greet_leaf", "greet_other");
    assert.match(
      problems(traceOf(own([INIT, other])))[0] ?? "",
      /has the function greet_other, which/,
    );
    const gone = LEAF.replace("greet_leaf", "0xc0123450");
    assert.deepEqual(problems(traceOf(own([gone])), 19), []);
  });

  test("has the init function, unless the ring has lost it", () => {
    assert.match(problems(traceOf(own([LEAF])))[0] ?? "", /^farjal traces the init function /);
    assert.deepEqual(problems(traceOf(own([LEAF]), 9)), []);
  });
});
