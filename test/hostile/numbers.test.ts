// Tests invalid numbers and names from the library's user: fractions, NaN, negative numbers, names of properties that
// every object has. Each is a Misuse, never an endless loop or a host error.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Machine, Misuse } from "../../src/index.ts";

test("steps and budgets are whole numbers", async () => {
  const machine = await Machine.create();
  const loop = machine.memory.alloc(16);
  machine.memory.setU32(loop, 0x1000ffff); // b .
  const call = machine.start(loop, [], { budget: 100 });
  for (const steps of [1.5, Number.NaN, -1]) assert.throws(() => call.advance(steps), Misuse);
  assert.equal(call.advance(0).reason, "steps");
  for (const limit of [0.5, Number.NaN, -1])
    assert.throws(() => machine.processor.run(limit), Misuse);
  assert.equal(call.advance().reason, "ended");
  call.close();
  for (const budget of [0.5, Number.NaN, -1, 2 ** 60]) {
    assert.throws(() => machine.call(loop, [], { budget }), Misuse);
  }
});

test("a clock has a whole number of Hz", async () => {
  for (const clockHz of [0.5, 0, -1, Number.NaN, Number.POSITIVE_INFINITY]) {
    await assert.rejects(Machine.create({ clockHz }), Misuse);
  }
});

test("memory is asked for in whole bytes", async () => {
  const { memory } = await Machine.create();
  for (const size of [-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY]) {
    assert.throws(() => memory.read(0x80000000, size), Misuse, `read ${size}`);
    assert.throws(() => memory.string(0x80000000, size), Misuse, `string ${size}`);
    assert.throws(() => memory.alloc(size), Misuse, `alloc ${size}`);
    assert.throws(() => memory.mapped(0x80000000, size), Misuse, `mapped ${size}`);
  }
  for (const address of [0.5, Number.NaN, -1, 2 ** 32]) {
    assert.throws(() => memory.u8(address), Misuse, `u8 ${address}`);
    assert.throws(() => memory.setU32(address, 1), Misuse, `setU32 ${address}`);
  }
  for (const alignment of [3, 0.5, -16, Number.NaN, 2 ** 40]) {
    assert.throws(() => memory.alloc(16, alignment), Misuse, `alignment ${alignment}`);
  }
});

test("names of object properties such as toString name no file and no symbol", async () => {
  const machine = await Machine.create();
  const tracer = machine.trace();
  for (const name of ["__proto__", "constructor", "toString"]) {
    assert.throws(() => tracer.write(name as never, "x"), Misuse);
    assert.throws(() => tracer.read(name as never), Misuse);
    assert.throws(() => machine.tracefs(name as never), Misuse);
    assert.throws(() => machine.call(name), Misuse);
    assert.equal(machine.importOf(name), undefined);
  }
});

test("a host function that returns a promise, a fraction or text ends the call with a Misuse", async () => {
  const machine = await Machine.create();
  for (const [name, answer] of Object.entries({
    promise: Promise.resolve(1),
    fraction: 0.5,
    text: "1",
    large: 1n,
    huge: 2 ** 40,
  })) {
    machine.provide(`answer_${name}`, () => answer as never);
    assert.throws(() => machine.call(`answer_${name}`), Misuse, name);
  }
});
