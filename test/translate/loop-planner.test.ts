// Tests the planner of loops alone: which loops have a plan, and what the plan says, by hand. That turns without checks do
// what turns with them do is stops.test's.

import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { WasmCore } from "../../src/processor/wasm-core.ts";
import { type Flow, readFlow } from "../../src/translate/blocks.ts";
import { type Access, Emitter, isGuarded, type Window } from "../../src/translate/instruction.ts";
import type { LoopPlan } from "../../src/translate/loop-plan.ts";
import { planLoops } from "../../src/translate/loop-planner.ts";
import { asm, CODE, R } from "../cpu/guest.ts";

const NOP = 0;
const WINDOW: Window = { start: 0x80000000, size: 0x100000, offset: 0x4000000 };
const core = new WasmCore("little", 2048);
const emitter = new Emitter(core.buffer, core.exports);

/** The flow of a function, with the turns of its loops that have plans. */
function planned(words: readonly number[], way: Access = WINDOW): Flow {
  const flow = readFlow(
    CODE,
    {
      instruction: (pc) => {
        const word = words[(pc - CODE) / 4];
        return word === undefined ? undefined : emitter.read(word, pc);
      },
      jumpTargets: () => [],
    },
    { instructions: 200, distance: 0x10000 },
  );
  return planLoops(flow, () => way);
}

function plansOf({ blocks }: Flow): LoopPlan[] {
  return blocks.flatMap(({ end }) => (end.kind === "plan" ? [end.plan] : []));
}

function onlyPlan(flow: Flow): LoopPlan {
  const [plan, ...others] = plansOf(flow);
  assert.ok(plan);
  assert.equal(others.length, 0);
  return plan;
}

const RETURN = [asm("jr", R.ra), NOP];
/** A loop around these instructions, to a bne of a0 and a1. */
function loop(...body: readonly number[]): number[] {
  return [...body, asm("bne", R.a0, R.a1, -body.length - 1), NOP, ...RETURN];
}

suite("the plan of a loop", () => {
  test("counts the turns of a pointer to its end", () => {
    const flow = planned(loop(asm("lw", R.v1, 8, R.a0), asm("addiu", R.a0, R.a0, 4)));
    const { least, most, reaches, trip, rebased } = onlyPlan(flow);
    assert.deepEqual([least, most], [4, 4]);
    const [reach, ...others] = reaches;
    assert.equal(others.length, 0);
    assert.equal(reach?.stride, 4);
    assert.equal(reach?.log2, 2);
    assert.deepEqual([...(reach?.lowest.terms ?? [])], [[R.a0, 1]]);
    // a0 itself has to be in the window as well, from which it is counted in these turns.
    assert.equal(reach?.lowest.constant, -WINDOW.start | 0);
    assert.equal(reach?.room, WINDOW.size - 12);
    assert.deepEqual([...rebased], [[R.a0, WINDOW.start]]);
    // Where the branch is, a0 has been moved: a1 - (a0 + 4) is left.
    assert.equal(trip?.step, 4);
    assert.deepEqual(
      new Map(trip?.distance.terms),
      new Map([
        [R.a1, 1],
        [R.a0, -1],
      ]),
    );
    assert.equal(trip?.distance.constant, -4);
  });

  test("has no guard in its turns, of which the last has its own body, and one body with checks", () => {
    const flow = planned(loop(asm("lw", R.v1, 0, R.a0), asm("addiu", R.a0, R.a0, 4)));
    const { blocks, successors } = flow;
    const copies = [...blocks.keys()].filter((node) => blocks[node]?.copy !== undefined);
    assert.deepEqual(
      copies.map((node) => blocks[node]?.copy?.isLast),
      [false, true],
    );
    for (const node of copies) {
      assert.ok([...(blocks[node]?.access?.values() ?? [])].some(isGuarded));
    }
    assert.equal(blocks[0]?.access, undefined);
    for (const to of successors.flat()) assert.ok(blocks[to]);
    const after = copies.map((node) => successors[node]?.map((to) => blocks[to]?.end.kind));
    assert.deepEqual(after, [["turn"], ["settle"]]);
    // Both at the begin and after a turn: the next one, or the last.
    const turns = [...blocks.keys()].filter((node) => blocks[node]?.end.kind === "turn");
    for (const turn of turns) assert.deepEqual(successors[turn], copies);
    assert.equal(turns.length, 2);
    assert.equal(onlyPlan(flow).lastApart, true);
  });

  test("has no body for the last turn if turns leave nothing behind, or if their number isn't known", () => {
    assert.equal(onlyPlan(planned(loop(asm("addiu", R.a0, R.a0, 4)))).lastApart, false);
    const likely = [asm("addu", R.v1, R.a0, R.a1), asm("bgtz", R.a0, -2), NOP, ...RETURN];
    assert.equal(onlyPlan(planned(likely)).lastApart, false);
  });

  test("allows turns that end in several places and differ in length", () => {
    // A turn ends at the second beq, or at the bne.
    const flow = planned(
      loop(
        asm("addiu", R.a0, R.a0, -1),
        asm("beq", R.v0, R.v1, 2),
        NOP,
        asm("addiu", R.v0, R.v0, 1),
        asm("beq", R.a0, R.a2, -5),
        NOP,
        asm("addu", R.v0, R.v0, R.a0),
      ),
    );
    const { least, most, trip, reaches } = onlyPlan(flow);
    assert.deepEqual([least, most, trip, reaches], [5, 9, undefined, []]);
    const turns = flow.blocks.filter(({ end }) => end.kind === "turn");
    assert.equal(turns.length, 1);
  });

  test("limits the turns by a table's known range", () => {
    const words = loop(
      asm("andi", R.t0, R.v0, 0x3c),
      asm("addu", R.t0, R.a2, R.t0),
      asm("lw", R.v1, 0, R.t0),
      asm("addiu", R.a0, R.a0, 1),
    );
    const [reach] = onlyPlan(planned(words)).reaches;
    assert.equal(reach?.stride, 0);
    assert.equal(reach?.room, WINDOW.size - 0x3c - 4);
  });

  const without: Readonly<Record<string, readonly [number[], Access?]>> = {
    "a pointer that is loaded": [loop(asm("lw", R.a2, 0, R.a2))],
    "a stride that isn't a multiple of the access": [
      loop(asm("lw", R.v1, 0, R.a0), asm("addiu", R.a0, R.a0, 6)),
    ],
    "an access by pages": [loop(asm("lw", R.v1, 0, R.a0), asm("addiu", R.a0, R.a0, 4)), "pages"],
    "a store beside code": [loop(asm("sw", R.v1, 0, R.a0), asm("addiu", R.a0, R.a0, 4)), "checked"],
    "an exception": [loop(asm("add", R.v0, R.v0, R.a0), asm("addiu", R.a0, R.a0, 4))],
    "a likely branch": [[asm("addiu", R.a0, R.a0, 4), asm("bnel", R.a0, R.a1, -2), NOP, ...RETURN]],
  };
  for (const [what, [words, way]] of Object.entries(without)) {
    test(`isn't made with ${what}`, () => assert.deepEqual(plansOf(planned(words, way)), []));
  }
});
