// Tests the IDE disk with Debian's own driver: it finds what it finds on QEMU's Malta, takes as many interrupts, reads
// what the image has, and the guest's writes are the same bytes there.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { before, suite, test } from "node:test";
import { Board } from "../../src/board/board.ts";
import type { BootImage } from "../../src/board/boot-image.ts";
import { Disk } from "../../src/board/disk.ts";
import { boardOf, saveBoard } from "../../src/board/snapshot.ts";
import { busybox, busyboxSkip, debian } from "../support/debian.ts";
import { debianImage } from "../support/debian-boot.ts";
import { masked, qemuConsole, qemuSkip } from "../support/qemu-malta.ts";
import { Random } from "../support/random.ts";
import { userland } from "../support/userland.ts";

const LIMIT = 300;
const APPEND = "console=ttyS0 nokaslr cryptomgr.notests panic=-1";
const SIZE = 4 << 20;
const SCRIPT = `echo BEGIN
insmod /ata_piix.ko
while [ ! -e /dev/sda ]; do sleep 1; done
cat /sys/block/sda/size /sys/block/sda/device/model
md5sum < /dev/sda
dd if=/bin/busybox of=/dev/sda bs=4k count=200 seek=3 conv=fsync
echo 3 > /proc/sys/vm/drop_caches
md5sum < /dev/sda
grep ata_piix /proc/interrupts
echo END
poweroff -f
`;
/** The disk's name and version, QEMU's CD drive, and messages that depend on time. */
const DIFFERENT = [
  [/(FARJAL|QEMU) HARDDISK */, "HARDDISK "],
  [/, (1|2\.5\+), max/, ", max"],
  [/(1 {3}|2\.5\+) PQ/, "PQ"],
] as const;
const ABSENT = /DVD-ROM|ata2|^ 15:|found unknown device|^.*random:/;

function image(): Uint8Array {
  const random = new Random(9);
  return Uint8Array.from({ length: SIZE }, () => random.below(256));
}

/** The lines between the script's two marks. */
function lines(console: string): string[] {
  const all = masked(console).filter((line) => !ABSENT.test(line));
  return all
    .slice(all.indexOf("BEGIN"), all.indexOf("END") + 1)
    .map((line) => DIFFERENT.reduce((text, [pattern, to]) => text.replace(pattern, to), line));
}

const digest = (bytes: Uint8Array): string => createHash("md5").update(bytes).digest("hex");

suite("a disk on the board, with Debian's driver", { skip: busyboxSkip }, () => {
  let kernel: BootImage;
  let initrd: Uint8Array;
  const boot = (append = ""): { readonly board: Board; readonly disk: Disk } => {
    const disk = new Disk(image());
    const board = Board.create({ endian: "little", disks: [disk] });
    board.load({ kernel, initrd, append: `${APPEND} ${append}` });
    return { board, disk };
  };

  before(async () => {
    kernel = await debianImage();
    initrd = userland({
      "/ata_piix.ko": readFileSync(debian?.module("ata_piix") ?? ""),
      "/script": Buffer.from(SCRIPT),
    });
  });

  test("works as on QEMU's Malta", { skip: qemuSkip }, () => {
    const { board, disk } = boot();
    assert.equal(board.run({ timeLimit: LIMIT }), "power-off");
    const written = image();
    const theirs = lines(qemuConsole({ image: kernel, append: APPEND, initrd, disk: written }));
    assert.ok(theirs.includes(`${digest(image())}  -`), theirs.join("\n"));
    assert.deepEqual(lines(board.console.text), theirs);
    assert.equal(digest(disk.read(0, SIZE)), digest(written));
  });

  test("does the same by the processor's transfers, and from a snapshot", () => {
    const { board, disk } = boot("libata.dma=0");
    assert.equal(board.run({ until: "records in", timeLimit: LIMIT }), "until");
    const copy = new Disk(image());
    const restored = boardOf(saveBoard(board), { disks: [copy] });
    for (const one of [board, restored]) {
      assert.equal(one.run({ timeLimit: LIMIT }), "power-off");
    }
    assert.ok(board.console.text.includes(restored.console.text));
    assert.equal(board.processor.count, restored.processor.count);
    const expected = image();
    const written = readFileSync(busybox ?? "").subarray(0, 200 * 4096);
    expected.set(written, 3 * 4096);
    for (const one of [disk, copy]) assert.equal(digest(one.read(0, SIZE)), digest(expected));
    assert.match(board.console.text, new RegExp(`${digest(expected)}  -`));
  });
});
