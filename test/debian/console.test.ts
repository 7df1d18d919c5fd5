// Checks that Debian's kernel prints the same on farjal's board as on QEMU's Malta, line for line, except for what is
// masked: times and speeds. Without an initramfs the boot ends in a panic and
// a reset, so the test covers the whole boot: devices, PCI, interrupts, timers, kernel threads.

import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { Board } from "../../src/board/board.ts";
import { busyboxSkip, debianSkip } from "../support/debian.ts";
import { debianImage } from "../support/debian-boot.ts";
import { masked, qemuConsole, qemuSkip } from "../support/qemu-malta.ts";
import { userland } from "../support/userland.ts";

const APPEND = "console=ttyS0 nokaslr cryptomgr.notests panic=-1";
const LIMIT_S = 300;

/** Lines of the kernel's threads, which come at no fixed place among the others. */
const OF_THREADS = /^input: |^Trying to unpack rootfs|^Freeing initrd memory/;

/** A console's lines in their order, and apart from them those of threads. */
function parted(console: string): { ordered: string[]; threads: string[] } {
  const lines = masked(console);
  return {
    ordered: lines.filter((line) => !OF_THREADS.test(line)),
    threads: lines.filter((line) => OF_THREADS.test(line)).sort(),
  };
}

/** Prints what a kernel knows of its memory, its keyboard and its interrupt lines. */
const SCRIPT = `cat /proc/iomem
grep -E "Node|spanned|present" /proc/zoneinfo
sleep 2
grep -v ^$ /proc/bus/input/devices
sed "s/: *[0-9]*/:/" /proc/interrupts | grep -v ERR
poweroff -f
`;

suite("Debian's kernel on the board", { skip: qemuSkip || debianSkip }, () => {
  test("prints what it prints on QEMU's Malta", async () => {
    const image = await debianImage();
    const board = Board.create({ endian: "little" });
    board.load({ kernel: image, append: APPEND });
    assert.equal(board.run({ timeLimit: LIMIT_S }), "reset");
    const ours = parted(board.console.text);
    assert.ok(ours.ordered.length > 100, board.console.text);
    assert.deepEqual(ours, parted(qemuConsole({ image, append: APPEND })));
  });

  test("finds the memory and the devices of QEMU's Malta, with 1 GiB", {
    skip: busyboxSkip,
  }, async () => {
    const image = await debianImage();
    const initrd = userland({ "/script": Buffer.from(SCRIPT) });
    const board = Board.create({ endian: "little", memory: 1 << 30 });
    board.load({ kernel: image, append: APPEND, initrd });
    assert.equal(board.run({ timeLimit: LIMIT_S }), "power-off");
    const ours = parted(board.console.text);
    assert.ok(ours.ordered.includes("90000000-bfffffff : System RAM"), board.console.text);
    const theirs = qemuConsole({ image, append: APPEND, initrd, options: ["-m", "1024"] });
    assert.deepEqual(ours, parted(theirs));
  });
});
