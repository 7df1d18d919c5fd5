// Tests guest code that attacks its host: bad pointers passed to host functions, endless printing, jumps out of the
// machine. The guest gets an exception or reaches its budget, and the host continues.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Machine } from "../../src/index.ts";

const RA = 31;

/** Puts code into guest memory and returns its address. */
function place(machine: Machine, words: readonly number[]): number {
  const address = machine.memory.alloc(4 * words.length);
  words.forEach((word, index) => {
    machine.memory.setU32(address + 4 * index, word);
  });
  return address;
}

function addressOf(machine: Machine, name: string): number {
  const address = machine.addressOf(name);
  assert.ok(address !== undefined);
  return address;
}

for (const endian of ["little", "big"] as const) {
  test(`a bad pointer is the guest's exception in a host function too, ${endian}-endian`, async () => {
    const machine = await Machine.create({ endian });
    const { exception } = machine.call("_printk", [0x7fff0000], { throws: false });
    assert.equal(exception?.name, "TLBL");
    assert.equal(exception?.badVAddr, 0x7fff0000);
    machine.provide("scribble", ({ memory, arg }) => memory.setU32(arg(0), 1));
    const { exception: store } = machine.call("scribble", [0xdeadbee0], { throws: false });
    assert.equal(store?.name, "TLBS");
    assert.equal(store?.badVAddr, 0xdeadbee0);
    machine.call("_printk", ["alive"]);
    assert.deepEqual(machine.log, ["alive"]);
  });

  test(`endless printing keeps the newest lines only, ${endian}-endian`, async () => {
    const machine = await Machine.create({ endian });
    const text = machine.memory.alloc(16);
    machine.memory.write(text, Buffer.from("again\n\0"));
    const printk = addressOf(machine, "_printk");
    const loop = place(machine, [
      (0x3c040000 | (text >>> 16)) >>> 0, // lui a0, text's upper half
      (0x0c000000 | ((printk >>> 2) & 0x03ffffff)) >>> 0, // jal _printk
      (0x34840000 | (text & 0xffff)) >>> 0, // ori a0, a0, its lower half
      0x1000fffc, // b back to the lui
      0,
    ]);
    const { exception } = machine.call(loop, [], { budget: 8_000_000, throws: false });
    assert.equal(exception?.kind, "budget");
    // Some 40,000 are printed. A record of 93 bytes: between 1 and 2 MiB of them are kept.
    assert.ok(
      machine.log.length > 11_000 && machine.log.length < 23_000,
      String(machine.log.length),
    );
    assert.equal(machine.log.at(-1), "again");
  });

  test(`a call of a host function is charged for the host's time, ${endian}-endian`, async () => {
    const machine = await Machine.create({ endian });
    let calls = 0;
    machine.provide("nothing", () => {
      calls += 1;
    });
    const nothing = machine.addressOf("nothing") ?? 0;
    const loop = place(machine, [
      (0x0c000000 | ((nothing >>> 2) & 0x03ffffff)) >>> 0, // jal nothing
      0,
      0x1000fffd, // b back to the jal
      0,
    ]);
    const { exception } = machine.call(loop, [], { budget: 100_000, throws: false });
    assert.equal(exception?.kind, "budget");
    assert.ok(calls > 450 && calls <= 500, String(calls));
  });

  test(`returning to an unmapped address, to a misaligned address and to a made-up host function, ${endian}-endian`, async () => {
    const machine = await Machine.create({ endian });
    const jump = (target: number) => machine.call(target, [], { throws: false }).exception;
    assert.equal(jump(0)?.name, "TLBL");
    assert.equal(jump(0x80100002)?.name, "AdEL");
    assert.equal(jump(0x84000000)?.kind, "exception");
    const madeUp = place(machine, [0x7000ffd1]);
    const made = machine.call(madeUp, [], { throws: false });
    assert.ok(made.exception !== undefined);
    assert.equal(made.exception.registers.length, RA + 1);
  });
}
