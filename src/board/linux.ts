// A Linux that runs on a board and handles requests: load a module, unload one, read and write files, run a command.
// The kernel is a real one that the user provides. Its process 1 is our agent (agent/agent.c), which reads a request
// from a window of memory each time it has written to a doorbell register. Between two requests the board doesn't run,
// so no time passes in the guest, and a snapshot taken then begins with the next request.

import { host } from "#host";
import type { Endian } from "../bytes/endian.ts";
import { hexDigits, joined, latin1, latin1Bytes, utf8, utf8Bytes } from "../bytes/text.ts";
import { Words } from "../bytes/words.ts";
import { type Errno, errnoName, Misuse } from "../errors.ts";
import { version } from "../host/version.ts";
import { checkOptions, type OptionKeys } from "../options.ts";
import { Board, type BoardOptions } from "./board.ts";
import type { BootImage } from "./boot-image.ts";
import type { Device, DevicePort } from "./device.ts";
import { initramfs } from "./initramfs.ts";
import { boardOf, saveBoard } from "./snapshot.ts";

/** agent.c defines the same numbers. */
const WINDOW = 128 << 20;
const WINDOW_SIZE = 64 << 20;
const DOORBELL = 0x1d000000;
const PAGE = 0x1000;
const TEXT = 0x1000;
const TEXT_SIZE = 0x10000;
const LINES = 0x20000;
const LINES_SIZE = 0x1e0000;
const DATA = 0x200000;
const DATA_SIZE = WINDOW_SIZE - DATA;
const REQUEST_WORDS = 5;
const WHAT = { load: 1, unload: 2, read: 3, write: 4, append: 5, run: 6, sleep: 7 } as const;
const READY = 1;

const MIB = 1 << 20;
const MEMORY = 256 * MIB;
const AGENT = "farjal-agent";
/** The purposes: no console lines, our process 1, no self-tests of the kernel, and a memory hole for the window. */
const COMMAND_LINE = [
  ...["console=ttyS0", "quiet", `rdinit=/${AGENT}`, "nokaslr", "cryptomgr.notests"],
  `mem=${WINDOW / MIB}M@0`,
  `mem=${(MEMORY - WINDOW - WINDOW_SIZE) / MIB}M@${(WINDOW + WINDOW_SIZE) / MIB}M`,
].join(" ");
/** The limits for the boot and, by default, for each request, in seconds of real time. */
const BOOT_LIMIT = 600;
const REQUEST_LIMIT = 120;
const LONGEST_SLEEP = 3600;
/** The number of console lines that an error shows. */
const TAIL = 12;

export interface LinuxOptions extends Pick<BoardOptions, "cpu" | "engine" | "date"> {
  readonly kernel: BootImage;
  /** A second initramfs, for example with a busybox, whose commands run() can use. */
  readonly initrd?: Uint8Array | undefined;
  /** Appended to the kernel's command line. */
  readonly append?: string | undefined;
  /** The limit for a request in seconds; default: 120. */
  readonly timeLimit?: number | undefined;
}

const RESTORE_OPTIONS: OptionKeys<Pick<LinuxOptions, "engine" | "timeLimit">> = {
  engine: true,
  timeLimit: true,
};

const LINUX_OPTIONS: OptionKeys<LinuxOptions> = {
  ...RESTORE_OPTIONS,
  cpu: true,
  date: true,
  kernel: true,
  initrd: true,
  append: true,
};

/** The kernel's answer to a request. */
export interface LinuxAnswer {
  /** null when the request succeeded. */
  readonly errno: Errno | `E${string}` | null;
  /** The kernel's messages during the request, without times. */
  readonly dmesg: readonly string[];
}

/** The agent's doorbell: a write to it ends the run. */
class Doorbell implements Device {
  rung = false;
  #port: DevicePort | undefined;

  connect(port: DevicePort): void {
    this.#port = port;
  }

  read(): number {
    return 0;
  }

  write(_offset: number, _size: number, value: number): void {
    this.rung = value === READY;
    this.#port?.stop("device");
  }
}

export class Linux {
  /**
   * Everything that a snapshot depends on besides the kernel and the options: farjal's version, agent, core and boot
   * parameters.
   */
  static get identity(): string {
    const files = (["agent-little", "little.wasm", "agent-big", "big.wasm"] as const).map((name) =>
      host.resource(name),
    );
    return hexDigits(host.sha256([utf8Bytes(`${COMMAND_LINE}\n${version()}\n`), ...files]));
  }

