// One boot of a real kernel, on farjal's board or in QEMU: it takes modules and returns the guest's records. The guest's
// userland is guest.c, built into built/ for both byte orders, which a 64-bit kernel runs too; the modules are in its
// initramfs.

import { readFileSync } from "node:fs";
import type { Address, Width } from "../address.ts";
import { initramfs } from "../board/initramfs.ts";
import type { Endian } from "../bytes/endian.ts";
import { Misuse } from "../errors.ts";
import { BOOT_ARCHIVE_BYTES } from "../limits.ts";
import { bootOnBoard } from "./guest-board.ts";
import { bootInQemu } from "./guest-qemu.ts";
import { answered, type GuestRecords, RECORDS, readRecords } from "./records.ts";
import type { Subject } from "./subjects.ts";

const RAM_MIB = 256;
const MIB = 1 << 20;
const COMMAND_LINE = [
  ...["console=ttyS0", "rdinit=/init", "nokaslr", "panic=-1", "quiet"],
  "cryptomgr.notests", // they take most of the boot
  `mem=${RECORDS.offset / MIB}M@0`,
  `mem=${RAM_MIB - (RECORDS.offset + RECORDS.size) / MIB}M@${(RECORDS.offset + RECORDS.size) / MIB}M`,
].join(" ");
/** Lines of the console to show with a failure. */
const TAIL = 12;

/** The machines that a guest can boot on. */
export const GUEST_MACHINES = ["board", "qemu"] as const;
export type GuestMachine = (typeof GUEST_MACHINES)[number];

export interface GuestOptions<A extends Address> {
  /** Where the kernel boots: on farjal's board, or in QEMU. */
  readonly machine: GuestMachine;
  readonly endian: Endian;
  /** That of the kernel's addresses. */
  readonly width: Width<A>;
  /** Seconds that the boot may take. */
  readonly timeLimit: number;
  /** Called while the modules are loaded. */
  readonly onProgress?: (done: number) => void;
}

/** The guest has not finished its work, or its modules don't fit into its memory. */
export class GuestFailure extends Misuse {}

/**
 * Boots a kernel, loads the modules in their order, and reads the kernel's answers.
 * @param kernel the file of a kernel for a Malta board, not compressed as a whole.
 * @throws GuestFailure when the guest doesn't finish, or can't hold the modules; Misuse when there is no QEMU where one is wanted.
 */
export async function runGuest<A extends Address>(
  kernel: Uint8Array,
  subjects: readonly Subject[],
  options: GuestOptions<A>,
): Promise<GuestRecords<A>> {
  const { endian, width } = options;
  const archive = archiveOf(subjects, endian);
  if (archive.length > BOOT_ARCHIVE_BYTES) {
    throw new GuestFailure(
      `the modules take ${Math.ceil(archive.length / MIB)} MiB, and ${BOOT_ARCHIVE_BYTES / MIB} fit into one boot; name fewer`,
    );
  }
  const boot = options.machine === "qemu" ? bootInQemu : bootOnBoard;
  const { ended, records, console } = await boot({
    kernel,
    endian,
    bits: width.bits,
    initrd: archive,
    append: COMMAND_LINE,
    memory: RAM_MIB,
    timeLimit: options.timeLimit,
    look: (bytes) => options.onProgress?.(answered(bytes, endian)),
  });
  const read = readRecords(records, endian, width, subjects.length);
  if (ended === null && read.whole && read.trouble.length === 0) return read;
  const lines = console.split(/\r?\n/).filter((line) => line !== "");
  throw new GuestFailure(
    [
      `the guest didn't finish: ${[ended, ...read.trouble].filter(Boolean).join(", ") || "it stopped early"}`,
      "its console ended in",
      ...lines.slice(-TAIL).map((line) => `  ${line}`),
    ].join("\n"),
  );
}

function archiveOf(subjects: readonly Subject[], endian: Endian): Uint8Array {
  const guest = readFileSync(new URL(`../../../src/verify/built/guest-${endian}`, import.meta.url));
  const names = subjects.map(({ name }) => `${name}\n`).join("");
  return initramfs([
    ...["proc", "sys", "dev", "modules"].map((name) => ({ name, kind: "directory" }) as const),
    { name: "dev/console", kind: "device", major: 5, minor: 1 },
    { name: "init", kind: "file", bytes: guest, executable: true },
    { name: "names", kind: "file", bytes: Buffer.from(names) },
    ...subjects.map(
      ({ bytes }, index) => ({ name: `modules/${index}.ko`, kind: "file", bytes }) as const,
    ),
  ]);
}
