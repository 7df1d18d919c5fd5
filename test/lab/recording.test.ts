// Tests recordings: a trace of any length through a small ring must equal the trace in a large ring, and leave
// nothing on disk.

import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { suite, test } from "node:test";
import { Misuse } from "../../src/errors.ts";
import type { TraceEvent, TracerName } from "../../src/ftrace/event.ts";
import { instructionsToFill } from "../../src/ftrace/ring/recording.ts";
import type { TraceWay } from "../../src/ftrace/tracer.ts";
import { Machine } from "../../src/lab/machine.ts";
import { ENGINES } from "../../src/processor/engine.ts";
import { temporaryDirectory } from "../cli/farjal.ts";
import { repositoryFile } from "../support/repository.ts";
import { everyOther } from "../support/thorough.ts";

const SMALL = 256;
const LARGE = 65536;

for (const [order, endian] of (["little", "big"] as const).entries()) {
  suite(`recording, ${endian} endian`, () => {
    const traced = async (
      options: { tracer: TracerName; way: TraceWay; engine: (typeof ENGINES)[number] },
      path: string | null,
    ): Promise<TraceEvent[]> => {
      const { engine, ...rest } = options;
      const machine = await Machine.create({ endian, engine });
      await machine.insmod(repositoryFile(`test/modules/built/modern-${endian}.ko`));
      await machine.insmod(repositoryFile(`test/modules/built/shapes-${endian}.ko`));
      const tracer = machine.trace({ ...rest, capacity: path === null ? LARGE : SMALL });
      const recording = path === null ? null : tracer.record(path);
      machine.call("work_fibonacci", [18]);
      machine.call("work_run", [50]); // calls into the host and back
      machine.call("shapes_recurse", [60]); // fifty functions return one after the other
      machine.call("shapes_even", [80]);
      tracer.stop();
      const events = [...(recording ?? tracer.events())];
      assert.equal(events.length, tracer.written);
      if (recording !== null) {
        assert.equal(recording.length, events.length);
        recording.close();
        assert.throws(() => [...recording], Misuse);
      }
      return events;
    };

    for (const [index, tracer] of (["function", "function_graph"] as const).entries()) {
      for (const way of everyOther(["native", "guest"] as const, index + order)) {
        test(`${tracer}, the ${way} way: a small ring gives the records of a large one`, async (context) => {
          const directory = temporaryDirectory(context);
          for (const engine of ENGINES) {
            const options = { tracer, way, engine };
            const all = await traced(options, null);
            assert.ok(all.length > 4 * SMALL);
            assert.deepEqual(await traced(options, join(directory, "records")), all);
          }
          assert.deepEqual(readdirSync(directory), []);
        });
      }
    }

    test("is refused where its file can't be made, or the tracer is stopped", async (context) => {
      const directory = temporaryDirectory(context);
      const machine = await Machine.create({ endian });
      const tracer = machine.trace();
      assert.throws(() => tracer.record(join(directory, "no", "records")), Misuse);
      tracer.record(join(directory, "records")).close();
      assert.throws(() => tracer.record(join(directory, "other")), Misuse);
      tracer.stop();
      assert.throws(() => tracer.record(join(directory, "records")), Misuse);
    });
  });
}

test("a ring can't fill between two reads", () => {
  assert.equal(instructionsToFill("function", 256), 256);
  // The worst case: each instruction is a call with its return, and fifty open calls return.
  const instructions = instructionsToFill("function_graph", 256);
  assert.ok(2 * instructions + 50 <= 256);
});
