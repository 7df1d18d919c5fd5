// The program: its commands, how their answers are printed, and how errors are reported. Exit codes: 0 the verdict
// held, 1 it failed, 2 the call was wrong. Each command's work is in a file of its own.

import { Command, CommanderError } from "commander";
import { version } from "../host/version.ts";
import { Misuse, NothingMatches, Refusal } from "../index.ts";
import { type Answer, type Give, refusedAnswer } from "./answer.ts";
import { plainNumbers } from "./call/number.ts";
import { withReports, writeReports } from "./ci/reports.ts";
import { jsonText } from "./json/json-text.ts";
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
  --junit FILE and --github report verdicts to CI systems. The documents of --json have schemas in schemas/.

Try first:
  farjal demo`;

/** Below each command's help; its description says what its verdict is. */
const EXIT_CODES = `
Exit codes: 0, done, and the verdict held; 1, the verdict failed, or nothing matches; 2, the command was called wrongly.`;

/** They need no command. */
const VERSION_FLAGS = ["-V", "--version"];

type Add = (program: Command, give: Give, terminal: Terminal) => void;

/** The commands in the order of the help. A command's files are imported only when it is called. */
const COMMANDS: Readonly<Record<string, () => Promise<Add>>> = {
  demo: async () => (await import("./commands/demo.ts")).addDemo,
  info: async () => (await import("./commands/info.ts")).addInfo,
  plan: async () => (await import("./commands/plan.ts")).addPlan,
  mend: async () => (await import("./commands/mend.ts")).addMend,
  jumps: async () => (await import("./commands/jumps.ts")).addJumps,
  load: async () => (await import("./commands/load.ts")).addLoad,
  explain: async () => (await import("./commands/explain.ts")).addExplain,
  run: async () => (await import("./commands/run.ts")).addRun,
  trace: async () => (await import("./commands/trace.ts")).addTrace,
  coverage: async () => (await import("./commands/coverage.ts")).addCoverage,
  profile: async () => (await import("./commands/profile.ts")).addProfile,
  list: async () => (await import("./commands/list.ts")).addList,
  report: async () => (await import("./commands/report.ts")).addReport,
  diff: async () => (await import("./commands/diff.ts")).addDiff,
  bench: async () => (await import("./commands/bench.ts")).addBench,
  cost: async () => (await import("./commands/cost.ts")).addCost,
  fits: async () => (await import("./commands/fits.ts")).addFits,
  oops: async () => (await import("./commands/oops.ts")).addOops,
  sweep: async () => (await import("./commands/sweep.ts")).addSweep,
  verify: async () => (await import("./commands/verify.ts")).addVerify,
  boot: async () => (await import("./commands/boot.ts")).addBoot,
  insmod: async () => (await import("./commands/insmod.ts")).addInsmod,
};

/** Runs the program. @returns the exit code. */
export async function main(args: readonly string[], terminal: Terminal): Promise<number> {
  let code = HELD;
  const give: Give = async (options, make) => {
    const begin = performance.now();
    const answer = await answered(make, terminal);
    const seconds = (performance.now() - begin) / 1000;
    code = answer.misuse !== undefined ? MISUSED : answer.held ? HELD : FAILED;
    if (options.json === true) {
      await terminal.json(jsonText(answer.json));
    } else {
      await terminal.out(answer.text);
      const notes = typeof answer.notes === "function" ? answer.notes() : answer.notes;
      if (notes !== undefined) terminal.note(notes);
    }
    await writeReports(options, answer, args, seconds, terminal);
  };
  try {
    const program = await buildProgram(args, terminal, give);
    await program.parseAsync(plainNumbers(args), { from: "user" });
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

/** What adds the command that is called, or, if the arguments don't start with one, what adds all of them. */
async function wanted([name = ""]: readonly string[]): Promise<readonly Add[]> {
  if (VERSION_FLAGS.includes(name)) return [];
  const load = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  return Promise.all(load === undefined ? Object.values(COMMANDS).map((one) => one()) : [load()]);
}

async function buildProgram(
  args: readonly string[],
  terminal: Terminal,
  give: Give,
): Promise<Command> {
  const program = new Command("farjal")
    .description(
      "Loads MIPS kernel modules without a kernel, mends far jumps, runs and traces them.",
    )
    .version(version(), VERSION_FLAGS.join(", "), "print farjal's version")
    .helpOption("-h, --help", "show how a command is used")
    .addHelpText("after", HELP)
    .showHelpAfterError("(add --help to see how it is used)")
    .configureOutput({
      writeOut: (text) => terminal.print(text),
      writeErr: (text) => terminal.note(text),
    })
    .exitOverride();
  for (const add of await wanted(args)) add(program, give, terminal);
  for (const command of program.commands) {
    withReports(command);
    for (const one of [command, ...command.commands]) one.addHelpText("after", EXIT_CODES);
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
    const nothing = error instanceof NothingMatches;
    await misuseJson(error.message, args, terminal, nothing ? "nothing matches" : "misuse");
    return nothing ? FAILED : MISUSED;
  }
  const { code } = error as NodeJS.ErrnoException;
  if (code === "EMFILE" || code === "ENFILE") {
    const message = "too many open files; raise the limit (ulimit -n)";
    terminal.note(`${terminal.notePaint.red("error:")} ${message}\n`);
    await misuseJson(message, args, terminal);
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
  verdict = "misuse",
): Promise<void> {
  if (!args.includes("--json")) return;
  await terminal.json(jsonText({ verdict, error: message }));
}
