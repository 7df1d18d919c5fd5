// Tests what a call from the host gives when the function doesn't return, what a host function sees and may return, and
// options that don't exist: mistakes of a test's author that would otherwise look like results.

import assert from "node:assert/strict";
import { mock, suite, test } from "node:test";
import { KernelTracer } from "../../src/board/kernel-tracer.ts";
import { Linux } from "../../src/board/linux.ts";
import { boardOf, saveBoard } from "../../src/board/snapshot.ts";
import { diffTraces } from "../../src/compare/diff.ts";
import { Misuse } from "../../src/errors.ts";
import { judgeModules } from "../../src/fits/fits.ts";
import { judgeTree } from "../../src/fits/tree.ts";
import { writeFollowed } from "../../src/formats/followed.ts";
import { readKernel } from "../../src/kernel/read.ts";
import { runAstray } from "../../src/lab/astray.ts";
import { CallStopped } from "../../src/lab/calls/outcome.ts";
import { Machine } from "../../src/lab/machine.ts";
import { StillMachine } from "../../src/lab/still-machine.ts";
import { mendModule } from "../../src/mend/mend.ts";
import { readModule } from "../../src/module/file/file.ts";
import { repositoryFile } from "../support/repository.ts";

for (const endian of ["little", "big"] as const) {
  const modern = repositoryFile(`test/modules/built/modern-${endian}.ko`);
  const imports = repositoryFile(`test/modules/built/imports-${endian}.ko`);

  suite(`a call that stops, ${endian}-endian`, () => {
    test("throws CallStopped with the stop, and leaves the machine usable", async () => {
      const machine = await Machine.create({ endian });
      await machine.insmod(modern);
      assert.throws(
        () => machine.call("work_fill", [0, 5, 7]),
        (error) => {
          assert.ok(error instanceof CallStopped);
          assert.equal(error.name, "CallStopped");
          assert.match(error.message, /^work_fill did not return: exception TLBS: .*work_fill\+0x/);
          assert.equal(error.stop.name, "TLBS");
          assert.equal(error.stop.badVAddr, 0);
          assert.equal(error.stop.registers.length, 32);
          assert.ok(error.stop.code.some(({ address }) => address === error.stop.pc));
          assert.ok(error.instructions > 0);
          return true;
        },
      );
      assert.equal(machine.call("work_checksum", ["hello", 5]).v0, 0x062c0215);
    });

    test("has no v0 as a value", async () => {
      const machine = await Machine.create({ endian });
      await machine.insmod(modern);
      const stopped = machine.call("work_fill", [0, 5, 7], { throws: false });
      assert.deepEqual(Object.keys(stopped).sort(), ["exception", "instructions"]);
      const returned = machine.call("work_signed", [1, 2], { throws: false });
      assert.deepEqual(Object.keys(returned).sort(), ["instructions", "v0", "v1"]);
      const short = machine.start("work_run", [5], { budget: 100 });
      assert.throws(() => short.result(), /hasn't returned/);
      short.advance();
      assert.deepEqual(Object.keys(short.result()).sort(), ["exception", "instructions"]);
      short.close();
    });
  });

  suite(`a host function's call, ${endian}-endian`, () => {
    test("has arguments that a mock sees after the call", async () => {
      const machine = await Machine.create({ endian });
      const count = mock.fn((_call: object) => 40);
      const lookup = mock.fn((_call: object) => 2);
      machine.provide("init_count", count, { args: 0 });
      machine.provide("init_lookup", lookup, { args: 1 });
      machine.provide("init_counter", () => 0);
      await machine.insmod(imports, { stubMissing: true });
      machine.call("imports_run", [7]);
      const [seen] = lookup.mock.calls.map(({ arguments: [call] }) => call as { args: number[] });
      assert.deepEqual(seen?.args, [7]);
      assert.ok(Object.isFrozen(seen?.args));
      assert.equal(count.mock.callCount(), 1);
    });

    test("takes as many as it is told, from the stack too, and is over when the function returns", async () => {
      const machine = await Machine.create({ endian });
      const calls: { args: readonly number[]; arg(index: number): number }[] = [];
      machine.provide("six", (call) => void calls.push(call), { args: 6 });
      machine.provide("usual", (call) => void calls.push(call));
      machine.call("six", [1, 2, 3, 4, 5, -6]);
      machine.call("usual", [1, 2, 3, 4, 5]);
      const [six, usual] = calls;
      assert.deepEqual(six?.args, [1, 2, 3, 4, 5, 0xfffffffa]);
      assert.deepEqual(usual?.args, [1, 2, 3, 4]);
      assert.equal(six?.arg(5), 0xfffffffa);
      assert.throws(() => usual?.arg(4), /the call of usual is over/);
    });

    test("returns 64 bits where they are wanted", async () => {
      const machine = await Machine.create({ endian });
      machine.provide("wide", () => 0x1_0000_0002n, { returns: 64 });
      machine.provide("minus", () => -1, { returns: 64 });
      const { v0, v1 } = machine.call("wide");
      assert.deepEqual(endian === "little" ? [v0, v1] : [v1, v0], [2, 1]);
      const minus = machine.call("minus");
      assert.deepEqual([minus.v0, minus.v1], [0xffffffff, 0xffffffff]);
    });
  });
}

test("a host function's other values are a Misuse that names it", async () => {
  const machine = await Machine.create();
  const refuses = (value: unknown, says: RegExp, returns: 32 | 64 = 32) => {
    machine.provide("gpio_get", () => value as never, { returns });
    assert.throws(
      () => machine.call("gpio_get"),
      (error) => {
        assert.ok(error instanceof Misuse);
        assert.match(error.message, /^the host function gpio_get returned /);
        assert.match(error.message, says);
        return true;
      },
    );
  };
  refuses(Promise.resolve(1), /a promise, and the guest can't wait/);
  refuses("1", /the string "1"/);
  refuses(null, /null/);
  refuses(true, /true/);
  refuses(1.5, /1\.5/);
  refuses({}, /an object/);
  refuses(2 ** 40, /1099511627776, .*\{ returns: 64 \}/);
  refuses(1n, /1n, .*\{ returns: 64 \}/);
  refuses(2n ** 64n, /a bigint or a whole number of 64 bits/, 64);
  refuses(0.5, /0\.5/, 64);
  assert.throws(() => machine.provide("gpio_get", 1 as never), /takes a function, not number/);
});

test("an option that doesn't exist is a Misuse that suggests the near one", async () => {
  const machine = await Machine.create();
  const bytes = new Uint8Array(0);
  const tracer = (await Machine.create()).trace();
  const cases: readonly [() => unknown, RegExp][] = [
    [
      () => Machine.create({ endain: "big" } as never),
      /no option 'endain'; did you mean 'endian'\?/,
    ],
    [() => Machine.create({ kernel: "vmlinuz" } as never), /readKernel\(path\)/],
    [() => machine.insmod("x.ko", { farjumps: "refuse" } as never), /'farjumps'.*'farJumps'/],
    [() => machine.insmod("x.ko", { params: ["a"] } as never), /'params'.*'parameters'/],
    [
      () => machine.call("strlen", ["a"], { budjet: 5 } as never),
      /call\(\) has no option 'budjet'.*'budget'/,
    ],
    [() => machine.call("strlen", ["a"], 5 as never), /options as an object, not 5/],
    [() => machine.call("strlen", "a" as never), /a list, as in call\("f", \[1, 2\]\)/],
    [() => machine.call("strlen", [null] as never), /not null/],
    [
      () => machine.start("strlen", [1], { throws: false } as never),
      /start\(\) has no option 'throws'/,
    ],
    [() => machine.provide("f", () => 1, { arguments: 2 } as never), /'arguments'.*'args'/],
    [() => machine.trace({ filters: ["*"] } as never), /'filters'.*'filter'/],
    [() => machine.rmmod("x", { force: true } as never), /'force'; it takes budget/],
    [() => readKernel(bytes, { symver: "x" } as never), /'symver'.*'symvers'/],
    [() => readModule(bytes, { objects: true } as never), /'objects'.*'object'/],
    [() => mendModule(bytes, { nojumps: true } as never), /'nojumps'.*'noJumps'/],
    [() => diffTraces({} as never, {} as never, { ignoretime: true } as never), /'ignoreTime'/],
    [() => StillMachine.create({ pagesize: 1 } as never), /'pagesize'.*'pageSize'/],
    [() => StillMachine.create().plan({} as never, { farJump: 1 } as never), /'farJumps'/],
    [() => runAstray({} as never, { trial: 1 } as never), /'trial'.*'trials'/],
    [() => Linux.boot({ kernal: bytes } as never), /'kernal'.*'kernel'/],
    [() => Linux.restore(bytes, { enginge: "auto" } as never), /'engine'/],
    [() => KernelTracer.start({} as never, { filters: [] } as never), /'filters'.*'filter'/],
    [() => saveBoard({} as never, { compress: true } as never), /'compress'.*'compressed'/],
    [() => boardOf(bytes, { disk: [] } as never), /'disk'.*'disks'/],
    [() => judgeModules([], { kernal: "x" } as never), /'kernal'.*'kernel'/],
    [() => judgeTree("x", { kernel: "x", job: 1 } as never), /'job'.*'jobs'/],
    [() => writeFollowed({} as never, {} as never, { endain: "big" } as never), /'endian'/],
    [() => [...tracer.text(undefined, { cpus: true } as never)], /'cpus'.*'cpu'/],
    [() => tracer.profile({ graphtime: true } as never), /'graphtime'.*'graphTime'/],
  ];
  for (const [work, says] of cases) {
    await assert.rejects(
      async () => work(),
      (error) => {
        assert.ok(error instanceof Misuse, String(error));
        assert.match(error.message, says);
        return true;
      },
    );
  }
});
