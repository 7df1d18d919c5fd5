// Runs a ROM on QEMU's Malta board and returns what it prints on the third serial port, the one that needs no set-up.
// The output goes to a file, because QEMU drops what a pipe hasn't accepted when QEMU ends. Time is the number of
// instructions (-icount), so that a busy machine can't delay an interrupt.

import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Endian } from "../../src/bytes/endian.ts";
import { type Run, romBytes } from "./roms.ts";

const LIMIT_MS = 60_000;
const OPTIONS =
  "-M malta -m 64 -nic none -vga none -display none -monitor none -no-reboot -icount shift=4,sleep=off -serial null -serial null".split(
    " ",
  );

function emulator(endian: Endian): string {
  return endian === "big" ? "qemu-system-mips" : "qemu-system-mipsel";
}

/** For node:test's `skip`: false when QEMU is here for both byte orders, or the reason. */
export function qemuSystemSkip(): string | false {
  for (const endian of ["little", "big"] as const) {
    if (spawnSync(emulator(endian), ["--version"]).error)
      return `${emulator(endian)} isn't installed`;
  }
  return false;
}

/** Returns what the ROM prints until it resets the board. */
export function runOnBoard(run: Run): string {
  const directory = mkdtempSync(join(tmpdir(), "farjal-bare-"));
  try {
    const file = join(directory, "rom");
    // QEMU swaps the bytes of every word of a ROM when the board is little-endian.
    const bytes = romBytes(run);
    writeFileSync(file, run.endian === "little" ? bytes.swap32() : bytes);
    const printed = join(directory, "printed");
    const { error, signal, status, stderr } = spawnSync(
      emulator(run.endian),
      [...OPTIONS, "-serial", `file:${printed}`, "-cpu", run.cpu, "-bios", file],
      { timeout: LIMIT_MS, encoding: "utf8" },
    );
    if (error || signal || status !== 0)
      throw new Error(`QEMU ended with ${error ?? signal ?? status}: ${stderr}`);
    return readFileSync(printed, "utf8");
  } finally {
    rmSync(directory, { recursive: true });
  }
}
