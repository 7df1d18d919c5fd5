// Tests a module with a mock in place of a kernel function. `call.args` is a frozen array that stays valid, so a test
// framework's mock shows what each call was given. For vitest, take `test`, `expect` and `vi.fn` from "vitest".
//
//   node --test examples/mock.test.mjs

import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { fileURLToPath } from "node:url";
import { CallStopped, Machine } from "farjal";

const built = (name) => fileURLToPath(new URL(`../test/modules/built/${name}.ko`, import.meta.url));

test("the module allocates as much as it needs, and frees it", async () => {
  const machine = await Machine.create();
  const memory = machine.memory.alloc(4096);
  const kmalloc = mock.fn(() => memory);
  const kfree = mock.fn(() => undefined);
  machine.provide("__kmalloc", kmalloc, { args: 2 });
  machine.provide("kfree", kfree, { args: 1 });
  await machine.insmod(built("modern-little"));
  machine.call("work_run", [1]);
  assert.ok(kmalloc.mock.callCount() > 0);
  assert.equal(kfree.mock.callCount(), kmalloc.mock.callCount());
  for (const {
    arguments: [call],
  } of kmalloc.mock.calls)
    assert.ok(call.args[0] <= 4096);
  for (const {
    arguments: [call],
  } of kfree.mock.calls)
    assert.deepEqual(call.args, [memory]);
});

test("a bad pointer is an error of the test, not a result", async () => {
  const machine = await Machine.create();
  await machine.insmod(built("modern-little"));
  assert.throws(
    () => machine.call("work_fill", [0, 5, 7]),
    (error) => error instanceof CallStopped && error.stop.badVAddr === 0,
  );
});

test("a structure is written by its members' names, and read again", async () => {
  const machine = await Machine.create();
  await machine.insmod(built("card-little"));
  const card = machine.struct({
    mtu: "u32",
    buf: "ptr",
    next: "ptr",
    name: "char[16]",
    stats: { rx_bytes: "u64", errors: "u32" },
  });
  const address = card.alloc({ mtu: 1500, name: "eth0" });
  assert.equal(machine.call("card_grow", [address, 3]).v0, 1503);
  assert.equal(card.read(address).stats.rx_bytes, 5_000_000_000n);
});
