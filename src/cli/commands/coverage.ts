// `farjal coverage merge|report FILE…`: adds up the coverage of several runs and processes, and shows it as text or as
// a page. The files are those of --coverage, in either format.

import type { Command } from "commander";
import { type Coverage, Misuse, mergeCoverage, readCoverageJson, readLcov } from "../../index.ts";
import { JSON_BYTES } from "../../limits.ts";
import { coveragePage } from "../../report/coverage/page.ts";
import { coverageText } from "../../report/coverage/text.ts";
import type { Answer, AnswerOptions, Give } from "../answer.ts";
import { writeWhole } from "../atomic-file.ts";
import { fileText, sourceText } from "../input.ts";
import { coverageFormat, writeCoverage } from "../options/coverage-output.ts";
import type { Terminal } from "../terminal.ts";

const EXAMPLES = `
Examples:
  farjal run M.ko --call f 1 --coverage one.json
  farjal run M.ko --call f 2 --coverage two.json
  farjal coverage merge one.json two.json -o both.info
  farjal coverage report one.json two.json -o both.html`;

interface OutputOptions extends AnswerOptions {
  readonly output?: string;
}

export function addCoverage(program: Command, give: Give, terminal: Terminal): void {
  const command = program
    .command("coverage")
    .summary("add up and show what --coverage wrote")
    .description("Adds up the coverage of several runs and processes, and shows it.")
    .addHelpText("after", EXAMPLES);
  command
    .command("merge")
    .argument("<FILE...>", "files that --coverage wrote, or lcov's")
    .requiredOption("-o, --output <FILE>", "the sum: FILE.info for lcov, or FILE.json")
    .option("--json", "print one JSON document")
    .summary("add up the coverage of several runs")
    .description("Adds up coverage. Exit code 2: a file can't be read.")
    .addHelpText("after", EXAMPLES)
    .action((files: string[], options: OutputOptions) =>
      give(options, () => merge(files, options)),
    );
  command
    .command("report")
    .argument("<FILE...>", "files that --coverage wrote, or lcov's; several are added up")
    .option("-o, --output <FILE>", "write a page instead: FILE.html")
    .option("--json", "print one JSON document")
    .summary("show coverage as text or as a page")
    .description(
      "Shows which lines, branches, functions and instructions were executed. Exit code 2: a file can't be read.",
    )
    .addHelpText("after", EXAMPLES)
    .action((files: string[], options: OutputOptions) =>
      give(options, () => report(files, options, terminal)),
    );
}

async function merge(files: readonly string[], { output = "" }: OutputOptions): Promise<Answer> {
  const format = coverageFormat(output);
  const all = files.map(read);
  const lcov = files.filter((_, index) => all[index]?.onlySources);
  if (format === "json" && lcov.length > 0) {
    throw new Misuse(`${lcov[0]} is lcov's and has no instructions: write FILE.info`);
  }
  const coverage = mergeCoverage(all.map(({ coverage }) => coverage));
  if (format === "lcov" && coverage.sources.length === 0) throw new Misuse(NO_LINES(files));
  await writeCoverage([output], coverage);
  return { held: true, json: { written: output, files: files.length }, text: [] };
}

async function report(
  files: readonly string[],
  { output }: OutputOptions,
  { paint }: Terminal,
): Promise<Answer> {
  const coverage = mergeCoverage(files.map((path) => read(path).coverage));
  if (output === undefined) {
    return { held: true, json: { ...coverage }, text: coverageText(coverage, paint) };
  }
  if (!output.endsWith(".html")) throw new Misuse(`${output}: a page's name ends in .html`);
  await writeWhole(output, coveragePage(coverage, files, sourceText));
  return { held: true, json: { ...coverage, written: output }, text: [] };
}

const NO_LINES = (files: readonly string[]): string =>
  `${files.join(", ")}: no lines are known, so there is nothing for lcov; build the module with -g ` +
  "(CONFIG_DEBUG_INFO) and run it again, or write FILE.json";

function read(path: string): { readonly coverage: Coverage; readonly onlySources: boolean } {
  const text = fileText(path, JSON_BYTES);
  if (text.trimStart().startsWith("{")) {
    return { coverage: readCoverageJson(text, path), onlySources: false };
  }
  const sources = readLcov(text, path);
  return { coverage: { instructions: 0, modules: [], elsewhere: [], sources }, onlySources: true };
}
