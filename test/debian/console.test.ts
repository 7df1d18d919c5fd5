// Checks that Debian's kernel prints the same on farjal's board as on QEMU's Malta, line for line, except for what is
// listed here: times, speeds, and the devices that the board lacks. Without an initramfs the boot ends in a panic and
// a reset, so the test covers the whole boot: devices, PCI, interrupts, timers, kernel threads.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { suite, test } from "node:test";
import { Board } from "../../src/board/board.ts";
import { debianSkip } from "../support/debian.ts";
import { debianImage, elfOf } from "../support/debian-boot.ts";

const APPEND = "console=ttyS0 nokaslr cryptomgr.notests panic=-1";
const LIMIT_S = 300;

/** Numbers that depend on the machine's speed, each with the text around it. */
const MASKS: readonly (readonly [RegExp, string])[] = [
  [/^\[.*\] audit: type=.*/, ""], // a thread prints it, at no fixed time
  [/^\[ *\d+\.\d+\] /, ""],
  [/CPU frequency [\d.]+ MHz/, "CPU frequency"],
  [/max_idle_ns: \d+ ns/, "max_idle_ns"],
  [/sched_clock: 32 bits at .*/, "sched_clock"],
  [/[\d.]+ BogoMIPS \(lpj=\d+\)/, "BogoMIPS"],
  [/\b\d+K\/\d+K available .*/, "available"],
  [/setting system clock to .*/, "setting system clock"],
  [/raid6: .*|xor: .*|prandom.*/, "a benchmark"],
  [/random: .*/, "random"],
  [/hrtimer: interrupt took .*/, ""], // only from QEMU on a busy machine
];
/** Devices of QEMU that the board lacks, and the kernel's lines where they are missing. */
const ABSENT = /i8042|serio|atkbd|input: AT|psmouse|No controller found/;

function masked(console: string): string[] {
  return console
    .replaceAll("\r", "")
    .split("\n")
    .map((line) => MASKS.reduce((text, [pattern, to]) => text.replace(pattern, to), line))
    .filter((line) => line !== "" && !ABSENT.test(line) && !line.startsWith("random"));
}

function skip(): string | false {
  if (spawnSync("qemu-system-mipsel", ["--version"]).error) {
    return "qemu-system-mipsel isn't installed";
  }
  return debianSkip;
}

function qemuConsole(elf: Buffer): string {
  const directory = mkdtempSync(join(tmpdir(), "farjal-console-"));
  try {
    const file = join(directory, "vmlinux");
    writeFileSync(file, elf);
    const options = "-M malta -cpu 24Kc -m 256 -nic none -vga none -nographic -no-reboot".split(
      " ",
    );
    const { stdout, error } = spawnSync(
      "qemu-system-mipsel",
      [...options, "-kernel", file, "-append", APPEND],
      { timeout: LIMIT_S * 1000, encoding: "latin1", input: "" },
    );
    if (error) throw error;
    return stdout;
  } finally {
    rmSync(directory, { recursive: true });
  }
}

suite("Debian's kernel on the board", { skip: skip() }, () => {
  test("prints what it prints on QEMU's Malta", async () => {
    const image = await debianImage();
    const board = Board.create({ endian: "little" });
    board.load({ kernel: image, append: APPEND });
    assert.equal(board.run({ timeLimit: LIMIT_S }), "reset");
    const ours = masked(board.console.text);
    assert.ok(ours.length > 100, board.console.text);
    assert.deepEqual(ours, masked(qemuConsole(elfOf(image))));
  });
});
