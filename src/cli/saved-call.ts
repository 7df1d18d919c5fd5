// `run --save FILE` and `--restore FILE`: continues in one process a call that didn't return in another. The machine is
// saved wherever the call has stopped, whatever the reason. The machine that it is restored into must be made by the
// same command line, since modules are loaded again and not saved (machine-state.ts compares the two). The snapshot
// says which call it holds, so --restore needs no --call, and another call is refused. The file is a snapshot, whose
// format snapshot.ts defines; this file's note on the call is in it.

import { type Command, Option } from "commander";
import { parsedJson } from "../checked-json.ts";
import {
  type CallOutcome,
  type GuestCall,
  type Machine,
  Misuse,
  type ModuleFile,
} from "../index.ts";
import { writeWhole } from "./atomic-file.ts";
import { type CallText, callTarget, callTitle } from "./call/call-text.ts";
import { callIdentity, type MadeArgument, placeCall, type ShownMemory } from "./call/place.ts";
import { RESULT_TYPES, type ResultType } from "./call/result.ts";
import { readInput } from "./input.ts";
import type { CallOptions } from "./options/module-options.ts";
import type { Terminal } from "./terminal.ts";

export interface SaveOptions {
  readonly save?: string;
  readonly restore?: string;
}

/** A call that was begun or continued, with what a report needs of it. */
export interface BegunCall {
  readonly call: GuestCall;
  readonly title: string;
  readonly made: readonly MadeArgument[];
  readonly outputs: readonly ShownMemory[];
  /** The type of its result, if that is known; null for a word. */
  readonly returns: ResultType | null;
}

/** What is kept of a call in a snapshot, beside its registers. */
interface SavedNote extends Omit<BegunCall, "call"> {
  readonly name: string;
  readonly identity: string;
}

/** Adds the options to a command that calls a function. */
export function saved(command: Command): Command {
  return command
    .addOption(
      new Option("--save <FILE>", "save the machine when the call doesn't return").conflicts("gdb"),
    )
    .addOption(
      new Option(
        "--restore <FILE>",
        "continue the call that --save saved; --call isn't needed, and the other options must be the same",
      ).conflicts("gdb"),
    );
}

/** Enters the call, or the one in the snapshot. @throws Misuse when the snapshot holds another call, or none. */
export function beginCall(
  machine: Machine,
  file: ModuleFile,
  wanted: CallText | null,
  { budget, restore }: Pick<CallOptions, "budget"> & SaveOptions,
): BegunCall {
  if (restore !== undefined) return restored(machine, restore, budget, wanted);
  if (wanted === null) throw new Misuse("name the function to call: --call NAME");
  const { values, made, outputs, returns } = placeCall(wanted, machine, file);
  const title = callTitle(wanted);
  const plain = outputs.map(({ label, address, size }) => ({ label, address, size }));
  const note: SavedNote = {
    name: wanted.name,
    identity: callIdentity(wanted),
    title,
    made,
    outputs: plain,
    returns,
  };
  const call = machine.start(callTarget(wanted), values, { budget, note: JSON.stringify(note) });
  return { call, title, made, outputs, returns };
}

/** Saves the machine, if that was asked for and the call didn't return. @throws Misuse when that fails. */
export async function saveCall(
  machine: Machine,
  result: CallOutcome,
  { save }: SaveOptions,
  terminal: Terminal,
): Promise<void> {
  if (save === undefined || result.exception === undefined) return;
  await writeWhole(save, machine.save());
  terminal.note(
    `saved in ${save}; the same command with --restore ${save} continues from there, and needs no --call\n`,
  );
}

function restored(
  machine: Machine,
  path: string,
  budget: number,
  wanted: CallText | null,
): BegunCall {
  const call = machine.restore(readInput(path), { budget });
  if (call === null) throw new Misuse(`${path} has no call to continue`);
  const note = readNote(call, path);
  const same =
    wanted === null ||
    (wanted.hasArguments ? callIdentity(wanted) === note.identity : wanted.name === note.name);
  if (!same) {
    const other = wanted.hasArguments ? callTitle(wanted) : wanted.name;
    throw new Misuse(
      `${path} holds the call ${note.title}, not ${other}: leave --call out, or give that call`,
    );
  }
  return { ...note, call };
}

/** @throws Misuse for a call that this program didn't save. */
function readNote({ note, target }: GuestCall, path: string): SavedNote {
  const wrong = new Misuse(`${path} holds a call of ${target} that farjal run didn't save`);
  let read: Partial<SavedNote> | null;
  try {
    read = parsedJson(note ?? "null", path) as Partial<SavedNote> | null;
  } catch {
    throw wrong;
  }
  const { name, identity, title, made, outputs, returns } = read ?? {};
  const texts = [name, identity, title].every((text) => typeof text === "string");
  if (!texts || !Array.isArray(made) || !Array.isArray(outputs)) throw wrong;
  if (returns !== null && !RESULT_TYPES.some((type) => type === returns)) throw wrong;
  const madeFits = made.every(
    (one) => typeof one?.text === "string" && typeof one.made === "string",
  );
  const outputsFit = outputs.every(
    (one) => typeof one?.label === "string" && [one.address, one.size].every(Number.isSafeInteger),
  );
  if (!madeFits || !outputsFit) throw wrong;
  return read as SavedNote;
}
