// Tests branches and their delay slots, in every combination that the manual distinguishes: taken or not, likely,
// linking, nested, and cut by the end of a run.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { EXC_RI } from "../../assembly/shared/opcodes.ts";
import { STOP_EXCEPTION, STOP_LIMIT } from "../../assembly/shared/stops.ts";
import { jumpTo } from "../../src/isa/assemble.ts";
import { asm, CODE, ENDIANS, Guest, NOP, R } from "./guest.ts";

const mark = (register: number, value: number) => asm("addiu", register, R.zero, value);

for (const endian of ENDIANS) {
  describe(`delay slots, ${endian}-endian`, () => {
    test("a taken branch runs its slot and then its target", () => {
      const guest = new Guest(endian);
      guest.run(
        [asm("beq", R.zero, R.zero, 3), mark(R.t0, 1), mark(R.t1, 1), NOP, mark(R.t2, 1)],
        3,
      );
      assert.deepEqual(
        [guest.core.gpr(R.t0), guest.core.gpr(R.t1), guest.core.gpr(R.t2)],
        [1, 0, 1],
      );
      assert.equal(guest.core.pc, CODE + 20);
    });

    test("an untaken branch runs its slot and what follows", () => {
      const guest = new Guest(endian);
      guest.run([asm("bne", R.zero, R.zero, 3), mark(R.t0, 1), mark(R.t1, 1)]);
      assert.deepEqual([guest.core.gpr(R.t0), guest.core.gpr(R.t1)], [1, 1]);
    });

    test("a branch to the word after its slot still has one", () => {
      const guest = new Guest(endian);
      guest.run([asm("beq", R.zero, R.zero, 1), asm("addiu", R.t0, R.t0, 1), NOP], 2);
      assert.equal(guest.core.gpr(R.t0), 1);
      assert.equal(guest.core.pc, CODE + 8);
    });

    test("an untaken branch-likely skips its slot, which isn't counted", () => {
      const guest = new Guest(endian);
      guest.run([asm("bnel", R.zero, R.zero, 3), mark(R.t0, 1), mark(R.t1, 1)], 2);
      assert.deepEqual([guest.core.gpr(R.t0), guest.core.gpr(R.t1)], [0, 1]);
      assert.equal(guest.core.count, 2);
      assert.equal(guest.core.pc, CODE + 12);
    });

    test("a slot that is skipped needs no page; QEMU asks for one", () => {
      for (const run of ["run", "runExactly"] as const) {
        const guest = new Guest(endian);
        guest.core.mapPages(0xc0000000, 0x5000, 0x1000, false);
        guest.put(0xc0000ffc, asm("bnel", R.zero, R.zero, 3));
        guest.core.pc = 0xc0000ffc;
        assert.equal(guest.core[run](2), STOP_EXCEPTION);
        assert.equal(guest.core.cp0(8), 0xc0001004);
        assert.equal(guest.cause.delayed, false);
      }
    });

    test("a taken branch-likely runs its slot", () => {
      const guest = new Guest(endian);
      guest.run([asm("beql", R.zero, R.zero, 2), mark(R.t0, 1), mark(R.t1, 1)], 2);
      assert.deepEqual([guest.core.gpr(R.t0), guest.core.pc], [1, CODE + 12]);
    });

    test("links are the address after the slot, and the slot sees them", () => {
      const guest = new Guest(endian);
      guest.run([jumpTo("jal", CODE + 16), asm("addu", R.t0, R.ra, R.zero), NOP, NOP, NOP], 2);
      assert.deepEqual(
        [guest.core.gpr(R.ra), guest.core.gpr(R.t0), guest.core.pc],
        [CODE + 8, CODE + 8, CODE + 16],
      );
    });

    test("bltzal links whether it branches or not, and compares the old value of ra", () => {
      const guest = new Guest(endian);
      guest.core.setGpr(R.ra, 0xffffffff);
      guest.run([asm("bltzal", R.ra, 4), NOP], 2);
      assert.deepEqual([guest.core.gpr(R.ra), guest.core.pc], [CODE + 8, CODE + 20]);
      guest.core.setGpr(R.ra, 1);
      guest.run([asm("bltzal", R.ra, 4), NOP], 2);
      assert.deepEqual([guest.core.gpr(R.ra), guest.core.pc], [CODE + 8, CODE + 8]);
    });

    test("jalr reads its target before it links, into any register", () => {
      const guest = new Guest(endian);
      guest.core.setGpr(R.t0, CODE + 64);
      guest.run([asm("jalr", R.t0, R.t0), NOP], 2);
      assert.deepEqual([guest.core.gpr(R.t0), guest.core.pc], [CODE + 8, CODE + 64]);
    });

    test("j stays in the 256 MiB region of its slot", () => {
      const guest = new Guest(endian);
      guest.core.mapPages(0xcffff000, 0x4000, 0x2000, false);
      guest.put(0xcffffffc, asm("j", 0x40), NOP);
      guest.core.pc = 0xcffffffc;
      guest.core.run(2);
      assert.equal(guest.core.pc, 0xd0000100);
    });

    test("a branch in a slot is a reserved instruction and has no effect", () => {
      for (const second of [
        asm("jal", 0),
        asm("bgezal", R.zero, 1),
        asm("jalr", R.ra, R.t0),
        asm("beql", R.t0, R.zero, 1),
      ]) {
        const guest = new Guest(endian);
        assert.equal(guest.run([asm("beq", R.zero, R.zero, 5), second]), STOP_EXCEPTION);
        assert.deepEqual(guest.cause, { code: EXC_RI, delayed: true, coprocessor: 0 });
        assert.equal(guest.core.cp0(14), CODE);
        assert.equal(guest.core.gpr(R.ra), 0);
        assert.equal(guest.core.count, 1);
      }
    });

    test("a run may stop between a branch and its slot, and continues the same", () => {
      const program = [
        mark(R.t0, 5),
        asm("addiu", R.t0, R.t0, -1),
        asm("bne", R.t0, R.zero, -2),
        asm("addiu", R.t1, R.t1, 3),
        asm("bgezall", R.t0, 2),
        asm("addiu", R.t2, R.t2, 1),
        mark(R.v0, 7),
        asm("blezl", R.t0, 1),
        asm("sw", R.t1, 0, R.sp),
        mark(R.v1, 9),
      ];
      const whole = new Guest(endian);
      whole.core.setGpr(R.sp, 0x80008000);
      whole.run(program, 24);
      for (const size of [1, 2, 3, 5]) {
        const pieces = new Guest(endian);
        pieces.core.setGpr(R.sp, 0x80008000);
        pieces.put(CODE, ...program);
        pieces.core.pc = CODE;
        for (let left = 24; left > 0; left -= size)
          assert.equal(pieces.core.run(Math.min(size, left)), STOP_LIMIT);
        assert.equal(pieces.core.count, 24);
        assert.ok(
          pieces.core.pc === whole.core.pc && pieces.core.inDelaySlot === whole.core.inDelaySlot,
        );
        assert.deepEqual(
          Array.from({ length: 32 }, (_, number) => pieces.core.gpr(number)),
          Array.from({ length: 32 }, (_, number) => whole.core.gpr(number)),
        );
      }
      assert.equal(whole.core.gpr(R.t1), 15);
    });
  });
}
