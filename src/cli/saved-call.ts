// `run --save FILE` and `--restore FILE`: a call that doesn't come to its end in one process goes on in
// another. The machine is saved where the call stands, whatever it stands at; the machine that it is
// restored in has to be made by the same words on the command line, since modules are loaded and not saved
// (machine-state.ts compares them). The file is a snapshot, whose format snapshot.ts has.

import { type Command, Option } from "commander";
import { type CallResult, type GuestCall, type Machine, Misuse } from "../index.ts";
import { writeWhole } from "./atomic-file.ts";
import { readInput } from "./input.ts";
import type { CallOptions } from "./options/module-options.ts";
import type { Terminal } from "./terminal.ts";

export interface SaveOptions {
  readonly save?: string;
  readonly restore?: string;
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
        "go on with a call that --save saved, on a machine made by the same options",
      ).conflicts("gdb"),
    );
}

/** Whether the options ask for this kind of call. */
export function isSaved({ save, restore }: SaveOptions): boolean {
  return save !== undefined || restore !== undefined;
}

/**
 * The call, begun or gone on with; saved if it doesn't return.
 * @throws Misuse when the snapshot is another machine's or has no open call, or can't be written.
 */
export async function savedCall(
  machine: Machine,
  args: readonly (number | bigint)[],
  { call: name, budget, save, restore }: CallOptions & SaveOptions,
  terminal: Terminal,
): Promise<CallResult> {
  const call =
    restore === undefined
      ? machine.start(name, args, { budget })
      : restored(machine, restore, budget);
  try {
    call.advance();
    const result = call.result();
    if (save !== undefined && result.exception !== undefined) {
      await writeWhole(save, machine.save());
      terminal.note(`saved in ${save}; the same words with --restore ${save} go on from there\n`);
    }
    return result;
  } finally {
    call.close();
  }
}

function restored(machine: Machine, path: string, budget: number): GuestCall {
  const call = machine.restore(readInput(path), { budget });
  if (call === null) throw new Misuse(`${path} has no call to go on with`);
  return call;
}
