// `farjal boot VMLINUX`: boots a kernel on the Malta board. The terminal or a script drives the console. The run ends
// at a text on the console, at the end of the script, when the guest powers off, or at a limit. The machine can be
// saved at a text and continued later.

import { createHash } from "node:crypto";
import { openSync, writeSync } from "node:fs";
import { setImmediate as turn } from "node:timers/promises";
import { type Command, Option } from "commander";
import { writing } from "../../errors.ts";
import { hex } from "../../hex.ts";
import {
  type AnyKernel,
  Board,
  type BootProgram,
  boardOf,
  CPU_MODEL_NAMES,
  type CpuModel,
  Disk,
  ENGINES,
  type Engine,
  InputRecorder,
  InputReplay,
  Misuse,
  pcapHeader,
  pcapRecord,
  postMortem,
  readAnyKernel,
  readBootImage,
  readInputRecording,
  readScript,
  ScriptedRun,
  type ScriptStop,
  type Sink,
  saveBoard,
} from "../../index.ts";
import { BOARD_BYTES } from "../../limits.ts";
import { stopText } from "../../report/stop-text.ts";
import type { Answer, AnswerOptions, Give } from "../answer.ts";
import { writeAtomically, writeWhole } from "../atomic-file.ts";
import { debugBoard, debugged, type GdbOptions } from "../gdb.ts";
import { readInput } from "../input.ts";
import { kernelStore } from "../kernel-store.ts";
import { Keyboard } from "../keyboard.ts";
import {
  KernelObservation,
  type ObservationOptions,
  withObservation,
} from "../options/kernel-observation.ts";
import { countReader, gather } from "../options/numbers.ts";
import type { Terminal } from "../terminal.ts";

const EXAMPLES = `
Examples:
  farjal boot vmlinuz-6.1.0-50-4kc-malta --initrd initrd.gz --append "console=ttyS0"
  farjal boot vmlinux --append "console=ttyS0 panic=-1" --until "Kernel panic" --json
  farjal boot vmlinuz --initrd initrd.gz --append "console=ttyS0" --save shell --at "/ #"
  farjal boot --restore shell --script commands.txt
  farjal boot vmlinuz --append "console=ttyS0 root=/dev/sda" --disk root.img --save-disk changed.img
  farjal boot vmlinuz --until "Run /init" --trace-functions 'vfs_*' -p function_graph -o trace.dat
  farjal boot vmlinuz --until "Run /init" --profile callgrind.out.boot

A script has lines 'expect TEXT' and 'send TEXT'; what is sent ends with Enter, unless it ends with \\c.
On a terminal, Ctrl-A x leaves.`;

const MEMORY_MIB = 256;
const MOST_MEMORY_MIB = BOARD_BYTES / 2 ** 20;
const CARD_ADDRESS = "52:54:00:12:34:56";
/** Seconds of real time between two checks of the keyboard and of an interrupt. */
const SLICE = 0.02;
const SLICE_ALONE = 0.2;
/** Milliseconds after which the console's output is shown while gdb runs the board. */
const FLUSH_EVERY = 100;

interface BootOptions extends AnswerOptions, ObservationOptions, GdbOptions {
  readonly initrd?: string;
  readonly append: string;
  readonly memory: number;
  readonly cpu: CpuModel;
  readonly engine: Engine;
  readonly until?: string;
  readonly timeLimit?: number;
  readonly disk?: readonly string[];
  readonly saveDisk?: readonly string[];
  readonly network?: string;
  readonly script?: string;
  readonly record?: string;
  readonly replay?: string;
  readonly log?: string;
  readonly reboot: boolean;
  readonly save?: string;
  readonly at?: string;
  readonly restore?: string;
}

/** Ends that count as success when --until is not given. */
const GOOD_ENDS: ReadonlySet<BootEnd> = new Set<BootEnd>([
  "power-off",
  "reset",
  "left",
  "script",
  "saved",
]);

type BootEnd = ScriptStop | "replayed" | "left" | "interrupted" | "saved";

const REASONS: Readonly<Partial<Record<BootEnd, string>>> = {
  time: "the time limit is reached",
  panic: "the kernel has panicked",
  halted: "the processor waits, and no interrupt will come",
  fault: "the processor took an exception without a handler",
  interrupted: "interrupted",
  "power-off": "the guest has switched the board off",
  reset: "the guest has reset the board",
  replayed: "the recording is at its end",
};

