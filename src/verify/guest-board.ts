// A boot of the guest on farjal's board. Its records are read from the board's memory.

import { setImmediate as turn } from "node:timers/promises";
import { Board } from "../board/board.ts";
import { fastImage } from "../board/boot-image.ts";
import { Words } from "../bytes/words.ts";
import type { GuestBoot, GuestEnd } from "./guest-boot.ts";
import { RECORDS } from "./records.ts";

const MIB = 1 << 20;
/** Seconds between two looks at the records; signals are noticed then, too. */
const SLICE = 0.25;
const HEAD = 8;

/** @throws Misuse for a kernel that the board can't boot. */
export async function bootOnBoard(boot: GuestBoot): Promise<GuestEnd> {
  const kernel = await fastImage(boot.kernel);
  const board = Board.create({ endian: kernel.endian, memory: boot.memory * MIB });
  board.load({ kernel, initrd: boot.initrd, append: boot.append });
  const end = performance.now() + boot.timeLimit * 1000;
  let stop = board.run({ timeLimit: SLICE });
  while (stop === "time" && performance.now() < end) {
    boot.look(recordsOf(board));
    await turn();
    stop = board.run({ timeLimit: SLICE });
  }
  return {
    ended: reasonOf(stop, boot.timeLimit),
    records: recordsOf(board),
    console: board.console.text,
  };
}

function reasonOf(stop: string, timeLimit: number): string | null {
  if (stop === "reset") return null; // the guest's last call
  return stop === "time"
    ? `after ${timeLimit} seconds it still ran`
    : `the board's run ended: ${stop}`;
}

/** The records' size in 32 bits, and what it says is there. */
function recordsOf({ processor, endian }: Board): Uint8Array {
  const head = new Words(processor.readBytes(RECORDS.offset, HEAD), endian);
  const size = Math.min(Math.max(head.u32(0), HEAD), RECORDS.size);
  return processor.readBytes(RECORDS.offset, size);
}
