// Tests the call sites of a plain object that recordmcount has not seen: its relocations show them, and its functions
// are traced as those of the module that is built from the same source.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { suite, test } from "node:test";
import type { Endian } from "../../src/bytes/endian.ts";
import { Machine } from "../../src/lab/machine.ts";
import { readModule } from "../../src/module/file/file.ts";
import { describeModule } from "../../src/module/file/info.ts";
import { builtModule } from "../cli/farjal.ts";
import { repositoryFile } from "../support/repository.ts";

const objectPath = (endian: Endian) => repositoryFile(`test/modules/built/work-${endian}.o`);

/** The names that a call's events have, and its result. */
async function traced(endian: Endian, tracer: "function" | "function_graph", object: boolean) {
  const machine = await Machine.create({ endian });
  if (object) await machine.insmod(objectPath(endian), { object: true });
  else await machine.insmod(builtModule("jal2009", endian));
  const events = machine.trace({ tracer });
  const { v0, instructions } = machine.call("work_run", [9]);
  return {
    v0,
    instructions,
    names: [...events.events()].map(({ type, name }) => `${type} ${name}`),
  };
}

for (const endian of ["little", "big"] as const) {
  suite(`a plain object, ${endian}-endian`, () => {
    for (const tracer of ["function", "function_graph"] as const) {
      test(`is traced by ${tracer} as the module of the same source`, async () => {
        const object = await traced(endian, tracer, true);
        assert.ok(object.names.length > 10);
        assert.deepEqual(object, await traced(endian, tracer, false));
      });
    }

    test("has its call sites from its relocations", () => {
      const info = describeModule(readModule(readFileSync(objectPath(endian)), { object: true }));
      assert.equal(info.callSiteSource, "relocations");
      assert.equal(info.recordedCallSites, 0);
      assert.equal(info.unrecordedCallSites.length, info.callSites);
      const module = describeModule(readModule(readFileSync(builtModule("jal2009", endian))));
      assert.equal(module.callSiteSource, "__mcount_loc");
      assert.equal(module.recordedCallSites, info.callSites);
    });

    test("may have calls in a form that farjal doesn't know: those always call", async () => {
      const bytes = new Uint8Array(readFileSync(objectPath(endian)));
      const file = readModule(bytes, { object: true });
      const [first, second] = file.callSites.recorded;
      assert.ok(first !== undefined && second !== undefined);
      // The word in the first call's delay slot no longer makes room for what _mcount pops.
      const view = new DataView(bytes.buffer);
      view.setUint32(first.section.offset + first.offset + 4, 0, endian === "little");
      const machine = await Machine.create({ endian });
      const module = await machine.insmod(bytes, { object: true, name: "work" });
      const known = machine.callSites(module).map(({ site }) => site.address);
      assert.equal(known.length, file.callSites.recorded.length - 1);
    });
  });
}
