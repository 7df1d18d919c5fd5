// Asserts what a module calls, with `farjal/testing`. The assertions throw AssertionError, so any test runner can use
// them: for vitest, import `test` from "vitest" and leave the rest unchanged.
//
//   node --test examples/trace.test.mjs
//   FARJAL_UPDATE=1 node --test examples/trace.test.mjs    writes the golden trace again

import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { Machine } from "farjal";
import { expectTrace } from "farjal/testing";

for (const endian of ["little", "big"]) {
  const module = fileURLToPath(
    new URL(`../src/lab-kernel/built/demo-modern-${endian}.ko`, import.meta.url),
  );

  test(`demo_run calls the expected functions, ${endian}-endian`, async () => {
    const machine = await Machine.create({ endian });
    await machine.insmod(module);
    const tracer = machine.trace();
    machine.call("demo_run", [3]);
    tracer.stop();

    const trace = expectTrace(tracer);
    trace.calls().toMatch(new URL("golden/demo_run.trace", import.meta.url));
    trace.calls("device_describe").times(3);
    trace
      .calls("device_poll_*")
      .toEqual(["device_poll_input", "device_poll_input", "device_poll_storage"]);
    trace.calls("demo_run", "hub_*").toHaveTree(`
      demo_run
        hub_create
          hub_connect
          hub_connect
          hub_connect
        hub_poll
    `);
    trace.never("device_remove*");
  });
}
