// `--max-instructions LIMIT` of commands that compare the cost of two builds: +2%, +500 or 10000.

import { type Command, InvalidArgumentError } from "commander";
import type { InstructionLimit } from "../../index.ts";

export interface InstructionLimitOptions {
  readonly maxInstructions?: InstructionLimit;
}

export function withInstructionLimit(command: Command): Command {
  return command.option(
    "--max-instructions <LIMIT>",
    "exit with 1 if the second build executes more: +2% or +500 above the first, or a number of instructions",
    readLimit,
  );
}

function readLimit(text: string): InstructionLimit {
  const percent = /^\+(\d{1,6}(\.\d{1,6})?)%$/.exec(text)?.[1];
  if (percent !== undefined) return { percent: Number(percent) };
  const more = /^\+(\d{1,15})$/.exec(text)?.[1];
  if (more !== undefined) return { more: Number(more) };
  if (/^\d{1,15}$/.test(text)) return { most: Number(text) };
  throw new InvalidArgumentError("Expected +2%, +500 or 10000.");
}
