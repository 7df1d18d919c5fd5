// Tests call sites that are switched while the guest is at any instruction: between the words of a site, or in
// ftrace_caller after leaving it. The guest never runs a mix of old and new words, and an event has its site's
// address even if the words there have changed in the meantime.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Machine } from "../../src/lab/machine.ts";
import { repositoryFile } from "../support/repository.ts";

const ROUNDS = 3;

for (const endian of ["little", "big"] as const) {
  for (const name of ["leaf", "leaf_jal"]) {
    for (const way of ["native", "guest"] as const) {
      for (const tracer of ["function", "function_graph"] as const) {
        test(`${name}, ${tracer}, ${way}, ${endian} endian: off and on again after each instruction`, async () => {
          const machine = await Machine.create({ endian });
          await machine.insmod(repositoryFile(`test/modules/built/${name}-${endian}.ko`));
          const expected = machine.call("leaf_loop", [ROUNDS]).v0;
          const sites = new Set(machine.traceable.functions.map(({ address }) => address));
          const trace = machine.trace({ tracer, way });
          const whole = machine.call("leaf_loop", [ROUNDS]).instructions;
          for (let steps = 1; steps <= whole; steps += 1) {
            trace.clear();
            const call = machine.start("leaf_loop", [ROUNDS]);
            call.advance(steps);
            trace.write("set_ftrace_notrace", "*");
            call.advance(1 + (steps % 11));
            trace.write("set_ftrace_notrace", "");
            call.advance();
            const { exception, v0 } = call.result();
            call.close();
            assert.deepEqual([exception, v0], [undefined, expected], `after ${steps}`);
            for (const { ip } of trace.events()) assert.ok(sites.has(ip), `${ip} after ${steps}`);
            assert.equal(machine.call("leaf_loop", [ROUNDS]).instructions, whole);
          }
        });
      }
    }
  }
}
