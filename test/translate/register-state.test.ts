// Tests which registers a unit loads and stores, by hand: blocks of made-up instructions that read, write and may
// leave.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Block } from "../../src/translate/blocks.ts";
import { accessPlan } from "../../src/translate/guards.ts";
import type { Access, Instruction, Window } from "../../src/translate/instruction.ts";
import { registerState } from "../../src/translate/register-state.ts";
import { asm, R } from "../cpu/guest.ts";

function instruction(
  pc: number,
  facts: Partial<Pick<Instruction, "kind" | "reads" | "writes" | "guards" | "word">>,
): Instruction {
  const none = { word: 0, kind: "next", reads: 0, writes: 0, target: 0, link: 0, guards: false };
  return { ...none, pc, ...facts } as Instruction;
}

const [A, B, C] = [1 << 4, 1 << 5, 1 << 6];
const guards = (_: number, { guards: may }: Instruction): boolean => may;

describe("registers of a unit", () => {
  test("are loaded if they are read first, and stored if they were written before", () => {
    const leaves = instruction(4, { guards: true, writes: B });
    const block: Block = {
      pc: 0,
      instructions: [instruction(0, { reads: A, writes: C }), leaves, instruction(8, { reads: B })],
      end: { kind: "exit", pc: 12 },
    };
    const state = registerState([block], [[]], guards, new Set());
    assert.deepEqual(state.live, [A]);
    assert.equal(state.exitOf(0, leaves), C);
    assert.deepEqual(state.dirtyAfter, [B | C]);
  });

  test("written on one of two paths are loaded for the other", () => {
    const leaves = instruction(20, { guards: true });
    const by = instruction(0, { kind: "branch", reads: A });
    const slot = instruction(4, {});
    const blocks: Block[] = [
      { pc: 0, instructions: [], end: { kind: "branch", by, slot, taken: 20, otherwise: 8 } },
      { pc: 8, instructions: [instruction(8, { writes: B })], end: { kind: "next", to: 20 } },
      { pc: 20, instructions: [leaves], end: { kind: "exit", pc: 24 } },
    ];
    const state = registerState(blocks, [[2, 1], [2], []], guards, new Set());
    assert.equal(state.exitOf(2, leaves), B);
    assert.deepEqual(state.live, [A | B, 0, B]);
  });

  test("of a likely branch's slot aren't certain to be written", () => {
    const by = instruction(0, { kind: "likely", reads: A });
    const slot = instruction(4, { writes: B });
    const blocks: Block[] = [
      { pc: 0, instructions: [], end: { kind: "branch", by, slot, taken: 20, otherwise: 8 } },
      { pc: 8, instructions: [], end: { kind: "exit", pc: 8 } },
      { pc: 20, instructions: [], end: { kind: "exit", pc: 20 } },
    ];
    assert.deepEqual(registerState(blocks, [[2, 1], [], []], guards, new Set()).live, [
      A | B,
      B,
      B,
    ]);
  });

  test("are clean after a call, and live only where they are used", () => {
    const by = instruction(4, { kind: "jump", writes: 0x80000000 | 0 });
    const slot = instruction(8, { writes: A });
    const blocks: Block[] = [
      {
        pc: 0,
        instructions: [instruction(0, { writes: B })],
        end: { kind: "call", by, slot, target: 0x100, returnTo: 12 },
      },
      { pc: 12, instructions: [instruction(12, { reads: C })], end: { kind: "exit", pc: 16 } },
    ];
    const state = registerState(blocks, [[1], []], guards, new Set());
    assert.deepEqual(state.live, [0, C]);
    assert.deepEqual(state.dirty, [0, 0]);
    assert.ok(state.exits.includes(0));
  });
});

describe("guards of a block", () => {
  const WINDOW: Window = { start: 0x80000000, size: 0x10000, offset: 0x4000000 };
  const OTHER: Window = { start: 0x80100000, size: 0x10000, offset: 0x5000000 };
  const lw = (pc: number, register: number, offset: number, base: number): Instruction =>
    instruction(pc, {
      word: asm("lw", register, offset, base),
      reads: 1 << base,
      writes: 1 << register,
      guards: true,
    });
  const plan = (list: readonly Instruction[], window: (i: Instruction) => Access): Access[] => [
    ...accessPlan(list, window).values(),
  ];

  test("the first access relative to a register checks for the following ones", () => {
    const list = [lw(0, R.v0, 8, R.sp), lw(4, R.v1, -8, R.sp), lw(8, R.a0, 16, R.sp)];
    assert.deepEqual(
      plan(list, () => WINDOW),
      [
        { start: 0x80000010, size: 0x10000 - 24, offset: 0x4000010 },
        { ...WINDOW, isGuarded: true },
        { ...WINDOW, isGuarded: true },
      ],
    );
  });

  test("are not shared once the register is written, nor in another window, nor through the page tables", () => {
    const own = [lw(0, R.sp, 0, R.sp), lw(4, R.v0, 4, R.sp)];
    assert.deepEqual(
      plan(own, () => WINDOW),
      [WINDOW, WINDOW],
    );
    const list = [lw(0, R.v0, 0, R.sp), lw(4, R.v1, 4, R.sp)];
    assert.deepEqual(
      plan(list, ({ pc }) => (pc === 0 ? WINDOW : OTHER)),
      [WINDOW, OTHER],
    );
    assert.deepEqual(
      plan(list, () => "pages"),
      ["pages", "pages"],
    );
  });

  test("are not shared for more bytes, nor at a place that would be misaligned", () => {
    const byte = instruction(0, { word: asm("lb", R.v0, 0, R.sp), reads: 1 << R.sp, writes: 4 });
    assert.deepEqual(
      plan([byte, lw(4, R.v1, 4, R.sp)], () => WINDOW),
      [WINDOW, WINDOW],
    );
    assert.deepEqual(
      plan([lw(0, R.v0, 0, R.sp), lw(4, R.v1, 2, R.sp)], () => WINDOW),
      [WINDOW, WINDOW],
    );
  });

  test("are not shared if little of the window is left", () => {
    const list = [lw(0, R.v0, 0, R.sp), lw(4, R.v1, 0x7000, R.sp)];
    assert.deepEqual(
      plan(list, () => WINDOW),
      [WINDOW, WINDOW],
    );
  });
});
