// Runs a sample of the stored vectors on a processor of Release 1: an instruction of Release 1 must do what the
// vectors say, and what QEMU's 4Kc does; one that is new in Release 2 is reserved.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { EXC_RI } from "../../assembly/shared/opcodes.ts";
import { INSTRUCTIONS } from "../../src/isa/table.ts";
import { programOf } from "./cases.ts";
import { differences, Guest, isSampled, READINGS, type Reading } from "./guest.ts";
import type { Stop } from "./program.ts";
import { qemuSkip, runOnQemu } from "./qemu.ts";
import { storedFiles } from "./stored.ts";

const EVERY = 16;

const sections = storedFiles().flatMap(({ start, sections }) =>
  sections.map(({ name, vectors }) => ({
    name,
    // A hint exists only in Release 2: Release 1 executes the plain jump.
    reserved: INSTRUCTIONS.some(
      (row) => row.name === name && row.release2 && !name.endsWith(".hb"),
    ),
    sample: vectors
      .filter((_, n) => n % EVERY === 0)
      .map((vector) => ({ program: programOf(vector, start), outcome: vector.outcome })),
  })),
);

for (const endian of ["little", "big"] as const) {
  for (const reading of Object.keys(READINGS) as Reading[]) {
    describe(`Release 1 by the ${reading}, ${endian}-endian`, () => {
      const guest = new Guest(endian, reading, "4Kc");
      for (const { name, reserved, sample } of sections) {
        it(`${name} ${reserved ? "is reserved" : "is unchanged"} (${sample.length})`, () => {
          for (const [n, { program, outcome }] of sample.entries()) {
            if (!isSampled(reading, endian, n)) continue;
            const stop = guest.run(program)[0] as Stop;
            const { registers, data, entry } = program;
            const refused = { exception: EXC_RI, epc: entry, badVAddr: 0, registers, data };
            assert.deepEqual(differences(reserved ? refused : outcome[endian], stop), []);
          }
        });
      }
    });
  }

  // QEMU executes a rotation as a shift there, which the manual leaves open, and rdhwr as Linux would emulate it.
  it(`QEMU's 4Kc gives the same, ${endian}-endian`, { skip: qemuSkip() }, () => {
    const asked = sections.filter(({ name }) => !["rotr", "rotrv", "rdhwr"].includes(name));
    const cases = asked.flatMap(({ name, reserved, sample }) =>
      sample.map((one) => ({ name, reserved, ...one })),
    );
    const stops = runOnQemu(
      endian,
      cases.map(({ program }) => program),
      "4Kc",
    );
    cases.forEach(({ name, reserved, program, outcome }, n) => {
      const [stop] = stops[n] ?? [];
      if (reserved) assert.deepEqual([stop?.exception, stop?.epc], [EXC_RI, program.entry], name);
      else assert.deepEqual(stop, outcome[endian], name);
    });
  });
}
