// A whole machine as bytes: a processor's snapshot (src/processor/snapshot.ts has its format), whose note holds the
// rest of the board, and whose attachment is what a reset boots (boot-program.ts). The note is JSON in UTF-8:
//
//   format    "farjal-board"
//   version   3
//   before    instructions before the last reset
//   inputs    the processor's interrupt inputs, at Cause.IP's bits
//   waiting   whether the processor waits for an interrupt
//   devices   by name, what each device's save() gave; null for one that keeps nothing
//
// Everything is checked before the board is changed: the devices must be the same, and each device's state must have
// the shape of what the device would save. Snapshots of earlier versions are read too; the devices that Malta has had
// since then are as after a reset.

import { utf8, utf8Bytes } from "../bytes/text.ts";
import { parsedJson } from "../checked-json.ts";
import { Misuse } from "../errors.ts";
import { checkOptions, type OptionKeys } from "../options.ts";
import {
  readSnapshot,
  restoreProcessor,
  type Snapshot,
  saveProcessor,
} from "../processor/snapshot.ts";
import { Board, type BoardOptions } from "./board.ts";
import { packProgram, unpackProgram } from "./boot-program.ts";
import type { Device, Saved } from "./device.ts";

const FORMAT = "farjal-board";
const VERSION = 3;
/** The versions that are read, and Malta's devices that their snapshots don't have. */
const ABSENT: ReadonlyMap<number, readonly string[]> = new Map([
  [1, ["ide0", "ide1", "i8042"]],
  [2, ["i8042"]],
  [VERSION, []],
]);

export interface SaveBoardOptions {
  /** Whether to compress the state, which takes a third of the space and several times as long; default: true. */
  readonly compressed?: boolean;
  /** Whether to include the kernel and the initramfs, so that a reset can boot again; default: true. */
  readonly program?: boolean;
}

const SAVE_BOARD_OPTIONS: OptionKeys<SaveBoardOptions> = {
  compressed: true,
  program: true,
};

const BOARD_OF_OPTIONS: OptionKeys<Pick<BoardOptions, "engine" | "date" | "disks" | "network">> = {
  engine: true,
  date: true,
  disks: true,
  network: true,
};

interface Note {
  readonly format: string;
  readonly version: number;
  readonly before: number;
  readonly inputs: number;
  readonly waiting: boolean;
  readonly devices: Readonly<Record<string, Saved>>;
}

/** The state of a board that isn't running. */
export function saveBoard(board: Board, options: SaveBoardOptions = {}): Uint8Array {
  checkOptions("saveBoard()", options, SAVE_BOARD_OPTIONS);
  const devices = Object.fromEntries(
    board.devices.map(({ name, device }) => [name, device.save?.() ?? null]),
  );
  const note: Note = { format: FORMAT, version: VERSION, ...board.state, devices };
  const program = options.program === false ? undefined : board.program;
  return saveProcessor(board.processor, {
    note: utf8Bytes(JSON.stringify(note)),
    ...(program === undefined ? {} : { attachment: packProgram(program) }),
    compressed: options.compressed ?? true,
  });
}

/**
 * Restores a snapshot into a board with the same processor, memory and devices.
 * @throws Misuse, without changing the board, for bytes that aren't a snapshot of such a board.
 */
export function restoreBoard(board: Board, bytes: Uint8Array): void {
  resume(board, readSnapshot(bytes));
}

/** Makes a board from a snapshot; `attach` attaches the user's own devices before the state is restored. */
export function boardOf(
  bytes: Uint8Array,
  options: Pick<BoardOptions, "engine" | "date" | "disks" | "network"> = {},
  attach: (board: Board) => void = () => undefined,
): Board {
  checkOptions("boardOf()", options, BOARD_OF_OPTIONS);
  const snapshot = readSnapshot(bytes);
  const { endian, ramSize: memory, model: cpu, tlbEntries } = snapshot;
  const board = Board.create({ ...options, endian, memory, cpu, tlbEntries });
  attach(board);
  resume(board, snapshot, true);
  return board;
}

function resume(board: Board, snapshot: Snapshot, isNew = false): void {
  const note = readNote(snapshot.note);
  const here = board.devices.map(({ name }) => name);
  const added = ABSENT.get(note.version) ?? [];
  const missing = here.filter((name) => !(name in note.devices) && !added.includes(name));
  const foreign = Object.keys(note.devices).filter((name) => !here.includes(name));
  if (missing.length > 0 || foreign.length > 0) {
    throw new Misuse(
      `the snapshot is of a board with other devices${list("without", missing)}${list("with", foreign)}`,
    );
  }
  const saved = board.devices.filter(({ name }) => name in note.devices);
  const fresh = board.devices.filter(({ name }) => !(name in note.devices));
  for (const { name, device } of saved) {
    const state = note.devices[name] ?? null;
    checkShape(name, state, device);
    device.check?.(state);
  }
  restoreProcessor(board.processor, snapshot, { isNew });
  const { attachment } = snapshot;
  board.resume(note, attachment.length === 0 ? undefined : () => unpackProgram(attachment), () => {
    for (const { device } of fresh) device.reset?.();
    for (const { name, device } of saved) device.restore?.(note.devices[name] ?? null);
  });
}

function readNote(bytes: Uint8Array): Note {
  let note: Partial<Note> | null;
  try {
    note = parsedJson(utf8(bytes), "the snapshot") as Partial<Note> | null;
  } catch {
    note = null;
  }
  if (note === null || typeof note !== "object" || note.format !== FORMAT) {
    throw new Misuse("the snapshot is of a processor alone, and not of a board");
  }
  if (!ABSENT.has(note.version ?? 0)) {
    throw new Misuse(
      `the board's snapshot is of version ${note.version}; this farjal reads 1 to ${VERSION}`,
    );
  }
  const { before, inputs, waiting, devices } = note;
  const isWhole =
    Number.isSafeInteger(before) &&
    (before as number) >= 0 &&
    Number.isInteger(inputs) &&
    typeof waiting === "boolean" &&
    typeof devices === "object" &&
    devices !== null;
  if (!isWhole) throw new Misuse("the snapshot is damaged (its board)");
  return note as Note;
}

/** Compares the state for a device with what the device saves now. */
function checkShape(name: string, saved: Saved, device: Device): void {
  const present = device.save?.() ?? null;
  if (!hasShape(saved, present)) {
    throw new Misuse(`the snapshot is damaged (the state of its device ${name})`);
  }
}

/** Lists may have any length; the elements of a list that is empty in the model are assumed to be bytes. */
function hasShape(value: Saved, model: Saved): boolean {
  if (isList(model)) {
    return (
      isList(value) && value.every((one, index) => hasShape(one, model[index] ?? model[0] ?? 0))
    );
  }
  if (model === null || value === null) return value === model;
  if (typeof model === "object") {
    if (typeof value !== "object" || isList(value)) return false;
    const [keys, wanted] = [Object.keys(value).sort(), Object.keys(model).sort()];
    const other = model as Readonly<Record<string, Saved>>;
    return (
      keys.join() === wanted.join() &&
      Object.entries(value).every(([key, one]) => hasShape(one, other[key] ?? null))
    );
  }
  return typeof value === typeof model && (typeof value !== "number" || Number.isFinite(value));
}

function isList(value: Saved): value is readonly Saved[] {
  return Array.isArray(value);
}

function list(word: string, names: readonly string[]): string {
  return names.length === 0 ? "" : `, ${word} ${names.join(", ")}`;
}
