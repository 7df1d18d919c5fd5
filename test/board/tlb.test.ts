// Tests pages whose entry TLBWR replaced, on a board. As with QEMU, they stay usable until the guest runs an
// instruction that shows that the entry is gone. After that, an access refills. Each step is one instruction, so that
// its effect is visible.

import assert from "node:assert/strict";
import { suite, test } from "node:test";
import type { Board } from "../../src/board/board.ts";
import { asm, ENDIANS, R } from "../cpu/guest.ts";
import { boardWith, ENTRY, put } from "./program.ts";

const INDEX = 0;
const ENTRY_LO_0 = 2;
const ENTRY_LO_1 = 3;
const WIRED = 6;
const ENTRY_HI = 10;
const CAUSE = 13;
const STATUS = 12;
const TLBS = 3;
const TLBL = 2;
const MOD = 1;
const VALID = 2;
const DIRTY = 4;
/** Physical memory behind the guest's pages. */
const FRAME = 0x40000;
const REFILL = 0x80000000;
const GENERAL = 0x80000180;

class Tlb {
  readonly board: Board;

  constructor(endian: "little" | "big") {
    this.board = boardWith(endian, []);
    this.board.processor.setCp0(WIRED, 0, 15); // TLBWR then always writes entry 15
  }

  /** Runs one instruction. @returns the exception that it took, or null. */
  step(word: number): number | null {
    const { processor } = this.board;
    put(this.board, ENTRY, [word]);
    processor.pc = ENTRY;
    processor.setCp0(STATUS, 0, 0);
    assert.equal(this.board.run({ instructions: 1 }), "instructions");
    if (processor.pc === ENTRY + 4) return null;
    assert.ok([REFILL, GENERAL].includes(processor.pc), processor.pc.toString(16));
    return (processor.cp0(CAUSE) >>> 2) & 31;
  }

  map(page: number, flags: number, write = asm("tlbwr")): void {
    const { processor } = this.board;
    processor.setCp0(ENTRY_HI, 0, page);
    processor.setCp0(ENTRY_LO_0, 0, ((FRAME >>> 12) << 6) | flags);
    processor.setCp0(ENTRY_LO_1, 0, (((FRAME + 0x1000) >>> 12) << 6) | flags);
    assert.equal(this.step(write), null);
  }

  load(page: number): number | null {
    this.board.processor.setGpr(R.t0, page);
    return this.step(asm("lw", R.t1, 0, R.t0));
  }

  store(page: number): number | null {
    this.board.processor.setGpr(R.t0, page);
    return this.step(asm("sw", R.t1, 0, R.t0));
  }
}

const A = 0x00400000;
const B = 0x00600000;

for (const endian of ENDIANS) {
  suite(`an entry that TLBWR replaced, ${endian}-endian`, () => {
    test("still translates the addresses that were used, and no others", () => {
      const tlb = new Tlb(endian);
      tlb.map(A, VALID | DIRTY);
      assert.equal(tlb.load(A), null);
      tlb.map(B, VALID | DIRTY);
      assert.equal(tlb.load(A), null);
      assert.equal(tlb.store(A), null);
      assert.equal(tlb.load(A + 0x1000), TLBL);
    });

    test("is gone once TLBP has not found it", () => {
      const tlb = new Tlb(endian);
      tlb.map(A, VALID | DIRTY);
      tlb.load(A);
      tlb.map(B, VALID | DIRTY);
      tlb.board.processor.setCp0(ENTRY_HI, 0, A);
      assert.equal(tlb.step(asm("tlbp")), null);
      assert.equal(tlb.board.processor.cp0(INDEX) >>> 31, 1);
      assert.equal(tlb.load(A), TLBL);
    });

    test("is gone after TLBWI, and in another address space", () => {
      const tlb = new Tlb(endian);
      tlb.map(A, VALID | DIRTY);
      tlb.load(A);
      tlb.map(B, VALID | DIRTY);
      tlb.board.processor.setCp0(INDEX, 0, 3);
      tlb.map(0x00800000, VALID | DIRTY, asm("tlbwi"));
      assert.equal(tlb.load(A), TLBL);
      tlb.map(A, VALID | DIRTY);
      tlb.load(A);
      tlb.map(B, VALID | DIRTY);
      tlb.board.processor.setCp0(ENTRY_HI, 0, 7);
      tlb.board.processor.setCp0(ENTRY_HI, 0, 0);
      assert.equal(tlb.load(A), TLBL);
    });

    test("refills a store to a read-only page before it is modified", () => {
      const tlb = new Tlb(endian);
      tlb.map(A, VALID);
      tlb.load(A);
      assert.equal(tlb.store(A), MOD);
      tlb.map(B, VALID | DIRTY);
      assert.equal(tlb.load(A), null);
      assert.equal(tlb.store(A), TLBS);
      tlb.map(A, VALID | DIRTY);
      assert.equal(tlb.store(A), null);
    });

    test("is replaced by a new entry of the same page", () => {
      const tlb = new Tlb(endian);
      tlb.map(A, VALID | DIRTY);
      tlb.load(A);
      tlb.map(B, VALID | DIRTY);
      tlb.map(A, 0);
      assert.equal(tlb.load(A), TLBL);
    });

    test("is one of thousands, and their list stays bounded", () => {
      const tlb = new Tlb(endian);
      for (let page = 0; page < 3000; page += 1) {
        tlb.map(A + page * 0x2000, VALID | DIRTY);
        assert.equal(tlb.load(A + page * 0x2000), null);
      }
      for (let round = 0; round < 3000; round += 1) {
        const page = B + (round % 8) * 0x2000;
        tlb.map(page, VALID | DIRTY);
        assert.equal(tlb.load(page), null);
      }
      assert.equal(tlb.load(B), null);
    });
  });
}
