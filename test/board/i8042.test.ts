// Tests the keyboard controller through the board's bus, as Linux's i8042 driver uses it. The commands and answers are
// those of IBM's technical reference; that a real kernel finds its keyboard as on QEMU is debian/console.test.ts's.

import assert from "node:assert/strict";
import { suite, test } from "node:test";
import type { Board } from "../../src/board/board.ts";
import { boardOf, saveBoard } from "../../src/board/snapshot.ts";
import { asm, ENDIANS, NOP, R } from "../cpu/guest.ts";
import { boardWith } from "./program.ts";

const DATA = 0x18000060;
const COMMAND = 0x18000064;
const FULL = 0x01;
const PASSED = 0x04;
const FROM_MOUSE = 0x20;
const LOOP = [asm("beq", R.zero, R.zero, -1), NOP];

class Driver {
  readonly board: Board;

  constructor(board: Board) {
    this.board = board;
  }

  get status(): number {
    return this.board.bus.read(COMMAND, 1) ?? -1;
  }

  command(byte: number, data?: number): void {
    this.board.bus.write(COMMAND, 1, byte);
    if (data !== undefined) this.board.bus.write(DATA, 1, data);
  }

  key(byte: number): number[] {
    this.board.bus.write(DATA, 1, byte);
    return this.answer();
  }

  mouse(byte: number): number[] {
    this.command(0xd4, byte);
    return this.answer(FROM_MOUSE);
  }

  /** Reads all bytes that wait. */
  answer(from = 0): number[] {
    const bytes: number[] = [];
    while ((this.status & FULL) !== 0 && bytes.length < 10) {
      assert.equal(this.status & FROM_MOUSE, from);
      bytes.push(this.board.bus.read(DATA, 1) ?? -1);
    }
    return bytes;
  }

  /** The lines that the interrupt controllers see requested. */
  get lines(): number[] {
    const irr = (port: number): number => {
      this.board.bus.write(port, 1, 0x0a); // OCW3: read IRR
      return this.board.bus.read(port, 1) ?? 0;
    };
    const bits = irr(0x18000020) | (irr(0x180000a0) << 8);
    return [1, 12].filter((line) => (bits & (1 << line)) !== 0);
  }
}

function driver(endian: "little" | "big" = "little"): Driver {
  return new Driver(boardWith(endian, LOOP));
}

for (const endian of ENDIANS) {
  suite(`the keyboard controller of a ${endian}-endian board`, () => {
    test("passes its tests and gives its mode back", () => {
      const one = driver(endian);
      assert.equal(one.status & (FULL | PASSED), 0);
      one.command(0xaa);
      assert.deepEqual(one.answer(), [0x55]);
      assert.equal(one.status & PASSED, PASSED);
      for (const port of [0xa9, 0xab]) {
        one.command(port);
        assert.deepEqual(one.answer(), [0]);
      }
      one.command(0x60, 0x74);
      one.command(0x20);
      assert.deepEqual(one.answer(), [0x74]);
    });

    test("has a keyboard and a mouse", () => {
      const one = driver(endian);
      assert.deepEqual(one.key(0xff), [0xfa, 0xaa]);
      assert.deepEqual(one.key(0xf2), [0xfa, 0xab, 0x83]);
      assert.deepEqual([one.key(0xed), one.key(0x07)], [[0xfa], [0xfa]]);
      assert.deepEqual([one.key(0xf0), one.key(0)], [[0xfa], [0xfa, 2]]);
      for (const [set, translated] of [
        [1, 0x43],
        [3, 0x3f],
        [2, 0x41],
      ] as const) {
        assert.deepEqual([one.key(0xf0), one.key(set)], [[0xfa], [0xfa]]);
        one.command(0x60, 0x40);
        assert.deepEqual([one.key(0xf0), one.key(0)], [[0xfa], [0xfa, translated]]);
        one.command(0x60, 0x00);
        assert.deepEqual([one.key(0xf0), one.key(0)], [[0xfa], [0xfa, set]]);
      }
      assert.deepEqual([one.key(0xf0), one.key(4)], [[0xfa], [0xfe]]);
      assert.deepEqual([one.key(0xee), one.key(0xe1)], [[0xee], [0xfe]]);
      assert.deepEqual(one.mouse(0xff), [0xfa, 0xaa, 0]);
      assert.deepEqual(one.mouse(0xe9), [0xfa, 0, 2, 100]);
      for (const rate of [200, 100, 80]) {
        assert.deepEqual([one.mouse(0xf3), one.mouse(rate)], [[0xfa], [0xfa]]);
      }
      assert.deepEqual(one.mouse(0xf2), [0xfa, 3]); // it has a wheel now
      assert.deepEqual(one.mouse(0xeb), [0xfa, 8, 0, 0, 0]);
      assert.deepEqual(
        [one.mouse(0xee), one.mouse(0x12), one.mouse(0xec)],
        [[0xfa], [0x12], [0xfa]],
      );
    });

    test("holds a switched-off port's bytes back", () => {
      const one = driver(endian);
      one.command(0xad);
      one.command(0xd2, 0x33); // as if the keyboard had sent it, past the switch
      assert.deepEqual(one.answer(), [0x33]);
      one.board.bus.write(DATA, 1, 0xf2); // which switches it on again
      assert.equal(one.board.bus.read(DATA, 1), 0xfa);
      one.command(0xad);
      assert.deepEqual(one.answer(), [0xab]); // was in the buffer already
      one.command(0xae);
      assert.deepEqual(one.answer(), [0x83]);
    });
  });
}

suite("the keyboard controller", () => {
  test("has a line for each port, while its mode lets it", () => {
    const one = driver();
    one.command(0xd3, 0x5a);
    assert.deepEqual(one.lines, [12]);
    assert.deepEqual(one.answer(FROM_MOUSE), [0x5a]);
    assert.deepEqual(one.lines, []);
    one.command(0xd2, 0x5a);
    assert.deepEqual(one.lines, [1]);
    one.command(0x60, 0x00);
    assert.deepEqual(one.lines, []);
    assert.deepEqual(one.answer(), [0x5a]);
  });

  test("goes on in the middle of an answer from a snapshot", () => {
    const one = driver();
    one.board.bus.write(DATA, 1, 0xf2);
    one.command(0xd4);
    const other = new Driver(boardOf(saveBoard(one.board)));
    assert.deepEqual(other.lines, [1]);
    for (const each of [one, other]) {
      each.board.bus.write(DATA, 1, 0xf2); // for the mouse
      assert.deepEqual(
        [1, 2, 3, 4, 5].map(() => [each.status & FROM_MOUSE, each.board.bus.read(DATA, 1)]),
        [
          ...[0xfa, 0xab, 0x83].map((byte) => [0, byte]),
          ...[0xfa, 0].map((byte) => [FROM_MOUSE, byte]),
        ],
      );
    }
  });

  test("resets the board", () => {
    for (const reset of [0xfe, 0xf0]) {
      const one = driver();
      one.command(reset);
      assert.equal(one.board.run({ instructions: 10 }), "reset");
    }
    const one = driver();
    one.command(0xd1, 0xce);
    assert.equal(one.board.run({ instructions: 10 }), "reset");
  });
});
