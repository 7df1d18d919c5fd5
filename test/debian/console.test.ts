// Checks that Debian's kernel prints the same on farjal's board as on QEMU's Malta, line for line, except for what is
// listed here: times, speeds, and the devices that the board lacks. Without an initramfs the boot ends in a panic and
// a reset, so the test covers the whole boot: devices, PCI, interrupts, timers, kernel threads.

import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { Board } from "../../src/board/board.ts";
import { debianSkip } from "../support/debian.ts";
import { debianImage } from "../support/debian-boot.ts";
import { masked, qemuConsole, qemuSkip } from "../support/qemu-malta.ts";

const APPEND = "console=ttyS0 nokaslr cryptomgr.notests panic=-1";
const LIMIT_S = 300;

/** Devices of QEMU that the board lacks, and the kernel's lines where they are missing. */
const ABSENT = /i8042|serio|atkbd|input: AT|psmouse|No controller found/;

function known(console: string): string[] {
  return masked(console).filter((line) => !ABSENT.test(line));
}

suite("Debian's kernel on the board", { skip: qemuSkip || debianSkip }, () => {
  test("prints what it prints on QEMU's Malta", async () => {
    const image = await debianImage();
    const board = Board.create({ endian: "little" });
    board.load({ kernel: image, append: APPEND });
    assert.equal(board.run({ timeLimit: LIMIT_S }), "reset");
    const ours = known(board.console.text);
    assert.ok(ours.length > 100, board.console.text);
    assert.deepEqual(ours, known(qemuConsole({ image, append: APPEND })));
  });
});
