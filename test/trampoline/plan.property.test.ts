// Tests properties that hold for every plan, for any facts. The expected values are computed here from the rule
// itself, not with src/trampoline's functions.

import assert from "node:assert/strict";
import { suite, test } from "node:test";
import fc from "fast-check";
import {
  type Block,
  blocksOf,
  type PerBlock,
  type Place,
  type PlanFacts,
} from "../../src/trampoline/facts.ts";
import { planTrampolines, type TrampolinePlan } from "../../src/trampoline/plan.ts";
import { crowded, J, whole } from "./facts.ts";

const REGION = 0x10000000;
const region = (address: number): number => Math.floor((address % 2 ** 32) / REGION) * REGION;

function check(property: (facts: PlanFacts, plan: TrampolinePlan) => void): void {
  fc.assert(
    fc.property(crowded, (facts) => property(facts, planTrampolines(facts))),
    { numRuns: 1000 },
  );
}

/** The final address of a place under a plan. */
function settled(facts: PlanFacts, shift: PerBlock<number>, place: Place): number {
  return "block" in place
    ? whole(facts.blocks)[place.block].base + whole(shift)[place.block] + place.offset
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
      for (const { address, block: holder, region: where } of plan.trampolines) {
        const block = holder as Block;
        assert.equal(address % 16, 0);
        assert.ok(address >= free);
        free = address + 16;
        assert.equal(region(address), where);
        assert.equal(region(address + 15), where);
        const { base, size } = whole(facts.blocks)[block];
        assert.ok(address >= base && free <= base + whole(plan.size)[block]);
        const sections = base + whole(plan.shift)[block];
        assert.ok(free <= sections || address >= sections + size);
      }
    });
  });

  test("gives a site a veneer that exists as long as the site does", () => {
    check((facts, plan) => {
      const veneers = new Map(plan.trampolines.map((veneer) => [veneer.address, veneer]));
      for (const far of plan.farJumps) {
        if (far.trampoline === null) continue;
        const [lasting] = blocksOf(facts.blocks) as [Block];
        const { base } = whole(facts.blocks)[lasting];
        const lasts = far.address >= base && far.address < base + whole(plan.size)[lasting];
        if (lasts) assert.equal(veneers.get(far.trampoline)?.block, lasting);
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
      for (const block of blocksOf(facts.blocks)) {
        const { base, alignment } = whole(facts.blocks)[block];
        assert.equal(whole(plan.shift)[block] % alignment, 0);
        assert.ok(
          whole(plan.size)[block] >= whole(facts.blocks)[block].size + whole(plan.shift)[block],
        );
        if (whole(plan.shift)[block] > 0)
          assert.notEqual(region(base), region(base + whole(plan.size)[block] + 16));
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
