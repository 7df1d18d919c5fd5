// The program: its commands, how their answers are printed, and how errors are reported. Exit codes: 0 the verdict
// held, 1 it failed, 2 the call was wrong. Each command's work is in a file of its own.

import { Command, CommanderError } from "commander";
import { Misuse, Refusal } from "../index.ts";
import { type Answer, type Give, refusedAnswer } from "./answer.ts";
import { addBench } from "./commands/bench.ts";
import { addBoot } from "./commands/boot.ts";
import { addCost } from "./commands/cost.ts";
import { addDemo } from "./commands/demo.ts";
import { addDiff } from "./commands/diff.ts";
import { addExplain } from "./commands/explain.ts";
import { addInfo } from "./commands/info.ts";
import { addInsmod } from "./commands/insmod.ts";
import { addJumps } from "./commands/jumps.ts";
import { addList } from "./commands/list.ts";
import { addLoad } from "./commands/load.ts";
import { addMend } from "./commands/mend.ts";
import { addPlan } from "./commands/plan.ts";
import { addReport } from "./commands/report.ts";
import { addRun } from "./commands/run.ts";
import { addSweep } from "./commands/sweep.ts";
import { addTrace } from "./commands/trace.ts";
import { addVerify } from "./commands/verify.ts";
import { jsonText } from "./json/json-text.ts";
import { plainNumbers } from "./options/call-arguments.ts";
import { version } from "./package.ts";
import type { Terminal } from "./terminal.ts";

const HELD = 0;
const FAILED = 1;
const MISUSED = 2;

const HELP = `
What every command shares:
  M.ko may be - for standard input, and may be compressed (.gz, .xz, .zst).
  Modules that M.ko depends on are loaded first, if their files are beside it or in its modules tree.
  Without --kernel, modules import from a small kernel that comes with farjal.
  --json prints one JSON document. Addresses and instruction words in it are strings of 0x and eight
  digits; counts, sizes, offsets and v0 are numbers.
  Exit code: 0 the verdict held, 1 it failed, 2 the call was wrong.

Try first:
  farjal demo`;

/** Runs the program. @returns the exit code. */
export async function main(args: readonly string[], terminal: Terminal): Promise<number> {
  let code = HELD;
  const give: Give = async (options, make) => {
    const answer = await answered(make, terminal);
    code = answer.held ? HELD : FAILED;
    if (options.json === true) {
      await terminal.json(jsonText(answer.json));
    } else {
      await terminal.out(answer.text);
      const notes = typeof answer.notes === "function" ? answer.notes() : answer.notes;
      if (notes !== undefined) terminal.note(notes);
    }
  };
  try {
    await buildProgram(terminal, give).parseAsync(plainNumbers(args), { from: "user" });
    return code;
  } catch (error) {
    return await failure(error, args, terminal);
  }
}

async function answered(make: () => Answer | Promise<Answer>, terminal: Terminal): Promise<Answer> {
  try {
    return await make();
  } catch (error) {
    if (error instanceof Refusal) return refusedAnswer(error, terminal.notePaint);
    throw error;
  }
}

function buildProgram(terminal: Terminal, give: Give): Command {
  const program = new Command("farjal")
    .description(
      "Loads MIPS kernel modules without a kernel, mends far jumps, runs and traces them.",
    )
    .version(version(), "-V, --version", "print farjal's version")
    .helpOption("-h, --help", "show how a command is used")
    .addHelpText("after", HELP)
    .showHelpAfterError("(add --help to see how it is used)")
    .configureOutput({
      writeOut: (text) => terminal.print(text),
      writeErr: (text) => terminal.note(text),
    })
    .exitOverride();
  for (const add of [
    addDemo,
    addInfo,
    addPlan,
    addMend,
    addJumps,
    addLoad,
    addExplain,
    addRun,
    addTrace,
    addList,
    addReport,
    addDiff,
    addBench,
    addCost,
    addSweep,
    addVerify,
    addBoot,
    addInsmod,
  ]) {
    add(program, give, terminal);
  }
  return program;
}

/** Reports an error that no command handled: a wrong call, or a defect of farjal. */
async function failure(
  error: unknown,
  args: readonly string[],
  terminal: Terminal,
): Promise<number> {
  if (error instanceof CommanderError) {
    // commander has printed the message; help and version exit with 0.
    if (error.exitCode !== 0) await misuseJson(error.message, args, terminal);
    return error.exitCode === 0 ? HELD : MISUSED;
  }
  if (error instanceof Misuse) {
    terminal.note(`${terminal.notePaint.red("error:")} ${error.message}\n`);
    await misuseJson(error.message, args, terminal);
    return MISUSED;
  }
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  terminal.note(
    `farjal: internal error, please report it with the file and the command: ${text}\n`,
  );
  return FAILED;
}

/** With --json, a wrong call is answered by a document too. */
async function misuseJson(
  message: string,
  args: readonly string[],
  terminal: Terminal,
): Promise<void> {
  if (!args.includes("--json")) return;
  await terminal.json(jsonText({ verdict: "misuse", error: message }));
}
