// `farjal diff A B`: compares two traces, for use in CI.

import type { Command } from "commander";
import { diffTraces, readTrace } from "../../index.ts";
import { diffText } from "../../report/diff-text.ts";
import type { Answer, AnswerOptions, Give } from "../answer.ts";
import type { Terminal } from "../terminal.ts";

const EXAMPLES = `
Examples:
  farjal diff golden.trace new.trace
  farjal diff before.dat after.dat --ignore-time --json`;

interface DiffOptions extends AnswerOptions {
  readonly ignoreTime?: boolean;
}

export function addDiff(program: Command, give: Give, terminal: Terminal): void {
  program
    .command("diff")
    .argument("<A>", "a trace: trace.dat, or the text of a trace file")
    .argument("<B>", "the one to compare with it")
    .option("--ignore-time", "compare calls, their order and counts, but not times and costs")
    .option("--json", "print one JSON document")
    .summary("compare two traces")
    .description(
      "Shows where the calls of two traces diverge, which call edges are new or gone, and which functions' counts " +
        "and costs changed. Exit code 1: the traces differ; 2: one can't be read, or they can't be compared.",
    )
    .addHelpText("after", EXAMPLES)
    .action((a: string, b: string, options: DiffOptions) =>
      give(options, () => diff(a, b, options, terminal)),
    );
}

async function diff(
  a: string,
  b: string,
  { ignoreTime = false }: DiffOptions,
  { paint }: Terminal,
): Promise<Answer> {
  const found = diffTraces(await readTrace(a), await readTrace(b), { ignoreTime });
  const { same, ...rest } = found;
  return {
    held: same,
    json: { verdict: same ? "same" : "differ", ...rest },
    text: diffText(found, [a, b], paint),
  };
}
