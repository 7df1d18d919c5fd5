// Tests properties that hold for every plan, for any facts. The expected values are computed here from the rule
// itself, not with src/trampoline's functions.

import assert from "node:assert/strict";
import { suite, test } from "node:test";
import fc from "fast-check";
import type { Block, Place, PlanFacts } from "../../src/trampoline/facts.ts";
import { planTrampolines, type TrampolinePlan } from "../../src/trampoline/plan.ts";
import { crowded, J } from "./facts.ts";

const BLOCKS: readonly Block[] = ["core", "init"];
const REGION = 0x10000000;
const region = (address: number): number => Math.floor((address % 2 ** 32) / REGION) * REGION;

function check(property: (facts: PlanFacts, plan: TrampolinePlan) => void): void {
  fc.assert(
    fc.property(crowded, (facts) => property(facts, planTrampolines(facts))),
    { numRuns: 1000 },
  );
}

/** The final address of a place under a plan. */
function settled(facts: PlanFacts, shift: Record<Block, number>, place: Place): number {
  return "block" in place
    ? facts.blocks[place.block].base + shift[place.block] + place.offset
    : place.address;
}

suite("every plan", () => {
  test("mends or refuses each far jump, and lists no other that Linux accepts", () => {
    check((facts, plan) => {
      const listed = new Map(plan.farJumps.map((far) => [far.address, far]));
      assert.equal(listed.size, plan.farJumps.length);
      for (const jump of facts.jumps) {
        const at = settled(facts, plan.shift, jump.at);
        const value = settled(facts, plan.shift, jump.value);
        const target = settled(facts, plan.shift, jump.target);
        const far = region(at + 4) !== region(target);
        const overflows = region(at + 4) !== region(value);
        const found = listed.get(at);
        assert.equal(found !== undefined, far || overflows);
        if (found === undefined) continue;
        assert.equal(found.overflowsInLinux, overflows);
        assert.equal(found.target, target);
        const mayUseVeneer = jump.word !== J || jump.targetIsFunction;
        assert.equal(found.refusal === null, !far || mayUseVeneer, found.refusal ?? "mended");
        assert.equal(found.trampoline !== null, far && mayUseVeneer);
      }
    });
  });

  test("sends each mended jump to its original target", () => {
    check((facts, plan) => {
      const veneers = new Map(plan.trampolines.map((veneer) => [veneer.address, veneer]));
      const words = new Map(
        facts.jumps.map((jump) => [settled(facts, plan.shift, jump.at), jump.word]),
      );
      for (const { address, word, trampoline, target } of plan.farJumps) {
        if (word === null) continue;
        assert.equal(word >>> 26, (words.get(address) ?? 0) >>> 26);
        const lands = region(address + 4) + (word & 0x03ffffff) * 4;
        if (trampoline === null) {
          assert.equal(lands, target);
        } else {
          assert.equal(lands, trampoline);
          assert.equal(veneers.get(lands)?.target, target);
          assert.ok(veneers.get(lands)?.sites.includes(address));
        }
      }
      const used = plan.farJumps.filter(({ trampoline }) => trampoline !== null).length;
      assert.equal(plan.trampolines.flatMap(({ sites }) => sites).length, used);
    });
  });

  test("keeps each veneer in its block, in its region, clear of sections and of other veneers", () => {
    check((facts, plan) => {
      let free = 0;
      for (const { address, block, region: where } of plan.trampolines) {
        assert.equal(address % 16, 0);
        assert.ok(address >= free);
        free = address + 16;
        assert.equal(region(address), where);
        assert.equal(region(address + 15), where);
        const { base, size } = facts.blocks[block];
        assert.ok(address >= base && free <= base + plan.size[block]);
        const sections = base + plan.shift[block];
        assert.ok(free <= sections || address >= sections + size);
      }
    });
  });

  test("gives a site a veneer that exists as long as the site does", () => {
    check((facts, plan) => {
      const veneers = new Map(plan.trampolines.map((veneer) => [veneer.address, veneer]));
      for (const far of plan.farJumps) {
        if (far.trampoline === null) continue;
        const { base } = facts.blocks.core;
        const inCore = far.address >= base && far.address < base + plan.size.core;
        if (inCore) assert.equal(veneers.get(far.trampoline)?.block, "core");
      }
    });
  });

  test("has no veneer twice, and none that nothing uses", () => {
    check((_, plan) => {
      const all = new Set(plan.trampolines.map(({ target, region }) => `${target} ${region}`));
      assert.equal(all.size, plan.trampolines.length);
      for (const { sites } of plan.trampolines) assert.ok(sites.length > 0);
    });
  });

  test("moves sections by their alignment, and only for a region that ends in the block's reach", () => {
    check((facts, plan) => {
      for (const block of BLOCKS) {
        const { base, alignment } = facts.blocks[block];
        assert.equal(plan.shift[block] % alignment, 0);
        assert.ok(plan.size[block] >= facts.blocks[block].size + plan.shift[block]);
        if (plan.shift[block] > 0)
          assert.notEqual(region(base), region(base + plan.size[block] + 16));
      }
    });
  });

  test("is the same each time, and doesn't change its facts", () => {
    check((facts, plan) => {
      const before = JSON.stringify(facts);
      assert.deepEqual(planTrampolines(facts), plan);
      assert.equal(JSON.stringify(facts), before);
    });
  });
});