export function addBoot(program: Command, give: Give, terminal: Terminal): void {
  const command = program
    .command("boot")
    .argument(
      "[KERNEL]",
      "the kernel: vmlinuz or vmlinux as an ELF file, or a uImage, of either byte order",
    )
    .option("--json", "print one JSON document")
    .option("--initrd <FILE>", "the initramfs")
    .option("--append <TEXT>", "the kernel's command line", "console=ttyS0")
    .option("--memory <MIB>", "memory of the board", countReader(1, MOST_MEMORY_MIB), MEMORY_MIB)
    .addOption(new Option("--cpu <NAME>", "the processor").choices(CPU_MODEL_NAMES).default("24Kc"))
    .addOption(
      new Option("--engine <NAME>", "how instructions are run; the guest sees no difference")
        .choices(ENGINES)
        .default("interpreter"),
    )
    .option(
      "--until <TEXT>",
      "end when the console has shown this text; exit code 1 when it hasn't",
    )
    .option("--time-limit <S>", "end after this many seconds", countReader(1, 1_000_000))
    .option(
      "--disk <FILE>",
      "an IDE disk with this image, which stays as it is; up to four (may be given again)",
      gather,
    )
    .option(
      "--save-disk <FILE>",
      "at the end, write the first disk with the guest's changes to FILE; given again, the next disk",
      gather,
    )
    .option(
      "--network <FILE>",
      "a network card; what the guest sends is written to FILE, a capture for Wireshark or tcpdump",
    )
    .option("--script <FILE>", "a dialogue with the console: lines 'expect TEXT' and 'send TEXT'")
    .option("--record <FILE>", "write the input with its times to FILE, for --replay")
    .option(
      "--replay <FILE>",
      "run again what --record has recorded, with the same options; exit code 1 when it ends otherwise",
    )
    .option("--log <FILE>", "also write the console's output to FILE")
    .option("--no-reboot", "end when the guest resets the board, instead of booting again")
    .option("--save <FILE>", "save the whole machine: at the text of --at, or where the run ends")
    .option(
      "--at <TEXT>",
      "the text at which --save saves; without --until and --script the run ends there",
    )
    .option("--restore <FILE>", "continue a machine that --save saved, instead of booting");
  withObservation(debugged(command))
    .summary("boot a kernel on the Malta board")
    .description(
      "Boots an unmodified Linux kernel for MIPS Malta on farjal's own board. Exit code 1: the text of --until didn't " +
        "appear or the script didn't finish; without either, the kernel panicked, faulted or halted, or the run was cut short.",
    )
    .addHelpText("after", EXAMPLES)
    .action((kernel: string | undefined, options: BootOptions) =>
      give(options, () => boot(kernel, options, terminal)),
    );
}

async function boot(
  path: string | undefined,
  options: BootOptions,
  terminal: Terminal,
): Promise<Answer> {
  const disks = (options.disk ?? []).map((image) => Disk.open(image));
  const { saveDisk = [] } = options;
  refuseWithGdb(options);
  if (saveDisk.length > disks.length) {
    throw new Misuse("--save-disk writes a disk that --disk gives: there are fewer of those");
  }
  const board = await boardFor(path, options, disks);
  const input = inputOf(board, path, options, disks);
  const steps = options.script === undefined ? [] : readScript(text(readInput(options.script)));
  const observation = await KernelObservation.begin(board, options, () => symbols(path));
  const started = performance.now();
  const script = new ScriptedRun(board, steps, options.until);
  const end = await runBoard(
    board,
    input.replay ?? script,
    options,
    options.gdb === undefined ? null : await symbols(path),
    terminal,
  );
  const wall = (performance.now() - started) / 1000;
  const observed = (await observation?.finish()) ?? "";
  if (options.save !== undefined && end !== "saved" && options.at === undefined) {
    await save(board, options.save, terminal);
  }
  for (const [index, target] of saveDisk.entries()) {
    const disk = disks[index];
    if (disk !== undefined) await writeAtomically(target, (sink) => written(disk, sink));
  }
  if (options.record !== undefined && input.recorder !== undefined) {
    await writeWhole(options.record, Buffer.from(input.recorder.text()));
  }
  const reached =
    input.replay?.isSame ?? (options.until === undefined ? GOOD_ENDS.has(end) : end === "until");
  const stop = isTrouble(end, reached)
    ? postMortem(board, await symbols(path), REASONS[end] ?? end)
    : null;
  return {
    held: reached,
    json: {
      reached,
      end,
      instructions: board.instructions,
      seconds: { wall, guest: board.now / board.clockRate },
      console: board.console.text,
      stop: stop && { message: stop.message, pc: hex(stop.pc), registers: stop.registers.map(hex) },
    },
    text: [],
    notes:
      observed +
      (stop === null
        ? `\n${REASONS[end] ?? ""}\n`.replace(/^\n\n/, "\n")
        : `\n${terminal.notePaint.red("error:")} ${stop.message}\n${unmet(script, options, end)}${stopText(stop, terminal.notePaint)}`),
  };
}