  readonly board: Board;
  readonly #doorbell: Doorbell;
  readonly #timeLimit: number;
  #messages: string[] = [];

  /**
   * Boots a kernel until its agent waits for requests.
   * @throws Misuse, with the console's last lines, when the kernel doesn't get that far.
   */
  static boot(options: LinuxOptions): Linux {
    checkOptions("Linux.boot()", options, LINUX_OPTIONS);
    const { kernel, initrd, append, cpu, engine, date } = options;
    const board = Board.create({ endian: kernel.endian, memory: MEMORY, cpu, engine, date });
    const linux = new Linux(board, attachDoorbell(board), options.timeLimit);
    board.load({
      kernel,
      initrd: joined([initrd ?? new Uint8Array(), archiveOf(kernel.endian)]),
      append: [COMMAND_LINE, append].filter(Boolean).join(" "),
    });
    linux.#goOn("the kernel didn't start farjal's agent", BOOT_LIMIT);
    return linux;
  }

  /** Continues from the result of save(). @throws Misuse for any other bytes. */
  static restore(
    snapshot: Uint8Array,
    options: Pick<LinuxOptions, "engine" | "timeLimit"> = {},
  ): Linux {
    checkOptions("Linux.restore()", options, RESTORE_OPTIONS);
    let doorbell: Doorbell | undefined;
    const board = boardOf(snapshot, { engine: options.engine }, (made) => {
      doorbell = attachDoorbell(made);
    });
    if (doorbell === undefined || board.processor.ramSize !== MEMORY) {
      throw new Misuse("the snapshot is of a board without farjal's agent");
    }
    return new Linux(board, doorbell, options.timeLimit);
  }

  private constructor(board: Board, doorbell: Doorbell, timeLimit = REQUEST_LIMIT) {
    this.board = board;
    this.#doorbell = doorbell;
    this.#timeLimit = timeLimit;
  }

  /**
   * The whole machine, waiting for its next request.
   * @param compressed false: several times as large, and restored in half the time; default: true.
   */
  save({ compressed = true } = {}): Uint8Array {
    return saveBoard(this.board, { compressed, program: false });
  }

  /** All messages of the kernel since the first request, without times. */
  get dmesg(): readonly string[] {
    return this.#messages;
  }

