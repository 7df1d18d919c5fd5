// The input of a board's run, each piece with the time on the board's clock at which it came. A run depends on nothing
// else, so a replay gives the same instructions, console and memory again, at any speed: a failure that a person at the
// keyboard has met becomes a test. A recording is lines of JSON: what the machine was, the pieces, and how the run
// ended, by which a replay is checked.

import { host } from "#host";
import { base64, fromBase64, hexDigits, utf8Bytes } from "../bytes/text.ts";
import { linesOf } from "../bytes/text-lines.ts";
import { parsedJson } from "../checked-json.ts";
import { Misuse } from "../errors.ts";
import { RECORDED_INPUTS } from "../limits.ts";
import type { Board, RunOptions } from "./board.ts";
import type { BoardStop } from "./board-stop.ts";

const FORMAT = "farjal-recording";
const VERSION = 1;

interface Heading {
  readonly format: string;
  readonly version: number;
  readonly machine: string;
}

interface Input {
  readonly clock: number;
  /** The bytes in base64. */
  readonly input: string;
}

/** The state in which a run ended. */
interface End {
  readonly clock: number;
  readonly instructions: number;
  readonly pc: number;
  /** SHA-256 of the console's text. */
  readonly console: string;
}

export interface InputRecording extends Heading {
  readonly inputs: readonly Input[];
  readonly end: End;
}

/** Records what is typed on a board's console from now on. */
export class InputRecorder {
  readonly #board: Board;
  readonly #lines: (Heading | Input)[];

  /** @param machine what the machine is made of: a replay on another one is refused. */
  constructor(board: Board, machine: string) {
    this.#board = board;
    this.#lines = [{ format: FORMAT, version: VERSION, machine }];
    board.console.onInput = (bytes) => {
      this.#lines.push({ clock: board.now, input: base64(bytes) });
    };
  }

  /** The recording of the run so far, as a file's text. */
  text(): string {
    return [...this.#lines, endOf(this.#board)].map((line) => `${JSON.stringify(line)}\n`).join("");
  }
}

/** Reads a recording. @throws Misuse for a text that is none. */
export function readInputRecording(text: string): InputRecording {
  const lines: Record<string, unknown>[] = [];
  for (const line of linesOf(text)) {
    if (lines.length === RECORDED_INPUTS) {
      throw new Misuse(`the recording has more than ${RECORDED_INPUTS} lines`);
    }
    lines.push(parsed(line));
  }
  const [heading, ...rest] = lines;
  const end = rest.pop();
  if (heading?.["format"] !== FORMAT) throw new Misuse("this is no recording of farjal's");
  if (heading["version"] !== VERSION) {
    throw new Misuse(
      `the recording is of version ${heading["version"]}; this farjal reads ${VERSION}`,
    );
  }
  const inputs = rest as unknown as Input[];
  let clock = 0;
  for (const one of inputs) {
    if (!isTime(one.clock) || one.clock < clock || typeof one.input !== "string") throw damaged();
    clock = one.clock;
  }
  const last = end as unknown as End | undefined;
  if (last === undefined || !isTime(last.clock) || last.clock < clock) throw damaged();
  return { ...(heading as unknown as Heading), inputs, end: last };
}

/** A run with a recording's input in place of a user's. */
export class InputReplay {
  readonly #board: Board;
  readonly #recording: InputRecording;
  #at = 0;

  /** @throws Misuse when the recording is of another machine. */
  constructor(board: Board, recording: InputRecording, machine: string) {
    if (recording.machine !== machine) {
      throw new Misuse(
        "the recording is of another machine: give the same kernel, initramfs, command line, disks and options",
      );
    }
    this.#board = board;
    this.#recording = recording;
  }

  /** Runs to the recording's end, or to a limit or another end; a later call continues. */
  advance(options: Pick<RunOptions, "timeLimit">): BoardStop | "replayed" {
    for (;;) {
      const next = this.#recording.inputs[this.#at];
      const clock = next?.clock ?? this.#recording.end.clock;
      const stop = this.#board.run({ ...options, clock });
      if (stop !== "instructions") return stop;
      if (next === undefined) return "replayed";
      this.#board.console.send(bytesOf(next));
      this.#at += 1;
    }
  }

  /** Whether the board is as the recorded one was at the end. */
  get isSame(): boolean {
    const { end } = this.#recording;
    const now = endOf(this.#board);
    return (Object.keys(now) as (keyof End)[]).every((key) => now[key] === end[key]);
  }
}

function endOf(board: Board): End {
  return {
    clock: board.now,
    instructions: board.instructions,
    pc: board.processor.pc,
    console: hexDigits(host.sha256([utf8Bytes(board.console.text)])),
  };
}

function parsed(line: string): Record<string, unknown> {
  try {
    const value = parsedJson(line, "the recording");
    if (typeof value === "object" && value !== null) return value as Record<string, unknown>;
  } catch {
    // The error below reports it.
  }
  throw new Misuse("this is no recording of farjal's");
}

function bytesOf({ input }: Input): Uint8Array {
  try {
    return fromBase64(input);
  } catch {
    throw damaged();
  }
}

function isTime(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function damaged(): Misuse {
  return new Misuse("the recording is damaged");
}
