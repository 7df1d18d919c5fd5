// Tests plans for chosen facts: which jumps are far, which veneers they share, which are refused and why.

import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { Misuse } from "../../src/errors.ts";
import { planTrampolines } from "../../src/trampoline/plan.ts";
import { facts, J, JAL, jump, MCOUNT } from "./facts.ts";

/** Asserts that a value is present, and returns it without undefined. */
function only<T>(items: readonly T[]): T {
  assert.equal(items.length, 1);
  return items[0] as T;
}

suite("far jumps", () => {
  test("a jump that reaches is not in the plan, and nothing moves or grows", () => {
    const plan = planTrampolines(facts([jump(0, 0xc8000000), jump(8, 0xcffffffc)]));
    assert.deepEqual(plan, {
      shift: { core: 0, init: 0 },
      size: { core: 0x1000, init: 0x1000 },
      farJumps: [],
      trampolines: [],
      refused: [],
    });
  });

  test("a far call of _mcount goes through one veneer after the last section", () => {
    const plan = planTrampolines(facts([jump(0x10, MCOUNT), jump(0x80, MCOUNT)], { size: 0x1004 }));
    assert.deepEqual(only(plan.trampolines), {
      address: 0xc0001010,
      words: [0x3c198011, 0x273956a0, 0x03200008, 0x00000000],
      target: MCOUNT,
      symbol: "kernel_801156a0",
      block: "core",
      region: 0xc0000000,
      sites: [0xc0000010, 0xc0000080],
    });
    assert.equal(plan.size.core, 0x1020);
    assert.deepEqual(
      plan.farJumps.map(({ address, trampoline, word }) => [address, trampoline, word]),
      [
        [0xc0000010, 0xc0001010, 0x0c000404],
        [0xc0000080, 0xc0001010, 0x0c000404],
      ],
    );
    assert.equal(plan.refused.length, 0);
    assert.match(
      plan.farJumps[0]?.reason ?? "",
      /0x801156a0 .* region of 0x80000000, but stays in that of 0xc0000000/,
    );
  });

  test("a tail call stays a j", () => {
    const plan = planTrampolines(facts([jump(0, MCOUNT, { word: J })]));
    assert.equal(only(plan.farJumps).word, 0x08000400);
  });

  test("the region is the delay slot's: the last jump below a line reaches only beyond it", () => {
    const core = { base: 0x8ffff000, size: 0x1000 };
    const reaches = planTrampolines(facts([jump(0xffc, 0x90000000)], core));
    assert.deepEqual(reaches.farJumps, []);
    const far = only(planTrampolines(facts([jump(0xffc, 0x8ffffff8)], core)).farJumps);
    assert.equal(far.siteRegion, 0x90000000);
    assert.equal(far.targetRegion, 0x80000000);
    assert.equal(far.trampoline, 0x90000000);
  });

  test("an addend that leaves the region is far, though Linux accepts it", () => {
    const value = { address: 0xcffffff0 };
    const far = only(
      planTrampolines(facts([jump(0, 0xd0000010, { value, word: JAL | 8 })])).farJumps,
    );
    assert.equal(far.overflowsInLinux, false);
    assert.equal(far.target, 0xd0000010);
    assert.notEqual(far.trampoline, null);
    assert.match(far.reason, /Linux checks .* sends it to 0xc0000010/);
  });

  test("an addend that leads back into the region overflows in Linux and needs no veneer", () => {
    const value = { address: 0xbffffff0 };
    const plan = planTrampolines(facts([jump(0, 0xc0000020, { value, word: JAL | 12 })]));
    const far = only(plan.farJumps);
    assert.equal(far.overflowsInLinux, true);
    assert.equal(far.trampoline, null);
    assert.equal(far.refusal, null);
    assert.equal(far.word, 0x0c000008);
    assert.deepEqual(plan.trampolines, []);
  });

  test("one veneer for each S + A: the same symbol with two addends has two", () => {
    const value = { address: MCOUNT };
    const plan = planTrampolines(
      facts([jump(0, MCOUNT, { value }), jump(8, MCOUNT + 8, { value, word: JAL | 2 })]),
    );
    assert.deepEqual(
      plan.trampolines.map(({ target }) => target),
      [MCOUNT, MCOUNT + 8],
    );
  });
});

