// Measures how fast a real kernel runs on farjal's board and on QEMU's: Debian's, with the same initramfs, from its start
// until the guest switches the machine off. Each group asks one question: the boot to the init process, seven modules
// with ext4, hash sums in userland, and the vmlinuz as it is shipped, which unpacks itself, moves itself and runs its
// crypto self-tests. In a group, each round runs each row once, so ratios hold on a busy machine. The table gives CPU
// time beside wall time, because QEMU waits for the seconds of the real-time clock, and farjal's board skips them. The
// last rows are about saved boards, and the whole command insmod with a kernel from the cache.

import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  Board,
  type BootImage,
  type Engine,
  Linux,
  readBootImage,
  saveBoard,
} from "../src/index.ts";
import { columns } from "../src/report/table.ts";
import { busyboxSkip, debian } from "../test/support/debian.ts";
import { debianImage, elfOf } from "../test/support/debian-boot.ts";
import { repositoryFile } from "../test/support/repository.ts";
import { userland } from "../test/support/userland.ts";

const COMMAND = repositoryFile("dist/farjal.cjs");

const ROUNDS = 4;
/** Of the groups whose rows take many seconds. */
const LONG_ROUNDS = 2;
const APPEND = "console=ttyS0 nokaslr cryptomgr.notests panic=-1";
const SHIPPED_APPEND = "console=ttyS0 panic=-1";
const QEMU = "qemu-system-mipsel";
const QEMU_OPTIONS = "-M malta -cpu 24Kc -m 256 -nic none -vga none -nographic -no-reboot".split(
  " ",
);
const ENGINES: readonly Engine[] = ["interpreter", "auto"];
const MODULES = ["crc16", "crc32c_generic", "mbcache", "jbd2", "ext4", "fat", "loop"];
const OFF = "poweroff -f\n";
const INSMODS = MODULES.map((name) => `insmod /${name}.ko\n`).join("");
const SUMS = ["sha256sum", "md5sum", "sha512sum", "cksum"]
  .map((sum) => `head -c 8000000 /dev/zero | ${sum}\n`)
  .join("");

interface Sample {
  readonly wall: number;
  readonly cpu: number;
}

interface Row {
  readonly name: string;
  readonly run: () => Sample;
}

/** One question: the same machine, run to its end. */
interface Group {
  readonly name: string;
  readonly kernel: BootImage;
  /** The kernel's file, for QEMU. */
  readonly path: string;
  readonly append: string;
  readonly initrd?: Uint8Array;
  readonly rounds: number;
}

/** Returns the lines of the report. */
export async function* board(): AsyncGenerator<string> {
  if (busyboxSkip !== false || debian === null) {
    yield `A real kernel on the board: ${busyboxSkip}`;
    return;
  }
  const hasQemu = spawnSync(QEMU, ["--version"]).error === undefined;
  if (!hasQemu) yield `${QEMU} isn't installed`;
  const directory = mkdtempSync(join(tmpdir(), "farjal-bench-"));
  try {
    yield `Debian's ${debian.release}; medians, least in brackets; ratios of CPU time to the first row of a group`;
    for (const group of await groups(directory)) {
      const rows = ENGINES.map((engine) => onBoard(group, engine));
      if (hasQemu) rows.unshift(onQemu(group, directory));
      yield `${group.name}, ${group.rounds} rounds`;
      yield* table(inTurns(rows, group.rounds));
    }
    const linux = Linux.boot({ kernel: await debianImage() });
    const snapshot = linux.save();
    const usbCommon = debian.module("usb-common");
    const module = readFileSync(usbCommon);
    const words = [COMMAND, "insmod", usbCommon, "--kernel", debian.vmlinuz];
    timedCommand(process.execPath, words); // boots the kernel into the cache, if it isn't there
    yield `saved boards, ${ROUNDS} rounds`;
    yield* table(
      inTurns(
        [
          { name: "save 256 MiB", run: timed(() => void saveBoard(linux.board)) },
          { name: "restore 256 MiB", run: timed(() => void Linux.restore(snapshot)) },
          {
            name: "restore, insmod usb-common",
            run: timed(() => void Linux.restore(snapshot).insmod(module)),
          },
          {
            name: "farjal insmod usb-common, the whole command",
            run: () => timedCommand(process.execPath, words),
          },
        ],
        ROUNDS,
      ),
    );
    yield `a snapshot has ${(snapshot.length / 1e6).toFixed(1)} MB; the boot to it took ${linux.board.instructions} instructions`;
  } finally {
    rmSync(directory, { recursive: true });
  }
}

