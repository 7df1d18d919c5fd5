// Tests plans by running them: for random facts, the core executes every mended jump, in both byte orders. It must
// arrive at its target with every register intact that is live at a call of _mcount. Blocks may cross lines between
// regions; init and core may or may not share a region.

import assert from "node:assert/strict";
import { suite, test } from "node:test";
import fc from "fast-check";
import { KSEG2, PAGE_SIZE } from "../../assembly/shared/memory-map.ts";
import { STOP_RETURN } from "../../assembly/shared/stops.ts";
import type { Endian } from "../../src/bytes/endian.ts";
import { alignUp, RangeAllocator } from "../../src/bytes/ranges.ts";
import { labProcessor } from "../../src/lab/lab-processor.ts";
import { GuestMemory } from "../../src/processor/guest-memory.ts";
import type { Processor } from "../../src/processor/processor.ts";
import { blocksOf, type PlanFacts } from "../../src/trampoline/facts.ts";
import { planTrampolines, type TrampolinePlan } from "../../src/trampoline/plan.ts";
import { crowded, whole } from "./facts.ts";

/** The registers that must be unchanged at a call of _mcount: all but t9 and ra (which jal itself sets). */
const T9 = 25;
const RA = 31;
/** A jal, its delay slot, and the four words of a veneer but its last. */
const LONGEST_WAY = 6;
const JAL = 3;

/** A core whose kseg2 holds the two blocks of a plan. */
class Bench {
  readonly core: Processor;
  readonly memory: GuestMemory;

  constructor(endian: Endian) {
    this.core = labProcessor(endian, 1 << 20);
    this.memory = new GuestMemory(this.core, new RangeAllocator(0, 1 << 20));
  }

  /** Maps both blocks, runs `use`, and unmaps them. */
  with(facts: PlanFacts, plan: TrampolinePlan, use: () => void): void {
    const ranges = blocksOf(facts.blocks).map((block, index) => {
      const start = Math.floor(whole(facts.blocks)[block].base / PAGE_SIZE) * PAGE_SIZE;
      const end = alignUp(whole(facts.blocks)[block].base + whole(plan.size)[block] + 8, PAGE_SIZE);
      this.core.mapPages(start, 0x40000 * (index + 1), end - start, true);
      return { start, size: end - start };
    });
    try {
      use();
    } finally {
      for (const { start, size } of ranges) this.core.unmapPages(start, size);
    }
  }

  /** Runs one jump from its site; returns the registers on arrival at the target. */
  run(site: number, word: number, target: number, registers: readonly number[]): number[] {
    this.memory.setU32(site, word);
    this.memory.setU32(site + 4, 0);
    registers.forEach((value, number) => {
      this.core.setGpr(number, value);
    });
    this.core.pc = site;
    this.core.returnTo = target;
    assert.equal(this.core.run(LONGEST_WAY), STOP_RETURN, "the jump did not arrive");
    return registers.map((_, number) => this.core.gpr(number));
  }
}

/** Blocks in mapped space, at least two pages apart. */
function runnable({ blocks }: PlanFacts): boolean {
  return blocksOf(blocks).every((block) => whole(blocks)[block].base >= KSEG2);
}

const registers = fc.array(fc.integer({ min: 0, max: 0xffffffff }), {
  minLength: 32,
  maxLength: 32,
});

suite("every mended jump arrives with its registers intact", () => {
  for (const endian of ["little", "big"] as const) {
    test(`${endian} endian`, () => {
      const bench = new Bench(endian);
      let arrivals = 0;
      fc.assert(
        fc.property(crowded.filter(runnable), registers, (facts, values) => {
          const plan = planTrampolines(facts);
          const before = values.map((value, number) => (number === 0 ? 0 : value >>> 0));
          bench.with(facts, plan, () => {
            const veneerWords = new Set<number>();
            for (const { address, words } of plan.trampolines) {
              words.forEach((word, index) => {
                bench.memory.setU32(address + 4 * index, word);
                veneerWords.add(address + 4 * index);
              });
            }
            for (const { address, word, target } of plan.farJumps) {
              // A section's last word leaves no room for the delay slot that every real jump has.
              // A jump to itself would count as arrived before it has run.
              if (word === null || veneerWords.has(address + 4) || target === address) continue;
              const after = bench.run(address, word, target, before);
              const links = word >>> 26 === JAL;
              const expected = before.map((value, number) => {
                if (number === T9) return after[T9];
                return number === RA && links ? (address + 8) >>> 0 : value;
              });
              assert.deepEqual(after, expected);
              arrivals += 1;
            }
          });
        }),
        { numRuns: 2000 },
      );
      assert.ok(arrivals > 1000, `only ${arrivals} jumps were run`);
    });
  }
});
