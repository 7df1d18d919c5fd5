// A vitest test of a module: its imports are mocks, and a crash is an error.

import { CallStopped, type HostCall, Machine } from "farjal";
import { expectTrace } from "farjal/testing";
import { describe, expect, test, vi } from "vitest";

const path = process.env["MODULE"] ?? "modern.ko";

describe("the module", () => {
  test("frees what it allocates", async () => {
    const machine = await Machine.create();
    const memory = machine.memory.alloc(4096);
    const kmalloc = vi.fn((_call: HostCall) => memory);
    const kfree = vi.fn((_call: HostCall) => undefined);
    machine.provide("__kmalloc", kmalloc, { args: 2 });
    machine.provide("kfree", kfree, { args: 1 });
    await machine.insmod(path);
    const tracer = machine.trace();
    machine.call("work_run", [1]);
    tracer.stop();
    expect(kmalloc).toHaveBeenCalled();
    expect(kfree.mock.calls.map(([call]) => call.args)).toEqual(
      kmalloc.mock.calls.map(() => [memory]),
    );
    expectTrace(tracer).calls("work_copy").times(4);
  });

  test("crashes at a bad pointer, and that is no result", async () => {
    const machine = await Machine.create();
    await machine.insmod(path);
    expect(() => machine.call("work_fill", [0, 5, 7])).toThrow(CallStopped);
  });
});