async function groups(directory: string): Promise<Group[]> {
  const kernel = await debianImage();
  const path = join(directory, "vmlinux");
  writeFileSync(path, elfOf(kernel));
  const unpacked = { kernel, path, append: APPEND };
  const files = Object.fromEntries(
    MODULES.map((name) => [`/${name}.ko`, readFileSync(debian?.module(name) ?? "")]),
  );
  const scripted = (script: string): Uint8Array =>
    userland({ ...files, "/script": Buffer.from(script) });
  const vmlinuz = debian?.vmlinuz ?? "";
  return [
    { name: "to the init process", ...unpacked, initrd: scripted(OFF), rounds: ROUNDS },
    { name: "seven modules", ...unpacked, initrd: scripted(INSMODS + OFF), rounds: ROUNDS },
    { name: "hash sums", ...unpacked, initrd: scripted(SUMS + OFF), rounds: LONG_ROUNDS },
    {
      name: "the vmlinuz as shipped, to the init process",
      kernel: await readBootImage(readFileSync(vmlinuz)),
      path: vmlinuz,
      append: SHIPPED_APPEND,
      initrd: scripted(OFF),
      rounds: LONG_ROUNDS,
    },
  ];
}

function onBoard({ kernel, append, initrd }: Group, engine: Engine): Row {
  return {
    name: `the board, ${engine}`,
    run: timed(() => {
      const made = Board.create({ endian: kernel.endian, engine });
      made.load({ kernel, initrd, append });
      const end = made.run();
      if (end !== "power-off") throw new Error(`the run ended: ${end}\n${made.console.text}`);
    }),
  };
}

function onQemu({ path, append, initrd }: Group, directory: string): Row {
  const archive = join(directory, "initrd");
  return {
    name: QEMU,
    run: () => {
      writeFileSync(archive, initrd ?? new Uint8Array());
      return timedCommand(QEMU, [
        ...QEMU_OPTIONS,
        "-kernel",
        path,
        "-initrd",
        archive,
        "-append",
        append,
      ]);
    },
  };
}

function table(rows: readonly string[][]): Iterable<string> {
  return columns(rows, ["left", "right", "right", "right"]);
}

/** Runs every row once in each round. Ratios are to the first row, by CPU time. */
function inTurns(rows: readonly Row[], rounds: number): string[][] {
  const samples = rows.map((): Sample[] => []);
  for (let round = 0; round < rounds; round += 1) {
    for (const [index, { run }] of rows.entries()) samples[index]?.push(run());
  }
  const [first = []] = samples;
  return rows.map(({ name }, index) => {
    const own = samples[index] ?? [];
    const ratio = median(own.map(({ cpu }) => cpu)) / median(first.map(({ cpu }) => cpu));
    return [
      name,
      `${shown(own.map(({ wall }) => wall))} wall`,
      `${shown(own.map(({ cpu }) => cpu))} CPU`,
      `${ratio.toFixed(2)} x`,
    ];
  });
}

function shown(seconds: readonly number[]): string {
  return `${median(seconds).toFixed(2)} s (${Math.min(...seconds).toFixed(2)})`;
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor((sorted.length - 1) / 2)] ?? Number.NaN;
}

function timed(run: () => void): () => Sample {
  return () => {
    const [cpu, wall] = [process.cpuUsage(), performance.now()];
    run();
    const { user, system } = process.cpuUsage(cpu);
    return { wall: (performance.now() - wall) / 1000, cpu: (user + system) / 1e6 };
  };
}

/** Runs a command to its end, and parses the times that bash reports for it. */
function timedCommand(command: string, words: readonly string[]): Sample {
  const started = performance.now();
  const { stderr, status } = spawnSync(
    "bash",
    ["-c", `TIMEFORMAT='%U %S'; time "$@" </dev/null >/dev/null 2>&1`, "bash", command, ...words],
    { encoding: "utf8" },
  );
  if (status !== 0) throw new Error(`${command} ended with ${status}`);
  const [user = 0, system = 0] = stderr.trim().split(" ").map(Number);
  return { wall: (performance.now() - started) / 1000, cpu: user + system };
}
