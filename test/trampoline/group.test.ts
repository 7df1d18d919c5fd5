// Tests grouping without addresses: the groups don't depend on the addresses of the module and the kernel.

import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { group, placeText } from "../../src/trampoline/group.ts";
import { planTrampolines } from "../../src/trampoline/plan.ts";
import { facts, J, jump, MCOUNT } from "./facts.ts";

const PRINTK = 0x80120000;

suite("group", () => {
  test("puts jumps to one target together, by the block they are in", () => {
    const jumps = [
      jump(0, MCOUNT),
      jump(8, PRINTK),
      jump(0x10, MCOUNT, { block: "init" }),
      jump(0x18, MCOUNT),
    ];
    const { groups, jumps: of } = group(jumps, ({ target }) => placeText(target));
    assert.deepEqual(groups, [{ core: [0, 3], init: [2] }, { core: [1] }]);
    assert.deepEqual(of, [0, 1, 0, 0]);
  });

  test("makes a group of each jump when veneers aren't shared", () => {
    const jumps = [jump(0, MCOUNT), jump(8, MCOUNT)];
    const { groups } = group(jumps, () => "_mcount", "each");
    assert.deepEqual(
      groups.map(({ core }) => core),
      [[0], [1]],
    );
  });

  test("needs only names, which a file has even if its kernel isn't known", () => {
    const call = { block: "core", word: 0x0c000000, targetIsFunction: true } as const;
    const calls = [
      { ...call, symbol: "kfree" },
      { ...call, symbol: "__copy_user" },
      { ...call, symbol: "kfree" },
    ];
    const { groups, jumps } = group(calls, ({ symbol }) => symbol);
    assert.deepEqual(groups, [{ core: [0, 2] }]);
    assert.match(String(jumps[1]), /^__copy_user is called from inline assembly/);
  });

  test("keeps a jump into the middle of a function out of every group", () => {
    const inside = jump(0, PRINTK, { word: J, targetIsFunction: false });
    const { groups, jumps } = group([inside, jump(8, PRINTK)], ({ target }) => placeText(target));
    assert.deepEqual(groups, [{ core: [1] }]);
    assert.match(String(jumps[0]), /^this j goes into the middle of a function/);
  });

  test("gives the plan's veneers, at any addresses of the blocks", () => {
    const jumps = [jump(0, MCOUNT), jump(8, PRINTK), jump(0x10, MCOUNT), jump(0x18, PRINTK)];
    const { groups } = group(jumps, ({ target }) => placeText(target));
    for (const base of [0xc0000000, 0xd0001000, 0xe0000000]) {
      const { trampolines } = planTrampolines(facts(jumps, { base }, { base: base + 0x10000 }));
      assert.deepEqual(
        trampolines.map(({ sites }) => sites.map((site) => (site - base) / 8)),
        groups.map(({ core }) => core),
      );
    }
  });
});
