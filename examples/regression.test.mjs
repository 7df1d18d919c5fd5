// A regression test as a module's author would write it: the module still loads, still computes the same result,
// calls the expected functions, and isn't getting slower. Instruction counts are exact, so results don't vary between
// runs.
//
//   node --test examples/

import assert from "node:assert/strict";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { Machine, Refusal } from "farjal";

for (const endian of ["little", "big"]) {
  const path = fileURLToPath(
    new URL(`../src/lab-kernel/built/demo-modern-${endian}.ko`, import.meta.url),
  );

  test(`demo_run finds four devices, ${endian}-endian`, async () => {
    const machine = await Machine.create({ endian });
    await machine.insmod(path);
    const { v0, instructions } = machine.call("demo_run", [4]);
    assert.equal(v0, 0xcb06ec12);
    assert.ok(instructions < 2000, `${instructions} instructions`);
    assert.deepEqual(machine.log, ["demo: 4 devices, sum cb06ec12"]);
  });

  test(`each device is described once and polled once, ${endian}-endian`, async () => {
    const machine = await Machine.create({ endian });
    await machine.insmod(path);
    const tracer = machine.trace({ filter: ["device_*"], notrace: ["device_checksum"] });
    machine.call("demo_run", [3]);
    tracer.stop();
    const names = [...tracer.events()].map(({ name }) => name);
    assert.deepEqual(names, [
      "device_describe",
      "device_describe",
      "device_describe",
      "device_poll_input",
      "device_poll_input",
      "device_poll_storage",
    ]);
  });
}

test("without memory the hub reports nothing", async () => {
  const machine = await Machine.create({ endian: "little" });
  // The host replaces the kernel's allocator with one that has no memory left.
  machine.provide("__kmalloc", () => 0);
  await machine.insmod(
    fileURLToPath(new URL("../src/lab-kernel/built/demo-modern-little.ko", import.meta.url)),
  );
  assert.equal(machine.call("demo_run", [4]).v0, 0);
});

test("the module of 2009 is refused without trampolines", async () => {
  const machine = await Machine.create({ endian: "little" });
  const old = fileURLToPath(new URL("../src/lab-kernel/built/demo-little.ko", import.meta.url));
  await assert.rejects(machine.insmod(old, { farJumps: "refuse" }), (error) => {
    assert.ok(error instanceof Refusal);
    assert.equal(error.errno, "ENOEXEC");
    assert.equal(error.dmesg.at(-1), "module demo: relocation overflow");
    return true;
  });
});
