// Tests machines saved and restored: in the same machine, in one made by the same steps, with an open call and an
// active tracer; a machine made by other steps must refuse the snapshot.

import assert from "node:assert/strict";
import { suite, test } from "node:test";
import type { Endian } from "../../src/bytes/endian.ts";
import { Misuse } from "../../src/errors.ts";
import { labProcessor } from "../../src/lab/lab-processor.ts";
import { Machine } from "../../src/lab/machine.ts";
import { saveProcessor } from "../../src/processor/snapshot.ts";
import { ENDIANS } from "../cpu/guest.ts";
import { Random } from "../support/random.ts";
import { repositoryFile } from "../support/repository.ts";
import { bodyOf, withBody } from "../support/snapshot-file.ts";

async function made(endian: Endian, module = "modern", options = {}): Promise<Machine> {
  const machine = await Machine.create({ endian, memory: 16 << 20, ...options });
  await machine.insmod(repositoryFile(`test/modules/built/${module}-${endian}.ko`));
  return machine;
}

for (const endian of ENDIANS) {
  suite(`a machine's snapshot, ${endian} endian`, () => {
    test("of an open call continues in another machine, from any instruction", async () => {
      const first = await made(endian);
      const text = first.memory.alloc(32);
      const call = first.start("work_run", [5]);
      const random = new Random(5);
      const second = await made(endian);
      for (let saved = 0; saved < 20; saved += 1) {
        call.advance(random.below(300));
        const going = second.restore(first.save());
        assert.ok(going !== null);
        assert.deepEqual(
          [going.processor.pc, going.processor.inDelaySlot],
          [first.processor.pc, first.processor.inDelaySlot],
        );
        assert.equal(going.advance().reason, "returned");
        const { v0, instructions } = going.result();
        assert.deepEqual([v0, instructions], [0x5dde5b4e, 4990]);
        going.close();
        assert.equal(second.call("work_signed", [-100, 7]).v0 | 0, -14002);
        // The second machine has allocated what the first one had.
        assert.notEqual(second.memory.alloc(32), text);
      }
      call.close();
    });

    test("is restored in the same machine: memory, the log, and allocations", async () => {
      const machine = await made(endian);
      machine.call("_printk", ["one\n"]);
      const bytes = machine.memory.alloc(16);
      machine.memory.write(bytes, Buffer.from("before"));
      const saved = machine.save();
      const late = machine.memory.alloc(64);
      machine.memory.write(bytes, Buffer.from("after!"));
      machine.call("_printk", ["two\n"]);
      const call = machine.start("work_run", [1]);
      assert.equal(machine.restore(saved), null);
      assert.throws(() => call.advance(), /the call is over/);
      call.close();
      assert.deepEqual(machine.log, ["one"]);
      assert.equal(machine.memory.string(bytes, 6), "before");
      assert.equal(machine.memory.alloc(64), late);
      assert.equal(machine.call("work_run", [5]).v0, 0x5dde5b4e);
    });

    test("keeps the trace, where the same sites are on", async () => {
      const machine = await made(endian);
      const tracer = machine.trace({ filter: ["work_*"] });
      machine.call("work_run", [1]);
      const saved = machine.save();
      const events = [...tracer.events()];
      machine.call("work_run", [2]);
      machine.restore(saved);
      assert.deepEqual([...tracer.events()], events);
      tracer.stop();
      assert.throws(() => machine.restore(saved), /other switched-on call sites/);
    });

    test("keeps the trace while tracing_on is 0, and the size of its ring", async () => {
      const options = { filter: ["work_*"], capacity: 16 } as const;
      const machine = await made(endian);
      const tracer = machine.trace(options);
      machine.call("work_run", [1]);
      tracer.tracingOn = false;
      const events = [...tracer.events()];
      assert.equal(events.length, 16);
      const saved = machine.save();
      tracer.clear();
      machine.restore(saved);
      assert.equal(tracer.tracingOn, false);
      assert.deepEqual([...tracer.events()], events);
      const other = await made(endian);
      const second = other.trace({ ...options, capacity: 256 });
      other.restore(saved);
      assert.deepEqual([...second.events()], events);
      machine.call("work_run", [1]);
      assert.deepEqual([...tracer.events()], events);
      tracer.tracingOn = true;
      machine.call("work_run", [1]);
      assert.equal(tracer.written, 2 * second.written);
      assert.equal(tracer.entries, 16);
    });

    test("is refused by a machine made by other steps", async () => {
      const saved = (await made(endian)).save();
      const refusals: [Machine, RegExp][] = [
        [await made(endian === "big" ? "little" : "big"), /endian|machine with other/],
        [await made(endian, "shapes"), /other modules/],
        [await Machine.create({ endian, memory: 16 << 20 }), /other modules/],
        [await made(endian, "modern", { memory: 32 << 20 }), /bytes of memory/],
        [
          await made(endian, "modern", { cpu: "4KEc" }),
          /of a \w+-endian 24Kc .*; this is a \w+-endian 4KEc/,
        ],
        [await made(endian, "modern", { clockHz: 1000 }), /other clock rate/],
      ];
      const provided = await made(endian);
      provided.provide("mine", () => 1);
      refusals.push([provided, /other host functions/]);
      for (const [machine, says] of refusals) {
        assert.throws(() => machine.restore(saved), says);
        assert.equal(machine.call("strlen", ["alive"]).v0, 5);
      }
    });

    test("can't be taken or restored by a host function", async () => {
      const machine = await made(endian);
      const saved = machine.save();
      machine.provide("strlen", () => void machine.save());
      assert.throws(() => machine.call("strlen"), /by a host function that it runs/);
      machine.provide("strlen", () => void machine.restore(saved));
      assert.throws(() => machine.call("strlen"), /by a host function that it runs/);
    });
  });
}

