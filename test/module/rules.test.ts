// Tests the loader's rules against each release: rule × release, and each rule by itself.

import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { Refusal } from "../../src/errors.ts";
import { profileFor, type RuleChoice } from "../../src/kernel/rules/profile.ts";
import { readModule } from "../../src/module/file/file.ts";
import { loadModule } from "../../src/module/load.ts";
import { TestHost } from "../support/module-host.ts";
import { type ModuleSpec, writeModule } from "../support/module-writer.ts";
import { type Answer, RELEASES, RULE_ROWS, type RuleRow } from "./rule-messages.ts";

const BASE = 0xc0000000;

/** What a kernel with these rules answers. */
function answer({ module, kernel = {}, before }: RuleRow, choice: RuleChoice): Answer {
  const host = new TestHost(kernel);
  const read = (one: ModuleSpec | Uint8Array) =>
    readModule(one instanceof Uint8Array ? one : writeModule(one), {
      profileOf: () => profileFor(choice, null, null),
    });
  if (before !== undefined) host.keep(loadModule(read(before), host, { farJumps: "refuse" }));
  const allocated = host.allocations;
  try {
    const loaded = loadModule(read(module), host, { farJumps: "refuse" });
    assert.ok((loaded.memories[0]?.base ?? 0) >= BASE);
    return { errno: null, lines: loaded.dmesg };
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    assert.equal(host.allocations, allocated);
    assert.notEqual(error.explanation, "");
    return { errno: error.errno, lines: error.dmesg };
  }
}

suite("rule × release", () => {
  for (const row of RULE_ROWS) {
    test(`${row.rule}: ${row.what}`, () => {
      let expected: Answer | undefined;
      for (const release of RELEASES) {
        expected = row.answers.find(([since]) => since === release)?.[1] ?? expected;
        assert.deepEqual(answer(row, { release, set: "mainline" }), expected, release);
      }
    });
  }
});

suite("single rules", () => {
  const row = (rule: string, what = "") =>
    RULE_ROWS.find((one) => one.rule === rule && one.what.includes(what)) ?? assert.fail(rule);

  test("V20: refused each time, or accepted with one line for all", () => {
    const lines = ["m: no symbol version for _printk"];
    assert.deepEqual(answer(row("V20"), { release: "6.12", rules: { V20: "refuse" } }), {
      errno: "EINVAL",
      lines: [...lines, "m: Unknown symbol _printk (err -22)"],
    });
    assert.deepEqual(answer(row("V20"), { release: "6.1", rules: { V20: "accept" } }).lines, lines);
    const again = {
      ...row("V20"),
      before: { ...(row("V20").module as ModuleSpec), name: "first" },
    };
    assert.deepEqual(answer(again, { release: "6.12", rules: { V20: "accept" } }), {
      errno: null,
      lines: [],
    });
  });

  test("one rule of another release", () => {
    assert.deepEqual(
      answer(row("V12", "two structs"), { release: "6.6", rules: { V12: "first", V15: "ignore" } }),
      {
        errno: null,
        lines: [],
      },
    );
    assert.deepEqual(answer(row("V21"), { release: "6.12", rules: { V21: "early" } }), {
      errno: "EEXIST",
      lines: ["m: loading out-of-tree module taints kernel."],
    });
  });

  test("S1 and O2: a kernel that checks neither signature nor version magic", () => {
    const unsigned = { ...row("V22"), module: { name: "m" } };
    const quiet = { release: "6.12", set: "openwrt" } as const;
    assert.deepEqual(answer(unsigned, quiet).lines, []);
    const other = { ...unsigned, kernel: { vermagic: "6.12.1 other 32BIT " } };
    assert.equal(answer(other, { release: "6.12" }).errno, "ENOEXEC");
    assert.equal(answer(other, quiet).errno, null);
  });
});
