// Measures how fast a real kernel boots on farjal's board and on QEMU's, and how fast a saved board is restored.
// Debian's kernel, unpacked, boots until it panics because there is no root file system, and resets the board. This
// exercises devices, timers and kernel threads, but no userland. Each round runs each row once, QEMU among them, so
// ratios hold on a busy machine. The table gives CPU time beside wall time, because QEMU waits for the seconds of the
// real-time clock, and farjal's board skips them.

import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Board, type Engine, Linux, saveBoard } from "../src/index.ts";
import { columns } from "../src/report/table.ts";
import { debian, debianSkip } from "../test/support/debian.ts";
import { debianImage, elfOf } from "../test/support/debian-boot.ts";

const ROUNDS = 4;
const APPEND = "console=ttyS0 nokaslr cryptomgr.notests panic=-1";
const QEMU = "qemu-system-mipsel";
const QEMU_OPTIONS = "-M malta -cpu 24Kc -m 256 -nic none -vga none -nographic -no-reboot".split(
  " ",
);

interface Sample {
  readonly wall: number;
  readonly cpu: number;
}

interface Row {
  readonly name: string;
  readonly run: () => Sample;
}

/** Returns the lines of the report. */
export async function* board(): AsyncGenerator<string> {
  if (debianSkip !== false) {
    yield `A real kernel on the board: ${debianSkip}`;
    return;
  }
  const directory = mkdtempSync(join(tmpdir(), "farjal-bench-"));
  try {
    const image = await debianImage();
    const kernel = join(directory, "vmlinux");
    writeFileSync(kernel, elfOf(image));
    const boot = (engine: Engine) => () => {
      const made = Board.create({ endian: "little", engine });
      made.load({ kernel: image, append: APPEND });
      if (made.run() !== "reset") throw new Error("the kernel didn't get to its end");
    };
    const linux = Linux.boot({ kernel: image });
    const snapshot = linux.save();
    const module = readFileSync(debian?.module("usb-common") ?? "");
    const boots: Row[] = [
      { name: "boot, interpreter", run: timed(boot("interpreter")) },
      { name: "boot, auto", run: timed(boot("auto")) },
    ];
    if (spawnSync(QEMU, ["--version"]).error === undefined) {
      boots.unshift({ name: `boot, ${QEMU}`, run: () => qemu(kernel) });
    } else {
      yield `${QEMU} isn't installed`;
    }
    const others: Row[] = [
      { name: "save 256 MiB", run: timed(() => void saveBoard(linux.board)) },
      { name: "restore 256 MiB", run: timed(() => void Linux.restore(snapshot)) },
      {
        name: "restore, insmod usb-common",
        run: timed(() => void Linux.restore(snapshot).insmod(module)),
      },
    ];
    yield `Debian's ${debian?.release} on the board; medians of ${ROUNDS} rounds, least in brackets`;
    yield* columns([...inTurns(boots), ...inTurns(others)], ["left", "right", "right", "right"]);
    yield `a snapshot has ${(snapshot.length / 1e6).toFixed(1)} MB; the boot to it took ${linux.board.instructions} instructions`;
  } finally {
    rmSync(directory, { recursive: true });
  }
}

/** Runs every row once in each round. Ratios are to the first row, by CPU time. */
function inTurns(rows: readonly Row[]): string[][] {
  const samples = rows.map((): Sample[] => []);
  for (let round = 0; round < ROUNDS; round += 1) {
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

/** Parses the times that bash reports for its child. */
function qemu(kernel: string): Sample {
  const started = performance.now();
  const command = `TIMEFORMAT='%U %S'; time "$@" >"$0.console" </dev/null 2>&1`;
  const { stderr, status } = spawnSync(
    "bash",
    ["-c", command, kernel, QEMU, ...QEMU_OPTIONS, "-kernel", kernel, "-append", APPEND],
    { encoding: "utf8" },
  );
  if (status !== 0) throw new Error(`${QEMU} ended with ${status}`);
  const [user = 0, system = 0] = stderr.trim().split(" ").map(Number);
  return { wall: (performance.now() - started) / 1000, cpu: user + system };
}
