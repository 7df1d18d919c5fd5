// Runs a guest that writes anything to any device register: the board must continue or end the run with a reason.
// Nothing is thrown, and the number of events stays bounded.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Disk } from "../../src/board/disk.ts";
import { restoreBoard, saveBoard } from "../../src/board/snapshot.ts";
import { asm, ENDIANS, NOP, R } from "../cpu/guest.ts";
import { Random } from "../support/random.ts";
import { boardWith } from "./program.ts";

/** Addresses of the devices, and some without a device. */
const PLACES: readonly (readonly [number, number])[] = [
  [0x18000000, 0x600],
  [0x180001f0, 8],
  [0x18000170, 8],
  [0x18001000, 0x200],
  [0x1be00000, 0x1000],
  [0x1be00cf8, 8],
  [0x1e000000, 0x1000],
  [0x1f000000, 0x1000],
  [0x1fc00000, 0x100],
  [0x10000000, 0x10000],
  [0xfffffff0, 16],
];
const ACCESSES = 20_000;
const LOOP = [asm("beq", R.zero, R.zero, -1), NOP];

for (const endian of ENDIANS) {
  for (const seed of [1, 2, 3]) {
    test(`random device accesses, ${endian}-endian, seed ${seed}`, () => {
      const random = new Random(seed);
      const disks = [new Disk(new Uint8Array(1 << 16)), undefined, new Disk(new Uint8Array(512))];
      const board = boardWith(endian, LOOP, { disks });
      for (let count = 0; count < ACCESSES; count += 1) {
        const [start, size] = PLACES[random.below(PLACES.length)] ?? [0, 1];
        const width = [1, 2, 4][random.below(3)] ?? 1;
        const physical = start + (random.below(size) & -width);
        if (random.below(2) === 0) {
          const value = board.bus.read(physical, width);
          assert.ok(value === undefined || (value >= 0 && value < 2 ** (8 * width)), String(value));
        } else {
          board.bus.write(physical, width, random.below(2 ** (8 * width)));
        }
        if (count % 100 === 0) board.run({ instructions: 50, timeLimit: 5 });
        if (count % 5000 === 0) restoreBoard(board, saveBoard(board));
      }
    });
  }
}
