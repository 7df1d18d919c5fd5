// QEMU's Malta as the referee of whole boots: its console for a kernel, and what makes the consoles of two machines of
// different speeds comparable.

import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { BootImage } from "../../src/board/boot-image.ts";
import { elfOf } from "./debian-boot.ts";

const QEMU = "qemu-system-mipsel";
const LIMIT_S = 300;

/** For node:test's `skip`: false, or the reason. */
export const qemuSkip: string | false = spawnSync(QEMU, ["--version"]).error
  ? `${QEMU} isn't installed`
  : false;

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
  [/^pci \S+ \S+ took \d+ usecs/, ""], // the same: for more than 10 ms (drivers/pci/quirks.c)
];

/** A console's lines, without empty ones, and with what depends on the machine masked. */
export function masked(console: string): string[] {
  return console
    .replaceAll("\r", "")
    .split("\n")
    .map((line) => MASKS.reduce((text, [pattern, to]) => text.replace(pattern, to), line))
    .filter((line) => line !== "" && !line.startsWith("random"));
}

export interface QemuBoot {
  readonly image: BootImage;
  readonly append: string;
  readonly initrd?: Uint8Array;
  /** The bytes of an IDE disk, which become what the guest has written. */
  readonly disk?: Uint8Array;
  /** Further options. */
  readonly options?: readonly string[];
}

/** Boots a kernel on QEMU until it ends. @returns its console. */
export function qemuConsole({ image, append, initrd, disk, options = [] }: QemuBoot): string {
  const directory = mkdtempSync(join(tmpdir(), "farjal-console-"));
  const file = (name: string, bytes: Uint8Array): string => {
    const path = join(directory, name);
    writeFileSync(path, bytes);
    return path;
  };
  try {
    const words = "-M malta -cpu 24Kc -m 256 -vga none -nographic -no-reboot -append".split(" ");
    words.push(append, "-kernel", file("vmlinux", elfOf(image)));
    if (initrd !== undefined) words.push("-initrd", file("initrd", initrd));
    const path = disk && file("disk", disk);
    if (path !== undefined) words.push("-drive", `file=${path},if=ide,format=raw`);
    const nic = options.includes("-nic") ? [] : ["-nic", "none"];
    const { stdout, error } = spawnSync(QEMU, [...words, ...nic, ...options], {
      timeout: LIMIT_S * 1000,
      encoding: "latin1",
      input: "",
    });
    if (error) throw error;
    if (path !== undefined) disk?.set(readFileSync(path));
    return stdout;
  } finally {
    rmSync(directory, { recursive: true });
  }
}
