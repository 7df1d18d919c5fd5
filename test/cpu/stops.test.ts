// Tests what ends a run and at which instruction: limit, return address, hypercall, wait; and the records that
// farjal's own words write to the trace ring.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { MODE_STOP_ON_EXCEPTION } from "../../assembly/shared/cpu-state.ts";
import { RING } from "../../assembly/shared/memory-map.ts";
import { EXC_ADEL, EXC_RI } from "../../assembly/shared/opcodes.ts";
import {
  STOP_EXCEPTION,
  STOP_HYPERCALL,
  STOP_LIMIT,
  STOP_RETURN,
  STOP_WAIT,
} from "../../assembly/shared/stops.ts";
import { RING_CAPACITY, RING_WRITTEN } from "../../assembly/shared/trace-ring.ts";
import { asm, CODE, ENDIANS, Guest, NOP, R } from "./guest.ts";

const LOOP = [asm("beq", R.zero, R.zero, -1), NOP];

for (const endian of ENDIANS) {
  describe(`stops, ${endian}-endian`, () => {
    test("the limit is exact, over more than one slice of a run", () => {
      const guest = new Guest(endian);
      assert.equal(guest.run(LOOP, 5_000_001), STOP_LIMIT);
      assert.equal(guest.core.count, 5_000_001);
      assert.equal(guest.core.pc, CODE + 4);
      assert.equal(guest.core.run(0), STOP_LIMIT);
      assert.equal(guest.core.count, 5_000_001);
    });

    test("the return address stops a run anywhere, before the instruction there", () => {
      for (const returnTo of [CODE + 8, 0xdead0000, 0x00000004, 0xfffffffc]) {
        const guest = new Guest(endian);
        guest.core.returnTo = returnTo;
        guest.core.setGpr(R.ra, returnTo);
        assert.equal(
          guest.run([asm("jr", R.ra), NOP, asm("addiu", R.v0, R.zero, 1)], 100),
          STOP_RETURN,
        );
        assert.deepEqual([guest.core.pc, guest.core.count, guest.core.gpr(R.v0)], [returnTo, 2, 0]);
        assert.equal(guest.core.run(100), STOP_RETURN);
      }
    });

    test("without a return address no jump returns, not even one to the value that stands for none", () => {
      for (const run of ["run", "runExactly"] as const) {
        const guest = new Guest(endian);
        guest.put(CODE, asm("jr", R.ra), NOP);
        guest.core.setGpr(R.ra, guest.core.returnTo);
        guest.core.pc = CODE;
        assert.equal(guest.core[run](100), STOP_EXCEPTION);
        assert.deepEqual([guest.cause.code, guest.core.pc], [EXC_ADEL, 0xffffffff]);
      }
    });

    test("a run that returns with its last instruction has returned", () => {
      const guest = new Guest(endian);
      guest.core.returnTo = 0xdead0000;
      guest.core.setGpr(R.ra, 0xdead0000);
      assert.equal(guest.run([asm("jr", R.ra), NOP]), STOP_RETURN);
    });

    test("execution that reaches the return address without a jump returns too", () => {
      const guest = new Guest(endian);
      guest.core.returnTo = CODE + 8;
      assert.equal(guest.run([NOP, NOP, NOP], 100), STOP_RETURN);
      assert.equal(guest.core.count, 2);
    });

    test("a hypercall stops at itself with its code, and isn't counted", () => {
      const guest = new Guest(endian);
      assert.equal(guest.run([NOP, asm("farjal.hypercall", 0xabcde)], 100), STOP_HYPERCALL);
      assert.deepEqual(
        [guest.core.stopValue, guest.core.pc, guest.core.count],
        [0xabcde, CODE + 4, 1],
      );
    });

    test("farjal's words are reserved unless switched on, and always in user mode", () => {
      for (const name of ["farjal.hypercall", "farjal.trace_site", "farjal.trace_call"]) {
        const guest = new Guest(endian);
        guest.core.mode = MODE_STOP_ON_EXCEPTION;
        assert.equal(guest.run([asm(name, 0)]), STOP_EXCEPTION);
        assert.equal(guest.cause.code, EXC_RI);
        const user = new Guest(endian);
        user.core.mapPages(0x1000, 0x1000, 0x1000, false);
        user.put(CODE, asm(name, 0));
        user.core.setCp0(12, 0, 0x10);
        user.core.pc = 0x1000;
        assert.equal(user.core.run(1), STOP_EXCEPTION);
        assert.equal(user.cause.code, EXC_RI);
      }
    });

    test("wait without a possible interrupt stops at the host, which can raise one", () => {
      const guest = new Guest(endian);
      guest.core.setCp0(12, 0, 0x0400);
      assert.equal(guest.run([asm("wait", 0), NOP], 2), STOP_WAIT);
      assert.deepEqual([guest.core.pc, guest.core.count], [CODE, 0]);
      guest.core.setInterrupts(0x0400);
      assert.equal(guest.core.run(2), STOP_LIMIT);
    });
  });

  describe(`the trace ring, ${endian}-endian`, () => {
    const record = (guest: Guest, index: number): number[] => [
      ...guest.core.words.slice(RING / 4 + 4 * index, RING / 4 + 4 * index + 4),
    ];

    test("trace_site alone records itself and ra; in a slot, its branch", () => {
      const guest = new Guest(endian);
      guest.core.words[RING_CAPACITY / 4] = 4;
      guest.core.setGpr(R.ra, 0x80123458);
      guest.run([
        asm("farjal.trace_site", 0),
        asm("beq", R.zero, R.zero, 5),
        asm("farjal.trace_site", 0),
      ]);
      assert.equal(guest.core.words[RING_WRITTEN / 4], 2);
      assert.deepEqual(record(guest, 0), [CODE, 0x80123458, 0, 0]);
      assert.deepEqual(record(guest, 1), [CODE + 4, 0x80123458, 2, 0]);
      assert.equal(guest.core.pc, CODE + 28);
      assert.equal(guest.core.count, 3);
    });

    test("trace_call records a0 and a1", () => {
      const guest = new Guest(endian);
      guest.core.words[RING_CAPACITY / 4] = 4;
      guest.core.setGpr(R.a0, 0xc0001000);
      guest.core.setGpr(R.a1, 0xc0002000);
      guest.run([NOP, asm("farjal.trace_call", 0)]);
      assert.deepEqual(record(guest, 0), [0xc0001000, 0xc0002000, 1, 0]);
    });

    test("the exact reading writes the same records", () => {
      const guest = new Guest(endian);
      guest.core.words[RING_CAPACITY / 4] = 4;
      guest.put(CODE, asm("beq", R.zero, R.zero, 5), asm("farjal.trace_site", 0));
      guest.core.pc = CODE;
      guest.core.runExactly(2);
      assert.deepEqual(record(guest, 0), [CODE, 0, 1, 0]);
      assert.deepEqual([guest.core.pc, guest.core.inDelaySlot], [CODE + 24, false]);
    });

    test("a full ring overwrites the oldest and counts on; without a ring nothing is written", () => {
      const guest = new Guest(endian);
      guest.run([asm("farjal.trace_site", 0)]);
      assert.equal(guest.core.words[RING_WRITTEN / 4], 0);
      guest.core.words[RING_CAPACITY / 4] = 4;
      guest.run(Array.from({ length: 6 }, () => asm("farjal.trace_site", 0)));
      assert.equal(guest.core.words[RING_WRITTEN / 4], 6);
      assert.deepEqual(
        [0, 1, 2, 3].map((index) => record(guest, index)[0]),
        [CODE + 16, CODE + 20, CODE + 8, CODE + 12],
      );
      assert.equal(guest.core.words[RING / 4 + 16], 0);
    });
  });
}
