// Tests a board's processor, which takes its exceptions itself, with programs that fail. Without a handler the run
// ends with the exception that found none, at the instruction that raised it, with registers and code; an existing
// handler is never taken for a missing one.

import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { STOP_LIMIT, STOP_NO_HANDLER } from "../../assembly/shared/stops.ts";
import { bareRun } from "../../src/processor/bare-run.ts";
import { PLAIN } from "../../src/report/paint.ts";
import { codeLines, stopText } from "../../src/report/stop-text.ts";
import { asm, CODE, ENDIANS, Guest, li, NOP, R } from "../cpu/guest.ts";

const RESERVED = 0xffffffff;
const REFILL = 0x80000000;
const GENERAL = 0x80000180;
const STATUS = 12;
const CAUSE = 13;
const EPC = 14;
const BEV = 0x00400000;
const EXL = 2;

for (const endian of ENDIANS) {
  suite(`a board without handlers, ${endian} endian`, () => {
    /** Runs the words until they end, as they must. */
    function ended(words: readonly number[], prepare: (guest: Guest) => void = () => {}) {
      const guest = new Guest(endian, true);
      guest.put(CODE, ...words);
      guest.core.pc = CODE;
      prepare(guest);
      const halt = bareRun(guest.core).advance();
      assert.ok(halt.reason === "ended");
      const { stop } = halt;
      assert.equal(stop.registers.length, 32);
      assert.match(stopText(stop, PLAIN), /^ +zero 00000000 /);
      assert.equal(stop.code[5]?.address, stop.pc - (stop.pc % 4));
      return { guest, stop };
    }
    const inside = [NOP, RESERVED, NOP];

    test("memory without code at the vector: the run goes back to the instruction", () => {
      const { stop, guest } = ended(inside);
      assert.deepEqual([stop.name, stop.pc, stop.inDelaySlot], ["RI", CODE + 4, false]);
      assert.match(
        stop.message,
        /^exception RI: an instruction that MIPS32 Release 2 reserves, at 0x80001004, and no handler for it: its vector led to exception RI at 0x80001004$/,
      );
      assert.equal(codeLines(stop)[5]?.text, ".word\t0xffffffff");
      assert.equal(guest.core.cp0(EPC), CODE + 4);
    });

    test("memory without code after the program: the run leaves it at its end", () => {
      const { stop } = ended([...li(R.t0, CODE + 0x40), asm("jr", R.t0), NOP], (guest) => {
        guest.put(CODE + 0x40, asm("mfc0", R.t0, STATUS, 0), asm("andi", R.t0, R.t0, EXL));
        guest.put(CODE + 0x48, asm("bne", R.t0, R.zero, 2), NOP, RESERVED, NOP);
      });
      assert.deepEqual([stop.name, stop.pc], ["RI", CODE + 0x50]);
      assert.match(stop.message, /its vector led to exception IBE at 0x80100000$/);
    });

    test("a vector whose first word fails again, for ever", () => {
      for (const word of [RESERVED, asm("syscall", 0), asm("break", 1, 0), asm("lw", 8, 1, 0)]) {
        const { stop, guest } = ended(inside, (one) => one.put(GENERAL, word));
        assert.deepEqual([stop.name, stop.pc], ["RI", CODE + 4]);
        assert.equal(guest.core.pc, GENERAL);
        assert.ok(guest.core.count < 10);
      }
    });

    test("boot vectors where there is no memory", () => {
      const { stop } = ended([asm("syscall", 0)], ({ core }) => core.setCp0(STATUS, 0, BEV));
      assert.deepEqual([stop.name, stop.pc], ["Sys", CODE]);
      assert.match(stop.message, /its vector led to exception IBE at 0xbfc00380$/);
    });

    test("a reset vector where there is no memory", () => {
      const { stop } = ended([], ({ core }) => core.reset("4KEc"));
      assert.deepEqual([stop.name, stop.pc], ["IBE", 0xbfc00000]);
      assert.ok(stop.code.every(({ word }) => word === null));
    });

    test("an exception in a delay slot", () => {
      const { stop } = ended([asm("beq", 0, 0, 3), asm("lw", R.v0, 2, R.zero)]);
      assert.deepEqual([stop.name, stop.pc, stop.inDelaySlot], ["AdEL", CODE + 4, true]);
      assert.match(stop.message, /at 0x80001004 in a delay slot, and no handler/);
    });

    test("a jump to an unmapped address, and to a misaligned one", () => {
      for (const [target, name] of [
        [0x00400000, "TLBL"],
        [0xfffffffc, "TLBL"],
        [0x80001002, "AdEL"],
        [0x9ffffff0, "IBE"],
      ] as const) {
        const { stop } = ended([...li(R.t0, target), asm("jr", R.t0), NOP]);
        assert.deepEqual([stop.name, stop.pc], [name, target]);
      }
    });

    test("a double fault: a refill handler that misses, with nothing behind it", () => {
      const { stop, guest } = ended([asm("sw", R.zero, 16, R.zero)], (one) => {
        one.put(REFILL, asm("lw", R.k0, 32, R.zero));
        one.put(GENERAL, asm("lw", R.k0, 48, R.zero));
      });
      // By then Cause describes the handler's own miss; EPC still has the store's address.
      assert.deepEqual([stop.name, stop.pc], ["TLBL", CODE]);
      assert.equal(guest.core.pc, GENERAL);
    });

    test("a debug exception without a debug handler", () => {
      const { stop, guest } = ended([NOP, asm("sdbbp", 0)]);
      assert.deepEqual([stop.name, stop.pc], ["Bp", CODE + 4]);
      assert.equal(guest.core.pc, 0xbfc00480);
    });

    test("continued, it ends again at the same place; with a handler it continues", () => {
      const { guest } = ended([asm("syscall", 0), asm("beq", 0, 0, -1), NOP], (one) => {
        one.put(GENERAL, RESERVED);
      });
      assert.equal(guest.core.run(100), STOP_NO_HANDLER);
      guest.put(
        GENERAL,
        asm("mfc0", R.k0, EPC, 0),
        asm("addiu", R.k0, R.k0, 4),
        asm("mtc0", R.k0, EPC, 0),
        asm("eret"),
      );
      assert.equal(guest.core.run(100), STOP_LIMIT);
      assert.ok(guest.core.pc === CODE + 4 || guest.core.pc === CODE + 8);
    });

    test("both readings end at the same place", () => {
      const run = (reading: "run" | "runExactly") => {
        const guest = new Guest(endian, true);
        guest.put(CODE, ...inside);
        guest.core.pc = CODE;
        assert.equal(guest.core[reading](2_000_000), STOP_NO_HANDLER);
        return [guest.core.pc, guest.core.count, guest.core.cp0(CAUSE), guest.core.stopValue];
      };
      assert.deepEqual(run("run"), run("runExactly"));
    });

    test("handlers that fail before another one runs cause no endless loop", () => {
      const guest = new Guest(endian, true);
      guest.put(CODE, asm("lw", R.v0, 0, R.zero), asm("beq", 0, 0, -1), NOP);
      guest.put(REFILL, asm("lw", R.k0, 64, R.zero));
      guest.put(
        GENERAL,
        asm("mfc0", R.k1, STATUS, 0),
        asm("addiu", R.v0, R.zero, 7),
        ...li(R.k0, CODE + 4),
        asm("mtc0", R.k0, EPC, 0),
        asm("eret"),
      );
      guest.core.pc = CODE;
      assert.equal(bareRun(guest.core).advance(50).reason, "steps");
      assert.equal(guest.core.gpr(R.k1) & EXL, EXL);
      assert.equal(guest.core.gpr(R.v0), 7);
    });
  });
}
