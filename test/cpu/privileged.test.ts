// Tests the privileged half against the manual: TLB, modes, interrupts, the timer. test/cpu/board.test.ts compares
// the same with QEMU.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  EXC_ADEL,
  EXC_ADES,
  EXC_CPU,
  EXC_INT,
  EXC_MOD,
  EXC_RI,
  EXC_TLBL,
  EXC_TLBS,
} from "../../assembly/shared/opcodes.ts";
import { STOP_LIMIT } from "../../assembly/shared/stops.ts";
import { asm, CODE, ENDIANS, Guest, NOP, R } from "./guest.ts";

const INDEX = 0;
const ENTRYLO0 = 2;
const ENTRYLO1 = 3;
const PAGEMASK = 5;
const WIRED = 6;
const HWRENA = 7;
const COUNT = 9;
const ENTRYHI = 10;
const COMPARE = 11;
const STATUS = 12;
const CAUSE = 13;
const EPC = 14;
const USER = 0x10;
const G = 1;
const V = 2;
const D = 4;
const GENERAL = 0x80000180;

/** An EntryLo. */
const lo = (physical: number, bits: number) => (physical >>> 6) | bits;

/** A board's CPU whose TLB can be written from outside. */
class Board extends Guest {
  constructor(endian: "little" | "big") {
    super(endian, true);
  }

  instruction(name: string, ...operands: number[]): void {
    const { pc } = this.core;
    this.put(0x80000f00, asm(name, ...operands));
    this.core.pc = 0x80000f00;
    this.core.run(1);
    this.core.pc = pc;
  }

  tlb(index: number, hi: number, lo0: number, lo1: number, mask = 0): void {
    const entryHi = this.core.cp0(ENTRYHI);
    this.core.setCp0(INDEX, 0, index);
    this.core.setCp0(ENTRYHI, 0, hi);
    this.core.setCp0(ENTRYLO0, 0, lo0);
    this.core.setCp0(ENTRYLO1, 0, lo1);
    this.core.setCp0(PAGEMASK, 0, mask);
    this.instruction("tlbwi");
    this.core.setCp0(ENTRYHI, 0, entryHi);
  }

  /** Runs one load or store; returns its exception code and vector, or undefined. */
  access(name: string, va: number): { code: number; vector: number } | undefined {
    this.core.setCp0(STATUS, 0, this.core.cp0(STATUS) & ~2);
    this.core.setGpr(R.a0, va);
    this.put(CODE, asm(name, R.v0, 0, R.a0));
    this.core.pc = CODE;
    this.core.run(1);
    return this.core.pc === CODE + 4 ? undefined : { code: this.cause.code, vector: this.core.pc };
  }
}

