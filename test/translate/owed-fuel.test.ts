// Checks what is owed of FUEL where blocks begin, on small flows whose ways can be added up by hand. That FUEL is right
// wherever code stops is compared with the interpreter's count elsewhere (stops.test.ts).

import assert from "node:assert/strict";
import { suite, test } from "node:test";
import type { Block, BlockEnd, Flow } from "../../src/translate/blocks.ts";
import { flowGraph } from "../../src/translate/flow-graph.ts";
import type { Instruction } from "../../src/translate/instruction.ts";
import type { LoopPlan } from "../../src/translate/loop-plan.ts";
import { MOST_OWED, owedAtBegins } from "../../src/translate/owed-fuel.ts";

const PLAN: LoopPlan = {
  least: 1,
  most: 1,
  reaches: [],
  trip: undefined,
  rebased: new Map(),
  lastApart: false,
};

function block(length: number, end: BlockEnd = { kind: "next", to: 0 }): Block {
  const instructions = Array.from({ length }, (_, index): Instruction => {
    const pc = 4 * index;
    return { pc, word: 0, kind: "next", reads: 0, writes: 0, target: 0, link: 0, guards: false };
  });
  return { pc: 0, instructions, end };
}

/** What is owed at the begin of each block. */
function owed(blocks: readonly Block[], successors: readonly (readonly number[])[]): number[] {
  const flow: Flow = { blocks, successors };
  return owedAtBegins(flow, flowGraph(successors));
}

suite("what is owed of FUEL", () => {
  test("where two ways meet it is the shorter one's", () => {
    const blocks = [2, 3, 4, 1].map((length) => block(length));
    assert.deepEqual(owed(blocks, [[1, 2], [3], [3], []]), [0, 2, 2, 5]);
  });
  test("a loop's turns owe no more with each turn", () => {
    const blocks = [2, 3, 4].map((length) => block(length));
    assert.deepEqual(owed(blocks, [[1], [1, 2], []]), [0, 2, 5]);
  });
  test("all is paid at a call, and where FUEL is read", () => {
    const call = block(3, { kind: "call other", returnTo: 0 });
    const [plan, turn] = [
      block(0, { kind: "plan", plan: PLAN }),
      block(0, { kind: "turn", plan: PLAN }),
    ];
    assert.deepEqual(owed([block(2), call, block(1)], [[1], [2], []]), [0, 2, 0]);
    assert.deepEqual(owed([block(2), plan, block(3), turn], [[1], [2, 2], [3], []]), [0, 0, 0, 0]);
  });
  test("all is paid before a loop that has two entries", () => {
    const blocks = [2, 3, 4].map((length) => block(length));
    assert.deepEqual(owed(blocks, [[1, 2], [2], [1]]).slice(0, 3), [0, 0, 0]);
  });
  test("no more is owed than an exit's number holds", () => {
    const blocks = [block(MOST_OWED - 1), block(1), block(1), block(1)];
    assert.deepEqual(owed(blocks, [[1], [2], [3], []]), [0, MOST_OWED - 1, MOST_OWED, 0]);
  });
});
