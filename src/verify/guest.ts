// One boot of a real kernel in QEMU: it takes modules and returns the guest's records. The guest's userland is guest.c,
// built into built/guest; the modules are in its initramfs. The guest's RAM is a file, so that its records need no
// device. The guest ends by itself. A time limit, the end of this process or a signal to it also end the guest; in each
// case the directory with its files is removed.

import { type ChildProcess, spawn } from "node:child_process";
import {
  closeSync,
  mkdtempSync,
  openSync,
  readFileSync,
  readSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { initramfs } from "../board/initramfs.ts";
import { Misuse, systemError } from "../errors.ts";
import { answered, type GuestRecords, RECORDS, readRecords } from "./records.ts";
import type { Subject } from "./subjects.ts";

const QEMU = "qemu-system-mipsel";
const RAM_MIB = 256;
/** QEMU puts the initramfs at the end of RAM, after the records. */
const MOST_ARCHIVE = 48 << 20;
const MIB = 1 << 20;
const COMMAND_LINE = [
  ...["console=ttyS0", "rdinit=/init", "nokaslr", "panic=-1", "quiet"],
  `mem=${RECORDS.offset / MIB}M@0`,
  `mem=${RAM_MIB - (RECORDS.offset + RECORDS.size) / MIB}M@${(RECORDS.offset + RECORDS.size) / MIB}M`,
].join(" ");
const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT"] as const;
const LOOK_EVERY_MS = 250;
/** Lines of the console to show with a failure. */
const TAIL = 12;

export interface GuestOptions {
  /** Seconds that the boot may take. */
  readonly timeLimit: number;
  /** Called while the modules are loaded. */
  readonly onProgress?: (done: number) => void;
}

/**
 * Boots a kernel, loads the modules in their order, and reads the kernel's answers.
 * @param kernel the path of a vmlinuz that QEMU's Malta boots.
 * @throws Misuse when there is no QEMU, or the guest doesn't finish.
 */
export async function runGuest(
  kernel: string,
  subjects: readonly Subject[],
  options: GuestOptions,
): Promise<GuestRecords> {
  const archive = archiveOf(subjects);
  if (archive.length > MOST_ARCHIVE) {
    throw new Misuse(
      `the modules take ${Math.ceil(archive.length / MIB)} MiB, and ${MOST_ARCHIVE / MIB} fit into one boot; name fewer`,
    );
  }
  const directory = mkdtempSync(join(tmpdir(), "farjal-verify-"));
  try {
    const [ram, initrd, console] = ["ram", "initramfs", "console"].map((name) =>
      join(directory, name),
    );
    writeFileSync(initrd as string, archive);
    const ended = await runQemu(
      [
        ...["-m", String(RAM_MIB), "-cpu", "24Kf", "-kernel", kernel, "-initrd", initrd as string],
        ...["-object", `memory-backend-file,id=ram,size=${RAM_MIB}M,mem-path=${ram},share=on`],
        ...["-machine", "malta,memory-backend=ram", "-append", COMMAND_LINE],
        ...["-serial", `file:${console}`, "-monitor", "none", "-display", "none"],
        ...["-nic", "none", "-vga", "none", "-no-reboot"],
      ],
      directory,
      options,
      () => options.onProgress?.(answered(recordBytes(ram as string))),
    );
    const records = readRecords(recordBytes(ram as string), subjects.length);
    if (ended === null && records.whole && records.trouble.length === 0) return records;
    throw new Misuse(
      [
        `the guest didn't finish: ${[ended, ...records.trouble].filter(Boolean).join(", ") || "it stopped early"}`,
        "its console ended in",
        ...consoleTail(console as string).map((line) => `  ${line}`),
      ].join("\n"),
    );
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

function archiveOf(subjects: readonly Subject[]): Uint8Array {
  const guest = readFileSync(new URL("../../../src/verify/built/guest", import.meta.url));
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

/** Runs QEMU until it ends. @returns why it was ended or failed; null if it ended by itself. */
function runQemu(
  args: readonly string[],
  directory: string,
  { timeLimit }: GuestOptions,
  look: () => void,
): Promise<string | null> {
  return new Promise((resolve, reject) => {
    const child = spawn(QEMU, args, { stdio: ["ignore", "ignore", "pipe"] });
    let complaint = "";
    child.stderr.on("data", (text: Buffer) => {
      complaint = `${complaint}${text}`.slice(-1000);
    });
    let late = false;
    const letGo = holdOn(child, directory);
    const looking = setInterval(look, LOOK_EVERY_MS);
    const limit = setTimeout(() => {
      late = true;
      child.kill("SIGKILL");
    }, timeLimit * 1000);
    const over = (): void => {
      clearInterval(looking);
      clearTimeout(limit);
      letGo();
    };
    child.on("error", (error: NodeJS.ErrnoException) => {
      over();
      reject(
        new Misuse(
          error.code === "ENOENT"
            ? `${QEMU} isn't installed; Debian has it in qemu-system-mips`
            : `${QEMU} can't be run: ${systemError(error)}`,
        ),
      );
    });
    child.on("close", (code, signal) => {
      over();
      if (late) resolve(`after ${timeLimit} seconds it still ran`);
      else if (code === 0) resolve(null);
      else resolve(`${QEMU} ended with ${signal ?? code}: ${complaint.trim()}`);
    });
  });
}

/** Ends the guest when this process ends. @returns a function that stops doing so. */
function holdOn(child: ChildProcess, directory: string): () => void {
  const end = (): void => {
    child.kill("SIGKILL");
    rmSync(directory, { recursive: true, force: true });
  };
  const onSignal = (signal: NodeJS.Signals): void => {
    end();
    letGo();
    process.kill(process.pid, signal);
  };
  const letGo = (): void => {
    process.removeListener("exit", end);
    for (const signal of SIGNALS) process.removeListener(signal, onSignal);
  };
  process.once("exit", end);
  for (const signal of SIGNALS) process.on(signal, onSignal);
  return letGo;
}

/** The records written so far; none while the file of the RAM doesn't exist. */
function recordBytes(ram: string): Uint8Array {
  const nothing = new Uint8Array(8);
  let file: number;
  try {
    file = openSync(ram, "r");
  } catch {
    return nothing;
  }
  try {
    const size = Buffer.alloc(4);
    if (readSync(file, size, 0, 4, RECORDS.offset) < 4) return nothing;
    const bytes = new Uint8Array(Math.min(Math.max(size.readUInt32LE(), 8), RECORDS.size));
    return bytes.subarray(0, Math.max(readSync(file, bytes, 0, bytes.length, RECORDS.offset), 8));
  } finally {
    closeSync(file);
  }
}

function consoleTail(path: string): string[] {
  try {
    const lines = readFileSync(path, "latin1").split(/\r?\n/);
    return lines.filter((line) => line !== "").slice(-TAIL);
  } catch {
    return ["nothing"];
  }
}