for (const endian of ENDIANS) {
  describe(`the TLB, ${endian}-endian`, () => {
    test("a pair of pages translates each to its own place, with V and D of its own", () => {
      const board = new Board(endian);
      board.tlb(3, 0x00400000, lo(0x5000, V | D), lo(0x6000, V));
      board.put(0x80005010, 0x11111111);
      board.put(0x80006010, 0x22222222);
      assert.equal(board.access("lw", 0x00400010), undefined);
      assert.equal(board.core.gpr(R.v0), 0x11111111);
      assert.equal(board.access("sw", 0x00400014), undefined);
      assert.equal(board.word(0x80005014), 0x11111111);
      assert.equal(board.access("lw", 0x00401010), undefined);
      assert.equal(board.core.gpr(R.v0), 0x22222222);
      assert.deepEqual(board.access("sw", 0x00401010), { code: EXC_MOD, vector: GENERAL });
      assert.deepEqual(board.access("lw", 0x00402000), { code: EXC_TLBL, vector: 0x80000000 });
      assert.deepEqual(board.access("sw", 0x00402000), { code: EXC_TLBS, vector: 0x80000000 });
    });

    test("a store to a clean page is Mod even if it is the first access", () => {
      const board = new Board(endian);
      board.tlb(0, 0xc0000000, lo(0x5000, V), 0);
      assert.deepEqual(board.access("sw", 0xc0000000), { code: EXC_MOD, vector: GENERAL });
      assert.deepEqual(board.access("sw", 0xc0001000), { code: EXC_TLBS, vector: GENERAL });
      assert.deepEqual(board.access("lw", 0xc0001000), { code: EXC_TLBL, vector: GENERAL });
    });

    test("an entry matches by its ASID, unless it is global", () => {
      const board = new Board(endian);
      board.tlb(0, 0x00400001, lo(0x5000, V), 0);
      board.tlb(1, 0x00400002, lo(0x6000, V), 0);
      board.tlb(2, 0xc0000003, lo(0x7000, V | G), lo(0x7000, V | G));
      board.put(0x80005000, 5);
      board.put(0x80006000, 6);
      board.put(0x80007000, 7);
      for (const asid of [1, 2, 1]) {
        board.core.setCp0(ENTRYHI, 0, asid);
        assert.equal(board.access("lw", 0x00400000), undefined);
        assert.equal(board.core.gpr(R.v0), 4 + asid);
        assert.equal(board.access("lw", 0xc0000000), undefined);
        assert.equal(board.core.gpr(R.v0), 7);
      }
      board.core.setCp0(ENTRYHI, 0, 9);
      assert.deepEqual(board.access("lw", 0x00400000), { code: EXC_TLBL, vector: 0x80000000 });
    });

    test("a rewritten entry no longer translates its old pages, of every size", () => {
      const board = new Board(endian);
      board.tlb(0, 0x00400000, lo(0x0, V), lo(0x10000, V), 0x1e000);
      board.put(0x80001234 & ~3, 1);
      for (const va of [0x00400000, 0x0040f000, 0x00410000, 0x0041f000]) {
        assert.equal(board.access("lw", va), undefined);
      }
      assert.equal(board.core.physicalOf(0x0041f004, false), 0x1f004);
      board.tlb(0, 0x80000000, 0, 0);
      for (const va of [0x00400000, 0x0040f000, 0x00410000, 0x0041f000]) {
        assert.deepEqual(board.access("lw", va), { code: EXC_TLBL, vector: 0x80000000 });
      }
    });

    test("tlbr reads what tlbwi wrote, with the G they share; tlbp finds it", () => {
      const board = new Board(endian);
      board.tlb(5, 0x12346007, lo(0x5000, V | G), lo(0x6000, V | D));
      board.core.setCp0(ENTRYHI, 0, 0);
      board.core.setCp0(INDEX, 0, 5);
      board.instruction("tlbr");
      assert.deepEqual(
        [ENTRYHI, ENTRYLO0, ENTRYLO1, PAGEMASK].map((register) => board.core.cp0(register)),
        [0x12346007, lo(0x5000, V), lo(0x6000, V | D), 0],
      );
      board.core.setCp0(INDEX, 0, 0);
      board.instruction("tlbp");
      assert.equal(board.core.cp0(INDEX), 5);
      board.core.setCp0(ENTRYHI, 0, 0x12346008);
      board.instruction("tlbp");
      assert.equal(board.core.cp0(INDEX) >>> 31, 1);
    });

    test("tlbwr stays above Wired and reaches every entry there", () => {
      const board = new Board(endian);
      board.core.setCp0(WIRED, 0, 12);
      board.put(CODE, asm("mfc0", R.v0, 1, 0));
      const seen = new Set<number>();
      for (let i = 0; i < 32; i++) {
        board.core.pc = CODE;
        board.core.run(1);
        seen.add(board.core.gpr(R.v0));
      }
      assert.deepEqual(
        [...seen].sort((a, b) => a - b),
        [12, 13, 14, 15],
      );
    });

    test("host pages outlive the TLB's changes", () => {
      const board = new Board(endian);
      board.core.mapPages(0xc0000000, 0x5000, 0x1000, true);
      board.tlb(0, 0xc0000000, lo(0x6000, V), lo(0x6000, V));
      board.put(0x80005000, 55);
      assert.equal(board.access("lw", 0xc0001000), undefined);
      board.tlb(0, 0x80000000, 0, 0);
      board.core.setCp0(ENTRYHI, 0, 3);
      assert.equal(board.access("lw", 0xc0000000), undefined);
      assert.equal(board.core.gpr(R.v0), 55);
      assert.deepEqual(board.access("lw", 0xc0001000), { code: EXC_TLBL, vector: 0x80000000 });
    });

    test("a page that leaves the TLB stops being fetched from", () => {
      const board = new Board(endian);
      board.tlb(0, 0x00400000, lo(0x5000, V), 0);
      board.put(0x80005000, asm("tlbwi"), asm("addiu", R.v0, R.zero, 1));
      board.core.setCp0(ENTRYHI, 0, 0x80000000);
      board.core.setCp0(ENTRYLO0, 0, 0);
      board.core.pc = 0x00400000;
      board.core.run(1);
      board.core.setCp0(ENTRYHI, 0, 0);
      board.core.run(1);
      assert.deepEqual(
        [board.core.pc, board.core.cp0(EPC), board.core.gpr(R.v0)],
        [0x80000000, 0x00400004, 0],
      );
    });

    test("while ERL is set useg is physical memory", () => {
      const board = new Board(endian);
      board.put(0x80005000, 77);
      board.core.setCp0(STATUS, 0, 4);
      assert.equal(board.access("lw", 0x5000), undefined);
      assert.equal(board.core.gpr(R.v0), 77);
      board.core.setCp0(STATUS, 0, 0);
      assert.deepEqual(board.access("lw", 0x5000), { code: EXC_TLBL, vector: 0x80000000 });
    });
  });

  describe(`modes and interrupts, ${endian}-endian`, () => {
    /** Runs one word in user mode at 00400000; returns the exception's code, or undefined. */
    const asUser = (
      word: number,
      prepare: (board: Board) => void = () => {},
    ): number | undefined => {
      const board = new Board(endian);
      board.tlb(0, 0x00400000, lo(0x5000, V | D), lo(0x6000, V | D));
      board.put(0x80005000, word);
      board.core.setCp0(STATUS, 0, USER);
      prepare(board);
      board.core.pc = 0x00400000;
      board.core.run(1);
      return board.core.pc === 0x00400004 ? undefined : board.cause.code;
    };

    test("user mode has useg and nothing else", () => {
      const at = (va: number) => (board: Board) => board.core.setGpr(R.a0, va);
      assert.equal(asUser(asm("sw", R.v0, 0, R.a0), at(0x00401ffc)), undefined);
      for (const va of [0x80000000, 0xa0000000, 0xc0000000, 0xfffffffc]) {
        assert.equal(asUser(asm("lw", R.v0, 0, R.a0), at(va)), EXC_ADEL);
        assert.equal(asUser(asm("sb", R.v0, 0, R.a0), at(va)), EXC_ADES);
      }
    });

    test("user mode has no CP0, unless CU0", () => {
      for (const word of [
        asm("mfc0", R.v0, 12, 0),
        asm("eret"),
        asm("tlbwi"),
        asm("di", 0),
        asm("cache", 1, 0, R.a0),
      ]) {
        assert.equal(asUser(word), EXC_CPU);
      }
      assert.equal(
        asUser(asm("mfc0", R.v0, 12, 0), (board) =>
          board.core.setCp0(STATUS, 0, USER | 0x10000000),
        ),
        undefined,
      );
    });

    test("rdhwr obeys HWREna", () => {
      assert.equal(asUser(asm("rdhwr", R.v0, 2)), EXC_RI);
      assert.equal(
        asUser(asm("rdhwr", R.v0, 2), (board) => board.core.setCp0(HWRENA, 0, 4)),
        undefined,
      );
      assert.equal(
        asUser(asm("rdhwr", R.v0, 29), (board) => board.core.setCp0(HWRENA, 0, 0xffffffff)),
        EXC_RI,
      );
    });

    test("an exception from user mode is in kernel mode, and eret goes back", () => {
      const board = new Board(endian);
      board.tlb(0, 0x00400000, lo(0x5000, V), 0);
      board.put(0x80005000, asm("syscall", 0), NOP);
      board.put(GENERAL, asm("sw", R.zero, 0, R.a1), asm("eret"));
      board.core.setGpr(R.a1, 0x80009000);
      board.core.setCp0(STATUS, 0, USER);
      board.core.pc = 0x00400000;
      board.core.run(2);
      assert.equal(board.core.pc, GENERAL + 4);
      board.core.run(1);
      assert.deepEqual([board.core.pc, board.core.cp0(STATUS)], [0x00400000, USER]);
    });

    test("Count ticks every second instruction and meets Compare on the tick", () => {
      const board = new Board(endian);
      board.core.setCp0(COUNT, 0, 100);
      board.core.setCp0(COMPARE, 0, 110);
      board.core.setCp0(STATUS, 0, 0x8001);
      const loop = Array.from({ length: 40 }, () => NOP);
      board.run(loop, 20);
      assert.equal(board.core.cp0(COUNT), 110);
      assert.equal(board.core.pc, CODE + 80);
      board.core.run(1);
      assert.equal(board.core.cp0(EPC), CODE + 80);
      assert.deepEqual([board.core.pc, board.cause.code], [GENERAL + 4, EXC_INT]);
      assert.equal(board.core.cp0(CAUSE) & 0x40008000, 0x40008000);
      board.core.setCp0(COMPARE, 0, 200);
      assert.equal(board.core.cp0(CAUSE) & 0x40008000, 0);
    });

    test("Cause.DC stops Count and the timer, and both continue when it is cleared", () => {
      const board = new Board(endian);
      board.core.setCp0(COUNT, 0, 100);
      board.core.setCp0(CAUSE, 0, 0x08000000);
      board.core.setCp0(COMPARE, 0, 110);
      const loop = [asm("beq", R.zero, R.zero, -1), NOP];
      board.run(loop, 1000);
      assert.equal(board.core.cp0(COUNT), 100);
      assert.equal(board.core.cp0(CAUSE), 0x08000000);
      board.core.setCp0(CAUSE, 0, 0);
      board.core.run(18);
      assert.deepEqual([board.core.cp0(COUNT), board.core.cp0(CAUSE)], [109, 0]);
      board.core.setCp0(STATUS, 0, 0x8001);
      board.core.run(3);
      assert.deepEqual([board.core.cp0(CAUSE) >>> 0, board.cause.code], [0x40008000, EXC_INT]);
    });

    test("an interrupt before a delay slot restarts the branch", () => {
      const board = new Board(endian);
      board.core.setCp0(STATUS, 0, 0x0401);
      board.run([asm("beq", R.zero, R.zero, 4), NOP], 1);
      board.core.setInterrupts(0x0400);
      board.core.run(0);
      assert.equal(board.core.pc, CODE + 4);
      board.core.run(1);
      assert.deepEqual(board.cause, { code: EXC_INT, delayed: true, coprocessor: 0 });
      assert.equal(board.core.cp0(EPC), CODE);
    });

    test("interrupts depend on IE, IM, EXL and ERL; IV has a vector of its own", () => {
      for (const status of [0x0400, 0x0801, 0x0403, 0x0405]) {
        const board = new Board(endian);
        board.core.setInterrupts(0x0400);
        board.core.setCp0(STATUS, 0, status);
        assert.equal(board.run([NOP, NOP]), STOP_LIMIT);
        assert.equal(board.core.pc, CODE + 8);
      }
      const board = new Board(endian);
      board.core.setInterrupts(0x0400);
      board.core.setCp0(CAUSE, 0, 0x00800000);
      board.core.setCp0(STATUS, 0, 0x0401);
      board.run([NOP]);
      assert.equal(board.core.pc, 0x80000204);
    });

    test("a software interrupt is taken at the mtc0 that raises it; ei and di return Status as it was", () => {
      const board = new Board(endian);
      board.core.setCp0(STATUS, 0, 0x0100);
      board.core.setGpr(R.a0, 0x0100);
      board.run([asm("mtc0", R.a0, CAUSE, 0), asm("ei", R.v0), NOP]);
      assert.equal(board.core.gpr(R.v0), 0x0100);
      assert.equal(board.core.cp0(EPC), CODE + 8);
      const again = new Board(endian);
      again.core.setCp0(STATUS, 0, 0x0401);
      again.run([asm("di", R.v0), NOP]);
      assert.deepEqual([again.core.gpr(R.v0), again.core.cp0(STATUS)], [0x0401, 0x0400]);
    });

    test("wait lets time pass until the timer", () => {
      const board = new Board(endian);
      board.core.setCp0(COMPARE, 0, 1_000_000);
      board.core.setCp0(STATUS, 0, 0x8001);
      board.run([NOP, asm("wait", 0), NOP], 3);
      assert.equal(board.core.cp0(EPC), CODE + 8);
      assert.ok(board.core.cp0(COUNT) - 1_000_000 < 2);
      assert.equal(board.core.count, 3);
    });

    test("only the bits a 24Kc has can be written", () => {
      const board = new Board(endian);
      for (const [register, select, ones] of [
        [0, 0, 0xf],
        [2, 0, 0x03ffffff],
        [5, 0, 0x1fffe000],
        [6, 0, 0xf],
        [7, 0, 0xf],
        [8, 0, 0],
        [10, 0, 0xffffe0ff],
        [12, 1, 0xe00003e0],
        [13, 0, 0x08c00300],
        [14, 0, 0xffffffff],
        [15, 0, 0x00019300],
        [15, 1, 0xbffff000],
        [16, 0, endian === "big" ? 0x80008487 : 0x80000487],
        [16, 2, 0x80000000],
        [12, 0, 0x1278ff1f],
      ] as const) {
        board.core.setCp0(register, select, 0xffffffff);
        assert.equal(board.core.cp0(register, select), ones, `${register}.${select}`);
      }
    });

    test("a PageMask with holes is no PageMask", () => {
      const board = new Board(endian);
      board.core.setCp0(PAGEMASK, 0, 0x0000a000);
      assert.equal(board.core.cp0(PAGEMASK), 0);
    });
  });
}