suite("core and init", () => {
  const both = [jump(0, MCOUNT, { block: "init" }), jump(0, MCOUNT)];

  test("init code uses the core's veneer in the same region", () => {
    const trampoline = only(planTrampolines(facts(both)).trampolines);
    assert.equal(trampoline.block, "core");
    assert.deepEqual(trampoline.sites, [0xc0000000, 0xc0010000]);
  });

  test("in another region init code has its own", () => {
    const plan = planTrampolines(facts(both, {}, { base: 0xd0000000 }));
    assert.deepEqual(
      plan.trampolines.map(({ block, region }) => [block, region]),
      [
        ["core", 0xc0000000],
        ["init", 0xd0000000],
      ],
    );
  });

  test("core code never uses a veneer in init memory, which is freed", () => {
    const plan = planTrampolines(
      facts([jump(0, MCOUNT), jump(0, MCOUNT + 0x100, { block: "init" }), jump(8, MCOUNT + 0x100)]),
    );
    for (const { block, sites } of plan.trampolines) {
      if (sites.some((site) => site < 0xc0010000)) assert.equal(block, "core");
    }
    assert.equal(plan.size.init, 0x1000);
  });

  test("a call from core into a far init block goes through a core veneer", () => {
    const target = { block: "init", offset: 0x20 } as const;
    const plan = planTrampolines(
      facts([jump(0, 0, { value: target, target })], {}, { base: 0xd0000000 }),
    );
    assert.equal(only(plan.trampolines).target, 0xd0000020);
    assert.equal(only(plan.trampolines).block, "core");
  });
});

suite("blocks around a line between regions", () => {
  test("a straddling block gets veneers on both sides", () => {
    const core = { base: 0xcffff800, size: 0x1000, alignment: 64 };
    const plan = planTrampolines(
      facts([jump(0, MCOUNT), jump(0xff8, MCOUNT)], core, { base: 0xd0100000 }),
    );
    assert.equal(plan.shift.core, 64);
    assert.deepEqual(
      plan.trampolines.map(({ address, sites }) => [address, sites]),
      [
        [0xcffff800, [0xcffff840]],
        [0xd0000840, [0xd0000838]],
      ],
    );
    assert.equal(plan.size.core, 0x1050);
  });

  test("only the side that needs veneers gets them", () => {
    const core = { base: 0xcffff800, size: 0x1000 };
    const plan = planTrampolines(facts([jump(0xff8, MCOUNT)], core, { base: 0xd0100000 }));
    assert.equal(plan.shift.core, 0);
    assert.equal(only(plan.trampolines).region, 0xd0000000);
  });

  test("a block that ends at the line has its veneers below its first section", () => {
    const core = { base: 0xcffff000, size: 0x1000 };
    const plan = planTrampolines(facts([jump(0, MCOUNT)], core, { base: 0xd0100000 }));
    assert.equal(plan.shift.core, 16);
    assert.equal(only(plan.trampolines).address, 0xcffff000);
  });

  test("room below the sections moves targets inside the module, and jumps that become far are mended too", () => {
    // Both functions are below the line until the first veneer moves the second one across it.
    const core = { base: 0xcffff000, size: 0x1100 };
    const inside = { block: "core", offset: 0xff8 } as const;
    const plan = planTrampolines(
      facts(
        [jump(0, MCOUNT), jump(8, 0, { value: inside, target: inside, symbol: "inside" })],
        core,
        {
          base: 0xd0100000,
        },
      ),
    );
    assert.equal(plan.shift.core, 32);
    assert.deepEqual(
      plan.trampolines.map(({ address, target }) => [address, target]),
      [
        [0xcffff000, MCOUNT],
        [0xcffff010, 0xd0000018],
      ],
    );
  });

  test("at the end of the address space there is room neither above nor below", () => {
    const core = { base: 0xffffe000, size: 0x2000 - 8 };
    const plan = planTrampolines(facts([jump(0, MCOUNT)], core));
    const far = only(plan.refused);
    assert.equal(far.trampoline, null);
    assert.match(far.refusal ?? "", /no room for a trampoline in the region of 0xf0000000/);
  });

  test("a block doesn't grow into the other one", () => {
    const plan = planTrampolines(facts([jump(0, MCOUNT)], {}, { base: 0xc0001000 }));
    assert.match(only(plan.refused).refusal ?? "", /core block has no room/);
  });
});

