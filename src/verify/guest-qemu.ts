// A boot of the guest in QEMU. The guest's RAM is a file, so that its records need no device, and its console is
// another. The guest ends by itself; a time limit, the end of this process or a signal to it also end it. In each case
// the directory with the files is removed.

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
import type { Endian } from "../bytes/endian.ts";
import { Words } from "../bytes/words.ts";
import { Misuse, systemError } from "../errors.ts";
import { ENDING_SIGNALS } from "../host/ending-signals.ts";
import type { GuestBoot, GuestEnd } from "./guest-boot.ts";
import { RECORDS } from "./records.ts";

/** The program and the processor. */
const QEMU = {
  32: { little: "qemu-system-mipsel", big: "qemu-system-mips", cpu: "24Kf" },
  64: { little: "qemu-system-mips64el", big: "qemu-system-mips64", cpu: "5KEc" },
} as const;
const LOOK_EVERY_MS = 250;

/** @throws Misuse when there is no QEMU. */
export async function bootInQemu(boot: GuestBoot): Promise<GuestEnd> {
  const directory = mkdtempSync(join(tmpdir(), "farjal-verify-"));
  try {
    const file = (name: string): string => join(directory, name);
    const ram = file("ram");
    writeFileSync(file("initramfs"), boot.initrd);
    writeFileSync(file("kernel"), boot.kernel);
    const memory = `${boot.memory}M`;
    const qemu = QEMU[boot.bits];
    const ended = await runQemu(
      qemu[boot.endian],
      [
        ...["-m", String(boot.memory), "-cpu", qemu.cpu, "-kernel", file("kernel")],
        ...["-initrd", file("initramfs"), "-append", boot.append],
        ...["-object", `memory-backend-file,id=ram,size=${memory},mem-path=${ram},share=on`],
        ...["-machine", "malta,memory-backend=ram"],
        ...["-serial", `file:${file("console")}`, "-monitor", "none", "-display", "none"],
        ...["-nic", "none", "-vga", "none", "-no-reboot"],
      ],
      directory,
      boot.timeLimit,
      () => boot.look(recordBytes(ram, boot.endian)),
    );
    return { ended, records: recordBytes(ram, boot.endian), console: consoleOf(file("console")) };
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** Runs QEMU until it ends. @returns why it was ended or failed; null if it ended by itself. */
function runQemu(
  qemu: string,
  args: readonly string[],
  directory: string,
  timeLimit: number,
  look: () => void,
): Promise<string | null> {
  return new Promise((resolve, reject) => {
    const child = spawn(qemu, args, { stdio: ["ignore", "ignore", "pipe"] });
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
            ? `${qemu} isn't installed; Debian has it in qemu-system-mips`
            : `${qemu} can't be run: ${systemError(error)}`,
        ),
      );
    });
    child.on("close", (code, signal) => {
      over();
      if (late) resolve(`after ${timeLimit} seconds it still ran`);
      else if (code === 0) resolve(null);
      else resolve(`${qemu} ended with ${signal ?? code}: ${complaint.trim()}`);
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
    for (const signal of ENDING_SIGNALS) process.removeListener(signal, onSignal);
  };
  process.once("exit", end);
  for (const signal of ENDING_SIGNALS) process.on(signal, onSignal);
  return letGo;
}

/** The records written so far; none while the file of the RAM doesn't exist. */
function recordBytes(ram: string, endian: Endian): Uint8Array {
  const nothing = new Uint8Array(8);
  let file: number;
  try {
    file = openSync(ram, "r");
  } catch {
    return nothing;
  }
  try {
    const head = new Uint8Array(4);
    if (readSync(file, head, 0, 4, RECORDS.offset) < 4) return nothing;
    const size = new Words(head, endian).u32(0);
    const bytes = new Uint8Array(Math.min(Math.max(size, 8), RECORDS.size));
    return bytes.subarray(0, Math.max(readSync(file, bytes, 0, bytes.length, RECORDS.offset), 8));
  } finally {
    closeSync(file);
  }
}

function consoleOf(path: string): string {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return "nothing";
  }
}
