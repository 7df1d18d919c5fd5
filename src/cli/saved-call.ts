// `run --save FILE` and `--restore FILE`: continues in one process a call that didn't return in another. The machine is
// saved wherever the call has stopped, whatever the reason. The machine that it is restored into must be made by the
// same command line, since modules are loaded again and not saved (machine-state.ts compares the two). The file is a
// snapshot, whose format snapshot.ts defines.

import { type Command, Option } from "commander";
import { type CallOutcome, type GuestCall, type Machine, Misuse } from "../index.ts";
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
        "continue a call that --save saved; the other options must be the same",
      ).conflicts("gdb"),
    );
}

/** Whether the options ask to save or to restore a call. */
export function isSaved({ save, restore }: SaveOptions): boolean {
  return save !== undefined || restore !== undefined;
}

/**
 * Starts or continues the call, and saves it if it doesn't return.
 * @throws Misuse when the snapshot is another machine's or has no open call, or can't be written.
 */
export async function savedCall(
  machine: Machine,
  args: readonly (number | bigint)[],
  { call: name, budget, save, restore }: CallOptions & SaveOptions,
  terminal: Terminal,
): Promise<CallOutcome> {
  const call =
    restore === undefined
      ? machine.start(name, args, { budget })
      : restored(machine, restore, budget);
  try {
    call.advance();
    const result = call.result();
    if (save !== undefined && result.exception !== undefined) {
      await writeWhole(save, machine.save());
      terminal.note(
        `saved in ${save}; the same command with --restore ${save} continues from there\n`,
      );
    }
    return result;
  } finally {
    call.close();
  }
}

function restored(machine: Machine, path: string, budget: number): GuestCall {
  const call = machine.restore(readInput(path), { budget });
  if (call === null) throw new Misuse(`${path} has no call to continue`);
  return call;
}