  /**
   * Loads a module as insmod does: calls the kernel's init_module() with these bytes.
   * @param parameters as on insmod's command line: "debug=1 name=value".
   */
  insmod(module: Uint8Array, parameters = ""): LinuxAnswer {
    return answerOf(this.#ask(WHAT.load, parameters, module));
  }

  rmmod(name: string): LinuxAnswer {
    return answerOf(this.#ask(WHAT.unload, name));
  }

  /** A file's content. @throws Misuse with the errno's name. */
  read(path: string): Uint8Array {
    return this.#must(`read ${path}`, this.#ask(WHAT.read, path)).content;
  }

  /**
   * Writes a file from the start, as a shell's `>` does, or with `append` as `>>` does. @throws Misuse with the errno's
   * name.
   */
  write(path: string, content: string | Uint8Array, { append = false } = {}): void {
    const bytes = typeof content === "string" ? utf8Bytes(content) : content;
    this.#must(`write ${path}`, this.#ask(append ? WHAT.append : WHAT.write, path, bytes));
  }

  /** Runs a command in the initramfs' /bin/sh. @returns its exit status, 127 without a shell, and its output. */
  run(command: string): { readonly status: number; readonly output: string } {
    const answer = this.#must(`run ${command}`, this.#ask(WHAT.run, command));
    return { status: answer.result, output: utf8(answer.content) };
  }

  /**
   * Lets the guest's time pass: interrupts, timers and kernel threads run while process 1 sleeps.
   * @param seconds of guest time, at most 3600.
   */
  sleep(seconds: number): LinuxAnswer {
    if (!(seconds >= 0 && seconds <= LONGEST_SLEEP)) {
      throw new Misuse(`the guest can sleep up to ${LONGEST_SLEEP} seconds, and not ${seconds}`);
    }
    return answerOf(this.#ask(WHAT.sleep, "", undefined, Math.round(seconds * 1e6)));
  }

  #must<A extends LinuxAnswer>(what: string, answer: A): A {
    if (answer.errno !== null) throw new Misuse(`the guest can't ${what}: ${answer.errno}`);
    return answer;
  }

  #ask(what: number, text: string, data: Uint8Array = new Uint8Array(), size = data.length) {
    const textBytes = utf8Bytes(`${text}\0`);
    if (textBytes.length > TEXT_SIZE) throw new Misuse("the request's text is too long");
    if (data.length > DATA_SIZE) {
      throw new Misuse(
        `${data.length} bytes are more than the ${DATA_SIZE >>> 20} MiB that a request has room for`,
      );
    }
    const { processor } = this.board;
    processor.writeBytes(WINDOW + TEXT, textBytes);
    processor.writeBytes(WINDOW + DATA, data);
    processor.writeBytes(WINDOW, this.#words([what, size, 0, 0, 0]));
    this.#goOn("the request wasn't answered", this.#timeLimit);
    const [, , result = 0, answered = 0, lines = 0] = this.#request();
    const dmesg = messagesOf(processor.readBytes(WINDOW + LINES, Math.min(lines, LINES_SIZE)));
    for (const line of dmesg) this.#messages.push(line);
    const errno =
      (result | 0) < 0 ? (errnoName(-(result | 0)) ?? (`E${-(result | 0)}` as const)) : null;
    const content = processor.readBytes(WINDOW + DATA, Math.min(answered, DATA_SIZE));
    return { errno, dmesg, result, content };
  }

  #words(values: readonly number[]): Uint8Array {
    const words = new Words(new Uint8Array(4 * values.length), this.board.endian);
    values.forEach((value, index) => {
      words.setU32(4 * index, value);
    });
    return words.bytes;
  }

  #request(): number[] {
    const bytes = this.board.processor.readBytes(WINDOW, 4 * REQUEST_WORDS);
    const words = new Words(bytes, this.board.endian);
    return Array.from({ length: REQUEST_WORDS }, (_, index) => words.u32(4 * index));
  }

  /** Runs until the agent writes to the doorbell. */
  #goOn(trouble: string, timeLimit: number): void {
    this.#doorbell.rung = false;
    const stop = this.board.run({ timeLimit });
    if (stop === "device" && this.#doorbell.rung) return;
    const why =
      stop === "time"
        ? `after ${timeLimit} seconds it still ran`
        : `the board's run ended: ${stop}`;
    const lines = this.board.console.text.split(/\r?\n/).filter((line) => line !== "");
    const tail = lines.slice(-TAIL).map((line) => `  ${line}`);
    throw new Misuse(
      [`${trouble}: ${why}`, ...(tail.length > 0 ? ["its console ended in", ...tail] : [])].join(
        "\n",
      ),
    );
  }
}

function answerOf({ errno, dmesg }: LinuxAnswer): LinuxAnswer {
  return { errno, dmesg };
}

function attachDoorbell(board: Board): Doorbell {
  const doorbell = new Doorbell();
  board.attach(DOORBELL, PAGE, doorbell, { name: "doorbell", byteOrder: "native" });
  return doorbell;
}

/** The initramfs with the agent, which follows the user's. */
export function archiveOf(endian: Endian): Uint8Array {
  const agent = host.resource(`agent-${endian}`);
  return initramfs([
    { name: "dev", kind: "directory" },
    { name: "dev/console", kind: "device", major: 5, minor: 1 },
    { name: AGENT, kind: "file", bytes: agent, executable: true },
  ]);
}

/**
 * The texts of /dev/kmsg's records: `priority,sequence,time,flags;text`, followed by the lines of a dictionary, which
 * begin with a space. Unprintable bytes are written \xHH (Documentation/ABI/testing/dev-kmsg).
 */
export function messagesOf(records: Uint8Array): string[] {
  return latin1(records)
    .split("\n")
    .flatMap((line) => {
      const text = /^\d+,\d+,\d+,[^;]*;(.*)$/.exec(line)?.[1];
      if (text === undefined) return [];
      const bytes = text.replace(/\\x([0-9a-f]{2})/g, (_all, digits: string) =>
        String.fromCharCode(Number.parseInt(digits, 16)),
      );
      return utf8(latin1Bytes(bytes)).split("\n");
    });
}