test("of a bare processor, or with an invalid note, is refused", async () => {
  const machine = await made("little");
  const call = machine.start("work_run", [1]);
  const whole = Buffer.from(machine.save());
  call.close();
  const before = machine.call("work_run", [5]).v0;
  assert.throws(
    () => machine.restore(saveProcessor(labProcessor("little", 16 << 20))),
    /without a machine/,
  );
  const note = /\{"making".*$/s.exec(bodyOf(whole).toString("latin1"))?.[0] ?? "";
  const forge = (changed: string): Buffer => {
    const body = bodyOf(whole);
    const start = body.length - note.length;
    const bytes = Buffer.concat([body.subarray(0, start), Buffer.from(changed)]);
    bytes.writeUInt32LE(changed.length, start - 4);
    return withBody(whole, bytes);
  };
  const parsed = JSON.parse(note);
  const keeping = (changes: object) =>
    JSON.stringify({ ...parsed, keeping: { ...parsed.keeping, ...changes } });
  const lies = [
    "{",
    "[]",
    "null",
    "{}",
    JSON.stringify({ ...parsed, keeping: null }),
    keeping({ physical: [{ start: 0, size: 4096 }] }),
    keeping({ physical: [{ start: 4096, size: 2 ** 31 }] }),
    keeping({
      physical: [
        { start: 4096, size: 8192 },
        { start: 8192, size: 16 },
      ],
    }),
    keeping({ physical: {} }),
    keeping({ log: [1] }),
    keeping({ call: { started: 0 } }),
    keeping({ call: { started: 0, total: 1, spent: 0, saved: [1, 2, 3] } }),
    keeping({ call: { ...parsed.keeping.call, saved: parsed.keeping.call.saved.with(0, 1) } }),
  ];
  for (const lie of lies)
    assert.throws(() => machine.restore(forge(lie)), Misuse, lie.slice(0, 80));
  assert.equal(machine.call("work_run", [5]).v0, before);
  assert.equal(machine.restore(forge(note))?.advance().reason, "returned");
});
