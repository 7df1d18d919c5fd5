// Tests the stacks of open calls with the ways in which a kernel's calls end: returns, tail calls, threads that take turns,
// interrupts on a stack of their own, and calls that never return.

import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { CallStacks } from "../../src/observe/call-stacks.ts";

const [A, B] = [0x81000000, 0x81002000]; // two threads' gp
const TOP = 0x81001fe0;
const IRQ = 0x81405fe0;

/** The ends as `ip@depth`. */
function left(stacks: CallStacks, thread: number, sp: number, address: number): string[] {
  const ends: string[] = [];
  stacks.leave(thread, sp, address, ({ ip }, depth) => ends.push(`${ip}@${depth}`));
  return ends;
}

suite("the stacks of open calls", () => {
  test("a call ends at its return address with its stack pointer, and nowhere else", () => {
    const stacks = new CallStacks(0);
    assert.equal(stacks.enter(A, TOP, 100, 1, 0), 0);
    assert.equal(stacks.enter(A, TOP - 32, 200, 2, 0), 1);
    // Recursion: the same return address on another frame.
    assert.equal(stacks.enter(A, TOP - 64, 200, 2, 0), 2);
    assert.deepEqual(left(stacks, A, TOP - 64, 100), []);
    assert.deepEqual(left(stacks, A, TOP - 64, 200), ["2@2"]);
    assert.deepEqual(left(stacks, A, TOP - 32, 200), ["2@1"]);
    assert.deepEqual(left(stacks, A, TOP, 100), ["1@0"]);
    assert.deepEqual(left(stacks, A, TOP, 100), []);
  });

  test("functions that end in a jump to another one return with it, the innermost first", () => {
    const stacks = new CallStacks(0);
    for (const ip of [1, 2, 3]) stacks.enter(A, TOP, 100, ip, 0);
    assert.deepEqual(left(stacks, A, TOP, 100), ["3@2", "2@1", "1@0"]);
  });

  test("each thread has its own, and an interrupt's stack hides nothing", () => {
    const stacks = new CallStacks(0);
    stacks.enter(A, TOP, 100, 1, 0);
    assert.equal(stacks.enter(B, TOP + 0x2000, 100, 7, 0), 0);
    assert.equal(stacks.enter(A, IRQ, 300, 2, 0), 1);
    assert.deepEqual(left(stacks, A, IRQ, 300), ["2@1"]);
    assert.deepEqual(left(stacks, B, TOP + 0x2000, 100), ["7@0"]);
    assert.deepEqual(left(stacks, A, TOP, 100), ["1@0"]);
  });

  test("a call that never returns is dropped when the stack is taken back beyond it", () => {
    const stacks = new CallStacks(0);
    stacks.enter(A, TOP - 32, 100, 1, 0);
    stacks.enter(A, TOP - 64, 200, 2, 0);
    assert.equal(stacks.enter(A, TOP, 300, 3, 0), 0);
    assert.deepEqual(left(stacks, A, TOP - 32, 100), []);
    // A return past open calls drops them without an end.
    stacks.enter(A, TOP - 64, 400, 4, 0);
    assert.deepEqual(left(stacks, A, TOP, 300), ["3@0"]);
    assert.deepEqual(left(stacks, A, TOP - 64, 400), []);
  });

  test("a guest that invents threads and calls takes bounded memory", () => {
    const stacks = new CallStacks(0);
    for (let call = 0; call < 3 << 20; call += 1) stacks.enter(call >>> 10, TOP, 1, call, 0);
    // The last thread's stack is there, the first ones' are gone.
    const last = ((3 << 20) - 1) >>> 10;
    assert.equal(left(stacks, last, TOP, 1).length, 1024);
    assert.equal(left(stacks, 0, TOP, 1).length, 0);
  });

  test("calls deeper than the greatest depth, or than formats can say, are ignored", () => {
    const shallow = new CallStacks(2);
    assert.deepEqual(
      [1, 2, 3].map((ip) => shallow.enter(A, TOP - 8 * ip, 100 + ip, ip, 0)),
      [0, 1, undefined],
    );
    const stacks = new CallStacks(0);
    const depths = Array.from({ length: 5000 }, (_, index) => stacks.enter(A, TOP, 1, index, 0));
    assert.equal(depths.filter((depth) => depth !== undefined).length, 4095);
  });
});
