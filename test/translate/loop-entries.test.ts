// Checks that copying code gives loops one entry and changes no way through the code: random flows are walked with and
// without the copies, by the same choices, and the walks meet the same addresses in the same order.

import assert from "node:assert/strict";
import { suite, test } from "node:test";
import type { Block, Flow } from "../../src/translate/blocks.ts";
import { flowGraph } from "../../src/translate/flow-graph.ts";
import type { Instruction } from "../../src/translate/instruction.ts";
import { withSingleEntries } from "../../src/translate/loop-entries.ts";
import { Random } from "../support/random.ts";

/** A block of some instructions that do nothing. */
function block(pc: number, length: number): Block {
  const instructions = Array.from({ length }, (_, index) => nop(pc + 4 * index));
  return { pc, instructions, end: { kind: "exit", pc: pc + 4 * length } };
}

function nop(pc: number): Instruction {
  return { pc, word: 0, kind: "next", reads: 0, writes: 0, target: 0, link: 0, guards: false };
}

/** A flow of these successors, whose block n is at 1000 n. */
function flowOf(successors: readonly (readonly number[])[], length = 3): Flow {
  return { blocks: successors.map((_, node) => block(1000 * node, length)), successors };
}

function isReducible({ successors }: Flow): boolean {
  const { edges, firstDispatcher } = flowGraph(successors);
  return edges.length === firstDispatcher;
}

/** The addresses of blocks on a way through the flow, as the random numbers choose it. */
function walk({ blocks, successors }: Flow, random: Random): (number | undefined)[] {
  const met: (number | undefined)[] = [];
  for (let node: number | undefined = 0; node !== undefined && met.length < 60; ) {
    met.push(blocks[node]?.pc);
    const next: readonly number[] = successors[node] ?? [];
    node = next.length === 0 ? undefined : next[random.below(next.length)];
  }
  return met;
}

suite("one entry for a loop", () => {
  test("the way from one entry to the other is copied", () => {
    const flow = flowOf([[1, 2], [2, 3], [1], []]);
    assert.equal(isReducible(flow), false);
    const split = withSingleEntries(flow);
    assert.equal(isReducible(split), true);
    assert.deepEqual(split.successors, [[1, 4], [2, 3], [1], [], [1]]);
    assert.equal(split.blocks[4]?.pc, 2000);
    // What is decided for an instruction isn't for its copy.
    assert.deepEqual(split.blocks[4]?.instructions, split.blocks[2]?.instructions);
    assert.notEqual(split.blocks[4]?.instructions[0], split.blocks[2]?.instructions[0]);
  });

  test("a loop with one entry stays as it is", () => {
    const flow = flowOf([[1], [2], [1, 3], []]);
    assert.deepEqual(withSingleEntries(flow), flow);
  });

  test("too much code is not copied", () => {
    const flow = flowOf([[1, 2], [2], [1, 3], []], 120);
    assert.deepEqual(withSingleEntries(flow), flow);
  });

  test("random flows keep their ways", () => {
    let copied = 0;
    let reducible = 0;
    for (let seed = 1; seed <= 300; seed++) {
      const random = new Random(seed);
      const size = random.between(2, 9);
      const successors = Array.from({ length: size }, () =>
        Array.from({ length: random.below(3) }, () => random.below(size)),
      );
      const flow = flowOf(successors);
      const split = withSingleEntries(flow);
      copied += split.blocks.length - size;
      assert.equal(split.successors.length, split.blocks.length);
      for (let way = 0; way < 20; way++) {
        const choices = 1000 * seed + way;
        const wanted = walk(flow, new Random(choices));
        assert.deepEqual(walk(split, new Random(choices)), wanted, `seed ${seed}`);
      }
      // A few would take more copies than are allowed.
      if (isReducible(split)) reducible++;
    }
    assert.ok(copied > 30, `${copied} copies`);
    assert.ok(reducible > 290, `${reducible} of 300`);
  });
});
