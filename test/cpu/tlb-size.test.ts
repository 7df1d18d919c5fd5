// Tests the JTLB's size: Config1.MMUSize gives it, Index, Wired and Random stay within it, and every entry
// translates. privileged.test.ts and the ROMs test what the entries do.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  CP0_CONFIG1,
  CP0_ENTRYHI,
  CP0_ENTRYLO0,
  CP0_ENTRYLO1,
  CP0_INDEX,
  CP0_RANDOM,
  CP0_STATUS,
  CP0_WIRED,
  EXC_TLBL,
} from "../../assembly/shared/opcodes.ts";
import { Misuse } from "../../src/errors.ts";
import { labProcessor } from "../../src/lab/lab-processor.ts";
import { CPU_MODEL_NAMES } from "../../src/processor/processor.ts";
import { asm, CODE, ENDIANS, Guest, R } from "./guest.ts";

const VALID = 2;
const GLOBAL = 1;
const PAIR = 0x2000;
const USEG = 0x00400000;
const PHYSICAL = 0x8000;

for (const endian of ENDIANS) {
  for (const tlbEntries of [16, 32, 64]) {
    const made = (): Guest => {
      const guest = new Guest(endian);
      guest.core.reset("4KEc", { tlbEntries });
      guest.core.setCp0(CP0_STATUS >>> 3, 0, 0);
      return guest;
    };

    describe(`a TLB of ${tlbEntries} entries, ${endian}-endian`, () => {
      test("is announced in Config1, and Index and Wired hold no more", () => {
        for (const model of CPU_MODEL_NAMES) {
          const core = labProcessor(endian, 1 << 20, model, { tlbEntries });
          assert.equal(core.tlbEntries, tlbEntries);
          assert.equal((core.cp0(CP0_CONFIG1 >>> 3, 1) >>> 25) & 63, tlbEntries - 1);
          for (const register of [CP0_INDEX, CP0_WIRED]) {
            core.setCp0(register >>> 3, 0, 0xffffffff);
            assert.equal(core.cp0(register >>> 3), tlbEntries - 1);
          }
        }
      });

      test("Random runs from the last entry down to Wired, and starts again", () => {
        const { core } = made();
        core.setCp0(CP0_WIRED >>> 3, 0, 5);
        core.pc = CODE;
        const seen = new Set<number>();
        for (let at = 0; at < 2 * tlbEntries; at += 1) {
          seen.add(core.cp0(CP0_RANDOM >>> 3));
          core.run(1);
        }
        const expected = Array.from({ length: tlbEntries - 5 }, (_, index) => index + 5);
        assert.deepEqual(
          [...seen].sort((a, b) => a - b),
          expected,
        );
      });

      test("translates that many pairs of pages at once, and no more", () => {
        const guest = made();
        const { core } = guest;
        for (let index = 0; index <= tlbEntries; index += 1) {
          core.setCp0(CP0_INDEX >>> 3, 0, index);
          core.setCp0(CP0_ENTRYHI >>> 3, 0, USEG + index * PAIR);
          const lo = ((PHYSICAL + index * 0x1000) >>> 6) | VALID | GLOBAL;
          core.setCp0(CP0_ENTRYLO0 >>> 3, 0, lo);
          core.setCp0(CP0_ENTRYLO1 >>> 3, 0, lo);
          guest.run([asm("tlbwi")]);
        }
        // One more pair was written to the entry to which Index wraps: entry 0.
        for (let index = 0; index <= tlbEntries; index += 1) {
          const physical = core.physicalOf(USEG + index * PAIR, false);
          assert.equal(physical, index === 0 ? undefined : PHYSICAL + index * 0x1000);
          core.setCp0(CP0_ENTRYHI >>> 3, 0, USEG + index * PAIR);
          guest.run([asm("tlbp")]);
          const probed = core.cp0(CP0_INDEX >>> 3);
          assert.equal(probed >>> 31, index === 0 ? 1 : 0);
          if (index > 0) assert.equal(probed, index % tlbEntries);
        }
        core.setGpr(R.a0, USEG);
        guest.run([asm("lw", R.v0, 0, R.a0)]);
        assert.equal(guest.cause.code, EXC_TLBL);
      });
    });
  }
}

test("other sizes, and other processors, are refused", () => {
  for (const tlbEntries of [0, 1, 8, 17, 65, 128, -16, Number.NaN]) {
    assert.throws(() => labProcessor("little", 1 << 20, "24Kc", { tlbEntries }), Misuse);
  }
  assert.throws(() => labProcessor("little", 1 << 20, "R3000" as "24Kc"), /no processor 'R3000'/);
});
