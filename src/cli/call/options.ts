// The options and arguments of commands that call a function of a module, and their help.

import type { Command } from "commander";
import { Option } from "commander";
import { Misuse } from "../../index.ts";
import { budgetOption, type CallOptions, initOption, placed } from "../options/module-options.ts";
import { gather } from "../options/numbers.ts";
import { type CallText, readCall } from "./call-text.ts";
import { withProvided } from "./provide.ts";
import { RESULT_TYPES } from "./result.ts";

/** Adds the arguments and options of commands that call a function of the module. */
export function called(command: Command): Command {
  return withProvided(withCall(placed(command).argument("[ARG...]", "the function's arguments")))
    .addOption(budgetOption())
    .addOption(initOption());
}

/** Adds the options that name a call. */
export function withCall(command: Command): Command {
  return command
    .option(
      "--call <CALL>",
      "the function to call, exported or local, or its address: NAME, or 'NAME(ARG, …)'",
    )
    .option("--let <NAME=VALUE>", "a value in memory, for arguments (may be given again)", gather);
}

/** Adds the option for how a result is shown. */
export function withResult(command: Command): Command {
  return command.addOption(
    new Option(
      "--returns <TYPE>",
      "the type of the result; default: its type in the debugging information, or a word",
    ).choices(RESULT_TYPES),
  );
}

/** The call that the options name, or null. @throws Misuse for a text that is no call. */
export function callOf(
  { call, let: lets }: Pick<CallOptions, "call" | "let">,
  words: readonly string[],
): CallText | null {
  if (call !== undefined) return readCall(call, words, lets);
  if (words.length > 0)
    throw new Misuse(`'${words.join(" ")}': name the function with --call NAME`);
  return null;
}

/** The same where there has to be one. */
export function wantedCall(
  options: Pick<CallOptions, "call" | "let">,
  words: readonly string[],
): CallText {
  const call = callOf(options, words);
  if (call === null)
    throw new Misuse("name the function to call: --call NAME, or --call 'NAME(ARG, …)'");
  return call;
}

export const ARGUMENT_HELP = `
Arguments, after --call NAME or in --call 'NAME(ARG, …)':
  7, -7, 0x1f, 7u   a word                     7ll       64 bits, in an aligned pair of registers
  '"text"'          a string, by address       @FILE     a file's bytes, by address
  out:64            64 zero bytes, by address, shown after the call
  u32[5, 0, -1]     an array, by address       &NAME     the address of a symbol
  g                 the value of --let 'g=…', by address: {mtu:u32=5, buf:ptr=@FILE, name:char[16]="x"}
  inout:g           the same, or inout:@FILE …, shown after the call too
Types: u8 to u64, s8 to s64, char, bool, ptr, and arrays of them. The text in double quotes is a string, and
nothing else is: in a shell, put single quotes around it.`;