suite("refusals", () => {
  const refusal = (more: Parameters<typeof jump>[2], target = MCOUNT): string => {
    const plan = planTrampolines(facts([jump(0, target, more)]));
    const far = only(plan.refused);
    assert.equal(far.trampoline, null);
    assert.equal(far.word, null);
    assert.deepEqual(plan.trampolines, []);
    return far.refusal ?? "";
  };

  test("a misaligned symbol is refused as dangerous, far or near, and not as an overflow", () => {
    for (const address of [MCOUNT + 2, 0xc0000802]) {
      assert.match(refusal({ value: { address } }, address), /dangerous R_MIPS_26 relocation/);
    }
    const plan = planTrampolines(facts([jump(0, MCOUNT + 2)]));
    assert.equal(only(plan.farJumps).overflowsInLinux, false);
  });

  test("an undefined weak symbol has no address to jump to", () => {
    assert.match(refusal({}, 0), /undefined weak symbol/);
  });

  test("a j into the middle of a function has no known free register", () => {
    assert.match(
      refusal({ section: ".fixup", word: J, targetIsFunction: false }),
      /middle of a function/,
    );
  });

  test("functions with private clobber lists leave t9 live", () => {
    for (const symbol of [
      "__raw_copy_from_user",
      "__raw_copy_to_user",
      "__bzero",
      "__strncpy_from_user_asm",
    ]) {
      assert.match(refusal({ symbol }), /t9 may be live/);
    }
  });

  test("an instruction that is no jump isn't changed into one", () => {
    assert.match(refusal({ word: 0x74000000 }), /0x74000000 is neither j nor jal/);
  });

  test("two relocations on one instruction", () => {
    const plan = planTrampolines(facts([jump(0, MCOUNT), jump(0, MCOUNT + 8), jump(8, MCOUNT)]));
    assert.deepEqual(
      plan.refused.map(({ refusal }) => refusal),
      Array(2).fill("more than one relocation patches this instruction"),
    );
    assert.equal(plan.trampolines.length, 1);
  });

  test("a refusal leaves the other jumps mended", () => {
    const plan = planTrampolines(facts([jump(0, MCOUNT + 1), jump(8, MCOUNT)]));
    assert.equal(plan.refused.length, 1);
    assert.deepEqual(only(plan.trampolines).sites, [0xc0000008]);
  });
});

suite("facts that contradict each other", () => {
  test("are a Misuse", () => {
    const cases = [
      facts([], {}, { base: 0xc0000800 }),
      facts([], { base: 0xfffff004 }),
      facts([], { alignment: 24 }),
      facts([jump(0xffe, MCOUNT)]),
      facts([jump(0x2000, MCOUNT)]),
    ];
    for (const wrong of cases) assert.throws(() => planTrampolines(wrong), Misuse);
  });

  test("a register that a veneer may not write is a Misuse too", () => {
    for (const [register, why] of [
      [1, /at holds the caller's return address/],
      [12, /t4 holds the address of the saved ra/],
      [31, /ra holds the way back/],
    ] as const) {
      assert.throws(() => planTrampolines({ ...facts([]), register }), {
        name: "Misuse",
        message: why,
      });
    }
    const plan = planTrampolines({ ...facts([jump(0, MCOUNT)]), register: 3 });
    assert.deepEqual(only(plan.trampolines).words, [0x3c038011, 0x246356a0, 0x00600008, 0]);
  });
});