/** @throws Misuse for options that need a run that only goes forward, or that types. */
function refuseWithGdb(options: BootOptions): void {
  if (options.gdb === undefined) return;
  const others = [
    "script",
    "record",
    "replay",
    "at",
    "network",
    "traceFunctions",
    "profile",
  ] as const;
  const other = others.find((name) => options[name] !== undefined);
  if (other === undefined) return;
  const option = other.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  throw new Misuse(`gdb stops the run and goes back in it: leave out --${option}`);
}

/** Says what the console should have shown: the next text of the script, or that of --until. */
function unmet(script: ScriptedRun, { until }: BootOptions, end: BootEnd): string {
  const awaited = end === "until" || end === "script" ? undefined : (script.expected ?? until);
  return awaited === undefined ? "" : `the console hasn't shown ${JSON.stringify(awaited)}\n`;
}

function isTrouble(end: BootEnd, reached: boolean): boolean {
  return !reached || end === "panic" || end === "fault";
}

interface RecordedInput {
  readonly recorder?: InputRecorder;
  readonly replay?: InputReplay;
}

/** What records the input, or gives it again. @throws Misuse for options that don't go together. */
function inputOf(
  board: Board,
  path: string | undefined,
  options: BootOptions,
  disks: readonly Disk[],
): RecordedInput {
  const { record, replay } = options;
  if (record === undefined && replay === undefined) return {};
  const machine = machineDigest(path, options, disks);
  if (replay === undefined) return { recorder: new InputRecorder(board, machine) };
  for (const name of ["record", "script", "until", "at"] as const) {
    if (options[name] !== undefined) {
      throw new Misuse(`--replay has its input and its end: leave out --${name}`);
    }
  }
  return { replay: new InputReplay(board, readInputRecording(text(readInput(replay))), machine) };
}

/** A checksum of all that a run depends on besides its input. */
function machineDigest(
  path: string | undefined,
  { initrd, restore, append, memory, cpu, network }: BootOptions,
  disks: readonly Disk[],
): string {
  const hash = createHash("sha256");
  for (const file of [path, initrd, restore]) {
    const digest = createHash("sha256").update(file === undefined ? "" : readInput(file));
    hash.update(digest.digest());
  }
  const images = disks.map(({ digest }) => digest);
  hash.update(JSON.stringify([append, memory, cpu, network !== undefined, images]));
  return hash.digest("hex");
}

/** Writes a disk's content, part by part. */
function* written(disk: Disk, sink: Sink): Generator<void> {
  for (const part of disk.content()) {
    sink.write(part);
    yield;
  }
}

async function boardFor(
  path: string | undefined,
  options: BootOptions,
  disks: readonly Disk[],
): Promise<Board> {
  if (options.at !== undefined && options.save === undefined) {
    throw new Misuse("--at says where to save; give --save FILE too");
  }
  const network = options.network === undefined ? undefined : CARD_ADDRESS;
  if (options.restore !== undefined) {
    if (options.initrd !== undefined) {
      throw new Misuse(
        "--restore continues a saved machine, which has its initramfs: leave out --initrd",
      );
    }
    return boardOf(readInput(options.restore), { engine: options.engine, disks, network });
  }
  if (path === undefined) throw new Misuse("name a kernel, or give --restore FILE");
  const { initrd, append, memory, cpu, engine } = options;
  const program: BootProgram = {
    kernel: await readBootImage(readInput(path)),
    initrd: initrd === undefined ? undefined : readInput(initrd),
    append,
  };
  const board = Board.create({
    endian: program.kernel.endian,
    memory: memory * 2 ** 20,
    cpu,
    engine,
    disks,
    network,
  });
  board.load(program);
  return board;
}

