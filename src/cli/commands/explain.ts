// `farjal explain M.ko`: explains how a module is laid out and relocated at an address, as text, as JSON, and as one
// self-contained HTML page.

import type { Command } from "commander";
import { Option } from "commander";
import type { Address } from "../../address.ts";
import {
  type Explanation,
  filterExplanation,
  type ModuleFile,
  NothingMatches,
} from "../../index.ts";
import { didYouMean } from "../../near-names.ts";
import { explainPage } from "../../report/explain/page.ts";
import { explainText } from "../../report/explain/text.ts";
import type { Answer, Give } from "../answer.ts";
import { writeWhole } from "../atomic-file.ts";
import { explanationJson } from "../json/explanation.ts";
import { type LinesOptions, notesOf, SourceLines, withLines } from "../options/lines.ts";
import { type ModuleOptions, moduleCommand, placed } from "../options/module-options.ts";
import { openLoading, readFiles } from "../session.ts";
import type { Terminal } from "../terminal.ts";
import { linuxRefusal } from "../verdict.ts";

const EXAMPLES = `
Examples:
  farjal explain usbcore.ko --kernel vmlinuz
  farjal explain old.ko --far-jumps refuse         how far Linux comes with it, and why no further
  farjal explain usbcore.ko --kernel vmlinuz --html usbcore.html
  farjal explain usbcore.ko --symbol usb_disabled
  farjal explain usbcore.ko --json | jq '.callSites[] | select(.lost)'`;

interface ExplainOptions extends ModuleOptions, LinesOptions {
  readonly section?: string;
  readonly symbol?: string;
  readonly html?: string;
}

export function addExplain(program: Command, give: Give, terminal: Terminal): void {
  withLines(placed(moduleCommand(program, "explain")))
    .addOption(new Option("--section <NAME>", "only what is in this section"))
    .addOption(new Option("--symbol <NAME>", "only what concerns this function or symbol"))
    .option(
      "--html <FILE>",
      "write the report as one HTML page, with a drawing of the address space",
    )
    .summary("how a module is laid out, relocated and mended at an address")
    .description(
      "Loads a module and shows where each part of it is placed, and why: sections, regions, far jumps and " +
        "their trampolines, HI16/LO16 pairs, call sites before and after patching, imports, exports, static " +
        "keys. If the module is refused, shows the same up to that point. Exit code 1: it doesn't load.",
    )
    .addHelpText("after", EXAMPLES)
    .action((path: string, options: ExplainOptions) =>
      give(options, () => explain(path, options, terminal)),
    );
}

async function explain(path: string, options: ExplainOptions, terminal: Terminal): Promise<Answer> {
  const files = await readFiles(path, options);
  const session = await openLoading(files, options);
  const lines = await SourceLines.open([session.file], options);
  const sourceOf = lines?.of(session.file);
  const whole = session.explanation();
  const definedIn = placesOf(session.file, whole, options);
  const explanation = filterExplanation<Address>(whole, { ...options, definedIn });
  const { verdict, farJumps, rewritten } = whole;
  const helped = farJumps.length + rewritten.length > 0 || options.stubMissing === true;
  const refused =
    verdict.verdict === "refused" || (helped && (await linuxRefusal(files, options)) !== null);
  const linux = refused ? "refused" : "loads";
  if (options.html !== undefined)
    await writeWhole(options.html, explainPage(explanation, linux, sourceOf));
  return {
    held: explanation.verdict.verdict === "loads",
    json: explanationJson(explanation, linux, sourceOf),
    text:
      options.html === undefined
        ? explainText(explanation, linux, terminal.paint, sourceOf)
        : [`${options.html}\n`],
    ...notesOf(lines),
  };
}

/** The sections in which the symbol is defined. @throws NothingMatches for a symbol or section that the file lacks. */
function placesOf(
  { name, elf }: ModuleFile,
  explanation: Explanation,
  { symbol, section }: ExplainOptions,
): string[] {
  const sections = [...explanation.sections, ...explanation.leftOut].map((one) => one.name);
  if (section !== undefined && !sections.includes(section)) {
    throw new NothingMatches(`${name} has no section '${section}'${didYouMean(section, sections)}`);
  }
  if (symbol === undefined) return [];
  const symbols = elf.symbols.filter((one) => one.name !== "");
  const parameters = explanation.parameters.map((one) => one.name);
  const names = [...symbols.map((one) => one.name), ...parameters];
  if (!names.includes(symbol)) {
    throw new NothingMatches(`${name} has no symbol '${symbol}'${didYouMean(symbol, names)}`);
  }
  return symbols.flatMap((one) =>
    one.name === symbol ? (elf.sections[one.section]?.name ?? []) : [],
  );
}
