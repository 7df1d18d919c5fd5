// Tests that exceptions are exact: code, EPC, BD and BadVAddr as in the manual, and no effect of the instruction that
// raised one, for exceptions that stop at the host and for those that enter a vector.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  EXC_ADEL,
  EXC_ADES,
  EXC_BP,
  EXC_CPU,
  EXC_DBE,
  EXC_IBE,
  EXC_MOD,
  EXC_OV,
  EXC_RI,
  EXC_SYS,
  EXC_TLBL,
  EXC_TLBS,
  EXC_TR,
} from "../../assembly/shared/opcodes.ts";
import { STOP_EXCEPTION, STOP_LIMIT, STOP_NO_HANDLER } from "../../assembly/shared/stops.ts";
import { asm, CODE, ENDIANS, Guest, NOP, R } from "./guest.ts";

const EPC = 14;
const BADVADDR = 8;
const READ_ONLY = 0xc0004000;
const NEVER_RUN = asm("addiu", R.v1, R.zero, 1);

interface Case {
  readonly what: string;
  readonly word: number;
  readonly code: number;
  /** a0 and a1 before the instruction. */
  readonly a0?: number;
  readonly a1?: number;
  readonly badVAddr?: number;
  readonly coprocessor?: number;
}

const CASES: readonly Case[] = [
  {
    what: "add overflows",
    word: asm("add", R.v0, R.a0, R.a1),
    a0: 0x7fffffff,
    a1: 1,
    code: EXC_OV,
  },
  { what: "addi overflows", word: asm("addi", R.v0, R.a0, -1), a0: 0x80000000, code: EXC_OV },
  {
    what: "sub overflows",
    word: asm("sub", R.v0, R.a0, R.a1),
    a0: 0x80000000,
    a1: 1,
    code: EXC_OV,
  },
  {
    what: "add of r0 overflows all the same",
    word: asm("add", 0, R.a0, R.a1),
    a0: 0x7fffffff,
    a1: 1,
    code: EXC_OV,
  },
  { what: "teq", word: asm("teq", R.a0, R.a1, 0), a0: 5, a1: 5, code: EXC_TR },
  {
    what: "tltiu with a sign-extended immediate",
    word: asm("tltiu", R.a0, -1),
    a0: 0xfffffffe,
    code: EXC_TR,
  },
  { what: "syscall", word: asm("syscall", 3), code: EXC_SYS },
  { what: "break", word: asm("break", 7, 0), code: EXC_BP },
  { what: "sdbbp for the host", word: asm("sdbbp", 0), code: EXC_BP },
  { what: "a reserved major opcode", word: 0x18 << 26, code: EXC_RI },
  { what: "a reserved funct", word: 0x3e, code: EXC_RI },
  { what: "jalx, without MIPS16", word: 0x1d << 26, code: EXC_RI },
  {
    what: "srl with a bad rotate field",
    word: asm("srl", R.v0, R.a0, 1) | (2 << 21),
    code: EXC_RI,
  },
  { what: "ins with msb below lsb", word: asm("ins", R.v0, R.a0, 5, 4), code: EXC_RI },
  { what: "ext past bit 31", word: asm("ext", R.v0, R.a0, 5, 27), code: EXC_RI },
  {
    what: "mult into another accumulator",
    word: asm("mult", R.a0, R.a1) | (1 << 11),
    code: EXC_RI,
  },
  { what: "deret outside debug mode", word: asm("deret"), code: EXC_RI },
  { what: "rdhwr of UserLocal, which is absent", word: asm("rdhwr", R.v0, 29), code: EXC_RI },
  { what: "lwc1", word: 0x31 << 26, code: EXC_CPU, coprocessor: 1 },
  { what: "movf", word: 1, code: EXC_CPU, coprocessor: 1 },
  { what: "an instruction of coprocessor 1", word: 0x11 << 26, code: EXC_CPU, coprocessor: 1 },
  { what: "an instruction of coprocessor 2", word: 0x12 << 26, code: EXC_CPU, coprocessor: 2 },
  {
    what: "lw of an odd address",
    word: asm("lw", R.v0, 2, R.a0),
    a0: 0x80008000,
    badVAddr: 0x80008002,
    code: EXC_ADEL,
  },
  {
    what: "lh of an odd address",
    word: asm("lh", R.v0, 0, R.a0),
    a0: 0x80008001,
    badVAddr: 0x80008001,
    code: EXC_ADEL,
  },
  {
    what: "sw to an odd address",
    word: asm("sw", R.v0, 1, R.a0),
    a0: 0x80008000,
    badVAddr: 0x80008001,
    code: EXC_ADES,
  },
  {
    what: "sh to an odd address",
    word: asm("sh", R.v0, 1, R.a0),
    a0: 0x80008000,
    badVAddr: 0x80008001,
    code: EXC_ADES,
  },
  {
    what: "ll of an odd address",
    word: asm("ll", R.v0, 1, R.a0),
    a0: 0x80008000,
    badVAddr: 0x80008001,
    code: EXC_ADEL,
  },
  {
    what: "sc to an odd address",
    word: asm("sc", R.v0, 1, R.a0),
    a0: 0x80008000,
    badVAddr: 0x80008001,
    code: EXC_ADES,
  },
  {
    what: "alignment before translation",
    word: asm("lw", R.v0, 1, R.a0),
    a0: 0,
    badVAddr: 1,
    code: EXC_ADEL,
  },
  {
    what: "a load through a null pointer",
    word: asm("lw", R.v0, 8, R.a0),
    a0: 0,
    badVAddr: 8,
    code: EXC_TLBL,
  },
  {
    what: "a load into r0 through one",
    word: asm("lbu", 0, 8, R.a0),
    a0: 0,
    badVAddr: 8,
    code: EXC_TLBL,
  },
  {
    what: "a store through one",
    word: asm("sb", R.v0, 8, R.a0),
    a0: 0,
    badVAddr: 8,
    code: EXC_TLBS,
  },
  {
    what: "lwl where nothing is",
    word: asm("lwl", R.v0, 0, R.a0),
    a0: 0xfffffffd,
    badVAddr: 0xfffffffd,
    code: EXC_TLBL,
  },
  {
    what: "swr where nothing is",
    word: asm("swr", R.v0, 0, R.a0),
    a0: 0x7fffffff,
    badVAddr: 0x7fffffff,
    code: EXC_TLBS,
  },
  {
    what: "a store to a read-only page",
    word: asm("sw", R.v0, 0, R.a0),
    a0: READ_ONLY,
    badVAddr: READ_ONLY,
    code: EXC_MOD,
  },
  { what: "a load past memory", word: asm("lw", R.v0, 0, R.a0), a0: 0x80100000, code: EXC_DBE },
  { what: "a store past memory", word: asm("sw", R.v0, 0, R.a0), a0: 0xbffffffc, code: EXC_DBE },
];

