// Tests guest code that fails in ways that no compiler produces: a reserved instruction, an unhandled exception, one
// exception within another, a jump to an unmapped address. Each ends the call with the exception, the registers and
// the words around pc, and the machine can serve other calls afterwards.

import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { Machine } from "../../src/lab/machine.ts";
import type { CpuModel } from "../../src/processor/processor.ts";
import type { GuestStop } from "../../src/processor/stop.ts";
import { PLAIN } from "../../src/report/paint.ts";
import { codeLines, stopText } from "../../src/report/stop-text.ts";
import { asm, ENDIANS, li, NOP, R } from "../cpu/guest.ts";

const RESERVED = 0xffffffff;
const STATUS = 12;
const EXL = 2;

for (const endian of ENDIANS) {
  suite(`guest code that goes wrong, ${endian} endian`, () => {
    /** Calls these words; they must not return. */
    const stop = (...words: number[]) => stopOn("24Kc", words);

    async function stopOn(
      cpu: CpuModel,
      words: readonly number[],
    ): Promise<{ stop: GuestStop; start: number; text: string }> {
      const machine = await Machine.create({ endian, memory: 16 << 20, cpu });
      const start = machine.memory.alloc(4 * words.length + 64) + 32;
      words.forEach((word, index) => {
        machine.memory.setU32(start + 4 * index, word);
      });
      const { exception } = machine.call(start, [], { budget: 10_000, throws: false });
      assert.ok(exception !== undefined);
      assert.equal(machine.call("strlen", ["alive"]).v0, 5);
      return { stop: exception, start, text: stopText(exception, PLAIN) };
    }

    test("a reserved instruction", async () => {
      const { stop: ended, start, text } = await stop(NOP, RESERVED, asm("jr", R.ra));
      assert.deepEqual([ended.kind, ended.name, ended.pc], ["exception", "RI", start + 4]);
      assert.match(text, /^ {2}=> [0-9a-f]{8} +ffffffff {2}\.word 0xffffffff$/m);
      assert.deepEqual(
        ended.code.map(({ word }) => word),
        [0, 0, 0, 0, NOP, RESERVED, asm("jr", R.ra), 0, 0, 0, 0],
      );
    });

    test("DSP code, jalx and a jump to an odd address are named for what they are", async () => {
      const addu_qb = 0x7c851010;
      assert.match((await stop(addu_qb)).stop.message, /^exception RI: DSP code: not run, at /);
      const jalx = 0x74000000;
      assert.match(
        (await stop(jalx, NOP)).stop.message,
        /^exception RI: jalx, a call into MIPS16 /,
      );
      const { stop: odd } = await stop(asm("addiu", R.t9, R.ra, 1), asm("jr", R.t9), NOP);
      assert.match(
        odd.message,
        /^exception AdEL: .*\(an odd address: MIPS16 or microMIPS code, not run\)/,
      );
    });

    test("an instruction of Release 2 on a processor of Release 1: its name, and what mends it", async () => {
      const rotr = asm("rotr", R.v0, R.a0, 3);
      const { stop: ended, start } = await stopOn("4Kc", [NOP, rotr]);
      assert.deepEqual([ended.kind, ended.name, ended.pc], ["exception", "RI", start + 4]);
      assert.match(
        ended.message,
        /^exception RI: rotr, which MIPS32 Release 2 added and a 4Kc, of Release 1, doesn't have; take a 24Kc or 4KEc \(--cpu 24Kc\), or build for -march=mips32, at /,
      );
      assert.match(
        (await stopOn("4Kc", [RESERVED])).stop.message,
        /an instruction that MIPS32 Release 1 reserves/,
      );
      for (const cpu of ["24Kc", "4KEc"] as const) {
        const { stop: other } = await stopOn(cpu, [rotr, RESERVED]);
        assert.match(other.message, /an instruction that MIPS32 Release 2 reserves/);
      }
    });

    test("a branch in a delay slot", async () => {
      const { stop: ended } = await stop(asm("beq", 0, 0, 2), asm("beq", 0, 0, 2));
      assert.match(
        ended.message,
        /^exception RI: a branch in a delay slot, at .* in a delay slot,/,
      );
    });

    test("an exception without a handler", async () => {
      const words = [...li(R.t0, 0x7fffffff), asm("addi", R.t0, R.t0, 1)];
      const { stop: ended, start } = await stop(...words);
      assert.deepEqual(
        [ended.name, ended.pc, ended.registers[R.t0]],
        ["Ov", start + 8, 0x7fffffff],
      );
      assert.equal((await stop(asm("syscall", 0))).stop.name, "Sys");
      assert.equal((await stop(asm("break", 7, 0))).stop.name, "Bp");
    });

    test("an exception while another is being taken: Status.EXL is set", async () => {
      const words = [...li(R.t0, EXL), asm("mtc0", R.t0, STATUS, 0), asm("sw", R.t0, 0, R.zero)];
      const { stop: ended, start, text } = await stop(...words);
      assert.deepEqual([ended.name, ended.pc, ended.badVAddr], ["TLBS", start + 12, 0]);
      assert.match(text, /=> .*sw t0,0\(zero\)$/m);
    });

    test("a jump to an unmapped address", async () => {
      const { stop: ended, text } = await stop(...li(R.t0, 0x00400000), asm("jr", R.t0), NOP);
      assert.deepEqual([ended.name, ended.pc, ended.badVAddr], ["TLBL", 0x00400000, 0x00400000]);
      assert.match(text, /=> 00400000 +\.{8} {2}nothing is mapped here$/m);
      assert.ok(ended.code.every(({ word }) => word === null));
    });

    test("jumps to the ends of the address space, and to a misaligned address", async () => {
      const low = await stop(asm("jr", R.zero), NOP);
      assert.deepEqual([low.stop.name, low.stop.pc], ["TLBL", 0]);
      assert.equal(low.stop.code[0]?.address, 0xffffffec);
      const high = await stop(...li(R.t0, 0xfffffffc), asm("jr", R.t0), NOP);
      assert.deepEqual([high.stop.name, high.stop.pc], ["TLBL", 0xfffffffc]);
      const odd = await stop(...li(R.t0, 0x80001002), asm("jr", R.t0), NOP);
      assert.deepEqual([odd.stop.name, odd.stop.pc], ["AdEL", 0x80001002]);
      assert.deepEqual(
        codeLines(odd.stop)
          .filter(({ current }) => current)
          .map(({ address }) => address),
        [0x80001000],
      );
      const outside = await stop(...li(R.t0, 0x9ffffff0), asm("jr", R.t0), NOP);
      assert.equal(outside.stop.name, "IBE");
    });
  });
}
