// The guest whose state the files in snapshots/ hold, each as an earlier version of the format wrote it after SAVED_AT
// instructions. To keep the version that is about to become a past one, run this file before the change:
// `node build/test/board/past.js VERSION`.

import { writeFileSync } from "node:fs";
import type { Board } from "../../src/board/board.ts";
import { saveBoard } from "../../src/board/snapshot.ts";
import type { Endian } from "../../src/bytes/endian.ts";
import { asm, ENDIANS, li, NOP, R } from "../cpu/guest.ts";
import { repositoryFile } from "../support/repository.ts";
import { boardWith, RESULT } from "./program.ts";

export const SAVED_AT = 1001;

/** A guest that prints and stores the letters from A on, with the timer running. */
export function pastBoard(endian: Endian): Board {
  return boardWith(endian, [
    ...li(R.s0, 0xb80003f8), // the first serial port
    ...li(R.s1, RESULT),
    ...li(R.t0, 0x41),
    ...li(R.t1, 5000),
    asm("mtc0", R.t1, 11, 0), // Compare
    asm("sb", R.t0, 0, R.s0),
    asm("sw", R.t0, 0, R.s1),
    asm("addiu", R.s1, R.s1, 4),
    asm("beq", R.zero, R.zero, -4),
    asm("addiu", R.t0, R.t0, 1),
    NOP,
  ]);
}

/** The path of a past version's file. */
export function pastFile(version: string, endian: Endian): string {
  return repositoryFile(`test/board/snapshots/version-${version}-${endian}`);
}

const [, script, version] = process.argv;
if (script?.endsWith("past.js") && version !== undefined) {
  for (const endian of ENDIANS) {
    const board = pastBoard(endian);
    board.run({ instructions: SAVED_AT });
    writeFileSync(pastFile(version, endian), saveBoard(board));
  }
}