for (const endian of ENDIANS) {
  describe(`exceptions for the host, ${endian}-endian`, () => {
    for (const { what, word, code, a0 = 0, a1 = 0, badVAddr, coprocessor } of CASES) {
      for (const delayed of [false, true]) {
        test(`${what}${delayed ? ", in a delay slot" : ""}`, () => {
          const guest = new Guest(endian);
          guest.core.mapPages(READ_ONLY, 0x5000, 0x1000, false);
          guest.core.setGpr(R.a0, a0);
          guest.core.setGpr(R.a1, a1);
          guest.core.setGpr(R.v0, 0x12345678);
          const program = delayed
            ? [asm("beq", R.zero, R.zero, 3), word, NEVER_RUN]
            : [word, NEVER_RUN];
          assert.equal(guest.run(program), STOP_EXCEPTION);
          assert.equal(guest.core.stopValue, code);
          const { cause } = guest;
          assert.equal(cause.code, code);
          assert.equal(cause.delayed, delayed);
          if (coprocessor !== undefined) assert.equal(cause.coprocessor, coprocessor);
          assert.equal(guest.core.cp0(EPC), CODE);
          assert.equal(guest.core.pc, delayed ? CODE + 4 : CODE);
          assert.equal(guest.core.inDelaySlot, delayed);
          assert.equal(guest.core.gpr(R.v0), 0x12345678);
          assert.equal(guest.core.gpr(R.v1), 0);
          assert.equal(guest.core.count, delayed ? 1 : 0);
          if (badVAddr !== undefined) assert.equal(guest.core.cp0(BADVADDR), badVAddr);
        });
      }
    }

    test("fetches fault at the target address, not at the jump", () => {
      for (const [target, code] of [
        [0x80008002, EXC_ADEL],
        [0x00000001, EXC_ADEL],
        [0xffffffff, EXC_ADEL],
        [~CODE >>> 0, EXC_ADEL],
        [0x00001000, EXC_TLBL],
        [0x80100000, EXC_IBE],
      ] as const) {
        const guest = new Guest(endian);
        guest.core.returnTo = CODE + 8;
        guest.core.setGpr(R.t9, target);
        assert.equal(guest.run([asm("jr", R.t9), NOP], 9), STOP_EXCEPTION);
        assert.deepEqual(guest.cause, { code, delayed: false, coprocessor: 0 });
        assert.equal(guest.core.cp0(EPC), target);
        assert.equal(guest.core.count, 2);
      }
    });

    test("a host that repairs the cause can continue without a difference", () => {
      const guest = new Guest(endian);
      guest.core.setGpr(R.a0, 0xc0009000);
      const program = [asm("beq", R.zero, R.zero, 2), asm("sw", R.a0, 4, R.a0), NOP, NEVER_RUN];
      assert.equal(guest.run(program, 3), STOP_EXCEPTION);
      guest.core.mapPages(0xc0009000, 0x6000, 0x1000, true);
      assert.equal(guest.core.run(2), STOP_LIMIT);
      assert.deepEqual(
        [guest.word(0x80006004), guest.core.gpr(R.v1), guest.core.count],
        [0xc0009000, 1, 3],
      );
    });
  });

  describe(`exceptions in vectors, ${endian}-endian`, () => {
    const STATUS = 12;

    test("an exception enters EBase + 180 with EXL, and eret leaves", () => {
      const guest = new Guest(endian, true);
      guest.put(
        0x80000180,
        asm("mfc0", R.k0, EPC, 0),
        asm("addiu", R.k0, R.k0, 4),
        asm("mtc0", R.k0, EPC, 0),
        asm("eret"),
      );
      guest.run([asm("syscall", 0), NEVER_RUN], 6);
      assert.equal(guest.core.gpr(R.v1), 1);
      assert.equal(guest.core.pc, CODE + 8);
      assert.equal(guest.core.cp0(STATUS), 0);
      assert.equal(guest.core.count, 6);
      assert.equal(guest.cause.code, EXC_SYS);
    });

    test("EBase moves the vectors, BEV moves them to the boot ROM", () => {
      const guest = new Guest(endian, true);
      guest.core.setCp0(15, 1, 0x80004000);
      guest.run([asm("syscall", 0)]);
      assert.equal(guest.core.pc, 0x80004180);
      guest.core.setCp0(STATUS, 0, 0x00400000);
      guest.run([asm("syscall", 0)]);
      assert.equal(guest.core.pc, 0xbfc00380);
    });

    test("a TLB refill has its own vector, but not within an exception, whose EPC and BD then stay", () => {
      const guest = new Guest(endian, true);
      guest.run([asm("lw", R.v0, 0, R.zero)]);
      assert.equal(guest.core.pc, 0x80000000);
      assert.equal(guest.core.cp0(EPC), CODE);
      guest.put(0x80000000, asm("beq", R.zero, R.zero, 1), asm("lw", R.v0, 4, R.zero));
      guest.core.run(2);
      assert.equal(guest.core.pc, 0x80000180);
      assert.equal(guest.core.cp0(EPC), CODE);
      assert.deepEqual(guest.cause, { code: EXC_TLBL, delayed: false, coprocessor: 0 });
      assert.equal(guest.core.cp0(BADVADDR), 4);
    });

    test("a refill gives the page in Context and EntryHi", () => {
      const guest = new Guest(endian, true);
      guest.core.setCp0(4, 0, 0xff800000);
      guest.core.setCp0(10, 0, 0x42);
      guest.core.setGpr(R.a0, 0x12345678);
      guest.run([asm("lw", R.v0, 0, R.a0)]);
      assert.equal(guest.core.cp0(4), (0xff800000 | ((0x12345678 >>> 13) << 4)) >>> 0);
      assert.equal(guest.core.cp0(10), 0x12344042);
    });

    test("a vector that faults for ever ends the run, with the first exception in Cause", () => {
      const guest = new Guest(endian, true);
      guest.core.setCp0(15, 1, 0x80200000);
      assert.equal(guest.run([asm("break", 0, 0)], 100_000), STOP_NO_HANDLER);
      assert.deepEqual([guest.core.pc, guest.core.count], [0x80200180, 1]);
      assert.deepEqual([guest.cause.code, guest.core.stopValue], [EXC_BP, EXC_IBE]);
    });

    test("sdbbp enters debug mode, deret leaves it", () => {
      const guest = new Guest(endian, true);
      guest.run([asm("sdbbp", 0)]);
      assert.equal(guest.core.pc, 0xbfc00480);
      assert.equal(guest.core.cp0(24), CODE);
      assert.equal((guest.core.cp0(23) >>> 30) & 1, 1);
      guest.core.pc = 0x80002000;
      guest.put(0x80002000, asm("deret"));
      guest.core.run(1);
      assert.equal(guest.core.pc, CODE);
      assert.equal((guest.core.cp0(23) >>> 30) & 1, 0);
    });
  });
}
