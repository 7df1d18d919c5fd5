// `farjal diff A B`: compares two traces, or two profiles of one call, for use in CI.

import type { Command } from "commander";
import {
  allowedInstructions,
  costDifferences,
  diffTraces,
  Misuse,
  readProfileJson,
  readTrace,
} from "../../index.ts";
import { JSON_BYTES } from "../../limits.ts";
import { costDifferencesText } from "../../report/cost-differences-text.ts";
import { diffText } from "../../report/diff-text.ts";
import type { Answer, AnswerOptions, Give } from "../answer.ts";
import { fileText } from "../input.ts";
import {
  type InstructionLimitOptions,
  withInstructionLimit,
} from "../options/instruction-limit.ts";
import type { Terminal } from "../terminal.ts";

const EXAMPLES = `
Examples:
  farjal diff golden.trace new.trace
  farjal diff before.dat after.dat --ignore-time --json
  farjal profile old.ko --call work 9 --json > old.json
  farjal profile new.ko --call work 9 --json > new.json
  farjal diff old.json new.json --max-instructions +2%`;

interface DiffOptions extends AnswerOptions, InstructionLimitOptions {
  readonly ignoreTime?: boolean;
}

export function addDiff(program: Command, give: Give, terminal: Terminal): void {
  withInstructionLimit(program.command("diff"))
    .argument(
      "<A>",
      "a trace: trace.dat, or the text of a trace file; or FILE.json of profile --json",
    )
    .argument("<B>", "the one to compare with it")
    .option("--ignore-time", "compare calls, their order and counts, but not times and costs")
    .option("--json", "print one JSON document")
    .summary("compare two traces, or the cost of two builds")
    .description(
      "Shows where the calls of two traces diverge, which call edges are new or gone, and which functions' counts " +
        "and costs changed. Of two profiles, it shows which functions and lines execute more instructions. Exit code 1: " +
        "the traces differ, or the instructions do, or are over the limit; 2: a file can't be read.",
    )
    .addHelpText("after", EXAMPLES)
    .action((a: string, b: string, options: DiffOptions) =>
      give(options, () => diff(a, b, options, terminal)),
    );
}

async function diff(
  a: string,
  b: string,
  options: DiffOptions,
  { paint }: Terminal,
): Promise<Answer> {
  if (a.endsWith(".json") && b.endsWith(".json")) return profiles(a, b, options, paint);
  const { ignoreTime = false, maxInstructions } = options;
  if (maxInstructions !== undefined) {
    throw new Misuse("--max-instructions compares profiles: write them with farjal profile --json");
  }
  const found = diffTraces(await readTrace(a), await readTrace(b), { ignoreTime });
  const { same, ...rest } = found;
  return {
    held: same,
    json: { verdict: same ? "same" : "differ", ...rest },
    text: diffText(found, [a, b], paint),
  };
}

function profiles(
  a: string,
  b: string,
  { ignoreTime, maxInstructions: limit }: DiffOptions,
  paint: Terminal["paint"],
): Answer {
  if (ignoreTime === true) throw new Misuse("--ignore-time is for traces");
  const [before, after] = [
    readProfileJson(fileText(a, JSON_BYTES), a),
    readProfileJson(fileText(b, JSON_BYTES), b),
  ];
  const found = costDifferences(before, after);
  const allowed = limit === undefined ? null : allowedInstructions(limit, found.before);
  const held = allowed === null ? found.before === found.after : found.after <= allowed;
  return {
    held,
    json: { verdict: verdictOf(held, allowed), allowed, ...found },
    text: costDifferencesText(found, allowed, paint),
  };
}

function verdictOf(held: boolean, allowed: number | null): string {
  if (allowed === null) return held ? "same" : "differ";
  return held ? "within the limit" : "over the limit";
}