/** Runs to the end and shows the console; reads the keyboard if there is one and no script. */
async function runBoard(
  board: Board,
  run: ScriptedRun | InputReplay,
  options: BootOptions,
  kernel: AnyKernel | null,
  terminal: Terminal,
): Promise<BootEnd> {
  const log = options.log === undefined ? undefined : openLog(options.log);
  capture(board, options.network);
  const shown = new Output(board, (bytes) => {
    if (options.json !== true) terminal.raw(bytes);
    if (log !== undefined) log(bytes);
  });
  const isInteractive =
    process.stdin.isTTY === true &&
    options.json !== true &&
    options.script === undefined &&
    options.replay === undefined;
  const keyboard = isInteractive ? new Keyboard(process.stdin) : undefined;
  let interrupted = false;
  const interrupt = (): void => {
    interrupted = true;
  };
  process.once("SIGINT", interrupt);
  keyboard?.open();
  const started = performance.now();
  try {
    if (options.gdb !== undefined) {
      const timer = setInterval(() => shown.flush(), FLUSH_EVERY);
      const end = await debugBoard(board, options.gdb, kernel, terminal);
      clearInterval(timer);
      if (end === "killed") return "interrupted";
    }
    for (;;) {
      const left =
        (options.timeLimit ?? Number.POSITIVE_INFINITY) - (performance.now() - started) / 1000;
      const end = await advance(board, run, options, keyboard, left);
      shown.flush();
      await turn();
      if (interrupted) return "interrupted";
      if (keyboard?.left === true) return "left";
      if (end === "until" && board.console.matched === options.at && options.save !== undefined) {
        await save(board, options.save, terminal);
        if (options.until === undefined && options.script === undefined) return "saved";
      } else if (end === "reset" && options.reboot && board.canReset) {
        board.reset();
      } else if (end !== undefined) {
        return end;
      }
    }
  } finally {
    process.removeListener("SIGINT", interrupt);
    keyboard?.close();
    shown.flush();
  }
}

/** Runs one slice. @returns undefined when only the slice is over. */
async function advance(
  board: Board,
  run: ScriptedRun | InputReplay,
  { at }: BootOptions,
  keyboard: Keyboard | undefined,
  left: number,
): Promise<ScriptStop | "replayed" | undefined> {
  if (left <= 0) return "time";
  const also = at === undefined ? [] : [at];
  if (run instanceof InputReplay) {
    const end = run.advance({ timeLimit: Math.min(SLICE_ALONE, left) });
    return end === "time" ? undefined : end;
  }
  if (keyboard === undefined) {
    const end = run.advance({ timeLimit: Math.min(SLICE_ALONE, left) }, also);
    return end === "time" ? undefined : end;
  }
  board.console.send(keyboard.keys());
  const end = run.advance({ timeLimit: Math.min(SLICE, left), idle: "return" }, also);
  if (end !== "idle") return end === "time" ? undefined : end;
  // A waiting guest costs nothing: guest time follows real time until something is due or a key is typed.
  const began = performance.now();
  await keyboard.wait(Math.min((board.untilDue / board.clockRate) * 1000, left * 1000));
  const passed = ((performance.now() - began) / 1000) * board.clockRate;
  board.passTime(Math.min(Math.ceil(passed), Math.max(board.untilDue, 0)));
  return undefined;
}

/** Collects the console's bytes until they are shown. What a run that went back prints again is shown once. */
class Output {
  readonly #show: (bytes: Uint8Array) => void;
  #bytes: number[] = [];
  #printed = 0;

  constructor(board: Board, show: (bytes: Uint8Array) => void) {
    this.#show = show;
    board.console.onByte = (byte) => {
      if (board.console.printed <= this.#printed) return;
      this.#printed = board.console.printed;
      this.#bytes.push(byte);
      if (this.#bytes.length > 4096) this.flush();
    };
  }

  flush(): void {
    if (this.#bytes.length > 0) this.#show(Uint8Array.from(this.#bytes));
    this.#bytes = [];
  }
}

async function save(board: Board, path: string, terminal: Terminal): Promise<void> {
  await writeWhole(path, saveBoard(board));
  terminal.note(`\nsaved in ${path}; farjal boot --restore ${path} continues from there\n`);
}

/** The kernel's symbols for a post mortem, if its file has any. */
async function symbols(path: string | undefined) {
  if (path === undefined) return null;
  try {
    return await readAnyKernel(path, { store: kernelStore({}) });
  } catch (error) {
    if (error instanceof Misuse) return null;
    throw error;
  }
}

/** Opens the log's file, and gives the function that appends to it. @throws Misuse, which a full disk is too. */
/** Writes the frames of the network card to a file. */
function capture(board: Board, path: string | undefined): void {
  const card = board.network;
  if (path === undefined || card === undefined) return;
  const write = openLog(path);
  write(pcapHeader());
  card.onFrame = (frame) => {
    const microseconds = Math.floor((board.now / board.clockRate) * 1e6);
    write(pcapRecord(frame, microseconds));
  };
}

function openLog(path: string): (bytes: Uint8Array) => void {
  const file = writing(path, () => openSync(path, "w"));
  return (bytes) => {
    for (let done = 0; done < bytes.length; ) {
      done += writing(path, () => writeSync(file, bytes, done));
    }
  };
}

function text(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("utf8");
}
