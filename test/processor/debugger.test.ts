// Tests calls in pieces: stepped, stopped at breakpoints and watchpoints, continued and abandoned, with the same end
// as the call in one piece; and a bare processor that takes its own exceptions.

import assert from "node:assert/strict";
import { suite, test } from "node:test";
import type { Endian } from "../../src/bytes/endian.ts";
import { Misuse } from "../../src/errors.ts";
import { Machine } from "../../src/lab/machine.ts";
import { bareRun } from "../../src/processor/bare-run.ts";
import { Debugger } from "../../src/processor/debugger.ts";
import { asm, CODE, ENDIANS, Guest, li, NOP, R } from "../cpu/guest.ts";
import { Random } from "../support/random.ts";
import { repositoryFile } from "../support/repository.ts";

const WORK = "work_run";
const ARGUMENT = 5;

async function loaded(endian: Endian): Promise<Machine> {
  const machine = await Machine.create({ endian, memory: 16 << 20 });
  await machine.insmod(repositoryFile(`test/modules/built/modern-${endian}.ko`));
  return machine;
}

function addressOf(machine: Machine, name: string): number {
  const address = machine.addressOf(name);
  assert.ok(address !== undefined, name);
  return address;
}

for (const endian of ENDIANS) {
  suite(`a call in pieces, ${endian} endian`, () => {
    test("has the same result as in one piece, for any division", async () => {
      const machine = await loaded(endian);
      machine.call(WORK, [ARGUMENT]); // kmalloc's first call sets up its heap
      const whole = machine.call(WORK, [ARGUMENT]);
      const random = new Random(7);
      for (const largest of [1, 3, 1000]) {
        const call = machine.start(WORK, [ARGUMENT]);
        while (call.halt.reason === "steps") call.advance(random.between(1, largest));
        assert.equal(call.halt.reason, "returned");
        const { v0, instructions } = call.result();
        assert.deepEqual([v0, instructions], [whole.v0, whole.instructions]);
        call.close();
      }
      assert.equal(machine.call(WORK, [ARGUMENT]).v0, whole.v0);
    });

    test("stops at a function each time it is called", async () => {
      const machine = await loaded(endian);
      const call = machine.start(WORK, [ARGUMENT]);
      const tool = new Debugger(call);
      const checksum = addressOf(machine, "work_checksum");
      tool.addBreakpoint(checksum);
      let met = 0;
      while (tool.runUntil().reason === "breakpoint") {
        assert.equal(tool.processor.pc, checksum);
        met += 1;
      }
      assert.equal(tool.halt.reason, "returned");
      const tracer = machine.trace({ filter: ["work_checksum"] });
      call.close();
      machine.call(WORK, [ARGUMENT]);
      assert.equal(met, tracer.written);
      assert.ok(met > 1);
    });

    test("stops before a write to watched memory, and after it with one more step", async () => {
      const machine = await loaded(endian);
      const bytes = machine.memory.alloc(64);
      const call = machine.start("work_fill", [bytes, 5, 7]);
      const tool = new Debugger(call);
      tool.addWatchpoint({ address: bytes + 2, size: 1, kind: "write" });
      assert.deepEqual(tool.runUntil(), { reason: "watchpoint", address: bytes + 2 });
      assert.deepEqual([...tool.memory.read(bytes, 4)], [0x3d, 0xe9, 0, 0]);
      tool.step();
      assert.deepEqual([...tool.memory.read(bytes, 4)], [0x3d, 0xe9, 0x9c, 0]);
      assert.equal(tool.runUntil().reason, "returned");
      call.close();
    });

    test("serves host functions between, one step each", async () => {
      const machine = await loaded(endian);
      machine.provide("strlen", () => 41);
      const call = machine.start("strlen");
      const tool = new Debugger(call);
      assert.equal(tool.step().reason, "returned");
      assert.deepEqual([call.result().v0, call.result().instructions], [41, 0]);
      call.close();
    });

    test("ends at an exception with the state as it was before the instruction", async () => {
      const machine = await loaded(endian);
      const call = machine.start("work_fill", [0, 5, 7]);
      const tool = new Debugger(call);
      const halt = tool.runUntil();
      assert.ok(halt.reason === "ended" && halt.stop.name === "TLBS");
      assert.equal(tool.processor.pc, halt.stop.pc);
      assert.equal(tool.step().reason, "ended");
      assert.equal(call.result().exception?.name, "TLBS");
      call.close();
      machine.call("work_signed", [1, 2]);
    });

    test("runs until an address, or until a budget is spent", async () => {
      const machine = await loaded(endian);
      const call = machine.start(WORK, [ARGUMENT]);
      const tool = new Debugger(call);
      assert.equal(tool.runUntil({ budget: 17 }).reason, "steps");
      assert.equal(call.instructions, 17);
      const address = addressOf(machine, "work_fill");
      assert.equal(tool.runUntil({ address }).reason, "breakpoint");
      assert.equal(tool.processor.pc, address);
      assert.deepEqual(tool.breakpoints, []);
      assert.equal(tool.runUntil().reason, "returned");
      call.close();
    });

    test("does not stop in calls that others make", async () => {
      const machine = await loaded(endian);
      const call = machine.start(WORK, [ARGUMENT]);
      const tool = new Debugger(call);
      tool.addBreakpoint(addressOf(machine, "work_checksum"));
      assert.equal(machine.call("work_checksum", ["hello", 5]).v0, 0x062c0215);
      assert.equal(tool.runUntil().reason, "breakpoint");
      call.close();
    });

    test("counts host functions that call themselves endlessly against the budget", async () => {
      const machine = await loaded(endian);
      machine.provide("strlen", () => undefined);
      const round = machine.addressOf("strlen") ?? 0;
      const jump = machine.memory.alloc(16);
      li(R.ra, round).forEach((word, index) => {
        machine.memory.setU32(jump + 4 * index, word);
      });
      machine.memory.setU32(jump + 8, asm("jr", R.ra));
      const { exception } = machine.call(jump, [], { budget: 1000, throws: false });
      assert.equal(exception?.kind, "budget");
    });
  });

  suite(`a bare processor, ${endian} endian`, () => {
    test("is run until an exception reaches its vector", () => {
      const { core } = new Guest(endian, true);
      const guest = new Guest(endian, true);
      guest.put(CODE, NOP, NOP, asm("lw", R.v0, 1, R.zero));
      guest.core.pc = CODE;
      const tool = new Debugger(bareRun(guest.core));
      assert.equal(tool.runUntil({ exception: true, budget: 100 }).reason, "breakpoint");
      assert.deepEqual([tool.processor.pc, tool.processor.count], [0x80000180, 3]);
      assert.equal(tool.processor.cp0(14), CODE + 8);
      assert.equal(tool.memory.u32(CODE + 8), guest.word(CODE + 8));
      assert.equal(core.count, 0);
    });
  });
}

test("a call is abandoned once, from the inside out", async () => {
  const machine = await loaded("little");
  const call = machine.start(WORK, [ARGUMENT]);
  assert.throws(() => machine.start(WORK), Misuse);
  call.close();
  call.close();
  assert.throws(() => call.advance(), Misuse);
  machine.provide("strlen", () => open.close());
  const open = machine.start("strlen");
  assert.throws(() => open.advance(), /the call is running/);
  open.close();
});

test("invalid breakpoints and watchpoints are misuse, and change nothing", async () => {
  const machine = await loaded("little");
  const call = machine.start(WORK, [ARGUMENT]);
  const tool = new Debugger(call);
  assert.throws(() => tool.addBreakpoint(0x80001002), Misuse);
  assert.throws(() => tool.addWatchpoint({ address: 0, size: 0, kind: "read" }), Misuse);
  assert.deepEqual([tool.breakpoints, tool.watchpoints], [[], []]);
  assert.equal(tool.removeBreakpoint(0x80001000), false);
  assert.equal(tool.removeWatchpoint({ address: 0, size: 4, kind: "read" }), false);
  for (const steps of [-1, Number.NaN]) assert.throws(() => tool.step(steps), Misuse);
  call.close();
});
