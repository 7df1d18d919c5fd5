// `--junit FILE` and `--github`, for the commands that give a verdict: writes the reports of their checks.

import { appendFileSync } from "node:fs";
import type { Command } from "commander";
import { systemError } from "../../errors.ts";
import { Misuse } from "../../index.ts";
import type { Answer } from "../answer.ts";
import { writeWhole } from "../atomic-file.ts";
import type { Terminal } from "../terminal.ts";
import type { ReportOptions } from "./check.ts";
import { checksOf } from "./checks.ts";
import { annotations, jobSummary } from "./github.ts";
import { junitXml } from "./junit.ts";

/** The commands that give a verdict. */
const JUDGING: ReadonlySet<string> = new Set([
  "load",
  "plan",
  "mend",
  "run",
  "trace",
  "diff",
  "fits",
  "sweep",
  "verify",
  "insmod",
  "jumps",
]);

/** Adds the options to a command that gives a verdict. */
export function withReports(command: Command): void {
  if (!JUDGING.has(command.name())) return;
  command
    .option("--junit <FILE>", "write the verdicts as JUnit XML, for a CI system's test report")
    .option("--github", "GitHub Actions: annotate what failed, and add to the job's summary");
}

/** @param words the command line. @param seconds the time that the command took. */
export async function writeReports(
  { junit, github }: ReportOptions,
  answer: Answer,
  words: readonly string[],
  seconds: number,
  terminal: Terminal,
): Promise<void> {
  if (junit === undefined && github !== true) return;
  const checks = checksOf(answer, words);
  const [suite = ""] = words;
  if (junit !== undefined) await writeWhole(junit, junitXml(suite, checks, seconds));
  if (github !== true) return;
  terminal.note(annotations(checks));
  const summary = process.env["GITHUB_STEP_SUMMARY"];
  if (summary === undefined || summary === "") return;
  try {
    appendFileSync(summary, jobSummary(suite, checks));
  } catch (error) {
    throw new Misuse(`${summary} (GITHUB_STEP_SUMMARY) can't be written: ${systemError(error)}`);
  }
}
