// Checks that the benches' programs return what gcc's native code and QEMU's MIPS return, in both byte orders, and
// that a call leaves no state behind for the next one.

import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { instructionsARound, machineWithProgram, PROGRAMS } from "../../bench/programs.ts";

for (const endian of ["little", "big"] as const) {
  suite(`the benches' programs, ${endian}-endian`, () => {
    for (const program of PROGRAMS) {
      test(program.name, async () => {
        const machine = await machineWithProgram(program, endian);
        assert.ok(program.sums.size > 0);
        for (const [rounds, sum] of program.sums) {
          const { v0 } = machine.call(program.name, [rounds]);
          assert.equal(v0, sum, `${rounds} rounds`);
        }
        assert.ok(instructionsARound(machine, program) > 1000);
      });
    }
  });
}
