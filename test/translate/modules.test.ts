// Checks with binaryen that every module that the translator makes of the benches' programs and of random words is
// valid, in both byte orders.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { machineWithProgram, PROGRAMS } from "../../bench/programs.ts";
import { FARJAL_WORDS, INSTRUCTIONS } from "../../src/isa/table.ts";
import { CODE, DATA, ENDIANS, Guest, R } from "../cpu/guest.ts";
import { Random } from "../support/random.ts";
import { everyOther, thorough } from "../support/thorough.ts";
import { assertValid, modulesMade } from "./captured.ts";

const ROUNDS = 100;
const SEEDS = thorough ? 6 : 3;
const WORDS = 400;

for (const [order, endian] of ENDIANS.entries()) {
  describe(`modules made, ${endian}-endian`, () => {
    for (const program of everyOther(PROGRAMS, order)) {
      test(program.name, async () => {
        const machine = await machineWithProgram(program, endian, "translator");
        const modules = modulesMade(() => machine.call(program.name, [ROUNDS]));
        assert.ok(modules.length > 0);
        assertValid(modules);
      });
    }

    test("of every instruction, in random order", () => {
      const rows = [...INSTRUCTIONS, ...FARJAL_WORDS];
      for (let seed = 1; seed <= SEEDS; seed++) {
        const random = new Random(seed);
        const guest = new Guest(endian);
        const words = Array.from({ length: WORDS }, () => {
          const row = rows[random.below(rows.length)];
          return row === undefined ? 0 : (row.match | (random.word() & ~row.mask)) >>> 0;
        });
        guest.put(CODE, ...words);
        guest.core.setGpr(R.sp, DATA);
        guest.core.engine = "translator";
        const modules = modulesMade(() => {
          for (let index = 0; index < WORDS; index += 10) {
            guest.core.pc = CODE + 4 * index;
            guest.core.translateCode();
          }
        });
        assertValid(modules);
      }
    });
  });
}
